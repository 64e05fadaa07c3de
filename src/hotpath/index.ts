/**
 * The hot path's door: structures in shared memory and the arithmetic on them. Published as
 * `ringmaster/hotpath`; the record ring is also published alone, as `ringmaster/sharedarraybuffer-ring`.
 */
export { assert, type ErrorData, type HotpathErrorCode, RingmasterError } from './errors.ts';
export { murmur3, murmur3Text } from './hash/murmur3.ts';
export { xxh64 } from './hash/xxh64.ts';
export { BoundedLoad, LOAD_FACTOR_DEFAULT } from './hashring/bounded-load.ts';
export { buildJump } from './hashring/jump-builder.ts';
export type { JumpTable } from './hashring/jump-table.ts';
export { buildKetama, type KetamaOptions } from './hashring/ketama-builder.ts';
export { SECTIONS_MAX, SECTIONS_PER_MEMBER_DEFAULT } from './hashring/ketama-sections.ts';
export type { KetamaTable } from './hashring/ketama-table.ts';
export {
  buildMaglev,
  MAGLEV_SLOTS_MAX,
  MAGLEV_SLOTS_MIN,
  type MaglevOptions,
} from './hashring/maglev-builder.ts';
export type { MaglevTable } from './hashring/maglev-table.ts';
export {
  MEMBER_NAME_BYTES_MAX,
  MEMBER_WEIGHT_MAX,
  MEMBER_WEIGHT_MIN,
  MEMBERS_MAX,
  type Member,
} from './hashring/member.ts';
export type { MemberDirectory } from './hashring/member-directory.ts';
export { type MovementReport, movement } from './hashring/movement.ts';
export type { KeyFlow } from './hashring/movement-tally.ts';
export { type KeyTable, openTable, type RingTable, type SlotTable } from './hashring/open-table.ts';
export { type OwnershipReport, ownership } from './hashring/ownership.ts';
export { buildPantheon, type PantheonOptions } from './hashring/pantheon-builder.ts';
export type { PantheonTable } from './hashring/pantheon-table.ts';
export { CAP_PERMILLE_MAX, CAP_PERMILLE_MIN } from './hashring/refine.ts';
export {
  RendezvousBuilder,
  type RendezvousImageOptions,
  type RendezvousOptions,
  SLOT_BITS_MAX,
  SLOT_BITS_MIN,
  slotBitsFor,
} from './hashring/rendezvous-builder.ts';
export type { RendezvousTable } from './hashring/rendezvous-table.ts';
export { type SeriesLabel, seriesKey } from './hashring/series-key.ts';
export {
  pickShards,
  type ShardSizes,
  ShuffleSharder,
  type ShuffleSharderOptions,
} from './hashring/shuffle-shard.ts';
export type { TableHeader } from './hashring/table-header.ts';
export type { TableImage, TablePlace } from './hashring/table-image.ts';
export {
  NO_MEMBER,
  SLOT_RANKS,
  TABLE_ALIGNMENT_BYTES,
  type TableCounts,
  type TableKind,
  type TableLayout,
} from './hashring/table-layout.ts';
export { matchTenant, type TenantRule } from './hashring/tenant-match.ts';
export { verifyTable } from './hashring/verify-table.ts';
export type { AggregatedSeries, DropRule } from './ingest/aggregated-series.ts';
export type { DecodeFault } from './ingest/decode-status.ts';
export type { SeriesFault, WrittenLabel } from './ingest/label-walk.ts';
export type { OverflowSeries } from './ingest/overflow-counts.ts';
export { type Decoding, RequestDecoder, TENANT_NAME_BYTES_MAX } from './ingest/request-decoder.ts';
export { LABEL_BYTES_MAX, type RequestLimits } from './ingest/request-layout.ts';
export {
  RequestMemory,
  type RequestMemoryHandle,
  type RequestMemoryOptions,
  SECRET_BYTES,
  type SlotViews,
} from './ingest/request-memory.ts';
export { SeriesOwners } from './ingest/series-owners.ts';
export {
  noCounts,
  SeriesShard,
  type SeriesShardOptions,
  type SeriesShardSizes,
  type TakeCounts,
} from './ingest/series-shard.ts';
export type {
  SeriesWatch,
  WatchedList,
  WatchedSeries,
  WatchStatus,
} from './ingest/series-watches.ts';
export { type Mem, SharedMem } from './mem.ts';
export { countAbove } from './metrics/count-above.ts';
export { type GaugeSums, sumGauges } from './metrics/gauges.ts';
export { RELATIVE_ERROR } from './metrics/histogram-layout.ts';
export { createSketch, mergeSeries, mergeWindow } from './metrics/merge.ts';
export { MetricReader, type MetricReaderOptions } from './metrics/metric-reader.ts';
export { MetricWriter, type MetricWriterOptions } from './metrics/metric-writer.ts';
export {
  OCTAVE_BUCKETS,
  octaveBucket,
  octaveBucketStart,
  octaveQuantile,
} from './metrics/octave-buckets.ts';
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
export type { Registration, SeriesDescription } from './metrics/series-registry.ts';
export { MetricShard, type MetricShardHandle } from './metrics/shard.ts';
export type { MetricShardOptions } from './metrics/shard-options.ts';
export type { SeriesNames, SlabWriter } from './metrics/slab-writer.ts';
export { WindowHistory } from './metrics/window-history.ts';
export { COUNT_MAX, heapWindow, snugWindow, type WindowView } from './metrics/window-view.ts';
export {
  formatPublished,
  NO_SLOT_FREE,
  NOTHING_PUBLISHED,
  PIN_CONTENDED,
  PublishedReader,
  Publisher,
  type PublisherOptions,
  type PublishOptions,
  type PublishSizes,
  publishBytes,
} from './publish/index.ts';
export {
  createRing,
  formatRing,
  type LaneConsumer,
  type LaneProducer,
  type OpenOptions,
  type ProducerOptions,
  type RecordHandler,
  RING_CORRUPT,
  RING_EMPTY,
  RING_FULL,
  RING_RECORD,
  RingConsumer,
  type RingCorruption,
  type RingFill,
  type RingHandlers,
  type RingOptions,
  RingProducer,
  ringBytes,
  ringFill,
} from './ring/index.ts';
