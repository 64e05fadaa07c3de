/**
 * What a router, or whoever calls a service, records requests with: counts, errors, durations and errors
 * in a row by instance, in a metric shard of its own. Called on the thread that serves; recording is a
 * few writes to shared memory. `flip` closes a window; the `Metrics` actor reads it. Metrics that
 * instances expose go in by `gauge` and `counter`. What finds no room is counted for its service, whose
 * readings are missing then: a feed that is full never looks quiet.
 */
import { type Label, MetricShard, MetricWriter, type SeriesKind } from '../../hotpath/index.ts';
import { REQUEST_METRICS } from '../protocol/metric-reading.ts';
import { type AttachedShard, type NamedSeries, NO_NUMBER, UNNAMED } from './named-series.ts';
import { type Row, RowPool } from './row-pool.ts';

/** Who answered. */
export type FedInstance = {
  readonly service: string;
  readonly revision: string;
  readonly zone: string;
  readonly instance: string;
  /** Null: of several, or nobody knows. */
  readonly isBaseline: boolean | null;
};

/** How a feed differs from others. */
export type MetricFeedOptions = {
  /**
   * Instances at the same time, and as many gauges and counters that they expose. Range: 2 to 1,000,000.
   * More: memory, at worst 5 KiB an instance and window. Fewer: whoever has been quiet for longest makes
   * room for one that comes, and when nobody is quiet readings of the service are missing.
   */
  readonly instancesMax?: number;
  /** Grows with each start of who feeds: one that is gone counts again only with a higher one. */
  readonly incarnation?: number;
};

/** One lease: a row that stands for somebody. */
type Lease = {
  readonly pool: RowPool;
  readonly row: Row;
  readonly number: number;
  readonly series: readonly NamedSeries[];
  /** Something was recorded in it since the window was opened. */
  isUsed: boolean;
  /** Windows that were closed when it was used last. */
  usedAt: number;
  isEnded: boolean;
};

type Fed = {
  readonly lease: Lease;
  readonly instance: string;
  readonly requests: number;
  readonly errors: number;
  readonly duration: number;
  readonly inARow: number;
  /** Errors since the last request that had none. */
  row: number;
};

type Exposed = {
  readonly lease: Lease;
  readonly instance: string;
  readonly id: number;
  /** Of a counter: what the instance said last, and what its row has counted in all its leases. */
  last: number | null;
};

const INSTANCES_MAX_DEFAULT = 1024;
/** Services that are full at the same time and are told apart; of more, all of the feed's are missing. */
const FULL_SERVICES_MAX = 16;
/** The number of a slab's own overflow series. */
const OVERFLOW = 0;
/**
 * Windows for which a series that has ended is still named. Lower: who attaches seldom never hears of an
 * instance that lived for a moment. Higher: longer lists.
 */
const NAMED_WINDOWS = 8;

/** Thread rule: one thread, which is the shard's only writer. */
export class MetricFeed {
  private readonly source: string;
  private readonly incarnation: number;
  private readonly shard: MetricShard;
  private readonly writer: MetricWriter;
  private readonly requests: RowPool;
  private readonly gauges: RowPool;
  private readonly counters: RowPool;
  private readonly rest: RowPool;
  private readonly instances: Map<string, Fed> = new Map();
  private readonly exposed: Map<string, Exposed> = new Map();
  /** By service and metric: what found no room. */
  private readonly full: Map<string, Lease> = new Map();
  /** What each counter row has counted: it goes on where it was, whoever has it. */
  private readonly counted: Map<number, number> = new Map();
  /** In the order of their numbers. */
  private readonly leases: Map<number, Lease> = new Map();
  private readonly ended: { readonly lease: Lease; readonly at: number }[] = [];
  /** Pools in which nobody is quiet, and since when: looked for once a window. */
  private readonly crowdedAt: Map<RowPool, number> = new Map();
  private list: AttachedShard | null = null;
  private names = 0;
  private leased = 0;
  private closed = 0;
  private unnamedCount = 0;

  /** @throws as `MetricShard.create` */
  constructor(source: string, options: MetricFeedOptions = {}) {
    const { instancesMax = INSTANCES_MAX_DEFAULT, incarnation = 0 } = options;
    this.source = source;
    this.incarnation = incarnation;
    const rest = FULL_SERVICES_MAX;
    this.shard = MetricShard.create({
      seriesMax: {
        tally: roomFor(2 * instancesMax + rest),
        counter: roomFor(instancesMax),
        gauge: roomFor(5 * instancesMax + rest),
        histogram: roomFor(instancesMax),
      },
    });
    const seriesPerMetricMax = roomFor(instancesMax + rest);
    this.writer = new MetricWriter(this.shard, { seriesPerMetricMax });
    const { writer } = this;
    const kinds: readonly SeriesKind[] = ['tally', 'tally', 'histogram', 'gauge'];
    this.requests = new RowPool(writer, 'requests', kinds, instancesMax);
    this.gauges = new RowPool(writer, 'gauge', ['gauge'], instancesMax);
    this.counters = new RowPool(writer, 'counter', ['counter'], instancesMax);
    this.rest = new RowPool(writer, 'unnamed', ['tally'], rest);
  }

  /** What to tell the `Metrics` actor; the same object until a series is new or gone. */
  attachment(): AttachedShard {
    this.list ??= {
      source: this.source,
      incarnation: this.incarnation,
      shard: this.shard.handle,
      names: this.names,
      series: [...this.leases.values()].flatMap(({ series }) => series),
    };
    return this.list;
  }

  /** What was recorded and belongs to nobody: there was no room for its series. */
  get unnamed(): number {
    return this.unnamedCount;
  }

  /** One answer of an instance. */
  record(by: FedInstance, seconds: number, isError: boolean): void {
    const fed = this.instances.get(by.instance) ?? this.enter(by);
    if (fed === null) {
      this.miss(by, REQUEST_METRICS.requests);
      return;
    }
    this.writer.slab('tally').observe(fed.requests, 1);
    if (isError) this.writer.slab('tally').observe(fed.errors, 1);
    this.writer.slab('histogram').observe(fed.duration, seconds);
    fed.row = isError ? fed.row + 1 : 0;
    fed.lease.isUsed = true;
  }

  /**
   * A value as an instance exposes it. It has to be said again within the stale limit. From one that is not
   * a number, or infinite, until one that is, readings of the metric are not a number.
   */
  gauge(by: FedInstance, metric: string, value: number): void {
    if (!this.isNumber(by, metric, value)) return;
    const found = this.expose('gauge', by, metric);
    if (found === null) {
      this.miss(by, metric);
      return;
    }
    this.writer.slab('gauge').observe(found.id, value);
    found.lease.isUsed = true;
  }

  /** A count that only grows, as an instance exposes it; one that is lower has begun anew. */
  counter(by: FedInstance, metric: string, value: number): void {
    if (!this.isNumber(by, metric, value)) return;
    const found = this.expose('counter', by, metric);
    if (found === null) {
      this.miss(by, metric);
      return;
    }
    if (value < 0) {
      // Refused and counted by the shard, as it would be in a row of its own.
      this.writer.slab('counter').observe(found.id, value);
      return;
    }
    const { id, last } = found;
    const grown = last === null ? 0 : value >= last ? value - last : value;
    const counted = (this.counted.get(id) ?? 0) + grown;
    this.counted.set(id, counted);
    found.last = value;
    this.writer.slab('counter').observe(id, counted);
    found.lease.isUsed = true;
  }

  /** It is gone: nothing more is said about it, and others may have its room. */
  forget(instance: string): void {
    const fed = this.instances.get(instance);
    if (fed !== undefined) this.end(this.instances, instance, fed.lease);
    for (const [key, one] of this.exposed) {
      if (one.instance === instance) this.end(this.exposed, key, one.lease);
    }
  }

  /** Closes the window; false: the last one has not been taken yet, and this one gets longer. */
  flip(): boolean {
    // Who was sent nothing has said nothing: an old row is no news.
    for (const { lease, inARow, row } of this.instances.values()) {
      if (lease.isUsed) this.writer.slab('gauge').observe(inARow, row);
    }
    for (const lease of this.leases.values()) {
      if (lease.isUsed) this.writer.slab('gauge').observe(lease.row.mark, lease.number);
    }
    if (!this.writer.tryFlip()) return false;
    this.closed += 1;
    this.closeLeases();
    return true;
  }

  /** What was used is not, in the new window; rows of those that have ended are free. */
  private closeLeases(): void {
    for (const lease of this.leases.values()) {
      if (!lease.isUsed) continue;
      lease.isUsed = false;
      lease.usedAt = this.closed;
      if (lease.isEnded) lease.pool.release(lease.row);
    }
    for (const [key, lease] of this.full) {
      if (lease.usedAt !== this.closed) this.end(this.full, key, lease);
    }
    while (this.closed - (this.ended[0]?.at ?? this.closed) >= NAMED_WINDOWS) {
      const gone = this.ended.shift();
      if (gone !== undefined) this.leases.delete(gone.lease.number);
      this.renamed();
    }
  }

  private enter(by: FedInstance): Fed | null {
    const row = this.rowOf(this.requests, this.instances);
    if (row === null) return null;
    const { tally, histogram, gauge } = row.ids;
    const ids = {
      requests: tally?.[0] ?? -1,
      errors: tally?.[1] ?? -1,
      duration: histogram?.[0] ?? -1,
      inARow: gauge?.[0] ?? -1,
    };
    const labels = labelsOf(by);
    const lease = this.begin(this.requests, row, labels, [
      { kind: 'tally', number: ids.requests, metric: REQUEST_METRICS.requests },
      { kind: 'tally', number: ids.errors, metric: REQUEST_METRICS.errors },
      { kind: 'histogram', number: ids.duration, metric: REQUEST_METRICS.duration },
      { kind: 'gauge', number: ids.inARow, metric: REQUEST_METRICS.consecutiveErrors },
    ]);
    const fed = { lease, instance: by.instance, ...ids, row: 0 };
    this.instances.set(by.instance, fed);
    return fed;
  }

  /** A row that is free, or of the one that has been quiet for longest; null: nobody is quiet. */
  private rowOf(pool: RowPool, holders: Map<string, { readonly lease: Lease }>): Row | null {
    const row = pool.lease();
    if (row !== null || this.crowdedAt.get(pool) === this.closed) return row;
    let quietest: readonly [string, Lease] | null = null;
    for (const [key, { lease }] of holders) {
      if (lease.isUsed || lease.pool !== pool) continue;
      if (quietest === null || lease.usedAt < quietest[1].usedAt) quietest = [key, lease];
    }
    if (quietest === null) {
      this.crowdedAt.set(pool, this.closed);
      return null;
    }
    this.end(holders, ...quietest);
    return pool.lease();
  }

  /** Keeps whether what was said last of a metric is a number; the shard takes nothing else. */
  private isNumber(by: FedInstance, metric: string, value: number): boolean {
    const name = NO_NUMBER + metric;
    const isOne = Number.isFinite(value);
    const key = exposedKey('gauge', by, name);
    // Who has always said numbers has no such row.
    if (isOne && !this.exposed.has(key)) return true;
    const found = this.expose('gauge', by, name);
    if (found === null) {
      this.miss(by, metric);
      return isOne;
    }
    this.writer.slab('gauge').observe(found.id, isOne ? 0 : 1);
    found.lease.isUsed = true;
    if (isOne) this.end(this.exposed, key, found.lease);
    return isOne;
  }

  private expose(kind: 'gauge' | 'counter', by: FedInstance, metric: string): Exposed | null {
    const key = exposedKey(kind, by, metric);
    const known = this.exposed.get(key);
    if (known !== undefined) return known;
    const pool = kind === 'gauge' ? this.gauges : this.counters;
    const row = this.rowOf(pool, this.exposed);
    if (row === null) return null;
    const id = row.ids[kind]?.[0] ?? -1;
    const lease = this.begin(pool, row, labelsOf(by), [{ kind, number: id, metric }]);
    const exposed = { lease, instance: by.instance, id, last: null };
    this.exposed.set(key, exposed);
    return exposed;
  }

  /** It has no row: what is read of its service is missing as long as a window with this is read. */
  private miss({ service }: FedInstance, metric: string): void {
    this.unnamedCount += 1;
    const key = `${service}\n${metric}`;
    const lease = this.full.get(key) ?? this.beginRest(service, metric);
    this.writer.slab('tally').observe(lease?.row.ids.tally?.[0] ?? OVERFLOW, 1);
    if (lease === null) return;
    lease.isUsed = true;
    this.full.set(key, lease);
  }

  private beginRest(service: string, metric: string): Lease | null {
    const row = this.rest.lease();
    if (row === null) return null;
    const number = row.ids.tally?.[0] ?? -1;
    const series = { kind: 'tally' as const, number, metric: UNNAMED + metric };
    return this.begin(this.rest, row, [['service', service]], [series]);
  }

  private begin(
    pool: RowPool,
    row: Row,
    labels: readonly Label[],
    series: readonly Pick<NamedSeries, 'kind' | 'number' | 'metric'>[],
  ): Lease {
    const number = ++this.leased;
    const named = series.map((one) => ({ ...one, labels, mark: row.mark, lease: number }));
    const state = { isUsed: false, usedAt: this.closed, isEnded: false };
    const lease = { pool, row, number, series: named, ...state };
    this.leases.set(number, lease);
    this.renamed();
    return lease;
  }

  private end(holders: Map<string, unknown>, key: string, lease: Lease): void {
    holders.delete(key);
    lease.isEnded = true;
    this.ended.push({ lease, at: this.closed });
    if (!lease.isUsed) lease.pool.release(lease.row);
  }

  private renamed(): void {
    this.names += 1;
    this.list = null;
  }
}

function exposedKey(kind: 'gauge' | 'counter', { instance }: FedInstance, metric: string): string {
  return `${kind} ${instance} ${metric}`;
}

/** A slab keeps its number 0 and one number in sixteen for overflow series; of rows there is none. */
function roomFor(rows: number): number {
  return Math.ceil(((rows + 1) * 16) / 15) + 1;
}

function labelsOf(by: FedInstance): readonly Label[] {
  const { service, revision, zone, instance, isBaseline } = by;
  const known: readonly Label[] = isBaseline === null ? [] : [['baseline', isBaseline ? '1' : '0']];
  return [
    ...known,
    ['instance', instance],
    ['revision', revision],
    ['service', service],
    ['zone', zone],
  ];
}
