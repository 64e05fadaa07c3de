/**
 * Brings what senders write to the host to those who decide: says which series the services of a fleet
 * watch, and feeds what aggregators keep of them into a shard that the `Metrics` actor reads. A value holds
 * for two intervals of its sender; what is quiet for longer, or late, is fed no more and grows stale. What
 * may be a part of a sum only is not fed at all: until all of it must have come, it is missing.
 */
import { hostname } from 'node:os';
import {
  type FedInstance,
  MetricFeed,
  type ServiceRecord,
  writtenMetrics,
} from '../../actors/index.ts';
import type { SeriesWatch, WatchedList, WatchedSeries } from '../../hotpath/index.ts';
import { type ActorDefinition, type AnyRef, actor, type Context } from '../../runtime/index.ts';
import type { Address, AddressBook } from '../address-book.ts';
import { ArbiterRecords } from '../arbiter-records.ts';
import type { Ingest } from './ingest.ts';
import { namedInstance, ofInstance, ofMany, TOLD_BY } from './written-scope.ts';

/** What it works with. */
export type WrittenMetricsArgs = {
  readonly book: AddressBook;
  /** Understands `attach`; see the `Metrics` actor. */
  readonly metrics: AnyRef;
  /** Null: this host takes no remote write, or does not yet. */
  readonly ingest: () => Pick<Ingest, 'watch' | 'watched'> | null;
};

/** What it understands. */
export type WrittenMetricsMessages = {
  /** Whose records say what is watched. */
  attach(arbiter: AnyRef): void;
  /** From its own timer. */
  look(): Promise<void>;
  /** What keeps a service's metrics from being read, in sentences with their cure. */
  troubles(service: string): readonly string[];
};

/** Between two looks at what was written. More often: younger readings. Milliseconds. */
const LOOK_MS = 500;
/** Looks between two at what the services want. */
const RECORDS_EVERY = 4;
/** Intervals of a sender for which a value holds: one sample may come late. */
const HOLDS = 2;

/** Spawned beside the arbiter, on the thread of the address book. */
export const WrittenMetrics: ActorDefinition<WrittenMetricsArgs, WrittenMetricsMessages> = actor(
  import.meta.url,
  {
    name: 'WrittenMetrics',
    setup: (args: WrittenMetricsArgs, ctx: Context) => {
      ctx.timers.every('look', LOOK_MS, 'look');
      const written = new Written(args, ctx);
      return {
        attach: (arbiter: AnyRef) => written.records.attach(arbiter),
        look: () => written.look(),
        troubles: (service: string) => written.troubles(service),
      };
    },
  },
);

/** A gauge or counter of somebody, added up. */
type Row = {
  readonly by: FedInstance;
  readonly metric: string;
  readonly kind: 'counter' | 'gauge';
  sum: number;
  quietMs: number;
};

class Written {
  readonly records: ArbiterRecords;
  private readonly args: WrittenMetricsArgs;
  private readonly ctx: Context;
  private readonly machine: string = hostname();
  private looks = 0;
  /** Services that watch something. */
  private watching: ReadonlyMap<string, ServiceRecord> = new Map();
  private feed: MetricFeed | null = null;
  /** Since when each instance is known to run. */
  private readonly since: Map<string, number> = new Map();
  /** By series: whose it was, and what a counter had grown by when it was looked at last. */
  private readonly owners: Map<string, string> = new Map();
  private readonly grown: Map<string, number> = new Map();
  /** By row: what its counters have grown by in all. */
  private readonly totals: Map<string, number> = new Map();
  private readonly said: Map<string, readonly string[]> = new Map();

  constructor(args: WrittenMetricsArgs, ctx: Context) {
    this.args = args;
    this.ctx = ctx;
    this.records = new ArbiterRecords(ctx);
  }

  troubles(service: string): readonly string[] {
    return this.said.get(service) ?? [];
  }

  async look(): Promise<void> {
    this.follow();
    if (this.looks++ % RECORDS_EVERY === 0) await this.readRecords();
    const ingest = this.args.ingest();
    if (this.watching.size === 0 && this.feed === null) return;
    ingest?.watch([...this.watching.values()].map(watchOf));
    const lists = ingest === null ? [] : await ingest.watched().catch(() => []);
    this.feed ??= new MetricFeed('remote write', { incarnation: this.ctx.incarnation });
    const series = new Set<string>();
    this.said.clear();
    for (const [service, record] of this.watching) {
      if (ingest === null) this.said.set(service, [noIngest(record)]);
      else if (lists.length > 0) this.feedService(record, lists, series);
    }
    for (const key of this.owners.keys()) if (!series.has(key)) this.owners.delete(key);
    for (const key of this.grown.keys()) if (!series.has(key)) this.grown.delete(key);
    this.feed.flip();
    this.ctx.tell(this.args.metrics, 'attach', this.feed.attachment());
  }

  /** Which instances there are, and since when. */
  private follow(): void {
    const running = new Set(this.args.book.all().map(({ instance }) => instance));
    for (const instance of running) {
      if (!this.since.has(instance)) this.since.set(instance, this.ctx.now());
    }
    for (const instance of this.since.keys()) {
      if (running.has(instance)) continue;
      this.since.delete(instance);
      this.feed?.forget(instance);
      for (const key of this.totals.keys()) {
        if (key.startsWith(`${instance}\n`)) this.totals.delete(key);
      }
    }
  }

  private async readRecords(): Promise<void> {
    const watching = new Map<string, ServiceRecord>();
    const services = await this.records.services();
    // Nobody knows, or there is nothing to do.
    if (services.length === 0) return;
    for (const service of services) {
      // While nobody knows what it wants, it wants what it did.
      const record = (await this.records.of(service)) ?? this.watching.get(service);
      if (record && writtenMetrics(record.spec).length > 0) watching.set(service, record);
    }
    this.watching = watching;
  }

  private feedService(
    record: ServiceRecord,
    lists: readonly WatchedList[],
    seen: Set<string>,
  ): void {
    const holdMs = HOLDS * (record.spec.remoteWrite?.interval ?? 0);
    const all = lists.map(({ watches }) => watches.find(({ name }) => name === record.name));
    const isFull = all.some((one) => one?.isFull === true);
    const isNew = all.some((one) => one === undefined || one.forMs < holdMs);
    const rows = new Map<string, Row>();
    for (const [owner, { series }] of lists.entries()) {
      for (const one of series) {
        if (one.name !== record.name) continue;
        const key = JSON.stringify([one.name, owner, one.metric, one.labels]);
        seen.add(key);
        this.enter(rows, key, record, one);
      }
    }
    for (const [key, row] of rows) {
      if (row.kind === 'counter') {
        row.sum += this.totals.get(key) ?? 0;
        this.totals.set(key, row.sum);
      }
      if (isFull || isNew || row.quietMs > holdMs) continue;
      this.feed?.[row.kind](row.by, row.metric, row.sum);
    }
    this.said.set(record.name, isNew ? [] : troublesOf(record, [...rows.values()], isFull, holdMs));
  }

  /** Adds a series to the row of whoever it is of. */
  private enter(
    rows: Map<string, Row>,
    seriesKey: string,
    record: ServiceRecord,
    { metric, labels, kind, value, quietMs }: WatchedSeries,
  ): void {
    const address = this.ownerOf(seriesKey, labels, record.name);
    const before = this.grown.get(seriesKey) ?? 0;
    if (kind === 'counter') this.grown.set(seriesKey, value);
    if (address === 'gone') return;
    // What was said before it ran was said by who had the address before.
    const ranMs = address === null ? null : (this.since.get(address.instance) ?? this.ctx.now());
    if (ranMs !== null && this.ctx.now() - quietMs < ranMs) return;
    const by = address === null ? ofMany(labels, record) : ofInstance(address, record);
    // An aggregator that was lost counts from zero.
    const part = kind === 'gauge' ? value : value >= before ? value - before : value;
    const key = `${by.instance}\n${metric}\n${kind}`;
    const row = rows.get(key) ?? { by, metric, kind, sum: 0, quietMs: 0 };
    rows.set(key, row);
    row.sum += part;
    row.quietMs = Math.max(row.quietMs, quietMs);
  }

  /** The instance that a series is of; null: it is of none; `gone`: it was of one that runs no more. */
  private ownerOf(
    key: string,
    labels: WatchedSeries['labels'],
    service: string,
  ): Address | null | 'gone' {
    const label = labels.find(([name]) => name === 'instance')?.[1];
    if (label === undefined) return null;
    const address = namedInstance(label, service, this.args.book, this.machine);
    if (address === undefined) return this.owners.has(key) ? 'gone' : null;
    this.owners.set(key, address.instance);
    return address;
  }
}

function watchOf({ name, spec }: ServiceRecord): SeriesWatch {
  const { match = {}, tenant = '' } = spec.remoteWrite ?? {};
  const metrics = writtenMetrics(spec);
  return { name, tenant, metrics, match: Object.entries(match), by: TOLD_BY };
}

function noIngest({ spec }: ServiceRecord): string {
  const names = writtenMetrics(spec).join(', ');
  return `${names}: to be written to this host, which takes no remote write; start it with --remote-write`;
}

/** What somebody could do about a reading that is missing or stale. */
function troublesOf(
  { spec }: ServiceRecord,
  rows: readonly Row[],
  isFull: boolean,
  holdMs: number,
): readonly string[] {
  if (isFull) return ['remoteWrite.match takes in more series than can be kept; match more labels'];
  return writtenMetrics(spec).flatMap((metric) => {
    const own = rows.filter((row) => row.metric === metric);
    if (own.length === 0) {
      const labels = JSON.stringify(spec.remoteWrite?.match);
      return [`${metric}: nobody writes a series of it with ${labels}; look at remoteWrite.match`];
    }
    const quietMs = Math.min(...own.map((row) => row.quietMs));
    if (quietMs <= holdMs) return [];
    return [`${metric}: last written ${Math.round(quietMs / 1000)} s ago; look at its sender`];
  });
}
