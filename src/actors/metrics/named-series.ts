/**
 * What a feed tells the `Metrics` actor: its shard, and which row of it stands for which series at
 * present. Plain data; a message between threads.
 */
import type { Label, MetricShardHandle, SeriesKind } from '../../hotpath/index.ts';

/** One series, as long as its lease of a row lasts. */
export type NamedSeries = {
  readonly kind: SeriesKind;
  readonly number: number;
  readonly metric: string;
  readonly labels: readonly Label[];
  /** The gauge that says in each window whose the row was. */
  readonly mark: number;
  /** What it says if it was this one's. Grows; never given twice by one feed. */
  readonly lease: number;
};

/** What the `Metrics` actor is told: again after each change of `series`, and as often as one likes. */
export type AttachedShard = {
  /** Another one for each feed that there is at the same time. */
  readonly source: string;
  /** Grows with each start of the source. */
  readonly incarnation: number;
  readonly shard: MetricShardHandle;
  /** Grows with each change of the series. */
  readonly names: number;
  /** In the order of their leases; those that have ended for some windows more. */
  readonly series: readonly NamedSeries[];
};

/**
 * Before the name of a metric: samples of it for whose series there was no room. It has the label
 * `service` alone, and no instance can expose it: no name that is scraped has a blank.
 */
export const UNNAMED = 'unnamed ';

/**
 * Before the name of a metric: a gauge that is 1 while what an instance says last of it is no number, and 0
 * in the window in which a number came again. Nobody can expose it, either.
 */
export const NO_NUMBER = 'no number ';
