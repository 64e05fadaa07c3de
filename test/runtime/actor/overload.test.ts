/** What overload and crash loops cost, in virtual time: work that nobody waits for is not done. */
import { expect, test } from 'vitest';
import type { AnyRef } from '../../../src/runtime/actor/ref.ts';
import { codeOfError, define, Gate, Stage } from './stage.ts';

test('overload - what its asker has given up is not worked on', async () => {
  // Guards: R5, D8.
  const stage = new Stage();
  const gate = new Gate();
  const worked: number[] = [];
  const Service = define(() => ({
    first: () => gate.promise,
    work: (number: number) => void worked.push(number),
  }));
  const service = (await stage.system.spawn(Service)) as unknown as AnyRef;
  service.tell('first');
  await stage.settle();
  const stale = Array.from({ length: 50 }, (_, i) => service.ask('work', i, { timeout: 10 }));
  const given = Promise.allSettled(stale);
  await stage.advance(20);
  expect((await given).map((one) => one.status)).toEqual(stale.map(() => 'rejected'));
  const wanted = Array.from({ length: 50 }, (_, i) => service.ask('work', 100 + i));
  gate.open();
  await Promise.all(wanted);
  expect(worked).toEqual(Array.from({ length: 50 }, (_, i) => 100 + i));
  expect(stage.system.figures().total.deadExpired).toBe(50);
  expect(stage.inFlight).toBe(0);
});

test('overload - a crash loop is slowed down within its bounds and leaves others alone', async () => {
  // Guards: S3.
  const stage = new Stage();
  let starts = 0;
  const Loop = define((_args: undefined, ctx) => {
    starts++;
    ctx.timers.once('crash', 0, 'crash');
    return {
      crash() {
        throw new Error('again');
      },
    };
  });
  const Calm = define(() => ({ add: (x: number) => x + 1 }));
  const backoff = { initial: '100ms', max: '10s', jitter: 'equal' } as const;
  const intensity = { restarts: Number.POSITIVE_INFINITY };
  const supervisor = stage.system.supervisor({ intensity, backoff });
  await supervisor.spawn(Loop);
  const calm = (await supervisor.spawn(Calm)) as unknown as AnyRef;
  await stage.advance(60_000);
  // One at once, then at least 50, 100, 200 … 5,000 ms apart: some fifteen in a minute.
  expect(starts).toBeGreaterThan(8);
  expect(starts).toBeLessThan(22);
  expect(await calm.ask('add', 1)).toBe(2);
});

test('overload - asking more than a mailbox holds is refused at once, with a code', async () => {
  // Guards: D4, D8.
  const stage = new Stage();
  const gate = new Gate();
  const Service = define(() => ({ wait: () => gate.promise }), { mailbox: { capacity: 2 } });
  const service = (await stage.system.spawn(Service)) as unknown as AnyRef;
  const asks = Array.from({ length: 5 }, () => service.ask('wait').catch(codeOfError));
  const refused = await Promise.all(asks.slice(2));
  expect(refused).toEqual(['RM_MAILBOX_FULL', 'RM_MAILBOX_FULL', 'RM_MAILBOX_FULL']);
  gate.open();
  await Promise.all(asks);
});
