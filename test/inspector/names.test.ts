/** Names of actors on their way to the inspector's thread, while nobody wants them any more. */
import { start } from 'ringmaster';
import { expect, test } from 'vitest';
import { decodeColumns } from '../../src/inspector/protocol/columns.ts';
import { Feeds, type News } from '../../src/inspector/server/feeds.ts';
import { SystemWatch } from '../../src/inspector/server/system-watch.ts';
import { Board } from '../../src/inspector/topics/board.ts';
import { Seen } from './client.ts';
import { Keeper } from './programs/keeper.mjs';

test('names - who was told late and is no more is not there when somebody looks again', async () => {
  await using system = await start();
  const posted: News[] = [];
  let look: () => void = () => undefined;
  const redact = (text: string): string => text;
  const post = (message: unknown): void => {
    posted.push(message as News);
    look();
  };
  const watch = new SystemWatch({ system: system as never, post, redact });
  const board = new Board({
    epoch: 'e',
    hasFleet: false,
    nowMs: () => 0,
    soon: () => undefined,
    wanted: () => undefined,
  });
  const feeds = new Feeds(board, {} as never);
  const { actors } = board.topics;
  const deliver = (): void => {
    for (const news of posted.splice(0)) feeds.heard(news);
  };
  watch.wantNames(true);
  await system.spawn(Keeper, { id: 'there' } as never);
  const ghost = await system.spawn(Keeper, { id: 'ghost' } as never);
  await new Promise<void>((resolve) => {
    look = () => {
      if (JSON.stringify(posted).includes('ghost')) resolve();
    };
    look();
  });
  // The inspector's thread wants no names any more; these are under way.
  actors.forget();
  watch.wantNames(false);
  deliver();
  await system.stop(ghost);
  watch.wantNames(true);
  deliver();
  const seen = new Seen();
  const sweep = { from: 0, to: actors.last, cursor: 0 };
  const { data } = actors.read(sweep, { sub: 1, frame: 1 }, 1e6);
  seen.take(decodeColumns((data as Uint8Array).buffer as ArrayBuffer));
  expect([...seen.actors.values()].map(({ path }) => path)).toEqual(['/user/there']);
  watch.close();
});
