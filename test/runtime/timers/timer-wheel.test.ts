/**
 * The timer wheel: compared with a sorted list in virtual time, exactly; then what a list cannot
 * say: self-restarts, bounded runs, and when the alarm is touched.
 */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { Alarm } from '../../../src/runtime/ports/alarm.ts';
import { SimClock } from '../../../src/runtime/testkit/sim-clock.ts';
import { CallbackTimer } from '../../../src/runtime/timers/timer-node.ts';
import { TimerWheel } from '../../../src/runtime/timers/timer-wheel.ts';
import { codeOf } from '../../hotpath/error-code.ts';
import { WheelModel } from './wheel-model.ts';

const SPAN_MS = 2 ** 32;

/** Spread over all levels of the wheel, with fractions. */
const delayMs = fc.oneof(
  fc.integer({ min: -3000, max: 80_000 }).map((us) => us / 1000),
  fc.integer({ min: 0, max: 2 ** 16 }),
  fc.integer({ min: 0, max: 30 }).chain((bits) => fc.integer({ min: 0, max: 2 ** bits })),
  fc.integer({ min: SPAN_MS - 50, max: 3 * SPAN_MS }),
);
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('start'), id: fc.nat(30), ms: delayMs }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel'), id: fc.nat(30), ms: delayMs }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('advance'), id: fc.nat(0), ms: delayMs }) },
);
const startMs = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 2 ** 20 }),
  fc.integer({ min: 0, max: 500 }).map((ms) => SPAN_MS - ms),
  fc.integer({ min: 0, max: 500 }).map((ms) => 5 * SPAN_MS + 2 ** 31 - ms),
);

/** A wheel with numbered timers that write down when they fired. */
function openWheel(clock: SimClock, firesMax?: number) {
  const fired: number[] = [];
  const early: number[] = [];
  const alarm = countedAlarm(clock.alarm());
  const wheel = new TimerWheel(clock, alarm, firesMax);
  const nodes = Array.from({ length: 32 }, (_, id) => {
    const node: CallbackTimer = new CallbackTimer((nowMs) => {
      fired.push(id);
      if (nowMs < node.timerAtMs || clock.monotonicMs() < node.timerAtMs) early.push(id);
    });
    return node;
  });
  const nodeOf = (id: number): CallbackTimer => nodes[id] as CallbackTimer;
  const take = (): number[] => fired.splice(0);
  return { wheel, alarm, nodeOf, take, early };
}

function countedAlarm(alarm: Alarm): Alarm & { sets: number; clears: number } {
  return {
    sets: 0,
    clears: 0,
    set(atMs, fire) {
      this.sets++;
      alarm.set(atMs, fire);
    },
    clear() {
      this.clears++;
      alarm.clear();
    },
  };
}

describe('timer wheel', () => {
  // The clock does not ring: a run after each move, so late firings are compared too.
  // Guards: R2
  test.prop([startMs, fc.array(action, { maxLength: 80 })], { numRuns: 2000 })(
    'timer wheel - late runs fire what a sorted list says, in its order',
    (firstMs, actions) => {
      const clock = new SimClock({ startMs: firstMs });
      let nowMs = firstMs;
      const deaf = { set: () => undefined, clear: () => undefined };
      const model = new WheelModel();
      const fired: number[] = [];
      const wheel = new TimerWheel(
        { ...clock, monotonicMs: () => nowMs, wallMs: () => 0 },
        deaf,
        1e9,
      );
      const nodes = Array.from({ length: 32 }, (_, id) => new CallbackTimer(() => fired.push(id)));
      for (const { kind, id, ms } of actions) {
        const node = nodes[id] as CallbackTimer;
        if (kind === 'start') {
          wheel.start(node, nowMs + ms);
          model.start(id, nowMs + ms);
        } else if (kind === 'cancel') expect(wheel.cancel(node)).toBe(model.cancel(id));
        else {
          nowMs += Math.abs(ms);
          wheel.run();
          expect(fired.splice(0)).toEqual(model.run(nowMs));
        }
        expect(wheel.size).toBe(model.size);
        expect(wheel.nextAtMs).toBeLessThanOrEqual(model.firstMs);
      }
    },
  );

  // The clock rings the alarm: every timer fires at its very microsecond, never early. Guards: R2
  test.prop([startMs, fc.array(action, { maxLength: 60 })], { numRuns: 1000 })(
    'timer wheel - the alarm makes every timer fire at its exact time',
    (firstMs, actions) => {
      const clock = new SimClock({ startMs: firstMs });
      const { wheel, nodeOf, take, early } = openWheel(clock);
      const model = new WheelModel();
      for (const { kind, id, ms } of actions) {
        if (kind === 'start') {
          wheel.start(nodeOf(id), clock.monotonicMs() + ms);
          model.start(id, clock.monotonicMs() + ms);
        } else if (kind === 'cancel') expect(wheel.cancel(nodeOf(id))).toBe(model.cancel(id));
        else {
          clock.advance(Math.abs(ms));
          expect(take()).toEqual(model.run(clock.monotonicMs()));
        }
      }
      clock.runUntilIdle();
      expect(take()).toEqual(model.run(Number.POSITIVE_INFINITY));
      expect(early).toEqual([]);
      expect(wheel.size).toBe(0);
      expect(clock.nextAlarmMs).toBe(Number.POSITIVE_INFINITY);
    },
  );

  test('timer wheel - a timer of weeks fires at its millisecond', () => {
    const clock = new SimClock({ startMs: 12.5 });
    const { wheel, nodeOf, take } = openWheel(clock);
    const weeksMs = 90 * 24 * 3_600_000 + 0.25;
    wheel.start(nodeOf(1), weeksMs);
    clock.advance(weeksMs - 12.5 - 0.001);
    expect(take()).toEqual([]);
    clock.advance(0.001);
    expect(take()).toEqual([1]);
  });

  test('timer wheel - a run with nothing due right after a far timer moved keeps it', () => {
    const clock = new SimClock();
    const { wheel, nodeOf, take } = openWheel(clock);
    wheel.start(nodeOf(1), 10);
    wheel.start(nodeOf(1), 100_000);
    clock.advance(99_999);
    expect([take(), wheel.size, nodeOf(1).isTimerStarted]).toEqual([[], 1, true]);
    clock.advance(1);
    expect([take(), wheel.size, nodeOf(1).isTimerStarted]).toEqual([[1], 0, false]);
  });

  test('timer wheel - a timer that starts itself for now fires once a run', () => {
    const clock = new SimClock();
    const wheel = new TimerWheel(clock, clock.alarm());
    let fires = 0;
    const node: CallbackTimer = new CallbackTimer((nowMs) => {
      fires++;
      wheel.start(node, nowMs);
    });
    wheel.start(node, 0);
    expect([wheel.run(), wheel.run(), fires]).toEqual([1, 1, 2]);
    expect(codeOf(() => clock.advance(1))).toBe('RM_TIMER_ENDLESS');
  });

  test('timer wheel - a firing timer cancels and moves others that are due with it', () => {
    const clock = new SimClock();
    const { wheel, nodeOf, take } = openWheel(clock);
    const first = new CallbackTimer(() => {
      wheel.cancel(nodeOf(1));
      wheel.start(nodeOf(2), 9);
    });
    wheel.start(first, 5);
    for (const id of [1, 2, 3]) wheel.start(nodeOf(id), 5);
    clock.advance(5);
    expect([take(), wheel.size]).toEqual([[3], 1]);
    clock.advance(4);
    expect(take()).toEqual([2]);
  });

  test('timer wheel - a run inside a run does nothing', () => {
    const clock = new SimClock();
    const { wheel, nodeOf, take } = openWheel(clock);
    const inner: number[] = [];
    wheel.start(new CallbackTimer(() => inner.push(wheel.run())), 1);
    wheel.start(nodeOf(1), 1);
    clock.advance(1);
    expect([inner, take()]).toEqual([[0], [1]]);
  });

  test('timer wheel - what a timer throws comes out, and the rest fires next', () => {
    const clock = new SimClock();
    const { wheel, nodeOf, take } = openWheel(clock);
    const bad = new CallbackTimer(() => {
      throw new Error('in a timer');
    });
    wheel.start(bad, 1);
    wheel.start(nodeOf(1), 1);
    wheel.start(nodeOf(2), 2);
    expect(() => clock.advance(1)).toThrow('in a timer');
    clock.advance(1);
    expect(take()).toEqual([1, 2]);
  });

  test('timer wheel - a storm of expiries comes in bounded runs, each timer once, in order', () => {
    const clock = new SimClock();
    const wheel = new TimerWheel(clock, { set: () => undefined, clear: () => undefined }, 1000);
    const fired: number[] = [];
    for (let index = 0; index < 100_000; index++) {
      wheel.start(new CallbackTimer(() => fired.push(index)), 1000 + Math.floor(index / 3000));
    }
    clock.advance(2000);
    let runs = 0;
    for (; wheel.size > 0; runs++) expect(wheel.run()).toBeLessThanOrEqual(1000);
    expect(runs).toBeLessThan(200);
    expect(fired).toEqual(Array.from({ length: 100_000 }, (_, index) => index));
  });

  test('timer wheel - a storm within one millisecond, in a later span, fires each timer once', () => {
    let nowMs = SPAN_MS - 5;
    const deaf = { set: () => undefined, clear: () => undefined };
    const wheel = new TimerWheel({ monotonicMs: () => nowMs, wallMs: () => 0 }, deaf);
    const fires = new Uint8Array(20_000);
    fires.forEach((_, index) => {
      const atMs = SPAN_MS + 70 + ((index * 7919) % 20_000) / 20_000;
      wheel.start(
        new CallbackTimer(() => void fires.fill((fires[index] ?? 0) + 1, index, index + 1)),
        atMs,
      );
    });
    nowMs = SPAN_MS + 71;
    for (let runs = 0; wheel.size > 0; runs++) {
      wheel.run();
      expect(wheel.nextAtMs > nowMs).toBe(wheel.size === 0);
      expect(runs).toBeLessThan(100);
    }
    expect(fires.every((count) => count === 1)).toBe(true);
  });

  // Guards: R2
  test.prop([fc.array(delayMs, { maxLength: 60 }), fc.integer({ min: 1, max: 7 })])(
    'timer wheel - bounded runs fire each timer once and none early',
    (delays, firesMax) => {
      const clock = new SimClock();
      const wheel = new TimerWheel(clock, clock.alarm(), firesMax);
      const fired: number[] = [];
      const early: number[] = [];
      for (const ms of delays) {
        const node: CallbackTimer = new CallbackTimer((nowMs) => {
          fired.push(ms);
          if (nowMs < ms) early.push(ms);
        });
        wheel.start(node, ms);
      }
      clock.runUntilIdle();
      expect(early).toEqual([]);
      expect(fired).toHaveLength(delays.length);
      const ahead = fired.filter((ms) => ms > 0);
      expect(ahead).toEqual([...ahead].sort((a, b) => a - b));
    },
  );

  test('timer wheel - starts and cancels of later timers do not touch the alarm', () => {
    const clock = new SimClock();
    const { wheel, alarm, nodeOf } = openWheel(clock);
    wheel.start(nodeOf(0), 5000);
    for (let ask = 1; ask <= 1000; ask++) {
      clock.advance(1);
      wheel.start(nodeOf(1), clock.monotonicMs() + 5000);
      wheel.cancel(nodeOf(1));
    }
    expect([alarm.sets, alarm.clears]).toEqual([1, 0]);
    wheel.start(nodeOf(2), 2000);
    expect(alarm.sets).toBe(2);
  });

  test('timer wheel - without timers no alarm is asked for, and rest gives the last one back', () => {
    const clock = new SimClock();
    const { wheel, alarm, nodeOf } = openWheel(clock);
    wheel.run();
    wheel.rest();
    expect([alarm.sets, alarm.clears, wheel.nextAtMs]).toEqual([0, 0, Number.POSITIVE_INFINITY]);
    wheel.start(nodeOf(1), 100);
    wheel.rest();
    expect(clock.nextAlarmMs).toBe(100);
    wheel.cancel(nodeOf(1));
    wheel.rest();
    expect(clock.nextAlarmMs).toBe(Number.POSITIVE_INFINITY);
    wheel.start(nodeOf(1), 200);
    expect([clock.runUntilIdle() > 0, clock.monotonicMs()]).toEqual([true, 200]);
  });

  test('timer wheel - a cancelled last timer costs at most one alarm more', () => {
    const clock = new SimClock();
    const { wheel, nodeOf } = openWheel(clock);
    wheel.start(nodeOf(1), 100);
    wheel.cancel(nodeOf(1));
    expect(clock.runUntilIdle()).toBe(1);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 2 ** 52])(
    'timer wheel - a deadline of %d is refused',
    (atMs) => {
      const { wheel, nodeOf } = openWheel(new SimClock());
      expect(codeOf(() => wheel.start(nodeOf(1), atMs))).toBe('RM_TIMER_OPTION');
      expect([wheel.size, nodeOf(1).isTimerStarted]).toEqual([0, false]);
    },
  );

  test('timer wheel - a run that may fire nothing is refused', () => {
    const clock = new SimClock();
    expect(codeOf(() => new TimerWheel(clock, clock.alarm(), 0))).toBe('RM_TIMER_OPTION');
  });
});
