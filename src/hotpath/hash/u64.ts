/**
 * Arithmetic on 64-bit unsigned integers held as two 32-bit halves, high and low.
 * The hash functions and jump hash call it. There is no BigInt here: one allocates per operation
 * and costs a hundred times as much. Halves are signed or unsigned alike; only the bits count.
 */

/** Bits 32 to 63 of a × b. The low half is `Math.imul(aLow, bLow)`: two results, no allocation. */
export function multiplyHigh(aHigh: number, aLow: number, bHigh: number, bLow: number): number {
  const a0 = aLow & 0xffff;
  const a1 = aLow >>> 16;
  const b0 = bLow & 0xffff;
  const b1 = bLow >>> 16;
  // Each partial sum stays below 2^32, so `>>> 0` loses nothing.
  const middle = (Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16)) >>> 0;
  const carry = (Math.imul(a0, b1) + (middle & 0xffff)) >>> 0;
  const lowTimesLow = Math.imul(a1, b1) + (middle >>> 16) + (carry >>> 16);
  return (lowTimesLow + Math.imul(aHigh, bLow) + Math.imul(aLow, bHigh)) | 0;
}

/** 1 when adding `addend` made the low half wrap around to `sum`, else 0. */
export function carryOf(sum: number, addend: number): number {
  return sum >>> 0 < addend >>> 0 ? 1 : 0;
}
