/**
 * How far a number of replicas may move at once: the behaviour policies of the Horizontal Pod
 * Autoscaler (v2). A policy counts what was changed within its period, so that a limit holds for any
 * window of that length. Pure; ages count back from now, in seconds.
 */

/** At most so many replicas, or so many percent of them, in a period. */
export type ScalingPolicy = {
  readonly kind: 'replicas' | 'percent';
  readonly value: number;
  readonly periodS: number;
};

/** Rules of one direction. At least one policy, unless disabled. */
export type ScalingRules = {
  /** `max`: the policy that allows most decides; `min`: the one that allows least. */
  readonly select: 'max' | 'min' | 'disabled';
  readonly policies: readonly ScalingPolicy[];
  /** Seconds over which the least (upwards) or the most (downwards) that was asked for decides. */
  readonly stabilizationS: number;
};

/** Replicas that were added or taken away at once, as a positive number. */
export type ScalingEvent = { readonly change: number; readonly ageS: number };

/** Which limit decided, in the words of Kubernetes' conditions. */
export type ScalingCondition =
  | 'DesiredWithinRange'
  | 'ScaleUpLimit'
  | 'ScaleDownLimit'
  | 'TooManyReplicas'
  | 'TooFewReplicas';

/** A number of replicas and what decided it. */
export type LimitedReplicas = { readonly replicas: number; readonly condition: ScalingCondition };

/** Four replicas or all of them anew in 15 s, whichever is more; at once. */
export const SCALE_UP_DEFAULT: ScalingRules = {
  select: 'max',
  stabilizationS: 0,
  policies: [
    { kind: 'replicas', value: 4, periodS: 15 },
    { kind: 'percent', value: 100, periodS: 15 },
  ],
};

/** Everything in 15 s, when it was too much for five minutes. */
export const SCALE_DOWN_DEFAULT: ScalingRules = {
  select: 'max',
  stabilizationS: 300,
  policies: [{ kind: 'percent', value: 100, periodS: 15 }],
};

/** What the past has done: events of both directions. */
export type ScalingPast = {
  readonly up: readonly ScalingEvent[];
  readonly down: readonly ScalingEvent[];
};

/** Bounds of the number itself. */
export type ReplicaBounds = { readonly min: number; readonly max: number };

/** `desired`, as far as the rules and the bounds let it. */
export function limitReplicas(
  { current, desired }: { readonly current: number; readonly desired: number },
  { min, max }: ReplicaBounds,
  rules: { readonly up: ScalingRules; readonly down: ScalingRules },
  past: ScalingPast,
): LimitedReplicas {
  if (desired > current) {
    const limit = Math.max(current, scaleUpLimit(current, rules.up, past));
    return capped(desired, limit, max);
  }
  if (desired < current) {
    const limit = Math.min(current, scaleDownLimit(current, rules.down, past));
    const floor: LimitedReplicas =
      min < limit
        ? { replicas: limit, condition: 'ScaleDownLimit' }
        : { replicas: min, condition: 'TooFewReplicas' };
    if (desired < floor.replicas) return floor;
  }
  return { replicas: desired, condition: 'DesiredWithinRange' };
}

/** Without rules: at most twice as many, or four; down at once. */
export function limitReplicasWithoutRules(
  { current, desired }: { readonly current: number; readonly desired: number },
  { min, max }: ReplicaBounds,
): LimitedReplicas {
  if (desired < min) return { replicas: min, condition: 'TooFewReplicas' };
  return capped(desired, Math.max(2 * current, 4), max);
}

/** The most that the rules allow now. */
export function scaleUpLimit(current: number, rules: ScalingRules, past: ScalingPast): number {
  const limits = rules.policies.map(({ kind, value, periodS }) => {
    const start = startOf(current, past, periodS);
    return kind === 'replicas' ? start + value : Math.ceil(start * (1 + value / 100));
  });
  return selected(rules.select, current, limits, 'highest');
}

/** The least that the rules allow now. */
export function scaleDownLimit(current: number, rules: ScalingRules, past: ScalingPast): number {
  const limits = rules.policies.map(({ kind, value, periodS }) => {
    const start = startOf(current, past, periodS);
    return kind === 'replicas' ? start - value : Math.trunc(start * (1 - value / 100));
  });
  return selected(rules.select, current, limits, 'lowest');
}

/** Replicas that events younger than the period have changed. */
export function changedWithin(events: readonly ScalingEvent[], periodS: number): number {
  let sum = 0;
  for (const { change, ageS } of events) if (ageS < periodS) sum += change;
  return sum;
}

/** How many there were when the period began. */
function startOf(current: number, { up, down }: ScalingPast, periodS: number): number {
  return current - changedWithin(up, periodS) + changedWithin(down, periodS);
}

/** `far`: the end of `limits` that lets most change through. */
function selected(
  select: ScalingRules['select'],
  current: number,
  limits: readonly number[],
  far: 'highest' | 'lowest',
): number {
  if (select === 'disabled' || limits.length === 0) return current;
  const isHighest = (select === 'max') === (far === 'highest');
  return isHighest ? Math.max(...limits) : Math.min(...limits);
}

function capped(desired: number, limit: number, max: number): LimitedReplicas {
  const cap: LimitedReplicas =
    max > limit
      ? { replicas: limit, condition: 'ScaleUpLimit' }
      : { replicas: max, condition: 'TooManyReplicas' };
  return desired > cap.replicas ? cap : { replicas: desired, condition: 'DesiredWithinRange' };
}
