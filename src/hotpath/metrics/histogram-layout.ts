/**
 * The log-linear histogram: which cell a number falls into, and where cells lie in memory.
 * Called by the plain folds, the merge and the quantile; kernel/fold.ts knows the same shape.
 *
 * An octave is [2^e, 2^(e+1)); it has 64 buckets of equal width, chosen by the top 6 bits of the
 * number's mantissa, so the index is a shift of the f64's upper word. The middle of a bucket is
 * within 1/128 = 0.78 % of every number in it. One sketch (one series in one window):
 *
 *   byte 0         8       16      24     32         40         64                        256
 *        ┌──────────┬───────┬───────┬──────┬──────────┬──────────┬─────────────────────────┐
 *        │ negative │ zero  │ under │ over │ unplaced │ padding  │ 48 × u32 page numbers   │
 *        └──────────┴───────┴───────┴──────┴──────────┴──────────┴─────────────────────────┘
 *   page number 0: no sample of this octave yet; n: page n - 1 of the pool, 64 × f64 counts.
 *
 * | cell     | counts                                                                        |
 * | negative | numbers below 0: no octave, only counted                                      |
 * | zero     | 0 and -0                                                                      |
 * | under    | above 0, below the lowest octave (subnormals too)                             |
 * | over     | at or above the end of the highest octave                                     |
 * | unplaced | inside the octaves, but the page pool was empty: sum and count are still exact |
 *
 * All words are written by the window's owner of the moment and plain; see shard-layout.ts.
 * Source: the idea of exponent plus leading mantissa bits is HdrHistogram's; the layout is ours.
 */

/** Bytes of one sketch: four cache lines, and a shift instead of a multiplication. */
export const SKETCH_BYTES = 256;

/** Cells of a sketch before its page numbers, as f64 indices from the sketch's start. */
export const NEGATIVE_CELL = 0;
export const ZERO_CELL = 1;
export const UNDER_CELL = 2;
export const OVER_CELL = 3;
export const UNPLACED_CELL = 4;

/** f64 cells in front of the page numbers that may hold a count. */
export const EDGE_CELLS = 5;

/** First page number of a sketch, as a u32 index from the sketch's start. */
export const PAGE_NUMBERS_WORD = 16;

/**
 * Octaves a sketch covers. 48 reach from a microsecond to eight years in seconds or, started at 0,
 * from a byte to 256 TiB. More: a larger sketch per series, though empty octaves need no page.
 * Fewer: more samples end in `under` and `over`, where a quantile is only a range.
 */
export const OCTAVES = 48;

/** Buckets of an octave: 6 mantissa bits. One more bit halves the error and doubles the pages. */
export const OCTAVE_BUCKETS = 64;

/** Bytes of a page: one octave's counts as f64, exact to 2^53 each. */
export const PAGE_BYTES: number = OCTAVE_BUCKETS * 8;

/** Largest relative distance of a bucket's middle from a number in it: 1/128. */
export const RELATIVE_ERROR: number = 1 / (2 * OCTAVE_BUCKETS);

/** Exponent of the lowest octave unless an option says otherwise: 2^-20, about a millionth. */
export const LOWEST_EXPONENT_DEFAULT = -20;

/** Smallest lowest exponent: below it numbers are subnormal and have no octave. */
export const LOWEST_EXPONENT_MIN = -1022;

/** Largest lowest exponent: the highest octave still ends at the largest f64. */
export const LOWEST_EXPONENT_MAX: number = 1024 - OCTAVES;

/** What an f64 adds to an exponent before storing it. */
export const EXPONENT_BIAS = 1023;

/** Mantissa bits of the upper word that do not choose the bucket: the shift to the index. */
export const BUCKET_SHIFT = 14;

/** Bits of the upper word below the exponent: the shift to the biased exponent. */
export const EXPONENT_SHIFT = 20;

const HALF_BUCKET: number = 1 << (BUCKET_SHIFT - 1);

/** Which half of an f64 in memory holds sign, exponent and the top of the mantissa. */
export const HIGH_WORD: 0 | 1 = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

function fromUpperWord(word: number): number {
  words[HIGH_WORD] = word;
  words[1 - HIGH_WORD] = 0;
  return float[0] as number;
}

/** Lower bound of octave `octave` of a histogram that starts at `lowestExponent`: a power of two. */
export function octaveStart(lowestExponent: number, octave: number): number {
  const exponent = lowestExponent + octave;
  // The end of the topmost octave is no finite number.
  return exponent >= 1024
    ? Number.POSITIVE_INFINITY
    : fromUpperWord((exponent + EXPONENT_BIAS) << EXPONENT_SHIFT);
}

/** Middle of a bucket: within RELATIVE_ERROR of every number that falls into it. */
export function bucketMiddle(lowestExponent: number, octave: number, bucket: number): number {
  const exponentBits = (lowestExponent + octave + EXPONENT_BIAS) << EXPONENT_SHIFT;
  return fromUpperWord(exponentBits | (bucket << BUCKET_SHIFT) | HALF_BUCKET);
}
