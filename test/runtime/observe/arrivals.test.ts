/** Times in a mailbox, told from how long it is: exact where each arrival is seen, near it where not. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { Arrivals } from '../../../src/runtime/observe/arrivals.ts';

describe('arrivals', () => {
  test('arrivals - what was seen to come is exact', () => {
    const arrivals = new Arrivals(0, 100);
    arrivals.look(1, 110, true, 0);
    arrivals.look(2, 115, true, 0);
    expect(arrivals.take(130)).toBe(20);
    expect(arrivals.take(140)).toBe(25);
  });

  test('arrivals - what came between two looks came evenly', () => {
    const arrivals = new Arrivals(0, 100);
    arrivals.look(4, 108, false, 0);
    // At 101, 103, 105, 107.
    expect([arrivals.take(200), arrivals.take(200)]).toEqual([99, 97]);
    arrivals.look(3, 210, true, 0);
    expect([arrivals.take(210), arrivals.take(210), arrivals.take(210)]).toEqual([105, 103, 0]);
  });

  test('arrivals - of those that were there before nobody knows', () => {
    const arrivals = new Arrivals(2, 100);
    arrivals.look(3, 101, true, 0);
    expect([arrivals.take(102), arrivals.take(102), arrivals.take(102)]).toEqual([
      Number.NaN,
      Number.NaN,
      1,
    ]);
    expect(arrivals.take(103)).toBeNaN();
  });

  test('arrivals - those that were handled between two looks are the oldest, whoever came since', () => {
    const arrivals = new Arrivals(0, 0);
    for (const atMs of [1, 2, 3]) arrivals.look(atMs, atMs, true, 0);
    // Two were handled, and two have come.
    arrivals.look(3, 7, false, 2);
    expect([arrivals.take(10), arrivals.take(10), arrivals.take(10)]).toEqual([7, 6, 4]);
  });

  test('arrivals - messages that went by another way are the oldest', () => {
    const arrivals = new Arrivals(0, 0);
    for (const atMs of [1, 2, 3]) arrivals.look(atMs, atMs, true, 0);
    arrivals.look(1, 4, false, 0);
    expect(arrivals.take(10)).toBe(7);
  });

  property.prop([
    fc.array(fc.record({ gapMs: fc.integer({ min: 0, max: 9 }), isTaken: fc.boolean() }), {
      maxLength: 250,
    }),
  ])('arrivals - a time is off by no more than what lies between two looks', (steps) => {
    const arrivals = new Arrivals(0, 0);
    const looks = [0];
    const came: { readonly atMs: number; readonly after: number }[] = [];
    let nowMs = 0;
    for (const { gapMs, isTaken } of steps) {
      nowMs += gapMs;
      came.push({ atMs: nowMs, after: looks.length - 1 });
      if (!isTaken) continue;
      arrivals.look(came.length, nowMs, false, 0);
      looks.push(nowMs);
      const { atMs, after } = came.shift() as { readonly atMs: number; readonly after: number };
      const wrongBy = Math.abs(arrivals.take(nowMs) - (nowMs - atMs));
      const between = (looks[after + 1] as number) - (looks[after] as number);
      expect(wrongBy).toBeLessThanOrEqual(between + 1e-9);
    }
  });

  test('arrivals - a mailbox that only grows takes no more memory, and keeps its times', () => {
    const arrivals = new Arrivals(0, 0);
    for (let i = 1; i <= 10_000; i++) arrivals.look(i, i, true, 0);
    for (let i = 1; i <= 10_000; i++) {
      const wait = arrivals.take(20_000);
      expect(Math.abs(wait - (20_000 - i))).toBeLessThan(10_000 / 64);
    }
  });
});
