/**
 * How many replicas a metric asks for: the arithmetic of the Horizontal Pod Autoscaler (v2) of
 * Kubernetes, over integers of a thousandth (BigInt: they may not fit a double), ratios in doubles.
 * Instances that say nothing or are not ready yet are filled in so that they can only make a change
 * smaller. Source: the published decision tables in test/conformance/tables.
 */
import type { SampleClass } from './sample-class.ts';

/** One instance that may carry load. */
export type CountedInstance = {
  readonly id: string;
  readonly class: SampleClass;
  /** What it asked for, in thousandths; null: nothing. Only for utilization. */
  readonly requestMilli: bigint | null;
};

/** No change while 1 - scaleDown <= ratio <= 1 + scaleUp. Shares from 0. */
export type Tolerance = { readonly scaleDown: number; readonly scaleUp: number };

/** What a metric asks for, or why it says nothing. */
export type MetricProposal =
  | {
      readonly kind: 'replicas';
      readonly replicas: number;
      /** Mean usage, or usage, before anything was filled in. */
      readonly usageMilli: bigint;
      /** Usage in percent of what was asked for; null: the metric has no requests. */
      readonly utilizationPercent: number | null;
    }
  | { readonly kind: 'failed'; readonly why: string };

/** What the arithmetic of a metric over instances needs. */
export type InstancesInput = {
  readonly currentReplicas: number;
  readonly tolerance: Tolerance;
  readonly instances: readonly CountedInstance[];
  /** Measured usage by instance. Who is not among the instances counts, too. */
  readonly usageMilli: ReadonlyMap<string, bigint>;
};

/** Replicas are numbers of 32 bits, usage of 64, as in the tables. */
const REPLICAS_MAX = 2_147_483_647;
const USAGE_MILLI_MAX = 9_223_372_036_854_775_807n;

type Usage = {
  readonly ratio: number;
  readonly meanMilli: bigint;
  readonly percent: number | null;
};
type Measure = (usageMilli: ReadonlyMap<string, bigint>) => Usage | string;

/** Usage against what instances asked for, e.g. CPU. `targetPercent` from 1. */
export function replicasForUtilization(
  input: InstancesInput & { readonly targetPercent: number },
): MetricProposal {
  const { instances, targetPercent } = input;
  if (input.usageMilli.size === 0) return failed('no metrics returned from resource metrics API');
  const requests = new Map<string, bigint>();
  for (const { id, requestMilli } of instances) {
    if (requestMilli === null) return failed(`missing request for ${id}`);
    requests.set(id, requestMilli);
  }
  const measure: Measure = (usageMilli) => utilization(usageMilli, requests, targetPercent);
  const fallbackPercent = BigInt(Math.max(100, targetPercent));
  const whenBelow = (id: string): bigint => ((requests.get(id) ?? 0n) * fallbackPercent) / 100n;
  return overInstances(input, measure, whenBelow);
}

/** Mean usage of an instance against `targetMilli`, above 0. */
export function replicasForAverage(
  input: InstancesInput & { readonly targetMilli: bigint },
): MetricProposal {
  const { targetMilli } = input;
  const measure: Measure = (usageMilli) => {
    let sum = 0n;
    for (const usage of usageMilli.values()) sum += usage;
    const meanMilli = sum / BigInt(usageMilli.size);
    return { ratio: Number(meanMilli) / Number(targetMilli), meanMilli, percent: null };
  };
  return overInstances(input, measure, () => targetMilli);
}

/**
 * One value for all instances together (an object, a queue): `usageMilli` are summed, saturating.
 * `readyCount`: instances that run and are ready; they carry today's load.
 */
export function replicasForValue(input: {
  readonly currentReplicas: number;
  readonly readyCount: number;
  readonly tolerance: Tolerance;
  readonly targetMilli: bigint;
  readonly usageMilli: readonly bigint[];
}): MetricProposal {
  const { currentReplicas, readyCount, targetMilli } = input;
  const usageMilli = saturatingSum(input.usageMilli);
  const ratio = Number(usageMilli) / Number(targetMilli);
  if (currentReplicas === 0) return proposal(Math.ceil(ratio), usageMilli);
  if (isWithin(input.tolerance, ratio)) return proposal(currentReplicas, usageMilli);
  return proposal(Math.ceil(ratio * readyCount), usageMilli);
}

/** The same value divided by the replicas, against a target for each. */
export function replicasForValuePerInstance(input: {
  readonly currentReplicas: number;
  readonly tolerance: Tolerance;
  readonly targetMilli: bigint;
  readonly usageMilli: readonly bigint[];
}): MetricProposal {
  const { currentReplicas, targetMilli } = input;
  const usageMilli = saturatingSum(input.usageMilli);
  if (currentReplicas === 0) return proposal(quotientUp(usageMilli, targetMilli), 0n);
  const count = BigInt(currentReplicas);
  const perInstance = (usageMilli + count - 1n) / count;
  const ratio = Number(usageMilli) / (Number(targetMilli) * currentReplicas);
  if (isWithin(input.tolerance, ratio)) return proposal(currentReplicas, perInstance);
  return proposal(quotientUp(usageMilli, targetMilli), perInstance);
}

/** Both ends are inside. */
export function isWithin({ scaleDown, scaleUp }: Tolerance, ratio: number): boolean {
  return 1 - scaleDown <= ratio && ratio <= 1 + scaleUp;
}

/** `whenBelow`: what a missing instance is taken to use when the others use too little. */
function overInstances(
  input: InstancesInput,
  measure: Measure,
  whenBelow: (id: string) => bigint,
): MetricProposal {
  const { currentReplicas, tolerance, instances } = input;
  const of = (wanted: SampleClass): CountedInstance[] =>
    instances.filter((instance) => instance.class === wanted);
  const [unready, missing] = [of('unready'), of('missing')];
  const usage = new Map(input.usageMilli);
  for (const { id } of [...of('ignored'), ...unready]) usage.delete(id);
  if (usage.size === 0) return failed('did not receive metrics for targeted pods');
  const first = measure(usage);
  if (typeof first === 'string') return failed(first);
  const { ratio, meanMilli, percent } = first;
  const answer = (replicas: number): MetricProposal => proposal(replicas, meanMilli, percent);

  const isRebalancing = unready.length > 0 && ratio > 1;
  if (!isRebalancing && missing.length === 0) {
    if (isWithin(tolerance, ratio)) return answer(currentReplicas);
    return answer(Math.ceil(ratio * of('ready').length));
  }
  for (const { id } of missing) {
    if (ratio < 1) usage.set(id, whenBelow(id));
    else if (ratio > 1) usage.set(id, 0n);
  }
  if (isRebalancing) for (const { id } of unready) usage.set(id, 0n);
  const second = measure(usage);
  if (typeof second === 'string') return failed(second);
  const filled = second.ratio;
  const isOtherWay = (ratio < 1 && filled > 1) || (ratio > 1 && filled < 1);
  if (isWithin(tolerance, filled) || isOtherWay) return answer(currentReplicas);
  const replicas = Math.ceil(filled * usage.size);
  const isBackwards =
    (filled < 1 && replicas > currentReplicas) || (filled > 1 && replicas < currentReplicas);
  return answer(isBackwards ? currentReplicas : replicas);
}

function utilization(
  usageMilli: ReadonlyMap<string, bigint>,
  requests: ReadonlyMap<string, bigint>,
  targetPercent: number,
): Usage | string {
  let [used, asked, count] = [0n, 0n, 0n];
  for (const [id, usage] of usageMilli) {
    const request = requests.get(id);
    if (request === undefined) continue;
    used += usage;
    asked += request;
    count++;
  }
  if (asked === 0n) return 'no metrics returned matched known pods';
  const percent = Number((used * 100n) / asked);
  return { ratio: percent / targetPercent, meanMilli: used / count, percent };
}

function saturatingSum(values: readonly bigint[]): bigint {
  let sum = 0n;
  for (const value of values) sum += value;
  return sum > USAGE_MILLI_MAX ? USAGE_MILLI_MAX : sum;
}

function quotientUp(usageMilli: bigint, targetMilli: bigint): number {
  return Math.ceil(Number(usageMilli) / Number(targetMilli));
}

function proposal(
  replicas: number,
  usageMilli: bigint,
  utilizationPercent: number | null = null,
): MetricProposal {
  const bounded = Math.min(REPLICAS_MAX, replicas);
  return { kind: 'replicas', replicas: bounded, usageMilli, utilizationPercent };
}

function failed(why: string): MetricProposal {
  return { kind: 'failed', why };
}
