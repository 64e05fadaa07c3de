/**
 * What carries load, as the arithmetic counts it: instances of a stateless service, shards of a sharded
 * one (a shard is the same ordinal in every zone, and its replicas carry the same). What a rollout adds
 * on top is a unit like any other: its share of the load is load, its being there is no demand.
 */
import type { InstanceView, ServiceView } from '../protocol/fleet-view.ts';
import type { InstanceState } from '../protocol/instance-state.ts';
import type { MetricReading } from '../protocol/metric-reading.ts';
import type { CountedInstance } from './replica-arithmetic.ts';
import type { SampleClass } from './sample-class.ts';

/** Units, and what each uses in thousandths. */
export type LoadUnits = {
  readonly instances: readonly CountedInstance[];
  readonly usageMilli: ReadonlyMap<string, bigint>;
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
};

type Unit = { class: SampleClass; usage: number | null };

/** Not there yet: it will carry load. */
const COMING: readonly InstanceState[] = ['pending', 'starting', 'warming', 'unready', 'unknown'];
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
    const id = view.spec.kind === 'sharded' ? `shard ${instance.ordinal}` : instance.id;
    const before = units.get(id);
    if (before === undefined) units.set(id, { class: own, usage });
    else units.set(id, merged(before, { class: own, usage }));
  }
  const usageMilli = new Map<string, bigint>();
  for (const [id, { usage }] of units) {
    if (usage !== null) usageMilli.set(id, BigInt(Math.round(usage * 1000)));
  }
  const instances = [...units].map(([id, unit]) => ({
    id,
    class: unit.class,
    requestMilli: metric.requestMilli,
  }));
  return { instances, usageMilli, ageMs };
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
  const usage = [one.usage, other.usage].filter((value) => value !== null);
  return {
    class: isFirst ? one.class : other.class,
    usage: usage.length === 0 ? null : Math.max(...usage),
  };
}
