/**
 * What a shard can be told, its defaults, and the one place where their ranges are checked:
 * by `MetricShard.create` for options, and by `attach` for the words found in a memory.
 */
import { RingmasterError } from '../errors.ts';
import {
  LOWEST_EXPONENT_DEFAULT,
  LOWEST_EXPONENT_MAX,
  LOWEST_EXPONENT_MIN,
} from './histogram-layout.ts';
import { SERIES_KINDS, type SeriesKind } from './series-kind.ts';
import { SHARD_BYTES_MAX, type ShardShape, shardLayout } from './shard-layout.ts';

/**
 * Samples a column buffer holds before `observe` folds it. Range: BATCH_SAMPLES_MIN..MAX.
 * Higher: fewer calls into the kernel. Lower: the columns stay in the first cache levels, and a
 * flush at the end of a turn has less left to do. Below some 4,096 the call itself begins to show.
 * Source: bench/b17-observe.bench.ts.
 */
export const BATCH_SAMPLES_DEFAULT = 4_096;

/** Smallest batch: tests want to see it turn over; a program gains nothing from less. */
export const BATCH_SAMPLES_MIN = 16;

/** Largest batch, 12 MiB of columns: beyond it every fold starts from cold memory. */
export const BATCH_SAMPLES_MAX = 1_048_576;

/**
 * Series one slab may hold. 2^24 tallies are 512 MiB of windows; more belong into more shards,
 * which fold in parallel.
 */
export const SERIES_MAX = 16_777_216;

/** Pages one window may hold: 1 GiB of buckets. */
export const HISTOGRAM_PAGES_MAX = 2_097_152;

/**
 * Pages per histogram series by default. Most series live in three to five octaves; the pool is
 * shared, so a few wide ones may take what narrow ones leave. Unused pages are never touched.
 */
const PAGES_PER_SERIES = 8;

/** Options of `MetricShard.create`. */
export interface MetricShardOptions {
  /**
   * Series by kind, at least 2: number 0 is the slab's own overflow series, and the last one in
   * 16 is kept for overflow series of tenants' metrics (overflow-reserve.ts), so 1,600 hold 1,499
   * ordinary ones. A kind that is left out, or 0, has no slab and costs nothing.
   */
  readonly seriesMax: Readonly<Partial<Record<SeriesKind, number>>>;
  /** Histogram pages (512 bytes each) per window; 8 per series unless given. */
  readonly histogramPagesMax?: number;
  /** Exponent of the lowest octave, -1022..976: octaves reach 48 powers of two up from it. */
  readonly histogramLowestExponent?: number;
  /** Samples that `observe` collects before it folds them; BATCH_SAMPLES_DEFAULT unless given. */
  readonly batchSamples?: number;
  /** Number of the first window, any 32-bit integer; 0 unless a test wants to see it wrap. */
  readonly firstEpoch?: number;
}

/** Fills in the defaults. @throws RM_METRICS_OPTION naming the option that is out of range. */
export function resolveShape(options: MetricShardOptions): ShardShape {
  const seriesMax = {
    tally: options.seriesMax.tally ?? 0,
    summary: options.seriesMax.summary ?? 0,
    counter: options.seriesMax.counter ?? 0,
    gauge: options.seriesMax.gauge ?? 0,
    histogram: options.seriesMax.histogram ?? 0,
  };
  const pagesDefault = Math.min(HISTOGRAM_PAGES_MAX, PAGES_PER_SERIES * seriesMax.histogram);
  const shape = {
    seriesMax,
    pagesMax: options.histogramPagesMax ?? pagesDefault,
    lowestExponent: options.histogramLowestExponent ?? LOWEST_EXPONENT_DEFAULT,
    batchSamples: options.batchSamples ?? BATCH_SAMPLES_DEFAULT,
  };
  const problem = checkShape(shape) ?? checkFirstEpoch(options.firstEpoch ?? 0);
  if (problem !== undefined) throw new RingmasterError('RM_METRICS_OPTION', `${problem}.`);
  return shape;
}

/** What is wrong with a shape: got and expected, or undefined when nothing is. */
export function checkShape(shape: ShardShape): string | undefined {
  const { seriesMax, pagesMax, lowestExponent, batchSamples } = shape;
  for (const kind of SERIES_KINDS) {
    const series = seriesMax[kind];
    if (series !== 0 && !inRange(series, 2, SERIES_MAX)) {
      return `seriesMax.${kind} is ${series}, expected 0 or 2 to ${SERIES_MAX}`;
    }
  }
  if (SERIES_KINDS.every((kind) => seriesMax[kind] === 0)) {
    return 'seriesMax names no kind, expected at least one';
  }
  if (!inRange(pagesMax, 0, HISTOGRAM_PAGES_MAX)) {
    return `histogramPagesMax is ${pagesMax}, expected 0 to ${HISTOGRAM_PAGES_MAX}`;
  }
  if (!inRange(lowestExponent, LOWEST_EXPONENT_MIN, LOWEST_EXPONENT_MAX)) {
    return (
      `histogramLowestExponent is ${lowestExponent}, ` +
      `expected ${LOWEST_EXPONENT_MIN} to ${LOWEST_EXPONENT_MAX}`
    );
  }
  if (!inRange(batchSamples, BATCH_SAMPLES_MIN, BATCH_SAMPLES_MAX)) {
    return `batchSamples is ${batchSamples}, expected ${BATCH_SAMPLES_MIN} to ${BATCH_SAMPLES_MAX}`;
  }
  return checkBytes(shape);
}

function checkBytes(shape: ShardShape): string | undefined {
  const { byteLength } = shardLayout(shape);
  if (byteLength <= SHARD_BYTES_MAX) return undefined;
  return `the shard would need ${byteLength} bytes, expected at most ${SHARD_BYTES_MAX}: use more shards`;
}

function checkFirstEpoch(epoch: number): string | undefined {
  return (epoch | 0) === epoch ? undefined : `firstEpoch is ${epoch}, expected a 32-bit integer`;
}

function inRange(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
