/**
 * What it means to fold a batch, for both implementations: wasm-folds.ts and plain-folds.ts.
 * The batch lies in the slab's column buffer; the fold adds it to one window of the slab.
 *
 * Invariant HOT-14: both leave bit-identical memory behind for the same batches.
 */
import type { WindowBuffer } from './window-flip.ts';

/**
 * Folds the first `count` samples of the column buffer onto window `buffer`. Ids at or above
 * `inputs` and values that are not finite are counted as refused, and touch nothing else.
 */
export type Fold = (count: number, inputs: number, buffer: WindowBuffer) => void;

/** Baseline of a counter input that had no sample yet: its first one adds 0. */
export const BASELINE_NONE = -1;

/** Baseline of an overflow input: it mixes counters, so differences would mean nothing. */
export const BASELINE_MIXED = -2;
