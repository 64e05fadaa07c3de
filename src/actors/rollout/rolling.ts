/**
 * The rolling strategy of a stateless service: the new revision grows as the others shrink, as a
 * Deployment of Kubernetes does it, also when the demand changes on the way. One step; thresholds are
 * measured all along and have to be good at its end. Also the way back where no router splits the
 * traffic. Called by the rollout machine. Pure.
 */
import { compareText } from '../arithmetic/compare-text.ts';
import type { ServiceView } from '../protocol/fleet-view.ts';
import type { RevisionId } from '../protocol/identity.ts';
import type { Share } from '../protocol/intent.ts';
import { isComplete } from './progress.ts';
import { resizeRevisions } from './proportional-scaling.ts';
import { rollingStep } from './rolling-replicas.ts';
import type { RolloutRun } from './rollout-state.ts';
import {
  ageOf,
  countsOf,
  isSameSplit,
  limitsOf,
  nameOf,
  sharesOf,
  sizeOf,
  splitUnlessSame,
  wholeOf,
  withoutEmpty,
} from './seen-sizes.ts';
import type { StepPlan } from './step-plan.ts';

const STEPS = 1;

/**
 * One look. `held`: the target does not grow, but its part follows the demand; `direct`: there is
 * nothing beside it, and never was.
 */
export function rollingPlan(
  view: ServiceView,
  before: RolloutRun,
  way: 'rolled' | 'held' | 'direct',
): StepPlan {
  const { target } = before;
  const { demand } = view.goal;
  const resize = resized(view, before, target);
  const { run } = resize;
  const moving = way === 'held' ? sharesOf(view) : rolledSplit(view, target);
  const shares = way === 'direct' ? [wholeOf(target, demand)] : (resize.shares ?? moving);
  const size = sizeOf(view, { revision: target });
  const name = nameOf(view, target);
  const intents = splitUnlessSame(view, shares, {
    why: `rolling: ${name} ${size.replicas} → ${countIn(shares, target)} of ${demand}`,
    alternatives: ['wait until more of it are available'],
  });
  const isRolled = isSameSplit(sharesOf(view), [wholeOf(target, demand)]);
  const isDone = isRolled && isComplete(demand, countsOf(view, target));
  const total = sharesOf(view).reduce((sum, { count }) => sum + count, 0);
  return {
    run: { ...run, hasShrunkStable: true },
    intents,
    steps: STEPS,
    weight: total === 0 ? 0 : Math.round((100 * size.replicas) / total),
    isInEffect: isDone,
    isAtFault: size.available < size.replicas,
    message: `${size.available} of ${demand} of ${name} are available`,
    lengthMs: 0,
    isManual: false,
    gate: gateOf(view, run),
    isComplete: isDone,
  };
}

/** Measured as soon as something of it serves; its part grows meanwhile. Past it nobody asks again. */
function gateOf(view: ServiceView, run: RolloutRun): StepPlan['gate'] {
  if (run.isFast || run.step >= STEPS) return null;
  return {
    key: 'rolling',
    scope: { service: view.name, revision: run.target, isBaseline: false },
    groups: null,
    lengthMs: 0,
    isBackground: !isSameSplit(sharesOf(view), [wholeOf(run.target, view.goal.demand)]),
    needs: 'thresholds',
  };
}

/** The next moment's split on the way to one revision. */
export function rolledSplit(view: ServiceView, to: RevisionId): readonly Share[] {
  const old = oldShares(view, to);
  const sizes = rollingStep({
    desired: view.goal.demand,
    fenceposts: limitsOf(view),
    next: sizeOf(view, { revision: to }),
    old: old.map((share) => sizeOf(view, share)),
  });
  return splitOf(to, sizes.next, old, sizes.old);
}

/** The demand has changed since the last split: every revision keeps its part. */
export function resized(
  view: ServiceView,
  run: RolloutRun,
  target: RevisionId,
): { readonly run: RolloutRun; readonly shares: readonly Share[] | null } {
  const { demand } = view.goal;
  const { surge } = limitsOf(view);
  const sized = { desired: demand, max: demand + surge };
  const { resizing } = run;
  // What was wanted for another demand may be there by now.
  const isThere = resizing !== null && isSameSplit(sharesOf(view), resizing.shares);
  const last = isThere ? resizing : run.sized;
  if (last === null || last.desired === demand) {
    return { run: { ...run, sized, resizing: null }, shares: null };
  }
  const pending = resizing?.desired === demand ? resizing.shares : resizedSplit(view, last, target);
  if (isSameSplit(sharesOf(view), pending)) {
    return { run: { ...run, sized, resizing: null }, shares: null };
  }
  const was = { desired: last.desired, max: last.max };
  return { run: { ...run, sized: was, resizing: { ...sized, shares: pending } }, shares: pending };
}

function resizedSplit(
  view: ServiceView,
  { desired, max }: NonNullable<RolloutRun['sized']>,
  target: RevisionId,
): readonly Share[] {
  const old = oldShares(view, target).toReversed();
  const next = sizeOf(view, { revision: target });
  const remembered = { rememberedDesired: desired, rememberedMax: max };
  const sizes = resizeRevisions({
    desired: view.goal.demand,
    surge: limitsOf(view).surge,
    counted: sharesOf(view).reduce((sum, { count }) => sum + count, 0),
    next: { ...next, ...remembered },
    old: old.map(({ count }) => ({ replicas: count, ...remembered })),
  });
  return withoutEmpty(splitOf(target, sizes.next ?? 0, old, sizes.old));
}

/** Oldest first; of a revision its baseline first. */
function oldShares(view: ServiceView, to: RevisionId): readonly Share[] {
  return sharesOf(view)
    .filter((share) => share.revision !== to || share.isBaseline)
    .toSorted(
      (a, b) =>
        ageOf(view, a.revision) - ageOf(view, b.revision) ||
        compareText(a.revision, b.revision) ||
        Number(b.isBaseline) - Number(a.isBaseline),
    );
}

function splitOf(
  to: RevisionId,
  next: number,
  old: readonly Share[],
  counts: readonly number[],
): readonly Share[] {
  const rest = old.map((share, i) => ({ ...share, count: counts[i] ?? 0, weight: null }));
  return [wholeOf(to, next), ...rest.filter(({ count }) => count > 0)];
}

function countIn(shares: readonly Share[], revision: RevisionId): number {
  return shares
    .filter((share) => share.revision === revision)
    .reduce((sum, { count }) => sum + count, 0);
}
