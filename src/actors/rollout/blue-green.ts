/**
 * The blueGreen strategy of a stateless service: the new revision stands beside the old one without
 * traffic until its gates hold, takes all of it at once, and the old one stays for a while to go back
 * to. Two steps: preview, then the switch. Called by the rollout machine. Pure.
 */
import type { ServiceView } from '../protocol/fleet-view.ts';
import type { Share } from '../protocol/intent.ts';
import type { ServiceSpec } from '../spec/fleet-schema.ts';
import { resolved } from '../spec/int-or-percent.ts';
import type { GatePlan } from './gates.ts';
import { isComplete } from './progress.ts';
import type { RolloutRun } from './rollout-state.ts';
import {
  countsOf,
  isHeard,
  isSameSplit,
  nameOf,
  sharesOf,
  sizeOf,
  splitUnlessSame,
  wholeOf,
  withoutEmpty,
} from './seen-sizes.ts';
import type { StepPlan } from './step-plan.ts';

type BlueGreen = Extract<ServiceSpec['rollout'], { strategy: 'blueGreen' }>;

const PREVIEW = 0;
const SWITCHED = 1;
const STEPS = 2;

/** One look. `isHeld`: the traffic stays where it is. */
export function blueGreenPlan(
  view: ServiceView,
  before: RolloutRun,
  knobs: BlueGreen,
  isHeld: boolean,
): StepPlan {
  const { target, stable } = before;
  const { demand } = view.goal;
  // Whoever skips the gates still has to be large enough, and to be known to the routers.
  const step = before.isFast ? Math.max(before.step, SWITCHED) : before.step;
  const green = sizeOf(view, { revision: target });
  const weight = greenWeight(view, before);
  const isRetiring = step >= STEPS;
  const preview = Math.max(1, resolved(knobs.preview, demand, 'up') ?? demand);
  const count = step === PREVIEW ? Math.min(preview, demand) : demand;
  const wanted = step === PREVIEW ? 0 : 100;
  const next = wanted > weight && (isHeld || green.available < count) ? weight : wanted;
  const both: readonly Share[] = [
    { revision: stable, count: demand, weight: 100 - next, isBaseline: false },
    { revision: target, count, weight: next, isBaseline: false },
  ];
  const shares = isRetiring ? [wholeOf(target, demand)] : withoutEmpty(both);
  const isThere = isSameSplit(sharesOf(view), shares) && next === wanted;
  const isSeen = before.seenMs !== null && before.seenMs < view.nowMs;
  const name = nameOf(view, target);
  return {
    run: {
      ...before,
      step,
      seenMs: isThere ? (before.seenMs ?? view.nowMs) : null,
      hasShrunkStable: before.hasShrunkStable || isRetiring,
    },
    intents: splitUnlessSame(view, shares, {
      why: `blueGreen: ${name} has ${weight} % of the traffic, and is to have ${next} %`,
      alternatives: ['keep the old one', 'go back to it'],
    }),
    steps: STEPS,
    weight,
    isInEffect: !isRetiring && isThere && isSeen && green.available >= count && isHeard(view),
    isAtFault: green.available < green.replicas,
    message: `${green.available} of ${count} of ${name} are available, ${weight} % of the traffic`,
    lengthMs: step === SWITCHED ? knobs.keepOld : 0,
    isManual: step === PREVIEW && !knobs.autoPromote,
    gate: isRetiring || before.isFast ? null : gateOf(view, before, step),
    isComplete:
      isRetiring &&
      isSameSplit(sharesOf(view), [wholeOf(target, demand)]) &&
      isComplete(demand, countsOf(view, target)),
  };
}

function greenWeight(view: ServiceView, { target }: RolloutRun): number {
  const shares = sharesOf(view);
  const own = shares.find(({ revision }) => revision === target);
  if (own === undefined) return 0;
  return own.weight ?? (shares.length === 1 ? 100 : 0);
}

/**
 * Whether a preview has traffic is its operator's affair. If it has, it is measured and compared; as long
 * as it has none its thresholds wait, for requests or for somebody who promotes it.
 */
function gateOf(view: ServiceView, { target, stable }: RolloutRun, step: number): GatePlan {
  const scope = { service: view.name, revision: target, isBaseline: false };
  const baseline = { service: view.name, revision: stable, isBaseline: false };
  const says = 'the preview compared with stable';
  return {
    key: step === PREVIEW ? 'preview' : 'switched',
    scope,
    groups:
      step === PREVIEW ? { key: 'preview', canary: scope, baselines: [baseline], says } : null,
    lengthMs: 0,
    isBackground: false,
    needs: 'thresholds',
    waitsForData: step === PREVIEW,
  };
}
