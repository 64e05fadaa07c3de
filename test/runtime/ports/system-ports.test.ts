/**
 * The machine's clock, alarm and loop. Node's timers are replaced by vitest's, so that nothing
 * waits; one real thread checks that its clock and ours compare.
 */
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { SystemAlarm } from '../../../src/runtime/ports/system-alarm.ts';
import { systemClock } from '../../../src/runtime/ports/system-clock.ts';
import { systemLoop } from '../../../src/runtime/ports/system-loop.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** An alarm on a clock of ours and vitest's timers, which may disagree. */
function openAlarm() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const time = { nowMs: 1000 };
  const clock = { monotonicMs: () => time.nowMs, wallMs: () => 0 };
  const rang: number[] = [];
  const alarm = new SystemAlarm({ clock });
  const ring = (): void => void rang.push(time.nowMs);
  /** Both clocks move, Node's `aheadMs` more. */
  const move = (ms: number, aheadMs = 0): void => {
    time.nowMs += ms;
    vi.advanceTimersByTime(ms + aheadMs);
  };
  return { alarm, ring, rang, move };
}

describe('system clock', () => {
  test('system clock - monotonic times of two threads compare', async () => {
    const dist = new URL('../../../dist/runtime/index.js', import.meta.url).href;
    const source = `
      const { parentPort } = require('node:worker_threads');
      import(${JSON.stringify(dist)}).then(({ systemClock }) => {
        parentPort.on('message', () => parentPort.postMessage(systemClock.monotonicMs()));
        parentPort.postMessage('ready');
      });`;
    const worker = new Worker(source, { eval: true });
    const next = (): Promise<unknown> => new Promise((done) => worker.once('message', done));
    expect(await next()).toBe('ready');
    for (let round = 0; round < 20; round++) {
      const before = systemClock.monotonicMs();
      const answer = next();
      worker.postMessage('now');
      const there = await answer;
      expect(there).toBeGreaterThan(before);
      expect(there).toBeLessThan(systemClock.monotonicMs());
    }
    await worker.terminate();
  });

  test('system clock - monotonic time is that of process.hrtime', () => {
    const before = Number(process.hrtime.bigint()) / 1e6;
    const now = systemClock.monotonicMs();
    const after = Number(process.hrtime.bigint()) / 1e6;
    // The distance of the two clocks is known to within a few microseconds, even on a busy machine.
    expect(now).toBeGreaterThan(before - 0.1);
    expect(now).toBeLessThan(after + 0.1);
  });
});

describe('system alarm', () => {
  // Guards: R2
  test('system alarm - a timer that Node fires early is asked for again', () => {
    const { alarm, ring, rang, move } = openAlarm();
    alarm.set(1010.5, ring);
    move(10, 2);
    expect(rang).toEqual([]);
    move(0.4, 1);
    expect(rang).toEqual([]);
    move(0.1, 1);
    expect(rang).toEqual([1010.5]);
    move(100);
    expect(rang).toHaveLength(1);
  });

  test('system alarm - set replaces, clear forgets', () => {
    const { alarm, ring, rang, move } = openAlarm();
    alarm.set(1010, () => rang.push(-1));
    alarm.set(1020, ring);
    move(25);
    alarm.set(1030, ring);
    alarm.clear();
    alarm.clear();
    move(25);
    expect(rang).toEqual([1025]);
  });

  test('system alarm - the past rings at the next chance, not inside set', () => {
    const { alarm, ring, rang, move } = openAlarm();
    alarm.set(-5, ring);
    expect(rang).toEqual([]);
    move(1);
    expect(rang).toEqual([1001]);
  });

  test('system alarm - a delay beyond 25 days rings at its end', () => {
    const { alarm, ring, rang, move } = openAlarm();
    const daysMs = 60 * 24 * 3_600_000;
    alarm.set(1000 + daysMs, ring);
    for (let day = 0; day < 59; day++) move(daysMs / 60);
    expect(rang).toEqual([]);
    move(daysMs / 60);
    expect(rang).toEqual([1000 + daysMs]);
  });

  test('system alarm - it may set itself again while it rings', () => {
    const { alarm, rang, move } = openAlarm();
    alarm.set(1001, () => {
      rang.push(1);
      alarm.set(1002, () => rang.push(2));
    });
    move(1);
    move(1);
    expect(rang).toEqual([1, 2]);
  });

  test('system alarm - keepsAlive decides whether the process waits for it', () => {
    const active = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = active();
    const awake = new SystemAlarm();
    const idle = new SystemAlarm({ keepsAlive: false });
    idle.set(systemClock.monotonicMs() + 1e6, () => undefined);
    expect(active()).toBe(before);
    awake.set(systemClock.monotonicMs() + 1e6, () => undefined);
    expect(active()).toBe(before + 1);
    awake.clear();
    idle.clear();
  });
});

describe('system loop', () => {
  test('system loop - a microtask runs first, afterInput after it', async () => {
    const seen: string[] = [];
    await new Promise<void>((done) => {
      systemLoop.afterInput(() => {
        seen.push('afterInput');
        done();
      });
      systemLoop.microtask(() => seen.push('microtask'));
      seen.push('now');
    });
    expect(seen).toEqual(['now', 'microtask', 'afterInput']);
  });
});
