/** Four buckets to an octave: each value is where it should be, and quantiles are not below the truth. */
import { fc, test as property } from '@fast-check/vitest';
import {
  OCTAVE_BUCKETS,
  octaveBucket,
  octaveBucketStart,
  octaveQuantile,
} from 'ringmaster/hotpath';
import { describe, expect, test } from 'vitest';

describe('octave buckets', () => {
  property.prop([fc.double({ min: 0, max: 5e8, noNaN: true })])(
    'octave buckets - a value is where its bucket begins or above, and below the next one',
    (value) => {
      const bucket = octaveBucket(value);
      expect(bucket).toBeLessThan(OCTAVE_BUCKETS);
      if (value >= 1) expect(octaveBucketStart(bucket)).toBeLessThanOrEqual(value);
      // Buckets below 1.75 are told apart by quarters.
      if (bucket > 0) expect(octaveBucketStart(bucket + 1)).toBeGreaterThan(value);
    },
  );

  test.each([
    [0, 0],
    [0.99, 0],
    [1, 0],
    [1.25, 1],
    [1.75, 3],
    [2, 4],
    [1000, 39],
    [Number.NaN, 0],
    [-5, 0],
    [1e300, OCTAVE_BUCKETS - 1],
  ])('octave buckets - %d is in bucket %d', (value, bucket) => {
    expect(octaveBucket(value)).toBe(bucket);
  });

  property.prop([
    fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { minLength: 1 }),
    fc.double({ min: 0.01, max: 1, noNaN: true }),
  ])(
    'octave buckets - a quantile is at most a quarter above the exact one, and never below',
    (values, q) => {
      const counts = new Array<number>(OCTAVE_BUCKETS).fill(0);
      for (const value of values) {
        const bucket = octaveBucket(value);
        counts[bucket] = (counts[bucket] as number) + 1;
      }
      const sorted = values.toSorted((a, b) => a - b);
      const exact = sorted[Math.max(1, Math.ceil(values.length * q)) - 1] as number;
      const found = octaveQuantile(counts, q);
      expect(found).toBeGreaterThanOrEqual(exact);
      expect(found).toBeLessThanOrEqual(exact * 1.25 + 1e-9);
    },
  );

  test('octave buckets - of nothing there is no quantile', () => {
    expect(octaveQuantile([], 0.5)).toBeNaN();
    expect(octaveQuantile([0, 0], 0.5)).toBeNaN();
  });
});
