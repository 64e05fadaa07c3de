/**
 * The port to the metrics: an actor that reads windows. All queries of one call are read at one moment,
 * and the same query twice gives the same reading.
 */
import type { MetricQuery, MetricReading } from '../protocol/metric-reading.ts';

/** What a source of metrics understands. Readings are in the order of their queries. */
export type MetricsSource = {
  /** As many readings as queries; anything else counts as missing. */
  read(
    queries: readonly MetricQuery[],
  ): readonly MetricReading[] | Promise<readonly MetricReading[]>;
  /**
   * A router is gone for good: proven, or an operator says so. Absent: nobody who counts has the name of
   * a router.
   */
  detach?(router: string): void;
};
