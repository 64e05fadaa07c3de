/**
 * A distribution of times in so few counters that each thread can afford one: four buckets to an octave, so
 * a quantile is at most a quarter too high. Finding a bucket takes no table and no logarithm.
 *
 *   bucket 4·o + s counts values from 2^o · (1 + s/4) on, up to where the next one begins; bucket 0 also
 *   counts what is below 1.
 *
 * Source of the idea: Gil Tene's HdrHistogram, with two bits of mantissa.
 */

/** Buckets of one distribution: 29 octaves, with values up to about 5 · 10^8. */
export const OCTAVE_BUCKETS = 116;

/** Higher values are counted as this one. */
const QUARTERS_MAX = 2 ** 31 - 1;

/** Index of the bucket of a value; of NaN and of what is below 1: 0. */
export function octaveBucket(value: number): number {
  const quarters = Math.min(value * 4, QUARTERS_MAX) | 0;
  if (quarters < 4) return 0;
  const shift = 29 - Math.clz32(quarters);
  return shift * 4 + ((quarters >>> shift) & 3);
}

/** Where a bucket begins. */
export function octaveBucketStart(bucket: number): number {
  return 2 ** (bucket >> 2) * (1 + (bucket & 3) / 4);
}

/**
 * A value that the share `q` of what was counted is not above: the end of its bucket.
 * @returns NaN of nothing
 */
export function octaveQuantile(counts: ArrayLike<number>, q: number): number {
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += counts[i] as number;
  if (total === 0) return Number.NaN;
  let left = Math.max(1, Math.ceil(total * q));
  for (let i = 0; i < counts.length; i++) {
    left -= counts[i] as number;
    if (left <= 0) return octaveBucketStart(i + 1);
  }
  return octaveBucketStart(counts.length);
}
