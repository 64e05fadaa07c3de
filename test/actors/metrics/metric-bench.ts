/** Feeds as services fill them, with the reader of each. */
import {
  type FedInstance,
  MetricFeed,
  type MetricQuery,
  type MetricReading,
  readMetric,
  ShardWindows,
} from 'ringmaster/control-plane';
import { MetricShard } from 'ringmaster/hotpath';

/** After so long without news a reading is stale. Milliseconds. */
export const STALE_MS = 15_000;

/** Feeds with the reader of each, and a clock. */
export class Bench {
  nowMs = 0;
  readonly feeds: readonly MetricFeed[];
  readonly shards: readonly ShardWindows[];

  constructor(count: number, kept = 64, instancesMax = 64) {
    this.feeds = Array.from(
      { length: count },
      (_, i) => new MetricFeed(`feed ${i}`, { instancesMax }),
    );
    this.shards = this.feeds.map(
      (feed) => new ShardWindows(MetricShard.attach(feed.attachment().shard), 0, kept),
    );
  }

  /** Time passes, and windows are closed and taken. */
  next(ms: number, only?: number): this {
    this.nowMs += ms;
    this.feeds.forEach((feed, i) => {
      if (only !== undefined && only !== i) return;
      feed.flip();
      const { series, names } = feed.attachment();
      this.shards[i]?.name(series, names);
      this.shards[i]?.take(this.nowMs);
    });
    return this;
  }

  read(query: Partial<MetricQuery> & { readonly name: string }): MetricReading {
    const whole = { scope: { service: 'shop' }, windowMs: 10_000, ...query };
    return readMetric({ shards: this.shards, staleMs: STALE_MS }, whole, this.nowMs);
  }
}

/** An instance of the shop. */
export const by = (i: number, more: Partial<FedInstance> = {}): FedInstance => ({
  service: 'shop',
  revision: `r${i % 2}`,
  zone: 'abc'.charAt(i % 3),
  instance: `shop/eu/${'abc'.charAt(i % 3)}/${i}#1`,
  isBaseline: i % 4 === 0,
  ...more,
});
