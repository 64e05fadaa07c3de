/**
 * The metrics of a region: takes the windows that routers and callers close, and reads them for the
 * arbiter. It implements ports/metrics-source.ts. It decides nothing and remembers nothing that is not in
 * the shards or said again: after a crash the feeds attach anew, and until they must have, readings are
 * missing.
 */
import { type ActorDefinition, actor, type Context } from '../../runtime/index.ts';
import type { MetricQuery, MetricReading } from '../protocol/metric-reading.ts';
import { type FeedStatus, KnownFeeds } from './known-feeds.ts';
import type { AttachedShard } from './named-series.ts';
import { readMetric } from './read-metric.ts';

/** Lengths of time are milliseconds. */
export type MetricsArgs = {
  /**
   * Between two looks for closed windows. Range: 100 to 60,000; as often as feeds flip, or more often. More
   * often: the lengths of windows are known better. Less: windows get longer, and readings older.
   */
  readonly interval: number;
  /**
   * What has said nothing for longer is stale, and feeds attach more often than that. Range: above two
   * intervals. Longer: a dead router looks quiet for a while, and it takes longer to begin. Shorter: a
   * late one looks dead, and an analysis counts an error.
   */
  readonly stale: number;
  /** Windows of a shard that are kept: the longest that can be read, in intervals. 1 to 1,440. */
  readonly kept: number;
};

/** What it understands. */
export type MetricsMessages = {
  /** A feed and its series at present; as often as one likes. One that has ended is not heard again. */
  attach(shard: AttachedShard): void;
  /**
   * A feed is gone for good: its end was seen, or an operator says so. What it has counted is read until
   * it is too old. It comes back only with a higher incarnation.
   */
  detach(source: string): void;
  /** All at one moment: between two looks. */
  read(queries: readonly MetricQuery[]): readonly MetricReading[];
  /** In the order of their names. */
  feeds(): readonly FeedStatus[];
  /** From its own timer: takes the windows that were closed. */
  take(): void;
};

/** Spawned beside the arbiter, which asks it. A feed is attached to one of them. */
export const Metrics: ActorDefinition<MetricsArgs, MetricsMessages> = actor(import.meta.url, {
  name: 'Metrics',
  setup: ({ interval, stale, kept }: MetricsArgs, ctx: Context) => {
    const feeds = new KnownFeeds(kept);
    const begunMs = ctx.now();
    ctx.timers.every('take', interval, 'take');
    return {
      attach: (shard: AttachedShard) => feeds.attach(shard, ctx.now()),
      detach: (source: string) => feeds.detach(source, ctx.now()),
      read: (queries: readonly MetricQuery[]) => {
        const nowMs = ctx.now();
        // Who counts attaches within the time after which its silence would count.
        const isComplete = nowMs - begunMs >= stale;
        const windows = { shards: feeds.shards(), staleMs: stale };
        return queries.map((query) =>
          isComplete ? readMetric(windows, query, nowMs) : { kind: 'missing', why: 'starting' },
        );
      },
      feeds: () => feeds.status(ctx.now()),
      take: () => feeds.take(ctx.now()),
    };
  },
});
