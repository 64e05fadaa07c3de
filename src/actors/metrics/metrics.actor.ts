/**
 * The metrics of a region: takes the windows that routers and callers close, and reads them for the
 * arbiter. It implements ports/metrics-source.ts. It decides nothing and remembers nothing that is not in
 * the shards or said again: after a crash the feeds attach anew, and until then readings are missing.
 */
import { MetricShard } from '../../hotpath/index.ts';
import { type ActorDefinition, actor, type Context } from '../../runtime/index.ts';
import type { MetricQuery, MetricReading } from '../protocol/metric-reading.ts';
import type { AttachedShard } from './metric-feed.ts';
import { readMetric } from './read-metric.ts';
import { ShardWindows } from './shard-windows.ts';

/** Lengths of time are milliseconds. */
export type MetricsArgs = {
  /**
   * Between two looks for closed windows. Range: 100 to 60,000; as often as feeds flip, or more often. More
   * often: the lengths of windows are known better. Less: windows get longer, and readings older.
   */
  readonly interval: number;
  /**
   * What has said nothing for longer is stale. Range: above two intervals. Longer: a dead router looks
   * quiet for a while. Shorter: a late one looks dead, and an analysis counts an error.
   */
  readonly stale: number;
  /** Windows of a shard that are kept: the longest that can be read, in intervals. 1 to 1,440. */
  readonly kept: number;
};

/** What it understands. */
export type MetricsMessages = {
  /** A feed and all its series so far; as often as one likes. */
  attach(shard: AttachedShard): void;
  /** A feed has ended; what it has counted is forgotten. */
  detach(source: string): void;
  /** All at one moment: between two looks. */
  read(queries: readonly MetricQuery[]): readonly MetricReading[];
  /** From its own timer: takes the windows that were closed. */
  take(): void;
};

/** Spawned beside the arbiter, which asks it. A feed is attached to one of them. */
export const Metrics: ActorDefinition<MetricsArgs, MetricsMessages> = actor(import.meta.url, {
  name: 'Metrics',
  setup: ({ interval, stale, kept }: MetricsArgs, ctx: Context) => {
    const shards = new Map<string, ShardWindows>();
    ctx.timers.every('take', interval, 'take');
    return {
      attach: ({ source, shard, series }: AttachedShard) => {
        let known = shards.get(source);
        if (known === undefined) {
          known = new ShardWindows(MetricShard.attach(shard), ctx.now(), kept);
          shards.set(source, known);
        }
        known.name(series);
      },
      detach: (source: string) => {
        shards.get(source)?.close();
        shards.delete(source);
      },
      read: (queries: readonly MetricQuery[]) => {
        const windows = { shards: [...shards.values()], staleMs: stale };
        return queries.map((query) => readMetric(windows, query, ctx.now()));
      },
      take: () => {
        for (const shard of shards.values()) shard.take(ctx.now());
      },
    };
  },
});
