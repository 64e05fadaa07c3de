/**
 * The five kinds of series a shard keeps, one slab each, and what a slab of each kind records.
 * Every other file of this folder asks `kindTraits` instead of comparing names.
 */

/**
 * What the samples of a series mean.
 * - `tally`: independent numbers; {sum, count}. The cheapest record, 16 bytes.
 * - `summary`: as `tally`, with min, max and the last value in arrival order.
 * - `counter`: cumulative values >= 0 that may reset; {increase, count}.
 * - `gauge`: as `summary`, kept per input series; labels are dropped when it is read (gauges.ts).
 * - `histogram`: as `tally`, with a log-linear distribution.
 */
export type SeriesKind = 'tally' | 'summary' | 'counter' | 'gauge' | 'histogram';

/** Every kind, in the order in which slabs lie in a shard. */
export const SERIES_KINDS: readonly SeriesKind[] = [
  'tally',
  'summary',
  'counter',
  'gauge',
  'histogram',
];

/** Which sections a slab of a kind has besides {sum, count}. */
export interface KindTraits {
  /** {min, -max} and last. */
  readonly extremes: boolean;
  /** Last value per input, kept across windows. */
  readonly baselines: boolean;
  /** Records are per input; the aggregated series of each is looked up when reading. */
  readonly groups: boolean;
  /** Histogram cells and pages. */
  readonly sketches: boolean;
}

const NONE: KindTraits = { extremes: false, baselines: false, groups: false, sketches: false };

const TRAITS: Readonly<Record<SeriesKind, KindTraits>> = {
  tally: NONE,
  summary: { ...NONE, extremes: true },
  counter: { ...NONE, baselines: true },
  gauge: { ...NONE, extremes: true, groups: true },
  histogram: { ...NONE, sketches: true },
};

/** The sections of a kind. */
export function kindTraits(kind: SeriesKind): KindTraits {
  return TRAITS[kind];
}
