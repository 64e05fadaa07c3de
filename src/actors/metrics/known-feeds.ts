/**
 * Who feeds a `Metrics` actor, and who has done so: one entry for each source, by its incarnation. A
 * source that is gone stays gone until it has started anew; what it counted is kept until it is too old.
 */
import { MetricShard } from '../../hotpath/index.ts';
import { compareText } from '../arithmetic/compare-text.ts';
import type { AttachedShard } from './named-series.ts';
import { ShardWindows } from './shard-windows.ts';

/** A feed, for people. */
export type FeedStatus = {
  readonly source: string;
  readonly incarnation: number;
  /** Since when nothing was heard of it. Above `stale`: what it is a part of is stale. Milliseconds. */
  readonly silentMs: number;
  /** In the windows that are kept: what it could not tell apart, so that readings are missing. */
  readonly unnamed: number;
};

type Feed = { readonly incarnation: number; readonly windows: ShardWindows };

/** Feeds that are gone and still read; of more, the oldest are forgotten at once. */
const OVER_MAX = 16;
/** Sources that are known to be gone; of more, the oldest are forgotten, and may come back as they were. */
const GONE_MAX = 1000;

/** Thread rule: one thread, which reads all of their shards. */
export class KnownFeeds {
  private readonly kept: number;
  private readonly live: Map<string, Feed> = new Map();
  private over: readonly { readonly windows: ShardWindows; readonly left: number }[] = [];
  /** Last incarnation of each source that is gone. */
  private readonly gone: Map<string, number> = new Map();

  /** `kept`: windows of each. */
  constructor(kept: number) {
    this.kept = kept;
  }

  /** @throws as `MetricShard.attach` */
  attach({ source, incarnation, shard, names, series }: AttachedShard, nowMs: number): void {
    if (incarnation <= (this.gone.get(source) ?? Number.NEGATIVE_INFINITY)) return;
    const known = this.live.get(source);
    if (known !== undefined && incarnation < known.incarnation) return;
    if (known?.incarnation === incarnation) {
      known.windows.name(series, names);
      return;
    }
    // It has started anew: of what it was nothing more will be heard.
    if (known !== undefined) this.end(known, nowMs);
    const windows = new ShardWindows(MetricShard.attach(shard), nowMs, this.kept);
    windows.name(series, names);
    this.live.set(source, { incarnation, windows });
  }

  /** It is gone for good. */
  detach(source: string, nowMs: number): void {
    const known = this.live.get(source);
    if (known === undefined) return;
    this.live.delete(source);
    this.end(known, nowMs);
    this.gone.delete(source);
    this.gone.set(source, known.incarnation);
    for (const oldest of this.gone.keys()) {
      if (this.gone.size > GONE_MAX) this.gone.delete(oldest);
    }
  }

  /** All that can be read. */
  shards(): readonly ShardWindows[] {
    return [...this.live.values(), ...this.over].map(({ windows }) => windows);
  }

  /** Takes the windows that were closed. */
  take(nowMs: number): void {
    for (const { windows } of this.live.values()) windows.take(nowMs);
    this.over = this.over.flatMap(({ windows, left }) =>
      left > 1 ? [{ windows, left: left - 1 }] : [],
    );
  }

  /** For people, in the order of their names. */
  status(nowMs: number): readonly FeedStatus[] {
    const live = [...this.live].map(([source, { incarnation, windows }]) => ({
      source,
      incarnation,
      silentMs: nowMs - windows.heardMs,
      unnamed: windows.unnamed,
    }));
    return live.toSorted((a, b) => compareText(a.source, b.source));
  }

  private end({ windows }: Feed, nowMs: number): void {
    windows.close(nowMs);
    this.over = [...this.over, { windows, left: this.kept }].slice(-OVER_MAX);
  }
}
