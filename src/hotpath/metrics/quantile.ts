/**
 * Quantiles of one series of a histogram window: walks the sketch's cells in order of value.
 * Called on the reading side, for single series and for merged sketches alike.
 * It never invents precision: where the sketch only knows a range, the answer is a range.
 *
 * Invariant HOT-16: a value is within RELATIVE_ERROR of the sample of the rank asked for, and a range
 * contains it (give or take that error at its ends).
 */
import { RingmasterError } from '../errors.ts';
import {
  bucketMiddle,
  NEGATIVE_CELL,
  OCTAVE_BUCKETS,
  OCTAVES,
  OVER_CELL,
  octaveStart,
  PAGE_NUMBERS_WORD,
  SKETCH_BYTES,
  UNDER_CELL,
  UNPLACED_CELL,
  ZERO_CELL,
} from './histogram-layout.ts';
import type { WindowView } from './window-view.ts';

/** What a sketch knows about one quantile. */
export type QuantileReading =
  /** No sample. */
  | { readonly kind: 'missing' }
  /** Within RELATIVE_ERROR (1/128) of a sample of that rank; 0 is exact. */
  | { readonly kind: 'value'; readonly value: number }
  /**
   * Somewhere in low..high: below 0, outside the octaves, or blurred by samples that found the
   * page pool empty. A bound that is a bucket carries its relative error; bounds may be infinite.
   */
  | { readonly kind: 'range'; readonly low: number; readonly high: number };

/**
 * What q * count may be above a whole number and still mean it: q is a rounded decimal, and the
 * product is rounded again. 0.07 * 100 is 7.000000000000001 and means rank 7, not 8.
 */
const RANK_SLACK: number = 2 * Number.EPSILON;

/**
 * The sample of rank ceil(q * count), counted from 1 in ascending order (rank 1 for q = 0), where
 * q stands for the decimal that it was written as.
 * @throws RM_METRICS_OPTION when q is not in 0..1, RM_METRICS_STATE for other kinds.
 */
export function quantile(window: WindowView, series: number, q: number): QuantileReading {
  checkQuantile(window, q);
  const count = window.count(series);
  if (count === 0) return { kind: 'missing' };
  const lowest = window.layout.lowestExponent;
  let rank = rankOf(q, count) - cell(window, series, NEGATIVE_CELL);
  if (rank <= 0) return { kind: 'range', low: Number.NEGATIVE_INFINITY, high: 0 };
  rank -= cell(window, series, ZERO_CELL);
  if (rank <= 0) return { kind: 'value', value: 0 };
  rank -= cell(window, series, UNDER_CELL);
  if (rank <= 0) return { kind: 'range', low: 0, high: octaveStart(lowest, 0) };
  const inOctaves = count - edgeCount(window, series);
  if (rank > inOctaves) {
    return { kind: 'range', low: octaveStart(lowest, OCTAVES), high: Number.POSITIVE_INFINITY };
  }
  return octaveReading(window, series, rank, inOctaves);
}

function rankOf(q: number, count: number): number {
  const product = q * count;
  const below = Math.floor(product);
  const isWhole = product - below <= product * RANK_SLACK;
  return Math.max(1, isWhole ? below : below + 1);
}

/** The rank-th sample inside the octaves, of which `inOctaves` exist, unplaced ones included. */
function octaveReading(
  window: WindowView,
  series: number,
  rank: number,
  inOctaves: number,
): QuantileReading {
  const unplaced = cell(window, series, UNPLACED_CELL);
  if (unplaced === 0) {
    return { kind: 'value', value: bucketOfRank(window, series, rank, inOctaves) };
  }
  const lowest = window.layout.lowestExponent;
  const placed = inOctaves - unplaced;
  // Unplaced samples may lie below or above all placed ones: ask for both extremes.
  const low =
    rank > unplaced
      ? bucketOfRank(window, series, rank - unplaced, placed)
      : octaveStart(lowest, 0);
  const high =
    rank <= placed ? bucketOfRank(window, series, rank, placed) : octaveStart(lowest, OCTAVES);
  return low === high ? { kind: 'value', value: low } : { kind: 'range', low, high };
}

function cell(window: WindowView, series: number, index: number): number {
  return window.sketchCells[(series * SKETCH_BYTES) / 8 + index] as number;
}

/** Samples outside the octaves. */
function edgeCount(window: WindowView, series: number): number {
  const below = cell(window, series, NEGATIVE_CELL) + cell(window, series, ZERO_CELL);
  return below + cell(window, series, UNDER_CELL) + cell(window, series, OVER_CELL);
}

/**
 * Middle of the bucket that holds the rank-th of `placed` samples, which all lie in pages. Walks
 * down from the top, since the quantiles that are asked for are mostly high ones.
 */
function bucketOfRank(window: WindowView, series: number, rank: number, placed: number): number {
  const lowest = window.layout.lowestExponent;
  const numbers = window.sketchWords;
  const pages = window.pages;
  const numbersAt = (series * SKETCH_BYTES) / 4 + PAGE_NUMBERS_WORD;
  // Samples from the wanted one to the largest, both included.
  let left = placed - rank + 1;
  for (let octave = OCTAVES - 1; octave >= 0; octave -= 1) {
    const page = numbers[numbersAt + octave] as number;
    if (page === 0) continue;
    const at = (page - 1) * OCTAVE_BUCKETS;
    for (let bucket = OCTAVE_BUCKETS - 1; bucket >= 0; bucket -= 1) {
      left -= pages[at + bucket] as number;
      if (left <= 0) return bucketMiddle(lowest, octave, bucket);
    }
  }
  // Only where counts reached 2^53 and stopped: the bottom of the octaves is what is left.
  return octaveStart(lowest, 0);
}

function checkQuantile(window: WindowView, q: number): void {
  if (window.kind !== 'histogram') {
    throw new RingmasterError(
      'RM_METRICS_STATE',
      `quantile of a ${window.kind}; expected a histogram window.`,
    );
  }
  if (!(q >= 0 && q <= 1)) {
    throw new RingmasterError('RM_METRICS_OPTION', `quantile ${q}; expected 0 to 1.`, { q });
  }
}
