/**
 * The last windows of one metric shard, and what its series are called. The thread that writes a shard
 * knows which row stands for which series, and tells it; windows are taken as they are closed, copied
 * once, and forgotten when there are too many. Used by the `Metrics` actor and read by read-metric.ts.
 * A series that has ended is known as long as a window may have something of it.
 *
 * A window's length is what this side saw: from one that was taken to the next. It is off by at most the
 * time between two looks, and what is off in one is missing in the other.
 */
import {
  MetricReader,
  type MetricShard,
  type SeriesKind,
  snugWindow,
  type WindowView,
} from '../../hotpath/index.ts';
import { type NamedSeries, UNNAMED } from './named-series.ts';

/** One series of a shard, ready to be read. */
export type KnownSeries = {
  readonly kind: SeriesKind;
  readonly number: number;
  readonly mark: number;
  readonly lease: number;
  readonly labels: ReadonlyMap<string, string>;
  /** Where it is listed: of its metric, and of its instance. */
  readonly key: string;
  readonly instanceKey: string;
  /** When it last had a sample; null: never. */
  seenMs: number | null;
};

/** A closed window. Milliseconds of the reading side. */
export type TakenWindow = {
  readonly fromMs: number;
  readonly toMs: number;
  readonly views: ReadonlyMap<SeriesKind, WindowView>;
};

/** The number of a slab's own overflow series. */
export const OVERFLOW = 0;

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
  private readonly byMetric: Map<string, KnownSeries[]> = new Map();
  private readonly byInstance: Map<string, KnownSeries[]> = new Map();
  /** Those that the writer names, and those that it named once. */
  private active: readonly KnownSeries[] = [];
  private readonly ended: { readonly one: KnownSeries; readonly at: number }[] = [];
  private names = -1;
  private lastLease = 0;
  private isClosed = false;

  /**
   * Becomes the reader of a shard; of one whose reader is gone too.
   * @throws as `MetricReader`
   */
  constructor(shard: MetricShard, nowMs: number, kept: number = WINDOWS_KEPT_DEFAULT) {
    this.reader = new MetricReader(shard, { takeOver: true });
    this.kinds = [...shard.slabs.keys()];
    this.kept = kept;
    this.lastMs = nowMs;
  }

  /** All series that the writer names at present. `names`: of the list; an older one says nothing. */
  name(series: readonly NamedSeries[], names: number): void {
    if (names <= this.names) return;
    this.names = names;
    const named = new Set(series.map(({ lease }) => lease));
    const active: KnownSeries[] = [];
    for (const one of this.active) {
      if (named.has(one.lease)) active.push(one);
      else this.ended.push({ one, at: this.taken });
    }
    for (const one of series) if (one.lease > this.lastLease) active.push(this.known(one));
    this.lastLease = Math.max(this.lastLease, series.at(-1)?.lease ?? 0);
    this.active = active;
  }

  /** Takes the closed window, if there is one. Costs a copy of what is in use. */
  take(nowMs: number): boolean {
    if (this.isClosed || !this.reader.acquire()) return false;
    const at = this.taken % this.kept;
    const before = this.ring[at]?.views;
    const views = new Map(this.kinds.map((kind) => [kind, this.copied(kind, before?.get(kind))]));
    this.reader.release();
    const window = { fromMs: this.lastMs, toMs: nowMs, views };
    this.ring[at] = window;
    this.taken += 1;
    this.lastMs = nowMs;
    for (const one of this.active) this.look(one, window);
    this.forgetEnded();
    return true;
  }

  /** When the newest window ended, or reading began: since then nothing was heard. */
  get heardMs(): number {
    return this.lastMs;
  }

  /** Whether there is a window. */
  get hasWindows(): boolean {
    return this.taken > 0;
  }

  /** Samples in the windows that are kept for whose series there was no room. */
  get unnamed(): number {
    const rest = this.active.filter(({ key }) => key.includes(`\n${UNNAMED}`));
    let count = 0;
    for (const window of this.ring) {
      count += window.views.get('tally')?.count(OVERFLOW) ?? 0;
      for (const one of rest) count += recordIn(window, one)?.count(one.number) ?? 0;
    }
    return count;
  }

  /** Its writer is gone: there will be no more windows. */
  get isOver(): boolean {
    return this.isClosed;
  }

  /** Series of one metric of one service, or of one of its instances. */
  series(service: string, metric: string, instance?: string): readonly KnownSeries[] {
    const key = indexKey(service, metric);
    if (instance === undefined) return this.byMetric.get(key) ?? [];
    return this.byInstance.get(indexKey(key, instance)) ?? [];
  }

  /**
   * Windows whose middle lies in the last `windowMs`, newest first, and always the newest of one that
   * goes on: so two
   * windows that follow each other share no sample, unless they are shorter than one that was taken.
   */
  newest(windowMs: number, nowMs: number): readonly TakenWindow[] {
    const found: TakenWindow[] = [];
    const count = Math.min(this.kept, this.taken);
    for (let age = 1; age <= count; age++) {
      const window = this.ring[(this.taken - age) % this.kept];
      if (window === undefined) break;
      const middleMs = (window.fromMs + window.toMs) / 2;
      if ((age > 1 || this.isClosed) && middleMs <= nowMs - windowMs) break;
      found.push(window);
    }
    return found;
  }

  /** Its writer is gone. Takes what it has closed; its windows can be read until they are too old. */
  close(nowMs: number): void {
    if (this.isClosed) return;
    this.take(nowMs);
    this.isClosed = true;
    this.reader.close();
  }

  /** The window as it is now, in the memory of an older one where that is of a size with it. */
  private copied(kind: SeriesKind, before: WindowView | undefined): WindowView {
    const window = this.reader.window(kind);
    const view = before?.isSnugFor(window) ? before : snugWindow(window);
    view.copyFrom(window);
    return view;
  }

  /** A series that is new. Windows may have come before its name. */
  private known({ kind, number, metric, labels, mark, lease }: NamedSeries): KnownSeries {
    const by = new Map(labels);
    const key = indexKey(by.get('service') ?? '', metric);
    const instanceKey = indexKey(key, by.get('instance') ?? '');
    const known = { kind, number, mark, lease, labels: by, key, instanceKey, seenMs: null };
    listed(this.byMetric, key, known);
    listed(this.byInstance, instanceKey, known);
    const oldest = Math.max(0, this.taken - this.kept);
    for (let i = oldest; i < this.taken; i++) this.look(known, this.ring[i % this.kept]);
    return known;
  }

  private look(one: KnownSeries, window: TakenWindow | undefined): void {
    const view = window && recordIn(window, one);
    if (view && view.count(one.number) > 0) one.seenMs = window.toMs;
  }

  /** What has ended before the oldest window. */
  private forgetEnded(): void {
    while (this.taken - (this.ended[0]?.at ?? this.taken) >= this.kept) {
      const gone = this.ended.shift()?.one;
      if (gone === undefined) return;
      unlisted(this.byMetric, gone.key, gone);
      unlisted(this.byInstance, gone.instanceKey, gone);
    }
  }
}

function listed(lists: Map<string, KnownSeries[]>, key: string, one: KnownSeries): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [one]);
  else list.push(one);
}

function unlisted(lists: Map<string, KnownSeries[]>, key: string, gone: KnownSeries): void {
  const left = (lists.get(key) ?? []).filter((one) => one !== gone);
  if (left.length === 0) lists.delete(key);
  else lists.set(key, left);
}

/** The window of a series' kind; null: in this one its row was somebody else's, or nobody's. */
export function recordIn({ views }: TakenWindow, one: KnownSeries): WindowView | null {
  if (views.get('gauge')?.last(one.mark) !== one.lease) return null;
  return views.get(one.kind) ?? null;
}

function indexKey(first: string, second: string): string {
  return `${first}\n${second}`;
}
