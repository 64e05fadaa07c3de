/**
 * Periodic timers: no drift, missed ticks as one, in virtual time exactly; and durations as text.
 */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { SimClock } from '../../../src/runtime/testkit/sim-clock.ts';
import {
  DURATION_MS_MAX,
  type Duration,
  durationMs,
} from '../../../src/runtime/timers/duration.ts';
import { PeriodicTimer } from '../../../src/runtime/timers/periodic.ts';
import { TimerWheel } from '../../../src/runtime/timers/timer-wheel.ts';
import { codeOf } from '../../hotpath/error-code.ts';

describe('periodic', () => {
  // Guards: R2
  test.prop([
    fc.nat(1e9),
    fc.integer({ min: 1000, max: 5_000_000 }),
    fc.integer({ min: 1, max: 200 }),
  ])(
    'periodic - the k-th tick comes at start + k periods, for any start and period',
    (startUs, periodUs, ticks) => {
      const clock = new SimClock({ startMs: startUs / 1000 });
      const wheel = new TimerWheel(clock, clock.alarm());
      const seen: number[][] = [];
      const timer = new PeriodicTimer(wheel, (tick, missed) => {
        seen.push([tick, missed, Math.round(clock.monotonicMs() * 1000)]);
        if (tick === ticks) timer.cancel();
      });
      timer.start(clock.monotonicMs(), periodUs / 1000);
      clock.runUntilIdle();
      expect(seen.map(([tick, missed]) => [tick, missed])).toEqual(
        Array.from({ length: ticks }, (_, index) => [index + 1, 0]),
      );
      for (const [tick, , atUs] of seen) {
        // A sum that is no whole microsecond is rounded up by the clock, never down.
        const late = (atUs as number) - (startUs + (tick as number) * periodUs);
        expect([0, 1]).toContain(late);
      }
    },
  );

  // Guards: R2
  test.prop([
    fc.integer({ min: 1000, max: 100_000 }),
    fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 50 }),
  ])('periodic - missed ticks come as one, none is lost, none is early', (periodUs, stalls) => {
    let nowMs = 0;
    const wheel = new TimerWheel(
      { monotonicMs: () => nowMs, wallMs: () => 0 },
      { set: () => undefined, clear: () => undefined },
    );
    let ticks = 0;
    const timer = new PeriodicTimer(wheel, (tick, missed, atMs) => {
      ticks += 1 + missed;
      expect(tick).toBe(ticks);
      expect(atMs).toBeGreaterThanOrEqual((tick * periodUs) / 1000);
    });
    timer.start(0, periodUs / 1000);
    for (const stallUs of stalls) {
      nowMs += stallUs / 1000;
      const before = ticks;
      expect(wheel.run()).toBeLessThanOrEqual(1);
      expect(ticks).toBeGreaterThanOrEqual(before);
      expect(Math.abs(ticks - (nowMs * 1000) / periodUs)).toBeLessThan(1.001);
    }
  });

  test('periodic - a tick that throws does not end the series; a new start begins at tick 1', () => {
    const clock = new SimClock();
    const wheel = new TimerWheel(clock, clock.alarm());
    const seen: number[] = [];
    const timer = new PeriodicTimer(wheel, (tick) => {
      seen.push(tick);
      if (tick === 1 && seen.length === 1) throw new Error('in a tick');
    });
    timer.start(0, 10);
    expect(() => clock.advance(10)).toThrow('in a tick');
    clock.advance(10);
    timer.start(clock.monotonicMs(), 5);
    clock.advance(5);
    timer.cancel();
    clock.advance(100);
    expect(seen).toEqual([1, 2, 1]);
  });

  test.each([0, 0.5, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    'periodic - a period of %d ms is refused',
    (periodMs) => {
      const clock = new SimClock();
      const timer = new PeriodicTimer(new TimerWheel(clock, clock.alarm()), () => undefined);
      expect(codeOf(() => timer.start(0, periodMs))).toBe('RM_TIMER_OPTION');
    },
  );
});

describe('duration', () => {
  test.each<[Duration, number]>([
    [0, 0],
    [1.5, 1.5],
    ['500ms', 500],
    ['10s', 10_000],
    ['0.5s', 500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    [DURATION_MS_MAX, DURATION_MS_MAX],
  ])('duration - %s is %d ms', (duration, ms) => {
    expect(durationMs(duration, 'timeout')).toBe(ms);
  });

  test.each([
    '',
    '10',
    's',
    '-1s',
    '1 s',
    '1w',
    '1e3ms',
    -1,
    Number.NaN,
    DURATION_MS_MAX + 1,
    '99999999h',
  ])('duration - %s is refused', (duration) => {
    expect(codeOf(() => durationMs(duration as Duration, 'timeout'))).toBe('RM_TIMER_OPTION');
    expect(() => durationMs(duration as Duration, 'timeout')).toThrow(/timeout is .*expected/);
  });
});
