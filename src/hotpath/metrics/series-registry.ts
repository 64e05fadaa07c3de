/**
 * Which number a series has: names in, dense ids out, in order of first arrival.
 * One per slab, on the writer's thread; slab-writer.ts enters what it decides into shared memory.
 * It knows no samples and no memory, and it never forgets a series: an id is never reused.
 *
 * Two numberings. An *input* is a series as it arrives; a *target* is the series that its samples
 * are recorded in, the same without the labels that its metric drops. Number 0 of both is the
 * slab's own overflow series.
 *
 * Invariant HOT-15: ids and targets are dense and below `seriesMax`; one canonical name has one id for
 * ever, and two names share one only if it is an overflow series.
 */
import { RingmasterError } from '../errors.ts';
import { OverflowReserve } from './overflow-reserve.ts';
import { canonicalLabels, type Label, type SeriesName } from './series-name.ts';
import { SymbolTable } from './symbol-table.ts';

/** What `register` decided. */
export type Registration =
  /** The series has a number of its own. `created`: this call gave it. */
  | { readonly kind: 'series'; readonly id: number; readonly created: boolean }
  /**
   * The metric is full, or only the reserve of the slab is left (overflow-reserve.ts): samples go
   * to the overflow series of the tenant's metric or, when the tenant's share of the reserve is
   * used up too, to that of the slab (id 0).
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
  /** Series in all, number 0 and those reserved for overflow series included. */
  readonly seriesMax: number;
  /** Input series per tenant and metric before its overflow series takes the rest. */
  readonly seriesPerMetricMax: number;
  /** Labels that a metric's series are aggregated over: `sum without (…)`. */
  readonly without: ReadonlyMap<string, readonly string[]>;
}

/** One tenant's metric. */
interface MetricGroup {
  /** Input series with a number of their own. */
  inputs: number;
  overflowId: number | undefined;
  /** Labels that its targets lack. */
  readonly dropped: ReadonlySet<string>;
  /** Target by the symbols of its kept labels; stays empty when no label is dropped. */
  readonly targets: Map<string, number>;
}

/** Symbols of a kept name: tenant, metric, then name and value of each label. */
interface KeptName {
  readonly symbols: readonly number[];
  readonly overflow: boolean;
}

/** See the head of the file. */
export class SeriesRegistry {
  readonly #options: RegistryOptions;
  readonly #reserve: OverflowReserve;
  readonly #symbols = new SymbolTable();
  readonly #ids = new Map<string, number>();
  /** By the symbols of tenant and metric. */
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
    this.#reserve = new OverflowReserve(options.seriesMax);
    this.#addOverflow({ tenant: '', metric: '', labels: [] });
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
    const labels = canonicalLabels(series);
    if (labels instanceof RingmasterError) {
      this.#refusedCount += 1;
      return { kind: 'refused', error: labels };
    }
    const symbols = this.#find(series, labels);
    const id = symbols === undefined ? undefined : this.#ids.get(symbols.join());
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

  /** The symbols of a name; undefined when a text was never seen, so neither was the name. */
  #find({ tenant, metric }: SeriesName, labels: readonly Label[]): number[] | undefined {
    const table = this.#symbols;
    const tenantSymbol = table.find(tenant);
    const metricSymbol = table.find(metric);
    if (tenantSymbol === undefined || metricSymbol === undefined) return undefined;
    const symbols = [tenantSymbol, metricSymbol];
    for (const [name, value] of labels) {
      const nameSymbol = table.find(name);
      const valueSymbol = table.find(value);
      if (nameSymbol === undefined || valueSymbol === undefined) return undefined;
      symbols.push(nameSymbol, valueSymbol);
    }
    return symbols;
  }

  /** As `#find`, after making every text known. */
  #intern({ tenant, metric }: SeriesName, labels: readonly Label[]): number[] {
    const table = this.#symbols;
    const symbols = [table.intern(tenant), table.intern(metric)];
    for (const [name, value] of labels) symbols.push(table.intern(name), table.intern(value));
    return symbols;
  }

  #create(series: SeriesName, labels: readonly Label[]): Registration {
    const groupSymbols = this.#find(series, []);
    const existing = groupSymbols === undefined ? undefined : this.#groups.get(groupSymbols.join());
    const isMetricFull = (existing?.inputs ?? 0) >= this.#options.seriesPerMetricMax;
    if (isMetricFull || !this.#reserve.hasRoomForSeries(this.inputs)) {
      return this.#overflowOf(series, existing);
    }
    const group = existing ?? this.#addGroup(series);
    group.inputs += 1;
    const name = { symbols: this.#intern(series, labels), overflow: false };
    const target = this.#targetFor(series, labels, group, name);
    const id = this.#add(name, target);
    this.#ids.set(name.symbols.join(), id);
    return { kind: 'series', id, created: true };
  }

  #overflowOf(series: SeriesName, existing: MetricGroup | undefined): Registration {
    if (existing?.overflowId !== undefined) return this.#overflow(existing.overflowId, false);
    const taken = this.inputs;
    // No group is made for a series that gets no number: a flood of names costs no memory.
    if (!this.#reserve.hasRoomForOverflow(taken, this.#symbols.find(series.tenant))) {
      return this.#overflow(0, false);
    }
    const group = existing ?? this.#addGroup(series);
    group.overflowId = this.#addOverflow(series);
    this.#reserve.takeOverflow(taken, this.#symbols.intern(series.tenant));
    return this.#overflow(group.overflowId, true);
  }

  #overflow(id: number, created: boolean): Registration {
    this.#overflowedCount += 1;
    return { kind: 'overflow', id, created };
  }

  #addGroup(series: SeriesName): MetricGroup {
    const group: MetricGroup = {
      inputs: 0,
      overflowId: undefined,
      dropped: new Set(this.#options.without.get(series.metric)),
      targets: new Map(),
    };
    this.#groups.set(this.#intern(series, []).join(), group);
    return group;
  }

  /** Numbers an overflow series: no labels, and a target of its own. */
  #addOverflow(series: SeriesName): number {
    const name = { symbols: this.#intern(series, []), overflow: true };
    return this.#add(name, this.#addTarget(name));
  }

  /** Numbers an input. */
  #add(name: KeptName, target: number): number {
    this.#targetOfInput.push(target);
    return this.#inputNames.push(name) - 1;
  }

  #addTarget(name: KeptName): number {
    return this.#targetNames.push(name) - 1;
  }

  /** The target of a new input: shared with inputs that differ in dropped labels only. */
  #targetFor(
    series: SeriesName,
    labels: readonly Label[],
    group: MetricGroup,
    name: KeptName,
  ): number {
    if (group.dropped.size === 0) return this.#addTarget(name);
    const kept = labels.filter(([label]) => !group.dropped.has(label));
    const symbols = this.#intern(series, kept);
    const key = symbols.join();
    const target = group.targets.get(key) ?? this.#addTarget({ symbols, overflow: false });
    group.targets.set(key, target);
    return target;
  }

  #describe({ symbols, overflow }: KeptName): SeriesDescription {
    const [tenant = '', metric = '', ...rest] = symbols.map((symbol) => this.#symbols.text(symbol));
    const labels: Label[] = [];
    for (let i = 0; i + 1 < rest.length; i += 2) labels.push([rest[i] ?? '', rest[i + 1] ?? '']);
    return { tenant, metric, labels, overflow };
  }
}

function known<T>(value: T | undefined, what: string): T {
  if (value !== undefined) return value;
  throw new RingmasterError('RM_METRICS_SERIES', `${what}: expected a number that was registered.`);
}
