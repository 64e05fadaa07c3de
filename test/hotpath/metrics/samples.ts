/** Shared by the tests of this folder: hostile numbers, and names that only differ in a number. */
import { fc } from '@fast-check/vitest';
import type { SeriesName } from '../../../src/hotpath/metrics/series-name.ts';

/** Numbers that find mistakes: every class of f64, and the edges between classes. */
export const HOSTILE_NUMBERS: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.1,
  Number.MIN_VALUE,
  -Number.MIN_VALUE,
  2.225_073_858_507_201e-308, // the largest subnormal
  2.225_073_858_507_201_4e-308, // the smallest normal
  // The ends of the default octaves, from both sides.
  2 ** -20,
  2 ** -20 - 2 ** -74,
  2 ** 28,
  2 ** 28 - 2 ** -25,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Number.MAX_SAFE_INTEGER,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
];

/** Any f64, with the hostile ones often. */
export const anyNumber: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(...HOSTILE_NUMBERS),
  fc.double(),
  fc.double({ min: 0, max: 1000, noNaN: true }),
  fc.integer({ min: 0, max: 50 }),
);

/** Finite numbers only. */
export const finiteNumber: fc.Arbitrary<number> = anyNumber.filter(Number.isFinite);

/** The i-th series of a metric without dropped labels. */
export function nameOf(index: number, metric: string = 'm'): SeriesName {
  return { tenant: 't', metric, labels: [['instance', `${index}`]] };
}
