/**
 * The hot path's door.
 */
export { RingmasterError } from './errors.ts';

export { type GaugeSums, sumGauges } from './metrics/gauges.ts';
export { RELATIVE_ERROR } from './metrics/histogram-layout.ts';
export { createSketch, mergeSeries, mergeWindow } from './metrics/merge.ts';
export { MetricReader } from './metrics/metric-reader.ts';
export { MetricWriter, type MetricWriterOptions } from './metrics/metric-writer.ts';
export { type QuantileReading, quantile } from './metrics/quantile.ts';
export {
  divide,
  meanReading,
  perSecond,
  type Reading,
  readingOf,
  sumReading,
} from './metrics/reading.ts';
export { SERIES_KINDS, type SeriesKind } from './metrics/series-kind.ts';
export type { Label, SeriesName } from './metrics/series-name.ts';
export type { Registration, SeriesDescription, SeriesRegistry } from './metrics/series-registry.ts';
export { MetricShard, type MetricShardHandle } from './metrics/shard.ts';
export type { MetricShardOptions } from './metrics/shard-options.ts';
export type { SlabWriter } from './metrics/slab-writer.ts';
export { WindowHistory } from './metrics/window-history.ts';
export { COUNT_MAX, heapWindow, type WindowView } from './metrics/window-view.ts';
