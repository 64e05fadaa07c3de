/**
 * The canary strategy of a stateless service: its steps in order, then all traffic. With a router the
 * weight moves only when the canary is large enough for it, and stable stays whole; without one the
 * numbers of instances are the weight. The arithmetic is canary-replicas.ts's. Called by the rollout
 * machine. Pure.
 */
import type { ServiceView } from '../protocol/fleet-view.ts';
import type { Share } from '../protocol/intent.ts';
import type { ServiceSpec } from '../spec/fleet-schema.ts';
import {
  approximateSplit,
  type CanaryScale,
  type CanarySizes,
  canaryStep,
  dynamicStableSizes,
  routedCanarySizes,
} from './canary-replicas.ts';
import type { GatePlan } from './gates.ts';
import { isComplete } from './progress.ts';
import { resized } from './rolling.ts';
import type { RolloutRun } from './rollout-state.ts';
import {
  countsOf,
  isHeard,
  isSameSplit,
  limitsOf,
  nameOf,
  sharesOf,
  sizeOf,
  splitUnlessSame,
  wholeOf,
} from './seen-sizes.ts';
import type { StepPlan } from './step-plan.ts';

type Canary = Extract<ServiceSpec['rollout'], { strategy: 'canary' }>;
type Step = Canary['steps'][number];

/** One look. `isHeld`: the canary's part does not grow. */
export function canaryPlan(
  view: ServiceView,
  before: RolloutRun,
  knobs: Canary,
  isHeld: boolean,
): StepPlan {
  const { steps } = knobs;
  const index = before.isFast ? steps.length : Math.min(before.step, steps.length);
  const { target } = before;
  const isWhole = isSameSplit(sharesOf(view), [wholeOf(target, sharesOf(view)[0]?.count ?? 0)]);
  const size = sizeOf(view, { revision: target });
  const wanted = weightAt(steps, index);
  const weight = weightOf(view, before);
  const isPromoting = index === steps.length;
  const way =
    knobs.traffic === 'router'
      ? routedWay(view, before, knobs, { index, wanted, weight, isHeld })
      : instancesWay(view, before, wanted, isHeld);
  // Everybody sends it all of the traffic: what is left of the others may go.
  const isTaken = isPromoting && (isWhole || (way.isInEffect && !isHeld));
  const shares = isTaken ? [wholeOf(target, view.goal.demand)] : way.shares;
  const name = nameOf(view, target);
  const where = `step ${Math.min(index + 1, steps.length)} of ${steps.length}`;
  const current = steps[index];
  const lengthMs = current === undefined ? 0 : lengthOf(current);
  return {
    run: { ...way.run, step: index, hasShrunkStable: way.run.hasShrunkStable || isTaken },
    intents: splitUnlessSame(view, shares, {
      why: `canary: ${name} from ${weight} % to ${wanted} %, ${where}; ${way.why}`,
      alternatives: ['wait until the canary is available', 'go back to stable'],
    }),
    steps: steps.length,
    weight,
    isInEffect: way.isInEffect && !isPromoting,
    isAtFault: size.available < size.replicas,
    message: `${size.available} of ${size.replicas} of ${name} are available, ${weight} of ${wanted} %`,
    lengthMs,
    isManual: current !== undefined && 'pause' in current && current.pause === 'manual',
    gate: isPromoting || before.isFast ? null : gateOf(view, before, knobs, index),
    isComplete:
      isPromoting &&
      isSameSplit(sharesOf(view), [wholeOf(target, view.goal.demand)]) &&
      isComplete(view.goal.demand, countsOf(view, target)),
  };
}

/** Percent that the canary has now, of the traffic or of the instances. */
function weightOf(view: ServiceView, { target }: RolloutRun): number {
  const shares = sharesOf(view);
  const own = shares.filter(({ revision }) => revision === target);
  if (own.some(({ weight }) => weight !== null)) {
    return own.reduce((sum, { weight }) => sum + (weight ?? 0), 0);
  }
  const total = shares.reduce((sum, { count }) => sum + count, 0);
  const count = own.reduce((sum, one) => sum + one.count, 0);
  return total === 0 ? 0 : Math.round((100 * count) / total);
}

function weightAt(steps: readonly Step[], index: number): number {
  if (index >= steps.length) return 100;
  const last = steps.slice(0, index + 1).findLast((step) => 'weight' in step);
  return last !== undefined && 'weight' in last ? last.weight : 0;
}

/** As in Argo Rollouts a size that was said stays until the end, or until another one. */
function scaleAt(steps: readonly Step[], index: number): CanaryScale | null {
  if (index >= steps.length) return null;
  const last = steps.slice(0, index + 1).findLast((step) => 'replicas' in step);
  if (last === undefined || !('replicas' in last)) return null;
  return { replicas: last.replicas, weight: null, matchTrafficWeight: false };
}

function lengthOf(step: Step): number {
  if ('analyze' in step) return step.analyze;
  return 'pause' in step && step.pause !== 'manual' ? step.pause : 0;
}

type Way = {
  readonly run: RolloutRun;
  readonly shares: readonly Share[];
  readonly isInEffect: boolean;
  readonly why: string;
};

type Place = {
  readonly index: number;
  /** Percent that the step asks for, and that the canary has. */
  readonly wanted: number;
  readonly weight: number;
  readonly isHeld: boolean;
};

/** The router splits the traffic: sizes first, then weights. */
function routedWay(view: ServiceView, run: RolloutRun, knobs: Canary, place: Place): Way {
  const { wanted, weight, isHeld } = place;
  const { target, stable } = run;
  const sizes = routedSizes(view, run, knobs, place);
  const canary = sizeOf(view, { revision: target });
  const isReady = canary.available >= sizes.canary;
  const grows = wanted > weight;
  const next = grows && (isHeld || !isReady) ? weight : wanted;
  const group = baselineOf(view, run, knobs, { ...place, next, count: sizes.canary });
  const baseline = group.count === 0 ? 0 : group.weight;
  const shares: readonly Share[] = [
    { revision: stable, count: sizes.stable, weight: 100 - next - baseline, isBaseline: false },
    { revision: target, count: sizes.canary, weight: next, isBaseline: false },
    { revision: stable, count: group.count, weight: baseline, isBaseline: true },
  ];
  const filled = shares.filter(({ count }) => count > 0);
  // With nothing of the canary there is no traffic to split.
  const isNone = sizes.canary === 0;
  const split = isNone ? [wholeOf(stable, view.goal.demand)] : filled;
  const isThere = isSameSplit(sharesOf(view), split) && next === wanted;
  return {
    run: {
      ...run,
      seenMs: isThere ? (run.seenMs ?? view.nowMs) : null,
      hasShrunkStable: run.hasShrunkStable || sizes.stable < view.goal.demand,
    },
    shares: split,
    // Of a split that is new in this very pass the routes know nothing yet.
    isInEffect:
      isThere && isReady && run.seenMs !== null && run.seenMs < view.nowMs && isHeard(view),
    why: group.why,
  };
}

function routedSizes(
  view: ServiceView,
  { target, stable }: RolloutRun,
  { steps, canaryMin, dynamicStable }: Canary,
  { index, wanted, weight }: Place,
): CanarySizes {
  const replicas = view.goal.demand;
  const whole = routedCanarySizes({
    replicas,
    weight: wanted,
    isPromotedFully: false,
    isAborted: false,
    keepsAbortedCanary: false,
    scale: scaleAt(steps, index),
    canaryMin,
  });
  if (!dynamicStable) return whole;
  const sizes = dynamicStableSizes({
    replicas,
    stepWeights: [wanted],
    stepIndex: 0,
    isAborted: false,
    canaryWeight: weight,
    stableWeight: 100 - weight,
    available: {
      canary: sizeOf(view, { revision: target }).available,
      stable: sizeOf(view, { revision: stable }).available,
    },
  });
  return { canary: whole.canary, stable: sizes.stable };
}

/** A fresh group of stable, as large as the canary, where the surge has room for both. */
function baselineOf(
  view: ServiceView,
  run: RolloutRun,
  knobs: Canary,
  { index, next, wanted, count }: Place & { readonly next: number; readonly count: number },
): { readonly count: number; readonly weight: number; readonly why: string } {
  const none = (why: string) => ({ count: 0, weight: 0, why });
  if (!knobs.comparison.enabled) return none('nothing is compared');
  if (run.isFast || index >= knobs.steps.length || wanted === 0) return none('nothing to compare');
  if (knobs.dynamicStable) return none('compared with stable itself, which shrinks');
  const { surge } = limitsOf(view);
  if (wanted > 50) return none(`compared with stable itself: ${wanted} % leave no equal part`);
  if (2 * count > surge) {
    return none(`compared with stable itself: maxSurge is ${surge}, two groups are ${2 * count}`);
  }
  const { available } = sizeOf(view, { revision: run.stable, isBaseline: true });
  const weight = available >= count ? next : 0;
  return { count, weight, why: `compared with a fresh group of ${count}` };
}

/** The numbers of instances are the split. */
function instancesWay(view: ServiceView, before: RolloutRun, wanted: number, isHeld: boolean): Way {
  const { target, stable } = before;
  const limits = limitsOf(view);
  const canary = sizeOf(view, { revision: target });
  const why = 'compared with stable itself: the instances are the split';
  if (isHeld) {
    const { run, shares } = resized(view, before, target);
    return { run, shares: shares ?? sharesOf(view), isInEffect: false, why };
  }
  const sizes = canaryStep(view.goal.demand, wanted, limits, {
    canary,
    stable: sizeOf(view, { revision: stable }),
    olderReplicas: 0,
  });
  const end = approximateSplit(view.goal.demand, wanted, { surge: limits.surge });
  const split = [wholeOf(stable, sizes.stable), wholeOf(target, sizes.canary)];
  const seen = { canary: canary.replicas, stable: sizeOf(view, { revision: stable }).replicas };
  const isThere = seen.canary === end.canary && seen.stable === end.stable;
  return {
    run: {
      ...before,
      seenMs: isThere ? (before.seenMs ?? view.nowMs) : null,
      hasShrunkStable: true,
      sized: { desired: view.goal.demand, max: view.goal.demand + limits.surge },
      resizing: null,
    },
    shares: split,
    isInEffect: isThere && canary.available >= end.canary && isHeard(view),
    why,
  };
}

/** What has to be shown before the step after this one. */
function gateOf(view: ServiceView, run: RolloutRun, knobs: Canary, index: number): GatePlan | null {
  const { steps, traffic } = knobs;
  const current = steps[index];
  const wanted = weightAt(steps, index);
  if (wanted === 0) return null;
  const next = weightAt(steps, index + 1);
  const isAnalysis = current !== undefined && 'analyze' in current;
  const scope = { service: view.name, revision: run.target, isBaseline: false };
  const group = sharesOf(view).some((share) => share.isBaseline && (share.weight ?? 0) > 0);
  const waits = sharesOf(view).some((share) => share.isBaseline && share.weight === 0);
  const baseline = { service: view.name, revision: run.stable, isBaseline: group || waits };
  // A group that has no traffic yet: no block begins, and nothing is shown.
  const baselines = waits ? [] : [baseline];
  const against = group || waits ? 'a fresh group' : 'stable itself';
  const says = `${wanted} % compared with ${against}`;
  const isWholesale = next === 100 && wanted < 100;
  const isLast = index === steps.length - 1;
  const needs =
    isAnalysis || isWholesale ? 'evidence' : next > wanted || isLast ? 'thresholds' : 'nothing';
  return {
    key: `${wanted} % ${isAnalysis ? index : ''}`,
    scope,
    groups:
      wanted === 100
        ? null
        : { key: `${traffic} ${wanted} % ${against}`, canary: scope, baselines, says },
    lengthMs: isAnalysis ? lengthOf(current) : 0,
    isBackground: !isAnalysis,
    needs,
  };
}
