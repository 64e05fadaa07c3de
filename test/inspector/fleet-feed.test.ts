/** A fleet is asked now and then: a large one more seldom, one that never answers again after a while. */
import { expect, test } from 'vitest';
import { FleetFeed } from '../../src/inspector/server/fleet-feed.ts';
import type { Source } from '../../src/inspector/server/source.ts';
import { Board } from '../../src/inspector/topics/board.ts';

/** A fleet whose answers take as long as the test wants. */
function scene() {
  const clock = { nowMs: 1000 };
  const open: (() => void)[] = [];
  const asked: string[] = [];
  const board = new Board({
    epoch: 'e',
    hasFleet: true,
    nowMs: () => clock.nowMs,
    soon: () => undefined,
    wanted: () => undefined,
  });
  const fleet: Source['fleet'] = (method) => {
    asked.push(method);
    const row = { service: `web ${asked.length}` };
    return new Promise((resolve) => {
      open.push(() => resolve({ result: { services: [row], nowMs: clock.nowMs } }));
    });
  };
  const feed = new FleetFeed(board, { fleet } as never);
  /** Time passes, with a look at each tick. */
  const pass = (ms: number): void => {
    for (const endMs = clock.nowMs + ms; clock.nowMs < endMs; clock.nowMs += 250) feed.look();
  };
  const answer = async (): Promise<void> => {
    open.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { feed, board, asked, pass, answer };
}

test('fleet feed - one look at a time; after one that took long the fleet is left alone', async () => {
  const { feed, asked, pass, answer } = scene();
  feed.wanted('services', true);
  pass(2000);
  expect(asked).toEqual(['Fleet.list']);
  // It took two seconds: for four times as long nobody asks.
  await answer();
  pass(8000);
  expect(asked).toHaveLength(1);
  pass(250);
  expect(asked).toHaveLength(2);
  // This one took a quarter of a second.
  await answer();
  pass(1000);
  expect(asked).toHaveLength(2);
  pass(250);
  expect(asked).toHaveLength(3);
});

test('fleet feed - a door that does not answer is asked again, and may answer late', async () => {
  const { feed, board, asked, pass, answer } = scene();
  feed.wanted('services', true);
  pass(9750);
  expect(asked).toHaveLength(1);
  pass(500);
  expect(asked).toHaveLength(2);
  // The first answer decides nothing about when the next is due.
  await answer();
  pass(5000);
  expect(asked).toHaveLength(2);
  await answer();
  expect(board.topics.services.values()).toEqual([{ service: 'web 2' }]);
});

test('fleet feed - nobody asks when nobody watches', () => {
  const { feed, asked, pass } = scene();
  pass(1000);
  feed.wanted('services', true);
  feed.wanted('services', false);
  pass(60_000);
  expect(asked).toHaveLength(1);
});
