/**
 * Which number a series has: names in, dense ids out, in order of first arrival.
 * One per slab, on the writer's thread; slab-writer.ts enters what it decides into shared memory.
 * It knows no samples and no memory, and it never forgets a series: an id is never reused.
 *
 * Two numberings. An *input* is a series as it arrives; a *target* is the series that its samples
 * are recorded in, the same without the labels that its metric drops. Number 0 of both is the
 * slab's own overflow series.
 *
 * Invariant M6: ids and targets are dense and below `seriesMax`; one canonical name has one id for
 * ever, and two names share one only if it is an overflow series.
 */
import { RingmasterError } from '../errors.ts';
import { canonicalLabels, checkSeriesName, type Label, type SeriesName } from './series-name.ts';
import { SymbolTable } from './symbol-table.ts';

/** What `register` decided. */
export type Registration =
  /** The series has a number of its own. `created`: this call gave it. */
  | { readonly kind: 'series'; readonly id: number; readonly created: boolean }
  /**
   * The metric or the slab is full: samples go to an overflow series, of the tenant's metric if
   * there was room for one, of the slab (id 0) otherwise.
   */
  | { readonly kind: 'overflow'; readonly id: number; readonly created: boolean }
  /** The name is beyond the limits: error code RM_METRICS_SERIES. Nothing changed. */
  | { readonly kind: 'refused'; readonly error: RingmasterError };

/** What an id or a target stands for. */
export interface SeriesDescription extends SeriesName {
  /** A series that stands for all that found no room; its labels are empty. */
  readonly overflow: boolean;
}

/** Limits and rules of a registry. */
export interface RegistryOptions {
  /** Series in all, number 0 included. */
  readonly seriesMax: number;
  /** Input series per tenant and metric before its overflow series takes the rest. */
  readonly seriesPerMetricMax: number;
  /** Labels that a metric's series are aggregated over: `sum without (…)`. */
  readonly without: ReadonlyMap<string, readonly string[]>;
}

/** One tenant's metric. */
interface MetricGroup {
  inputs: number;
  overflowId: number | undefined;
  readonly dropped: ReadonlySet<string>;
}

/** Symbols of a kept name: tenant, metric, then name and value of each label. */
interface KeptName {
  readonly symbols: readonly number[];
  readonly overflow: boolean;
}

const NOTHING_DROPPED: ReadonlySet<string> = new Set();

/** See the head of the file. */
export class SeriesRegistry {
  readonly #options: RegistryOptions;
  readonly #symbols = new SymbolTable();
  readonly #ids = new Map<string, number>();
  readonly #targetsByKey = new Map<string, number>();
  readonly #groups = new Map<string, MetricGroup>();
  readonly #inputNames: KeptName[] = [];
  readonly #targetNames: KeptName[] = [];
  readonly #targetOfInput: number[] = [];
  #refusedCount = 0;
  #overflowedCount = 0;

  /** @throws RM_METRICS_OPTION when seriesPerMetricMax is no positive integer. */
  constructor(options: RegistryOptions) {
    const { seriesPerMetricMax } = options;
    if (!Number.isInteger(seriesPerMetricMax) || seriesPerMetricMax < 1) {
      throw new RingmasterError(
        'RM_METRICS_OPTION',
        `seriesPerMetricMax is ${seriesPerMetricMax}, expected a positive integer.`,
      );
    }
    this.#options = options;
    const none = this.#symbols.intern('');
    this.#add({ symbols: [none, none], overflow: true }, undefined);
  }

  /** Input series, overflow included: ids 0 to this. */
  get inputs(): number {
    return this.#inputNames.length;
  }

  /** Target series, overflow included: targets 0 to this. */
  get targets(): number {
    return this.#targetNames.length;
  }

  /** Calls of `register` that were refused. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  /** Calls of `register` that were answered with an overflow series. */
  get overflowedCount(): number {
    return this.#overflowedCount;
  }

  /** The number of a series; gives one on first sight. Label order does not matter. */
  register(series: SeriesName): Registration {
    const error = checkSeriesName(series);
    if (error !== undefined) {
      this.#refusedCount += 1;
      return { kind: 'refused', error };
    }
    const labels = canonicalLabels(series.labels);
    const key = this.#findKey(series, labels);
    const id = key === undefined ? undefined : this.#ids.get(key);
    if (id !== undefined) return { kind: 'series', id, created: false };
    return this.#create(series, labels);
  }

  /** The target that an id's samples are recorded in. @throws RM_METRICS_SERIES when unknown. */
  target(id: number): number {
    return known(this.#targetOfInput[id], `id ${id} of ${this.inputs}`);
  }

  /** What an id stands for. @throws RM_METRICS_SERIES when unknown. */
  describeInput(id: number): SeriesDescription {
    return this.#describe(known(this.#inputNames[id], `id ${id} of ${this.inputs}`));
  }

  /** What a target stands for: the name without dropped labels. @throws RM_METRICS_SERIES. */
  describeTarget(target: number): SeriesDescription {
    return this.#describe(known(this.#targetNames[target], `target ${target} of ${this.targets}`));
  }

  /** The key of a name whose texts are all interned; undefined = it cannot be registered yet. */
  #findKey(series: SeriesName, labels: readonly Label[]): string | undefined {
    const symbols: number[] = [];
    for (const text of texts(series, labels)) {
      const symbol = this.#symbols.find(text);
      if (symbol === undefined) return undefined;
      symbols.push(symbol);
    }
    return symbols.join();
  }

  #create(series: SeriesName, labels: readonly Label[]): Registration {
    const isFull = this.inputs >= this.#options.seriesMax;
    const groupKey = this.#findKey(series, []);
    const known = groupKey === undefined ? undefined : this.#groups.get(groupKey);
    // No group is made for a series that gets no number: a flood of names costs no memory.
    if (isFull) return this.#overflow(known?.overflowId ?? 0, false);
    const group = known ?? this.#addGroup(series);
    if (group.inputs >= this.#options.seriesPerMetricMax) return this.#overflowOf(series, group);
    group.inputs += 1;
    const symbols = this.#intern(series, labels);
    const kept = this.#intern(
      series,
      labels.filter(([name]) => !group.dropped.has(name)),
    );
    const id = this.#add({ symbols, overflow: false }, kept);
    return { kind: 'series', id, created: true };
  }

  #overflowOf(series: SeriesName, group: MetricGroup): Registration {
    if (group.overflowId !== undefined) return this.#overflow(group.overflowId, false);
    group.overflowId = this.#add({ symbols: this.#intern(series, []), overflow: true }, undefined);
    return this.#overflow(group.overflowId, true);
  }

  #overflow(id: number, created: boolean): Registration {
    this.#overflowedCount += 1;
    return { kind: 'overflow', id, created };
  }

  #addGroup(series: SeriesName): MetricGroup {
    const dropped = this.#options.without.get(series.metric);
    const group: MetricGroup = {
      inputs: 0,
      overflowId: undefined,
      dropped: dropped === undefined ? NOTHING_DROPPED : new Set(dropped),
    };
    this.#groups.set(this.#intern(series, []).join(), group);
    return group;
  }

  /** Numbers an input. `kept` names its target; without it the input has one of its own. */
  #add(name: KeptName, kept: readonly number[] | undefined): number {
    const id = this.#inputNames.push(name) - 1;
    if (!name.overflow) this.#ids.set(name.symbols.join(), id);
    this.#targetOfInput.push(
      kept === undefined ? this.#targetNames.push(name) - 1 : this.#targetFor(kept),
    );
    return id;
  }

  #targetFor(symbols: readonly number[]): number {
    const key = symbols.join();
    const found = this.#targetsByKey.get(key);
    if (found !== undefined) return found;
    const target = this.#targetNames.push({ symbols, overflow: false }) - 1;
    this.#targetsByKey.set(key, target);
    return target;
  }

  #intern(series: SeriesName, labels: readonly Label[]): number[] {
    return texts(series, labels).map((text) => this.#symbols.intern(text));
  }

  #describe({ symbols, overflow }: KeptName): SeriesDescription {
    const [tenant = '', metric = '', ...rest] = symbols.map((symbol) => this.#symbols.text(symbol));
    const labels: Label[] = [];
    for (let i = 0; i + 1 < rest.length; i += 2) labels.push([rest[i] ?? '', rest[i + 1] ?? '']);
    return { tenant, metric, labels, overflow };
  }
}

/** Every text of a name in canonical order; a fixed arity per label keeps it unambiguous. */
function texts({ tenant, metric }: SeriesName, labels: readonly Label[]): string[] {
  return [tenant, metric, ...labels.flat()];
}

function known<T>(value: T | undefined, what: string): T {
  if (value !== undefined) return value;
  throw new RingmasterError('RM_METRICS_SERIES', `${what}: expected a number that was registered.`);
}
