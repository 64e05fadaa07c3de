/**
 * What each metric of a service asks for, in one pass: averages and shares over its units, one value for
 * all, the work that arrives (Little's law), and panic mode. What cannot be read says nothing, in words.
 */
import type { ServiceView } from '../protocol/fleet-view.ts';
import type { Input } from '../protocol/intent.ts';
import { atLeastReading, finiteReading, type MetricReading } from '../protocol/metric-reading.ts';
import type { ServiceSpec } from '../spec/fleet-schema.ts';
import { originOf } from '../spec/metric-sources.ts';
import { loadUnits } from './load-units.ts';
import { type PanicState, panicStep } from './panic-mode.ts';
import {
  type CountedInstance,
  type InstancesInput,
  isWithin,
  type MetricProposal,
  replicasForAverage,
  replicasForUtilization,
  replicasForValue,
  replicasForValuePerInstance,
  type Tolerance,
} from './replica-arithmetic.ts';

/** What one metric asks for; null: it says nothing. */
export type Proposal = {
  readonly name: string;
  readonly count: number | null;
  readonly why: string;
  readonly inputs: readonly Input[];
};

type Autoscale = NonNullable<ServiceSpec['autoscale']>;
type Metric = NonNullable<Autoscale['metric']>;

/** Metrics are means over so long unless they say otherwise; milliseconds. */
const WINDOW_MS = 60_000;
/** In panic mode: at most ten times as many at once, at least a tenth stays; as Knative. */
const PANIC_RATE = 10;

/** What is remembered: panic mode's state, and by how many units it has lately grown. */
type Before = { readonly panic: PanicState; readonly grown: number };

type Proposed = { readonly list: readonly Proposal[]; readonly panic: PanicState };

/** All of them, and panic mode's state after this pass. */
export function proposals(view: ServiceView, autoscale: Autoscale, before: Before): Proposed {
  const { list, panic } = proposed(view, autoscale, before);
  return { list: list.map((one) => withOrigins(view.spec, one)), panic };
}

/** With who tells it beside each input. */
function withOrigins(spec: ServiceSpec, proposal: Proposal): Proposal {
  const inputs = proposal.inputs.map((one) => {
    const [name = ''] = one.name.split(',', 1);
    return { ...one, from: originOf(spec, name) };
  });
  return { ...proposal, inputs };
}

function proposed(seen: ServiceView, autoscale: Autoscale, { panic, grown }: Before): Proposed {
  const view: ServiceView = { ...seen, metric: (query) => finiteReading(seen.metric(query)) };
  const { metric, metrics, queue } = autoscale;
  const all = metric === undefined ? metrics : [metric, ...metrics];
  const list = all.map((one) => orAtLeast(view, (from) => ofMetric(from, autoscale, one, grown)));
  if (queue !== undefined) list.push(orAtLeast(view, (from) => ofQueue(from, autoscale, queue)));
  const [first] = all;
  if (autoscale.panic === undefined || first === undefined) return { list, panic };
  const panicking = ofPanic(view, autoscale.panic, first, panic);
  if (panicking.proposal !== null) list.push(panicking.proposal);
  return { list, panic: panicking.state };
}

/**
 * What is asked for on what is known. A sum of which a part is not heard of is no number, but it is at
 * least what the others have counted: on that it may grow, and on nothing of it shrink.
 */
function orAtLeast(view: ServiceView, ask: (from: ServiceView) => Proposal): Proposal {
  let isPart = false;
  const watched: ServiceView['metric'] = (query) => {
    const reading = view.metric(query);
    isPart ||= reading.kind === 'stale' && reading.atLeast !== undefined;
    return reading;
  };
  const known = ask({ ...view, metric: watched });
  if (!isPart) return known;
  const least = ask({ ...view, metric: (query) => atLeastReading(view.metric(query)) });
  const { count } = least;
  if (count === null || count <= Math.max(view.goal.demand, known.count ?? 0)) return known;
  const inputs = least.inputs.map((one) => ({ ...one, value: `at least ${one.value}` }));
  return { ...least, why: `${least.why}, at least: not everybody is heard`, inputs };
}

function ofMetric(
  view: ServiceView,
  autoscale: Autoscale,
  metric: Metric,
  grown: number,
): Proposal {
  const kind = metric.kind ?? (metric.name === 'cpu' ? 'utilization' : 'average');
  const tolerance = toleranceOf(autoscale);
  const currentReplicas = view.goal.demand;
  const targetMilli = BigInt(Math.max(1, Math.round(metric.target * 1000)));
  if (kind === 'value' || kind === 'valuePerInstance') {
    const reading = ofService(view, metric.name, metric.window ?? WINDOW_MS);
    if (reading.kind !== 'value') return silent(metric.name, reading);
    const ready = Math.min(currentReplicas, readyCount(view));
    // Those who start have not had a chance to change the value: they stay, and it is asked again.
    if (kind === 'value' && ready === 0 && currentReplicas > 0) {
      const why = `${metric.name} is ${reading.value}, and nobody is ready yet`;
      return { name: metric.name, count: currentReplicas, why, inputs: [] };
    }
    const input = {
      currentReplicas,
      tolerance,
      targetMilli,
      usageMilli: [BigInt(Math.round(reading.value * 1000))],
      readyCount: ready,
    };
    const asked = kind === 'value' ? replicasForValue(input) : replicasForValuePerInstance(input);
    return told(metric, asked, reading.ageMs);
  }
  if (kind === 'average' && currentReplicas === 0) {
    return ofNobody(view, autoscale, metric, targetMilli);
  }
  const isShare = kind === 'utilization';
  const { cpu } = view.spec.resources;
  const { instances, usageMilli, sharedMilli, ageMs } = loadUnits(view, {
    name: metric.name,
    windowMs: metric.window ?? WINDOW_MS,
    warmupMs: metric.warmup ?? 0,
    grown,
    requestMilli: isShare && cpu !== undefined ? BigInt(cpu) : null,
  });
  const units = instances.filter((one) => one.class !== 'ignored').length;
  const share = BigInt(Math.round((cpu ?? 0) * metric.target)) / 100n;
  const asks = (usage: ReadonlyMap<string, bigint>): MetricProposal => {
    const input = { currentReplicas, tolerance, instances, usageMilli: usage };
    const asked = isShare
      ? replicasForUtilization({ ...input, targetPercent: metric.target })
      : replicasForAverage({ ...input, targetMilli });
    if (units <= currentReplicas) return asked;
    return withSurge({ ...input, targetMilli: isShare ? share : targetMilli }, asked);
  };
  const asked = asks(usageMilli);
  const bound = grown > 0 ? asks(sharedMilli) : asked;
  return told(metric, growingWithin(asked, bound, currentReplicas), ageMs);
}

/** Growing no further than a bound says; never shrinking by it. */
function growingWithin(
  asked: MetricProposal,
  bound: MetricProposal,
  current: number,
): MetricProposal {
  if (asked.kind === 'failed' || bound.kind === 'failed') return asked;
  if (asked.replicas <= current) return asked;
  return { ...asked, replicas: Math.max(current, Math.min(asked.replicas, bound.replicas)) };
}

/** Nobody is there whom one could ask: what the whole service is asked for says how many it takes. */
function ofNobody(
  view: ServiceView,
  autoscale: Autoscale,
  metric: Metric,
  targetMilli: bigint,
): Proposal {
  const reading = ofService(view, metric.name, metric.window ?? WINDOW_MS);
  if (reading.kind !== 'value') return silent(metric.name, reading);
  const asked = replicasForValuePerInstance({
    currentReplicas: 0,
    tolerance: toleranceOf(autoscale),
    targetMilli,
    usageMilli: [BigInt(Math.round(reading.value * 1000))],
  });
  return {
    ...told(metric, asked, reading.ageMs),
    why: `nobody is there, and ${metric.name} of the service is ${reading.value}`,
    inputs: [input(metric.name, reading)],
  };
}

/**
 * There is more than the demand: a rollout's surge thins the load out. What counts is all of the load
 * against the demand, so the mean is no ground to keep what the rollout has added. Units that say
 * nothing are taken to be just busy enough when the rest asks for less.
 */
function withSurge(
  input: InstancesInput & { readonly targetMilli: bigint },
  asked: MetricProposal,
): MetricProposal {
  if (asked.kind === 'failed') return asked;
  const { instances, usageMilli, currentReplicas, targetMilli } = input;
  const of = (wanted: CountedInstance['class']): readonly CountedInstance[] =>
    instances.filter((one) => one.class === wanted);
  const used = of('ready').map(({ id }) => usageMilli.get(id) ?? 0n);
  const against = (usage: readonly bigint[]): MetricProposal =>
    replicasForValuePerInstance({ ...input, usageMilli: usage });
  const plain = against(used);
  if (plain.kind === 'failed') return plain;
  const filled = against([...used, ...of('missing').map(() => targetMilli)]);
  const isShrinking = plain.replicas < currentReplicas && filled.kind === 'replicas';
  const replicas = isShrinking ? Math.min(filled.replicas, currentReplicas) : plain.replicas;
  return { ...asked, replicas };
}

/** Work under way = arrivals in a second × seconds that one takes. */
function ofQueue(
  view: ServiceView,
  autoscale: Autoscale,
  queue: NonNullable<Autoscale['queue']>,
): Proposal {
  const arrivals = ofService(view, queue.arrivals, WINDOW_MS);
  const serviceTime = ofService(view, queue.serviceTime, WINDOW_MS);
  const { demand } = view.goal;
  if (arrivals.kind !== 'value') return silent(queue.arrivals, arrivals);
  if (serviceTime.kind !== 'value') {
    if (demand > 0 || arrivals.value <= 0) return silent(queue.serviceTime, serviceTime);
    const why = `${arrivals.value} arrive in a second, and nobody is there to say how long one takes`;
    return { name: 'queue', count: 1, why, inputs: [input(queue.arrivals, arrivals)] };
  }
  const underWay = arrivals.value * serviceTime.value;
  const needed = underWay / queue.concurrency;
  const tolerance = toleranceOf(autoscale);
  const isEnough = demand > 0 && isWithin(tolerance, needed / demand);
  return {
    name: 'queue',
    count: isEnough ? demand : Math.ceil(needed),
    why: `${underWay} requests are under way, ${queue.concurrency} for each instance`,
    inputs: [input(queue.arrivals, arrivals), input(queue.serviceTime, serviceTime)],
  };
}

function ofPanic(
  view: ServiceView,
  config: NonNullable<Autoscale['panic']>,
  metric: Metric,
  state: PanicState,
): { readonly state: PanicState; readonly proposal: Proposal | null } {
  const short = ofService(view, metric.name, config.window);
  const long = ofService(view, metric.name, config.stable);
  if (short.kind !== 'value' || long.kind !== 'value') return { state, proposal: null };
  const step = panicStep(
    {
      target: metric.target,
      scaleUpRateMax: PANIC_RATE,
      scaleDownRateMax: PANIC_RATE,
      panicThreshold: config.threshold,
      stableWindowS: config.stable / 1000,
      targetBurst: 0,
    },
    state,
    {
      nowS: view.nowMs / 1000,
      stableConcurrency: long.value,
      panicConcurrency: short.value,
      readyCount: readyCount(view),
      isReachable: true,
    },
  );
  if (step.state.panicS === null) return { state: step.state, proposal: null };
  const why = `panic: ${short.value} in ${config.window} ms, and ${readyCount(view)} instances are ready`;
  const inputs = [input(`${metric.name}, short`, short), input(`${metric.name}, long`, long)];
  return { state: step.state, proposal: { name: 'panic', count: step.replicas, why, inputs } };
}

/** One value for the whole service. */
function ofService(view: ServiceView, name: string, windowMs: number): MetricReading {
  return view.metric({ name, scope: { service: view.name }, windowMs });
}

/** The specification has one for both ways. */
function toleranceOf({ tolerance }: Autoscale): Tolerance {
  return { scaleDown: tolerance, scaleUp: tolerance };
}

/** Units that serve now. */
function readyCount({ instances, spec }: ServiceView): number {
  const ready = instances.filter(({ state }) => state === 'ready');
  return spec.kind === 'sharded' ? new Set(ready.map(({ ordinal }) => ordinal)).size : ready.length;
}

function told({ name, target }: Metric, asked: MetricProposal, ageMs: number): Proposal {
  if (asked.kind === 'failed') return { name, count: null, why: asked.why, inputs: [] };
  const share = asked.utilizationPercent;
  const usage = share === null ? `${Number(asked.usageMilli) / 1000}` : `${share} %`;
  return {
    name,
    count: asked.replicas,
    why: `${name} is ${usage}, its target ${target}`,
    inputs: [{ name, value: usage, ageMs }],
  };
}

function silent(name: string, reading: MetricReading): Proposal {
  const age = reading.kind === 'stale' || reading.kind === 'notANumber' ? reading.ageMs : 0;
  const inputs = [{ name, value: reading.kind, ageMs: age }];
  return { name, count: null, why: `${name} is ${reading.kind}`, inputs };
}

function input(name: string, reading: MetricReading & { readonly kind: 'value' }): Input {
  return { name, value: String(reading.value), ageMs: reading.ageMs };
}
