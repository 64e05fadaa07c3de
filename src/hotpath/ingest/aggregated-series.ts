/**
 * The series that inputs are added up in: an input's name without the labels that a rule drops. Owned by
 * series-shard.ts, which adds to `totals`. Decided when an input is created; per sample it is one look-up.
 */
import type { WrittenLabel } from './label-walk.ts';

/** `sum without (labels)`, for one metric or, with null, for all. */
export type DropRule = { readonly metric: string | null; readonly labels: readonly string[] };

/** One aggregated series, as it is shown. */
export type AggregatedSeries = {
  readonly tenant: string;
  readonly metric: string;
  readonly labels: readonly WrittenLabel[];
  readonly kind: 'counter' | 'gauge';
  /** Of a counter: what its inputs have grown by since it is kept. Of a gauge: the sum of its inputs. */
  readonly value: number;
  readonly inputs: number;
};

export type Target = {
  readonly key: string;
  readonly tenant: string;
  readonly metric: string;
  readonly labels: readonly WrittenLabel[];
  readonly isCounter: boolean;
  inputs: number;
};

/** Labels that the sums of a metric lack. */
export function droppedLabels(rules: readonly DropRule[], metric: string): ReadonlySet<string> {
  const ofMetric = rules.filter((rule) => rule.metric === null || rule.metric === metric);
  return new Set(ofMetric.flatMap(({ labels }) => labels));
}

/** Counters by convention: what a message says of types comes apart from samples, or never. */
const COUNTED = /_(total|count|sum|bucket)$/;
const TARGETS_MIN = 256;

/** One thread. */
export class TargetTable {
  /** Increase of each counter, by the target's number. */
  totals: Float64Array = new Float64Array(TARGETS_MIN);
  private readonly rules: readonly DropRule[];
  private readonly numbers: Map<string, number> = new Map();
  private readonly targets: (Target | null)[] = [];
  private readonly free: number[] = [];
  /** By metric: labels that its targets lack. */
  private readonly dropped: Map<string, ReadonlySet<string>> = new Map();

  constructor(rules: readonly DropRule[]) {
    this.rules = rules;
  }

  /** How many there are. */
  get size(): number {
    return this.numbers.size;
  }

  /** The target of a new input, which counts itself in. */
  enter(tenant: string, metric: string, labels: readonly WrittenLabel[]): number {
    const dropped = this.droppedOf(metric);
    const kept = dropped.size === 0 ? labels : labels.filter(([name]) => !dropped.has(name));
    const key = JSON.stringify([tenant, metric, kept]);
    const known = this.numbers.get(key);
    if (known !== undefined) {
      this.at(known).inputs += 1;
      return known;
    }
    const number = this.free.pop() ?? this.targets.length;
    if (number === this.totals.length) this.grow();
    this.totals[number] = 0;
    const isCounter = COUNTED.test(metric);
    this.targets[number] = { key, tenant, metric, labels: kept, isCounter, inputs: 1 };
    this.numbers.set(key, number);
    return number;
  }

  /** One input fewer; the last one takes the target with it. */
  leave(number: number): void {
    const target = this.at(number);
    target.inputs -= 1;
    if (target.inputs > 0) return;
    this.numbers.delete(target.key);
    this.targets[number] = null;
    this.free.push(number);
  }

  at(number: number): Target {
    return this.targets[number] as Target;
  }

  /** All, with the sums of gauges, by number. */
  list(gauges: Float64Array): readonly AggregatedSeries[] {
    return this.targets.flatMap((target, number) => {
      if (target === null) return [];
      const { tenant, metric, labels, isCounter, inputs } = target;
      const value = (isCounter ? this.totals : gauges)[number] as number;
      const kind = isCounter ? ('counter' as const) : ('gauge' as const);
      return [{ tenant, metric, labels, kind, value, inputs }];
    });
  }

  private droppedOf(metric: string): ReadonlySet<string> {
    const known = this.dropped.get(metric);
    if (known !== undefined) return known;
    const dropped = droppedLabels(this.rules, metric);
    // Of metrics that no rule names there is any number.
    if (this.rules.some((rule) => rule.metric === metric)) this.dropped.set(metric, dropped);
    return dropped;
  }

  private grow(): void {
    const totals = new Float64Array(2 * this.totals.length);
    totals.set(this.totals);
    this.totals = totals;
  }
}
