/** Actors that somebody looks at are measured, all who look share it, and nobody pays when nobody looks. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LIMITS } from '../../src/inspector/protocol/schema.ts';
import { Meters } from '../../src/inspector/server/meters.ts';
import type { AnyRef } from '../../src/runtime/actor/ref.ts';
import { SimSystem } from '../../src/runtime/testkit/sim-system.ts';
import { define } from '../runtime/actor/stage.ts';

/** Each message takes as many milliseconds as it says. */
const Worker = define((_: undefined) => ({
  work: (ms: number) =>
    new Promise<void>((resolve) => sim.alarm().set(sim.now() + ms, () => resolve())),
}));

let sim: SimSystem;
let meters: Meters;
let worker: AnyRef;
const PATH = '/user/worker';
beforeEach(async () => {
  sim = await SimSystem.start({ seed: 3, threads: 1 });
  meters = new Meters(sim, () => sim.now());
  worker = (await sim.until(
    sim.spawn(Worker, { id: 'worker', placement: { thread: 1 } }),
  )) as never;
});
afterEach(() => sim.until(sim.close()));

const known = (path = PATH) => {
  const told = meters.ask(path);
  if (typeof told === 'string') throw new Error(told);
  return told;
};

test('meters - times of the last minute are told, in microseconds', async () => {
  expect(known()).toMatchObject({ forMs: 0, messages: 0, wait: { p50Us: null, counts: [] } });
  await sim.run('10ms');
  for (let i = 0; i < 4; i++) worker.tell('work', 200 as never);
  for (let second = 0; second < 3; second++) {
    await sim.run('1s');
    known();
  }
  const { forMs, messages, failed, wait, took } = known();
  expect({ forMs, messages, failed }).toEqual({ forMs: 3010, messages: 4, failed: 0 });
  // They wait 0, 200, 400 and 600 ms; a quantile is at most a quarter too high.
  expect(wait.p99Us).toBeGreaterThanOrEqual(600_000);
  expect(wait.p99Us).toBeLessThanOrEqual(750_000);
  expect(took.p50Us).toBeGreaterThanOrEqual(199_000);
  expect(took.p999Us).toBeLessThanOrEqual(250_000);
  expect(took.counts.reduce((all, one) => all + one, 0)).toBe(4);
  for (let second = 0; second < 61; second++) {
    await sim.run('1s');
    known();
  }
  expect(known()).toMatchObject({ forMs: 60_000, messages: 0, took: { p50Us: null, counts: [] } });
});

test('meters - it ends when nobody has asked for ten seconds, and not before', async () => {
  known();
  await sim.run('9s');
  expect(known().forMs).toBe(9000);
  await sim.run('12s');
  worker.tell('work', 1 as never);
  await sim.run('1s');
  expect(known()).toMatchObject({ forMs: 0, messages: 0 });
});

test('meters - an actor that is not there, or no more, is gone', async () => {
  expect(meters.ask('/user/nobody')).toBe('gone');
  known();
  await sim.until(sim.stop(worker));
  await sim.run('2s');
  expect(meters.ask(PATH)).toBe('gone');
});

test('meters - closed, no actor is measured any more', async () => {
  known();
  meters.close();
  worker.tell('work', 1 as never);
  await sim.run('2s');
  expect(known()).toMatchObject({ forMs: 0, messages: 0 });
});

test('meters - no more than so many at a time', async () => {
  for (let i = 0; i < LIMITS.measurements; i++) {
    await sim.until(sim.spawn(Worker, { id: `other${i}` }));
    known(`/user/other${i}`);
  }
  expect(meters.ask(PATH)).toBe('busy');
  await sim.run('12s');
  expect(known()).toMatchObject({ messages: 0 });
});
