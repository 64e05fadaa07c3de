/**
 * The last windows of one metric shard, and what its series are called. The thread that writes a shard
 * knows the names of its series by number, and tells them; windows are taken as they are closed, copied
 * once, and forgotten when there are too many. Used by the `Metrics` actor and read by read-metric.ts.
 *
 * A window's length is what this side saw: from one that was taken to the next. It is off by at most the
 * time between two looks, and what is off in one is missing in the other.
 */
import {
  heapWindow,
  type Label,
  MetricReader,
  type MetricShard,
  type SeriesKind,
  type WindowView,
} from '../../hotpath/index.ts';

/** A series and its number: of a gauge the input's, of every other kind the target's. Plain data. */
export type NamedSeries = {
  readonly kind: SeriesKind;
  readonly number: number;
  readonly metric: string;
  readonly labels: readonly Label[];
};

/** One series of a shard, ready to be read. */
export type KnownSeries = {
  readonly kind: SeriesKind;
  readonly number: number;
  readonly labels: ReadonlyMap<string, string>;
};

/** A closed window. Milliseconds of the reading side. */
export type TakenWindow = {
  readonly fromMs: number;
  readonly toMs: number;
  readonly views: ReadonlyMap<SeriesKind, WindowView>;
};

/**
 * Windows of one shard that are kept unless said otherwise. Range: 1 to 1,440. Higher: longer windows can
 * be read, and each costs a copy of what the shard has in use. Lower: a query gets less than it asks for.
 */
export const WINDOWS_KEPT_DEFAULT = 128;

/** Thread rule: one thread, which is the shard's only reader. */
export class ShardWindows {
  private readonly reader: MetricReader;
  private readonly kinds: readonly SeriesKind[];
  private readonly kept: number;
  private readonly ring: TakenWindow[] = [];
  private taken = 0;
  private lastMs: number;
  /** Moment of the last sample by kind and number; -1: there was none. */
  private readonly seenMs: Map<SeriesKind, Float64Array> = new Map();
  private readonly byMetric: Map<string, KnownSeries[]> = new Map();
  private named = 0;

  /**
   * Becomes the reader of a shard; of one whose reader is gone too.
   * @throws as `MetricReader`
   */
  constructor(shard: MetricShard, nowMs: number, kept: number = WINDOWS_KEPT_DEFAULT) {
    this.reader = new MetricReader(shard, { takeOver: true });
    this.kinds = [...shard.slabs.keys()];
    this.kept = kept;
    this.lastMs = nowMs;
    for (const [kind, { layout }] of shard.slabs) {
      this.seenMs.set(kind, new Float64Array(layout.seriesMax).fill(-1));
    }
  }

  /** All series that the writer has named so far, in the order in which it named them. */
  name(series: readonly NamedSeries[]): void {
    for (const { kind, number, metric, labels } of series.slice(this.named)) {
      const known = { kind, number, labels: new Map(labels) };
      const key = indexKey(known.labels.get('service') ?? '', metric);
      const list = this.byMetric.get(key);
      if (list === undefined) this.byMetric.set(key, [known]);
      else list.push(known);
    }
    this.named = Math.max(this.named, series.length);
  }

  /** Takes the closed window, if there is one. Costs a copy of what is in use. */
  take(nowMs: number): boolean {
    if (!this.reader.acquire()) return false;
    const at = this.taken % this.kept;
    const views = this.ring[at]?.views ?? this.emptyViews();
    for (const [kind, view] of views) {
      const window = this.reader.window(kind);
      view.copyFrom(window);
      this.markSeen(kind, window, nowMs);
    }
    this.reader.release();
    this.ring[at] = { fromMs: this.lastMs, toMs: nowMs, views };
    this.taken += 1;
    this.lastMs = nowMs;
    return true;
  }

  /** When the newest window ended; null: none was taken. */
  get newestMs(): number | null {
    return this.taken === 0 ? null : this.lastMs;
  }

  /** When a series last had a sample; null: never. */
  lastSampleMs({ kind, number }: KnownSeries): number | null {
    const seenMs = this.seenMs.get(kind)?.[number] ?? -1;
    return seenMs < 0 ? null : seenMs;
  }

  /** Series of one metric of one service. */
  series(service: string, metric: string): readonly KnownSeries[] {
    return this.byMetric.get(indexKey(service, metric)) ?? [];
  }

  /**
   * Windows whose middle lies in the last `windowMs`, newest first, and always the newest: so two
   * windows that follow each other share no sample, unless they are shorter than one that was taken.
   */
  newest(windowMs: number, nowMs: number): readonly TakenWindow[] {
    const found: TakenWindow[] = [];
    const count = Math.min(this.kept, this.taken);
    for (let age = 1; age <= count; age++) {
      const window = this.ring[(this.taken - age) % this.kept];
      if (window === undefined) break;
      const middleMs = (window.fromMs + window.toMs) / 2;
      if (age > 1 && middleMs <= nowMs - windowMs) break;
      found.push(window);
    }
    return found;
  }

  /** Gives the shard up. Another reader may take it. */
  close(): void {
    this.reader.close();
  }

  private emptyViews(): ReadonlyMap<SeriesKind, WindowView> {
    return new Map(
      this.kinds.map((kind) => [kind, heapWindow(this.reader.window(kind).layout)] as const),
    );
  }

  private markSeen(kind: SeriesKind, window: WindowView, nowMs: number): void {
    const seenMs = this.seenMs.get(kind);
    if (seenMs === undefined) return;
    for (let i = 0; i < window.series; i++) if (window.count(i) > 0) seenMs[i] = nowMs;
  }
}

function indexKey(service: string, metric: string): string {
  return `${service}\n${metric}`;
}
