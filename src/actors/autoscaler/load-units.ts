/**
 * What carries load, as the arithmetic counts it: instances of a stateless service, shards of a sharded
 * one (a shard is the same ordinal in every zone, and its replicas carry the same). What a rollout adds
 * on top is a unit like any other: its share of the load is load, its being there is no demand.
 */
import { compareText } from '../arithmetic/compare-text.ts';
import type { InstanceView, ServiceView } from '../protocol/fleet-view.ts';
import type { InstanceState } from '../protocol/instance-state.ts';
import type { MetricReading } from '../protocol/metric-reading.ts';
import type { CountedInstance } from './replica-arithmetic.ts';
import type { SampleClass } from './sample-class.ts';

/** Units, and what each uses in thousandths. */
export type LoadUnits = {
  readonly instances: readonly CountedInstance[];
  readonly usageMilli: ReadonlyMap<string, bigint>;
  /**
   * The same, each weighed by the part of the window in which it was ready. Old units' means still hold
   * the time when there were fewer to share the load; with the newcomers weighed so, the sum is the
   * mean of all load.
   */
  readonly sharedMilli: ReadonlyMap<string, bigint>;
  /** The oldest reading among them, in milliseconds. */
  readonly ageMs: number;
};

/** What is read of one instance. */
export type UnitMetric = {
  readonly name: string;
  readonly windowMs: number;
  /** A unit does not count before it was ready for so long. */
  readonly warmupMs: number;
  /** What one instance asked for, in thousandths; null: the metric is no share of it. */
  readonly requestMilli: bigint | null;
  /** Units by which the demand has lately grown: no more newcomers than that share load of before. */
  readonly grown: number;
};

type Unit = {
  readonly class: SampleClass;
  readonly usage: number | null;
  readonly shared: number | null;
};

/** Not there yet: it will carry load. */
const COMING: readonly InstanceState[] = ['pending', 'starting', 'warming', 'unready', 'unknown'];
/** Metrics that are counted over the window. */
const COUNTED: readonly string[] = ['rate', 'requests', 'errors', 'slow'];
/** Which class decides when replicas of a shard differ: the one that carries most. */
const RANK: readonly SampleClass[] = ['ready', 'missing', 'unready', 'ignored'];

/** All units of a service. */
export function loadUnits(view: ServiceView, metric: UnitMetric): LoadUnits {
  const units = new Map<string, Unit>();
  let ageMs = 0;
  for (const instance of view.instances) {
    const scope = { service: view.name, instance: instance.id };
    const reading = view.metric({ name: metric.name, scope, windowMs: metric.windowMs });
    const own = classOf(view, instance, reading, metric.warmupMs);
    const usage = reading.kind === 'value' ? reading.value : null;
    if (reading.kind === 'value') ageMs = Math.max(ageMs, reading.ageMs);
    const shared = usage === null ? null : usage * weightOf(view, instance, metric);
    const id = view.spec.kind === 'sharded' ? `shard ${instance.ordinal}` : instance.id;
    const before = units.get(id);
    if (before === undefined) units.set(id, { class: own, usage, shared });
    else units.set(id, merged(before, { class: own, usage, shared }));
  }
  const usageMilli = inMilli([...units].map(([id, { usage }]) => [id, usage]));
  const followers = followersOf(units, metric.grown);
  const sharedMilli = inMilli(
    [...units].map(([id, { usage, shared }]) => [id, followers.has(id) ? usage : shared]),
  );
  const instances = [...units].map(([id, unit]) => ({
    id,
    class: unit.class,
    requestMilli: metric.requestMilli,
  }));
  return { instances, usageMilli, sharedMilli, ageMs };
}

/**
 * Young units beyond what it has grown by have taken the place of others, whose part of the window nobody
 * tells any more: what they carry was carried all the time. Those that are youngest are taken for them,
 * since growth that is needed must not wait for a rollout.
 */
function followersOf(units: ReadonlyMap<string, Unit>, grown: number): ReadonlySet<string> {
  const young = [...units]
    .flatMap(([id, { usage, shared }]) =>
      usage === null || shared === null || shared >= usage ? [] : [{ id, part: shared / usage }],
    )
    .toSorted((a, b) => a.part - b.part || compareText(a.id, b.id));
  return new Set(young.slice(0, Math.max(0, young.length - grown)).map(({ id }) => id));
}

function inMilli(
  values: readonly (readonly [string, number | null])[],
): ReadonlyMap<string, bigint> {
  return new Map(
    values.flatMap(([id, of]) => (of === null ? [] : [[id, BigInt(Math.round(of * 1000))]])),
  );
}

/** What routers count starts from nothing, and is thinner by itself for who has just come. */
function weightOf(
  { nowMs }: ServiceView,
  { readySinceMs }: InstanceView,
  { name, windowMs }: UnitMetric,
): number {
  if (readySinceMs === null || COUNTED.includes(name)) return 1;
  return Math.min(1, Math.max(0, nowMs - readySinceMs) / windowMs);
}

function classOf(
  view: ServiceView,
  { state, readySinceMs }: InstanceView,
  reading: MetricReading,
  warmupMs: number,
): SampleClass {
  if (COMING.includes(state)) return 'unready';
  if (state !== 'ready') return 'ignored';
  if (readySinceMs === null || view.nowMs - readySinceMs < warmupMs) return 'unready';
  return reading.kind === 'value' ? 'ready' : 'missing';
}

/** Replicas of a shard hold the same: the one that says most is believed. */
function merged(one: Unit, other: Unit): Unit {
  const isFirst = RANK.indexOf(one.class) <= RANK.indexOf(other.class);
  return {
    class: isFirst ? one.class : other.class,
    usage: greatest(one.usage, other.usage),
    shared: greatest(one.shared, other.shared),
  };
}

function greatest(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.max(one, other);
}
