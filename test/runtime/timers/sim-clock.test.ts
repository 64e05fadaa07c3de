/** The simulated clock: alarms ring in order, at their times, and ties as asked for. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { seededRandom } from '../../../src/runtime/ports/random.ts';
import { SimClock } from '../../../src/runtime/testkit/sim-clock.ts';
import { codeOf } from '../../hotpath/error-code.ts';

/** Sets one alarm for each time and writes down its number and the time when it rang. */
function ringAll(clock: SimClock, timesMs: readonly number[]): [number, number][] {
  const rang: [number, number][] = [];
  timesMs.forEach((atMs, index) => {
    clock.alarm().set(atMs, () => rang.push([index, clock.monotonicMs()]));
  });
  clock.runUntilIdle();
  return rang;
}

describe('sim clock', () => {
  test.prop([fc.array(fc.nat(50).map((us) => us / 1000))])(
    'sim clock - alarms ring at their times, equal ones in the order in which they were set',
    (timesMs) => {
      const expected = timesMs.map((atMs, index): [number, number] => [index, atMs]);
      expected.sort((a, b) => a[1] - b[1]);
      expect(ringAll(new SimClock(), timesMs)).toEqual(expected);
    },
  );

  test('sim clock - a seed draws the order of equal alarms, and repeats it', () => {
    const draw = (seed: number) =>
      ringAll(new SimClock({ random: seededRandom(seed) }), [1, 1, 1, 1, 1, 1]).map(([id]) => id);
    expect(draw(1)).toEqual(draw(1));
    const orders = new Set(Array.from({ length: 30 }, (_, seed) => draw(seed).join()));
    expect(orders.size).toBeGreaterThan(20);
    expect([...draw(3)].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('sim clock - an alarm between two microseconds rings at the later one', () => {
    const clock = new SimClock();
    expect(ringAll(clock, [0.0001, 0.1 + 0.2])).toEqual([
      [0, 0.001],
      [1, 0.301],
    ]);
  });

  test('sim clock - set replaces, clear forgets, the past rings without moving time', () => {
    const clock = new SimClock({ startMs: 10 });
    const rang: string[] = [];
    const alarm = clock.alarm();
    alarm.clear();
    alarm.set(20, () => rang.push('replaced'));
    alarm.set(30, () => rang.push('kept'));
    const other = clock.alarm();
    other.set(25, () => rang.push('cleared'));
    other.clear();
    clock.alarm().set(5, () => rang.push(`past at ${clock.monotonicMs()}`));
    expect([clock.nextAlarmMs, clock.step(), clock.nextAlarmMs]).toEqual([10, true, 30]);
    expect([clock.advance(15), clock.advance(15), clock.step()]).toEqual([0, 1, false]);
    expect([rang, clock.monotonicMs()]).toEqual([['past at 10', 'kept'], 40]);
  });

  test('sim clock - a wall jump moves the wall clock alone', () => {
    const clock = new SimClock({ startMs: 5, wallMs: 1_000_000 });
    clock.advance(1);
    clock.jumpWall(-500);
    expect([clock.monotonicMs(), clock.wallMs()]).toEqual([6, 999_501]);
  });

  test('sim clock - endless alarms, moves from inside and steps back are refused', () => {
    const clock = new SimClock();
    const alarm = clock.alarm();
    const again = (): void => alarm.set(clock.monotonicMs() + 1, again);
    again();
    expect(codeOf(() => clock.runUntilIdle(100))).toBe('RM_TIMER_ENDLESS');
    alarm.set(clock.monotonicMs(), () => clock.advance(1));
    expect(codeOf(() => clock.step())).toBe('RM_TIMER_OPTION');
    expect(codeOf(() => clock.advance(-1))).toBe('RM_TIMER_OPTION');
    expect(codeOf(() => clock.advance(Number.NaN))).toBe('RM_TIMER_OPTION');
  });
});
