/**
 * Readings and their arithmetic: missing, stale and nan stay apart, and no division gives NaN.
 */
import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  divide,
  meanReading,
  perSecond,
  type Reading,
  readingOf,
  sumReading,
} from '../../../src/hotpath/metrics/reading.ts';
import { windowLayout } from '../../../src/hotpath/metrics/shard-layout.ts';
import { heapWindow } from '../../../src/hotpath/metrics/window-view.ts';
import { anyNumber } from './samples.ts';

const MISSING: Reading = { kind: 'missing' };
const STALE: Reading = { kind: 'stale', windows: 3 };
const NAN: Reading = { kind: 'nan', why: 'out of range' };
const ONE: Reading = { kind: 'value', value: 1 };

const readings: fc.Arbitrary<Reading> = fc.oneof(
  fc.constantFrom(MISSING, STALE, NAN),
  anyNumber.map(readingOf),
);

function windowWith(sum: number, count: number) {
  const window = heapWindow(windowLayout('tally', 2, 0, -20));
  window.totals.set([sum, count]);
  return window;
}

describe('reading', () => {
  // Guards: HOT-17
  propertyTest.prop([readings, readings])('reading - no division answers with NaN', (a, b) => {
    const result = divide(a, b);
    if (result.kind === 'value') expect(Number.isFinite(result.value)).toBe(true);
    const known = a.kind === 'value' && b.kind === 'value';
    if (known && b.value === 0) expect(result).toEqual({ kind: 'nan', why: 'zero divisor' });
    if (!known) expect(result.kind).not.toBe('value');
  });

  test('reading - the least known side decides a division', () => {
    expect(divide(ONE, MISSING)).toBe(MISSING);
    expect(divide(STALE, MISSING)).toBe(MISSING);
    expect(divide(NAN, STALE)).toBe(STALE);
    expect(divide(ONE, NAN)).toBe(NAN);
    expect(divide(ONE, readingOf(4))).toEqual({ kind: 'value', value: 0.25 });
  });

  test('reading - no samples, no traffic and nothing at all are told apart', () => {
    const silent = windowWith(0, 0);
    const errors = sumReading(windowWith(0, 5), 0);
    expect(sumReading(silent, 0)).toEqual({ kind: 'missing' });
    expect(meanReading(silent, 0)).toEqual({ kind: 'missing' });
    expect(divide(errors, sumReading(silent, 0))).toEqual({ kind: 'missing' });
    expect(divide(errors, readingOf(0))).toEqual({ kind: 'nan', why: 'zero divisor' });
    expect(divide(errors, readingOf(10))).toEqual({ kind: 'value', value: 0 });
  });

  test('reading - a sum that left the f64 range is nan, not a number', () => {
    expect(sumReading(windowWith(Number.POSITIVE_INFINITY, 2), 0)).toEqual(NAN);
    expect(meanReading(windowWith(Number.NaN, 2), 0)).toEqual(NAN);
    expect(divide(readingOf(1e300), readingOf(1e-300))).toEqual(NAN);
  });

  test('reading - means and rates', () => {
    const window = windowWith(30, 4);
    expect(meanReading(window, 0)).toEqual({ kind: 'value', value: 7.5 });
    expect(perSecond(sumReading(window, 0), 60)).toEqual({ kind: 'value', value: 0.5 });
    expect(perSecond(STALE, 60)).toBe(STALE);
    for (const seconds of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => perSecond(ONE, seconds)).toThrow('RM_METRICS_OPTION');
    }
  });
});
