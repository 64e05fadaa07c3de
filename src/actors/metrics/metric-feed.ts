/**
 * What a router, or whoever calls a service, records requests with: counts, errors, durations and errors
 * in a row by instance, in a metric shard of its own. Called on the thread that serves; recording is a
 * few writes to shared memory. `flip` closes a window; the `Metrics` actor reads it. Metrics that
 * instances expose go in by `gauge` and `counter`.
 */
import {
  type Label,
  MetricShard,
  type MetricShardHandle,
  MetricWriter,
  type SeriesKind,
} from '../../hotpath/index.ts';
import { REQUEST_METRICS } from '../protocol/metric-reading.ts';
import type { NamedSeries } from './shard-windows.ts';

/** Who answered. */
export type FedInstance = {
  readonly service: string;
  readonly revision: string;
  readonly zone: string;
  readonly instance: string;
  readonly isBaseline: boolean;
};

/** What the `Metrics` actor is told: again after each change of `series`, and as often as one likes. */
export type AttachedShard = {
  /** Another one for each feed. */
  readonly source: string;
  readonly shard: MetricShardHandle;
  readonly series: readonly NamedSeries[];
};

type Fed = {
  readonly requests: number;
  readonly errors: number;
  readonly duration: number;
  readonly inARow: number;
  /** Errors since the last request that had none. */
  row: number;
  /** Since the last window was closed. */
  hasAnswered: boolean;
};

/**
 * Series of one kind unless said otherwise. Range: 2 to 16,777,216. More: memory, at worst 5 KiB a series
 * and window. Fewer: instances that come late share one series, and cannot be told apart.
 */
const SERIES_MAX_DEFAULT = 1024;

/** Thread rule: one thread, which is the shard's only writer. */
export class MetricFeed {
  private readonly source: string;
  private readonly shard: MetricShard;
  private readonly writer: MetricWriter;
  private readonly instances: Map<string, Fed> = new Map();
  private readonly ids: Map<string, number> = new Map();
  private series: readonly NamedSeries[] = [];

  /** @throws as `MetricShard.create` */
  constructor(source: string, seriesMax: number = SERIES_MAX_DEFAULT) {
    this.source = source;
    const each = { tally: 2 * seriesMax, counter: seriesMax, gauge: seriesMax };
    this.shard = MetricShard.create({ seriesMax: { ...each, histogram: seriesMax } });
    this.writer = new MetricWriter(this.shard);
  }

  /** What to tell the `Metrics` actor; the same object until there is a new series. */
  attachment(): AttachedShard {
    return { source: this.source, shard: this.shard.handle, series: this.series };
  }

  /** One answer of an instance. */
  record(by: FedInstance, seconds: number, isError: boolean): void {
    const fed = this.instances.get(by.instance) ?? this.enter(by);
    this.writer.slab('tally').observe(fed.requests, 1);
    if (isError) this.writer.slab('tally').observe(fed.errors, 1);
    this.writer.slab('histogram').observe(fed.duration, seconds);
    fed.row = isError ? fed.row + 1 : 0;
    fed.hasAnswered = true;
  }

  /** A value as an instance exposes it. It has to be said again within the stale limit. */
  gauge(by: FedInstance, metric: string, value: number): void {
    this.expose('gauge', by, metric, value);
  }

  /** A count that only grows, as an instance exposes it; one that is lower has begun anew. */
  counter(by: FedInstance, metric: string, value: number): void {
    this.expose('counter', by, metric, value);
  }

  /** It is gone: nothing more is said about it. */
  forget(instance: string): void {
    this.instances.delete(instance);
  }

  /** Closes the window; false: the last one has not been taken yet, and this one gets longer. */
  flip(): boolean {
    for (const fed of this.instances.values()) {
      // Who was sent nothing has said nothing: an old row is no news.
      if (fed.hasAnswered) this.writer.slab('gauge').observe(fed.inARow, fed.row);
      fed.hasAnswered = false;
    }
    return this.writer.tryFlip();
  }

  private expose(kind: 'gauge' | 'counter', by: FedInstance, metric: string, value: number): void {
    const key = `${kind} ${by.instance} ${metric}`;
    const id = this.ids.get(key) ?? this.register(kind, by, metric);
    this.ids.set(key, id);
    this.writer.slab(kind).observe(id, value);
  }

  private enter(by: FedInstance): Fed {
    const fed = {
      requests: this.register('tally', by, REQUEST_METRICS.requests),
      errors: this.register('tally', by, REQUEST_METRICS.errors),
      duration: this.register('histogram', by, REQUEST_METRICS.duration),
      inARow: this.register('gauge', by, REQUEST_METRICS.consecutiveErrors),
      row: 0,
      hasAnswered: false,
    };
    this.instances.set(by.instance, fed);
    return fed;
  }

  /** A name that is refused gets an id that every fold refuses: it is counted, and nothing else. */
  private register(kind: SeriesKind, by: FedInstance, metric: string): number {
    const { service, revision, zone, instance, isBaseline } = by;
    const labels: readonly Label[] = [
      ['baseline', isBaseline ? '1' : '0'],
      ['instance', instance],
      ['revision', revision],
      ['service', service],
      ['zone', zone],
    ];
    const found = this.writer.slab(kind).register({ tenant: '', metric, labels });
    if (found.kind === 'refused') return -1;
    if (found.kind === 'series' && found.created) {
      // Nothing aggregates here, so an input's number is its target's.
      this.series = [...this.series, { kind, number: found.id, metric, labels }];
    }
    return found.id;
  }
}
