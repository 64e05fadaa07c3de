/**
 * Slices of the keys: equal parts of all hashes, few enough to be counted each, small enough to be moved
 * one by one. Routers count requests by slice; the hash ring's machine decides where a hot one goes.
 */

/**
 * Slices of a ring. Fixed: counts and overrides name them by number. A power of two, by the highest bits
 * of a key's hash. More: a hot key is moved with fewer others, and more is counted and published.
 */
export const SLICES = 1024;

/** How many bits of a 32-bit word a slice's number leaves. */
const REST_BITS = 22;

/** Slice of a key by the highest 32 bits of its hash: all of a short hash, half of a long one. */
export function sliceOf(high: number): number {
  return high >>> REST_BITS;
}

/** The `index`th of `count` points that are spread evenly over a slice, as 32 bits. */
export function pointOf(slice: number, index: number, count: number): number {
  const step = 2 ** REST_BITS / count;
  return slice * 2 ** REST_BITS + Math.floor((index + 0.5) * step);
}
