/** Measurements of actors in virtual time: how long each message waited, and how long its handler took. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { octaveQuantile } from '../../../src/hotpath/index.ts';
import type { Ref } from '../../../src/runtime/actor/ref.ts';
import type { MeasureReport } from '../../../src/runtime/observe/measure.ts';
import { SimSystem } from '../../../src/runtime/testkit/sim-system.ts';
import { define } from '../actor/stage.ts';

const HOUR_MS = 3_600_000;

/** Each message takes as many milliseconds as it says. */
const handlers = () => ({
  work: (ms: number) =>
    new Promise<void>((resolve) => sim.alarm().set(sim.now() + ms, () => resolve())),
  fail: () => {
    throw new Error('as told');
  },
  nothing: () => undefined,
});
const Worker = define(handlers);
const Dropper = define(handlers, {
  mailbox: { capacity: 4, overflow: 'drop-oldest' },
});
type Work = { work: (ms: number) => Promise<void>; fail: () => void; nothing: () => void };

let sim: SimSystem;
beforeEach(async () => {
  sim = await SimSystem.start({ seed: 5, threads: 1 });
});
afterEach(() => sim.until(sim.close()));

const spawn = (thread: number): Promise<Ref<Work>> =>
  sim.until(sim.spawn(Worker, { id: 'worker', placement: { thread } })) as never;

/** All that was told. */
function told(reports: readonly MeasureReport[]) {
  const sum = (of: (report: MeasureReport) => Float64Array): number[] =>
    reports.reduce<number[]>(
      (all, report) => Array.from(of(report), (count, i) => count + (all[i] ?? 0)),
      [],
    );
  const [waits, took] = [sum(({ waits }) => waits), sum(({ took }) => took)];
  return {
    messages: reports.reduce((all, { messages }) => all + messages, 0),
    failed: reports.reduce((all, { failed }) => all + failed, 0),
    waited: waits.reduce((all, count) => all + count, 0),
    waitMs: (q: number) => octaveQuantile(waits, q) / 1000,
    tookMs: (q: number) => octaveQuantile(took, q) / 1000,
  };
}

describe.each([0, 1])('measure on thread %d', (thread) => {
  test('measure - each message that waits for another is timed, and each handler', async () => {
    const ref = await spawn(thread);
    const reports: MeasureReport[] = [];
    sim.measure(ref, HOUR_MS, (report) => reports.push(report));
    await sim.run('10ms');
    for (let i = 0; i < 10; i++) ref.tell('work', 100);
    await sim.run('3s');
    const { messages, failed, waited, waitMs, tookMs } = told(reports);
    expect({ messages, failed, waited }).toEqual({ messages: 10, failed: 0, waited: 10 });
    // A bucket is a quarter of an octave wide. They wait 0, 100, … 900 ms.
    expect(waitMs(0.5)).toBeGreaterThanOrEqual(400);
    expect(waitMs(0.5)).toBeLessThanOrEqual(500);
    expect(waitMs(1)).toBeGreaterThanOrEqual(900);
    expect(waitMs(1)).toBeLessThanOrEqual(1125);
    expect(tookMs(0.01)).toBeGreaterThanOrEqual(99);
    expect(tookMs(1)).toBeLessThanOrEqual(125);
  });

  test('measure - who fails is counted and restarts; the measurement goes on', async () => {
    const ref = await spawn(thread);
    const reports: MeasureReport[] = [];
    sim.measure(ref, HOUR_MS, (report) => reports.push(report));
    ref.tell('fail');
    await sim.run('5s');
    ref.tell('nothing');
    await sim.run('2s');
    expect(told(reports)).toMatchObject({ messages: 2, failed: 1 });
    expect(reports.every(({ end }) => end === null)).toBe(true);
  });

  test('measure - it ends once: when asked, by its time, with its actor', async () => {
    const ref = await spawn(thread);
    const ends: (string | null)[][] = [[], [], [], []];
    const hear =
      (i: number) =>
      ({ end }: MeasureReport): void =>
        void (end === null || ends[i]?.push(end));
    const stop = sim.measure(ref, HOUR_MS, hear(0));
    sim.measure(ref, 1500, hear(1));
    sim.measure(ref, HOUR_MS, hear(2));
    await sim.run('1s');
    stop();
    await sim.run('1s');
    expect(ends).toEqual([['asked'], ['ttl'], [], []]);
    await sim.until(sim.stop(ref));
    await sim.run('100ms');
    sim.measure(ref, HOUR_MS, hear(3));
    await sim.run('1s');
    expect(ends).toEqual([['asked'], ['ttl'], ['stopped'], ['stopped']]);
  });
});

test('measure - of a busy actor a part is timed and stands for the rest; calm again, each is', async () => {
  const ref = await spawn(1);
  const reports: MeasureReport[] = [];
  sim.measure(ref, HOUR_MS, (report) => reports.push(report));
  for (let i = 0; i < 100; i++) {
    for (let j = 0; j < 1000; j++) ref.tell('nothing');
    await sim.run('10ms');
  }
  await sim.run('1s');
  const busy = told(reports);
  expect(busy.messages).toBe(100_000);
  expect(busy.waited / busy.messages).toBeGreaterThan(0.9);
  expect(busy.waited / busy.messages).toBeLessThan(1.1);
  await sim.run('3s');
  reports.length = 0;
  for (let i = 0; i < 5; i++) ref.tell('work', 100);
  await sim.run('2s');
  const { messages, waited, waitMs } = told(reports);
  expect({ messages, waited }).toEqual({ messages: 5, waited: 5 });
  expect(waitMs(1)).toBeGreaterThanOrEqual(400);
  expect(waitMs(1)).toBeLessThanOrEqual(500);
});

test('measure - of a busy actor, too, each failure is counted, and as one', async () => {
  const ref = await spawn(1);
  const reports: MeasureReport[] = [];
  sim.measure(ref, HOUR_MS, (report) => reports.push(report));
  for (let i = 0; i < 100; i++) {
    for (let j = 0; j < 1000; j++) ref.tell(i % 40 === 20 && j === 500 ? 'fail' : 'nothing');
    await sim.run('10ms');
  }
  await sim.run('10s');
  expect(told(reports)).toMatchObject({ messages: 100_000, failed: 2 });
});

test('measure - a part of a storm stands for all of it, also when it ends', async () => {
  const ref = await spawn(1);
  const reports: MeasureReport[] = [];
  sim.measure(ref, HOUR_MS, (report) => reports.push(report));
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 7; i++) {
      for (let j = 0; j < 1000; j++) ref.tell('nothing');
      await sim.run('10ms');
    }
    await sim.run('3s');
    ref.tell('nothing');
  }
  await sim.run('3s');
  const { messages, waited } = told(reports);
  expect(messages).toBe(140_020);
  expect(waited).toBe(messages);
});

test('measure - whoever an older one was dropped for has not waited as long', async () => {
  const ref = (await sim.until(
    sim.spawn(Dropper, { id: 'dropper', placement: { thread: 0 } }),
  )) as Ref<Work>;
  const reports: MeasureReport[] = [];
  sim.measure(ref, HOUR_MS, (report) => reports.push(report));
  // One in 100 is handled, and only the newest four wait: none for longer than 40 ms.
  for (let i = 0; i < 600; i++) {
    ref.tell('work', 1000);
    await sim.run('10ms');
  }
  await sim.run('1s');
  const { messages, waited, waitMs } = told(reports);
  expect({ messages, waited }).toEqual({ messages: 7, waited: 7 });
  expect(waitMs(0.5)).toBeGreaterThanOrEqual(30);
  // A bucket is a quarter of an octave wide.
  expect(waitMs(0.8)).toBeLessThanOrEqual(50);
});

test('measure - a thread that is lost ends what was measured there', async () => {
  const ref = await spawn(1);
  const ends: (string | null)[] = [];
  sim.measure(ref, HOUR_MS, ({ end }) => ends.push(end));
  await sim.run('100ms');
  sim.crashThread(1);
  await sim.run('3s');
  expect(ends).toEqual(['stopped']);
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('measure - %d is no time', async (ms) => {
  const ref = await spawn(0);
  expect(() => sim.measure(ref, ms, () => undefined)).toThrow(/RM_SYSTEM_OPTION/);
});
