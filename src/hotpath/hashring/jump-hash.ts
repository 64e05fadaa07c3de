/**
 * Jump consistent hash: a 64-bit key to one of n buckets, without a table.
 * `JumpTable` calls it. When n grows by one, 1/(n+1) of the keys move, all to the new bucket; only
 * the last bucket can be dropped. It knows nothing of members.
 *
 * Source: Lamping and Veach, "A fast, minimal memory, consistent hash algorithm", 2014.
 */
import { multiplyHigh } from '../hash/u64.ts';

/** The paper's linear congruential generator: key × 2862933555777941757 + 1. */
const MULTIPLIER_HIGH = 0x27bb2ee6;
const MULTIPLIER_LOW = 0x87b0b0fd;

/** Bucket 0 to `buckets` - 1 of a key in two halves. `buckets` is 1 or more. */
export function jumpHash(high: number, low: number, buckets: number): number {
  let keyHigh = high | 0;
  let keyLow = low | 0;
  let bucket = 0;
  let next = 0;
  while (next < buckets) {
    bucket = next;
    const productLow = Math.imul(keyLow, MULTIPLIER_LOW);
    keyHigh = multiplyHigh(keyHigh, keyLow, MULTIPLIER_HIGH, MULTIPLIER_LOW);
    keyLow = (productLow + 1) | 0;
    if (keyLow === 0) keyHigh = (keyHigh + 1) | 0;
    // The key's upper 31 bits, as in the paper; the quotient is exact in a double.
    next = Math.floor((bucket + 1) * (0x8000_0000 / ((keyHigh >>> 1) + 1)));
  }
  return bucket;
}
