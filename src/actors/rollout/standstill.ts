/**
 * Where a rollout is when no target grows: calm, restarting, going back after a gate has failed, aborted
 * and waiting for `retry`. How it goes back is retreat.ts's. Called by the rollout machine. Pure.
 */
import type { ControllerStep } from '../protocol/controller-step.ts';
import type { ServiceView } from '../protocol/fleet-view.ts';
import type { Intent } from '../protocol/intent.ts';
import { isOverdue } from './progress.ts';
import { restartStep } from './restart.ts';
import { type Retreat, type RetreatStep, retreatStep } from './retreat.ts';
import { moved, type RolloutState, type RolloutStatus } from './rollout-state.ts';
import {
  countsOf,
  isSlotServed,
  nameOf,
  neededSlots,
  proposal,
  revisionOf,
  sharesOf,
} from './seen-sizes.ts';

type Step = ControllerStep<RolloutState>;

/** Stable never was anything: whatever is there stays. */
const NOWHERE: RetreatStep = {
  intents: [],
  others: 0,
  isBack: true,
  isDone: () => true,
  weight: 0,
  message: 'there is nothing to go back to',
};

/** Nothing is being rolled out: everything is at stable, and as many as are needed. */
export function calmStep(state: RolloutState, view: ServiceView): Step {
  const name = nameOf(view, view.goal.stable);
  const back = retreatStep(view, retreatOf(state, view, `nothing but ${name} is wanted`));
  if (back.others > 0 || (state.phase === 'rollingBack' && !back.isDone())) {
    return told(moved(state, 'rollingBack', view.nowMs), back, statusOf(back, back.message));
  }
  const idle = { ...state, run: null };
  if (state.restart !== null) return restarting(idle, state.restart, view, back);
  const intents = [...back.intents, ...provenIntents(view, back)];
  const status = statusOf(back, `${name} is stable`);
  return told(moved(idle, 'idle', view.nowMs), { intents }, status);
}

/** A service's first revision is stable when all of it has served once. */
function provenIntents(view: ServiceView, { isBack }: RetreatStep): readonly Intent[] {
  const { stable, demand } = view.goal;
  if (!isBack || demand === 0 || revisionOf(view, stable)?.stableMs !== null) return [];
  const slots = neededSlots(view);
  const isServed =
    view.spec.kind === 'sharded'
      ? slots.length > 0 && slots.every((slot) => isSlotServed(view, slot))
      : countsOf(view, stable).available >= demand;
  if (!isServed) return [];
  const why = `all ${demand} of ${nameOf(view, stable)}, the first revision, are available`;
  return [proposal(view, { kind: 'setStable', revision: stable }, { why })];
}

function restarting(
  state: RolloutState,
  past: NonNullable<RolloutState['restart']>,
  view: ServiceView,
  back: RetreatStep,
): Step {
  const { nowMs } = view;
  const { intents, left, isAtFault } = restartStep(view, past.beforeMs);
  const ended = (lastNote: string): Step =>
    told(
      moved({ ...state, restart: null, lastNote }, 'idle', nowMs),
      back,
      statusOf(back, lastNote),
    );
  if (left === 0 && !isAtFault) return ended('all instances were restarted');
  const isBetter = left < past.left || !isAtFault || view.isFrozen;
  const restart = { ...past, left, progressMs: isBetter ? nowMs : past.progressMs };
  const deadlineMs = view.spec.rollout.progressDeadline;
  if (isOverdue(deadlineMs / 1000, (nowMs - restart.progressMs) / 1000, false)) {
    return ended(`the restart was given up, ${left} left: no progress for ${deadlineMs} ms`);
  }
  const calm = state.phase === 'restarting' ? state : moved(state, 'idle', nowMs);
  const next = moved({ ...calm, restart }, 'restarting', nowMs);
  return told(
    next,
    { ...back, intents: [...back.intents, ...intents] },
    {
      ...statusOf(back, `${left} instances are to be restarted`),
    },
  );
}

/** Somebody wants to try it again: the block goes, then it begins from the start. */
export function retryStep(state: RolloutState, view: ServiceView): Step {
  const { target } = view.goal;
  const back = retreatStep(view, retreatOf(state, view, `${nameOf(view, target)} was aborted`));
  const why = `an operator wants ${nameOf(view, target)} to be tried again`;
  const unblock = proposal(view, { kind: 'unblockRevision', revision: target }, { why });
  const phase = state.phase === 'aborted' ? 'aborted' : 'rollingBack';
  const next = moved(toRetreat(state, view), phase, view.nowMs);
  return told(next, { ...back, intents: [unblock, ...back.intents] }, statusOf(back, why));
}

/** The target was given up, by us or by others: back to stable, and it stays blocked. */
export function turnedBackStep(state: RolloutState, view: ServiceView, isBlocked: boolean): Step {
  const { target } = view.goal;
  const reason = state.aborted?.reason ?? 'it is blocked';
  const name = nameOf(view, target);
  const back = isFirst(view, view.goal.stable)
    ? NOWHERE
    : retreatStep(view, retreatOf(state, view, `${name} was aborted, ${reason}`));
  const block = proposal(
    view,
    { kind: 'blockRevision', revision: target, reason },
    { priority: 'rollback', why: `${name} is not to be started again by itself: ${reason}` },
  );
  const intents = isBlocked ? back.intents : [block, ...back.intents];
  const isOver = back.isDone() || (back.isBack && state.phase === 'aborted');
  const status = { ...statusOf(back, `${reason}; ${back.message}`), pausedFor: null };
  if (!isOver) {
    const next = moved(toRetreat(state, view), 'rollingBack', view.nowMs);
    return told(next, { ...back, intents }, status);
  }
  const done = moved({ ...toRetreat(state, view), run: null }, 'aborted', view.nowMs);
  return told(done, { ...back, intents }, { ...status, message: `aborted: ${reason}` });
}

/** What a run had begun is over; what it took from stable is remembered until all is back. */
function toRetreat(state: RolloutState, { goal }: ServiceView): RolloutState {
  const run = state.run?.target === goal.target ? state.run : null;
  return { ...state, run, restart: null };
}

function retreatOf({ run }: RolloutState, view: ServiceView, why: string): Retreat {
  const { rollout } = view.spec;
  return {
    why,
    hasShrunkStable: run?.hasShrunkStable ?? hasShrunk(view),
    keeps:
      rollout.strategy === 'canary' &&
      rollout.keepAborted &&
      view.goal.target !== view.goal.stable &&
      run?.isRestored !== false,
  };
}

/** Nothing is remembered: as it is written down. */
export function hasShrunk(view: ServiceView): boolean {
  const { stable, demand } = view.goal;
  const own = sharesOf(view).find((one) => one.revision === stable && !one.isBaseline);
  return own === undefined || own.count < demand;
}

/** Stable never was complete, and nothing of it serves, seen of late or not: there is nothing to keep. */
export function isFirst(view: ServiceView, stable: string): boolean {
  const isKnown = (revisionOf(view, stable)?.stableMs ?? null) !== null;
  if (isKnown || countsOf(view, stable).available > 0) return false;
  // Who is not seen may serve all the same: blindness is no absence.
  return !view.instances.some(
    (one) =>
      one.revision === stable &&
      (one.state === 'unknown' || one.state === 'ready') &&
      view.nowMs - one.seenMs > view.maxStalenessMs,
  );
}

/** For people, while nothing grows. */
export function statusOf({ weight }: RetreatStep, message: string): RolloutStatus {
  return { step: 0, steps: 0, weight, pausedFor: null, message };
}

/** What is remembered, with what people are told of it. */
export function told(
  state: RolloutState,
  { intents }: { readonly intents: readonly Intent[] },
  status: RolloutStatus,
): Step {
  return { state: { ...state, status }, intents, againMs: null };
}
