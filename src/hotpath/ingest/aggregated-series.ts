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

/** What the targets of one metric of a tenant have in common. */
type Family = {
  readonly key: string;
  readonly tenant: string;
  readonly metric: string;
  readonly isCounter: boolean;
  targets: number;
};

export type Target = {
  /** Tenant, metric and labels as JSON: one text takes a tenth of what objects for labels would. */
  readonly key: string;
  readonly family: Family;
  inputs: number;
};

/** What `enter` answers when names would take more than they may. */
export const NO_ROOM = -1;
/** Of a target besides its text, in bytes; some. */
const TARGET_BYTES = 128;
const WIDE = /[\u0100-\uffff]/;

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
  /** 1 for a counter, by the target's number: looked at for every series of a request. */
  counted: Uint8Array = new Uint8Array(TARGETS_MIN);
  private readonly rules: readonly DropRule[];
  private readonly nameBytesMax: number;
  private nameBytes = 0;
  private readonly families: Map<string, Family> = new Map();
  private readonly numbers: Map<string, number> = new Map();
  private readonly targets: (Target | null)[] = [];
  private readonly free: number[] = [];
  /** By metric: labels that its targets lack. */
  private readonly dropped: Map<string, ReadonlySet<string>> = new Map();

  constructor(rules: readonly DropRule[], nameBytesMax: number) {
    this.rules = rules;
    this.nameBytesMax = nameBytesMax;
  }

  /** How many there are. */
  get size(): number {
    return this.numbers.size;
  }

  /** How many there are, of one metric or of all, and what their names take. */
  sizeOf(metric: string | null): { readonly series: number; readonly nameBytes: number } {
    if (metric === null) return { series: this.size, nameBytes: this.nameBytes };
    let [series, nameBytes] = [0, 0];
    for (const target of this.targets) {
      if (target?.family.metric !== metric) continue;
      series += 1;
      nameBytes += bytesOf(target.key);
    }
    return { series, nameBytes };
  }

  /** The target of a new input, which counts itself in; or `NO_ROOM`. */
  enter(tenant: string, metric: string, labels: readonly WrittenLabel[]): number {
    const dropped = this.droppedOf(metric);
    const kept = dropped.size === 0 ? labels : labels.filter(([name]) => !dropped.has(name));
    const key = JSON.stringify([tenant, metric, kept]);
    const known = this.numbers.get(key);
    if (known !== undefined) {
      this.at(known).inputs += 1;
      return known;
    }
    const bytes = bytesOf(key);
    if (this.nameBytes + bytes > this.nameBytesMax) return NO_ROOM;
    this.nameBytes += bytes;
    const number = this.free.pop() ?? this.targets.length;
    if (number === this.totals.length) this.grow();
    this.totals[number] = 0;
    this.counted[number] = Number(COUNTED.test(metric));
    const family = this.familyOf(tenant, metric);
    family.targets += 1;
    this.targets[number] = { key, family, inputs: 1 };
    this.numbers.set(key, number);
    return number;
  }

  /** One input fewer; the last one takes the target with it. */
  leave(number: number): void {
    const target = this.at(number);
    target.inputs -= 1;
    if (target.inputs > 0) return;
    const { key, family } = target;
    this.numbers.delete(key);
    this.nameBytes -= bytesOf(key);
    family.targets -= 1;
    if (family.targets === 0) this.families.delete(family.key);
    this.targets[number] = null;
    this.free.push(number);
  }

  at(number: number): Target {
    return this.targets[number] as Target;
  }

  /** All, or those of one metric; with the sums of gauges, by number. */
  list(gauges: Float64Array, wanted: string | null): readonly AggregatedSeries[] {
    return this.targets.flatMap((target, number) => {
      if (target === null || (wanted !== null && target.family.metric !== wanted)) return [];
      const { key, family, inputs } = target;
      const { tenant, metric, isCounter } = family;
      const [, , labels] = JSON.parse(key) as [string, string, readonly WrittenLabel[]];
      const value = (isCounter ? this.totals : gauges)[number] as number;
      const kind = isCounter ? ('counter' as const) : ('gauge' as const);
      return [{ tenant, metric, labels, kind, value, inputs }];
    });
  }

  private familyOf(tenant: string, metric: string): Family {
    const key = `${tenant}\u0000${metric}`;
    const known = this.families.get(key);
    if (known !== undefined) return known;
    const family = { key, tenant, metric, isCounter: COUNTED.test(metric), targets: 0 };
    this.families.set(key, family);
    return family;
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
    const counted = new Uint8Array(totals.length);
    counted.set(this.counted);
    this.counted = counted;
  }
}

/** What a target's name takes. */
function bytesOf(key: string): number {
  return TARGET_BYTES + (WIDE.test(key) ? 2 * key.length : key.length);
}
