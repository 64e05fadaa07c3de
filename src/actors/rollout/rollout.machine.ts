/**
 * Brings a service from its stable revision to the target, step by step, and back again when a gate
 * fails. It owns the split, the target and stable; the demand is the autoscaler's, the places are the
 * arbiter's. One file for each strategy says what a step asks for; here is decided whether it goes on,
 * waits, pauses or turns back. The phases are drawn in rollout-state.ts. Pure.
 */
import type { ControllerStep } from '../protocol/controller-step.ts';
import type { ServiceView } from '../protocol/fleet-view.ts';
import type { Intent } from '../protocol/intent.ts';
import { blueGreenPlan } from './blue-green.ts';
import { canaryPlan } from './canary.ts';
import { type GateVerdict, gateVerdict, measured, plannedMs } from './gates.ts';
import { hasProgressed, isOverdue, type RolloutCounts } from './progress.ts';
import { retreatStep } from './retreat.ts';
import { rollingPlan } from './rolling.ts';
import {
  atStep,
  moved,
  newRun,
  type Pause,
  type RolloutPhase,
  type RolloutRun,
  type RolloutState,
  type RolloutStatus,
} from './rollout-state.ts';
import { countsOf, nameOf, proposal, revisionOf, sharesOf } from './seen-sizes.ts';
import {
  calmStep,
  hasShrunk,
  isFirst,
  retryStep,
  statusOf,
  told,
  turnedBackStep,
} from './standstill.ts';
import type { StepPlan } from './step-plan.ts';
import { abortedBy, afterVerbs, isTurnedBack, stableBefore } from './verbs.ts';
import { zonesPlan } from './zones.ts';

/** What happened: the picture of this pass, verbs included. */
export type RolloutInput = { readonly view: ServiceView };

type Step = ControllerStep<RolloutState>;

/** Phases in which no run goes on; one that begins is another one. */
const NO_RUN: readonly RolloutPhase[] = ['idle', 'restarting', 'rollingBack', 'aborted'];

/** One pass. */
export function rolloutStep(before: RolloutState, { view }: RolloutInput): Step {
  const step = decided(withUndo(afterVerbs(before, view), view), view);
  const undo = undoIntents(step.state, view);
  const intents = admissible(view, [...undo, ...step.intents]);
  const { phase } = step.state;
  const isCalm = (phase === 'idle' || phase === 'aborted') && intents.length === 0;
  return { ...step, intents, againMs: isCalm ? null : view.nowMs };
}

function decided(state: RolloutState, view: ServiceView): Step {
  const { goal } = view;
  if (goal.target === goal.stable) return calmStep(dropped(state), view);
  const isBlocked = revisionOf(view, goal.target)?.isBlocked === true;
  if (state.retrying === goal.target) {
    if (isBlocked) return retryStep(state, view);
    return runStep({ ...state, retrying: null, aborted: null, run: null, restart: null }, view);
  }
  if (isTurnedBack(state, view)) return turnedBackStep(state, view, isBlocked);
  return runStep({ ...state, aborted: null, restart: null }, view);
}

/** There is no target any more that a run could go to. */
function dropped(state: RolloutState): RolloutState {
  return { ...state, aborted: null, retrying: null };
}

/** On the way to the target. */
function runStep(before: RolloutState, view: ServiceView): Step {
  const { nowMs } = view;
  const begun = withRun(before, view);
  let { state, run } = begun;
  if (!run.isRestored) {
    const back = restoredStep(state, run, view);
    if (back !== null) return back;
    run = { ...run, isRestored: true, progressMs: nowMs };
  }
  const isHeld = run.pause !== null;
  const plan = planOf(view, run, isHeld);
  run = progressed(plan.run, plan, view);
  if (plan.gate !== null && run.effectMs !== null && countsOf(view, run.target).available > 0) {
    run = { ...run, gates: measured(view, run.gates, plan.gate) };
  }
  if (plan.isComplete && run.pause === null && run.step >= plan.steps) {
    return completed({ ...state, run }, plan, view);
  }
  const look = { plan, view, isOver: isOver(run, plan, nowMs) };
  const failure = failureOf(run, look);
  if (failure !== null) return failed({ ...state, run }, run, failure, look);
  run = pausedOr(run, look);
  if (run.pause === null && mayLeave(run, look)) {
    state = { ...state, run: atStep(run, run.step + 1, nowMs) };
    return runStep(moved(state, phaseOf(run, plan), nowMs), view);
  }
  return running({ ...state, run }, run, plan, view);
}

/** The run to this target; another target, or another stable, begins a new one. */
function withRun(
  state: RolloutState,
  view: ServiceView,
): { readonly state: RolloutState; readonly run: RolloutRun } {
  const { target, stable } = view.goal;
  const { run, phase } = state;
  const isGoingOn = !NO_RUN.includes(phase);
  if (run !== null && isGoingOn && run.target === target && run.stable === stable) {
    return { state, run };
  }
  const next = newRun({ target, stable }, view.nowMs, isFast(view));
  return { state: moved({ ...state, run: next }, 'restoring', view.nowMs), run: next };
}

/** Back to one of the last stable ones, or nothing to keep: steps and analysis would say nothing. */
function isFast(view: ServiceView): boolean {
  const { target, stable } = view.goal;
  const { rollbackWindow } = view.spec.rollout;
  const window = stableBefore(view).slice(0, rollbackWindow);
  return window.some(({ id }) => id === target) || isFirst(view, stable);
}

/** What a superseded run has left goes first; null: nothing is left of it. */
function restoredStep(state: RolloutState, run: RolloutRun, view: ServiceView): Step | null {
  if (isFirst(view, run.stable)) return null;
  const { kind, rollout } = view.spec;
  const isRolling = kind === 'stateless' && rollout.strategy === 'rolling';
  const isRouted = sharesOf(view).some(({ weight }) => weight !== null);
  if (isRolling && !isRouted) return null;
  const name = nameOf(view, run.target);
  const back = retreatStep(view, {
    why: `${name} begins from stable`,
    hasShrunkStable: hasShrunk(view),
    keeps: false,
  });
  if (back.isBack) return null;
  const next = moved({ ...state, run }, 'restoring', view.nowMs);
  return told(next, back, statusOf(back, `before ${name} begins: ${back.message}`));
}

function planOf(view: ServiceView, run: RolloutRun, isHeld: boolean): StepPlan {
  const { kind, rollout } = view.spec;
  if (kind === 'sharded') return zonesPlan(view, run, isHeld);
  if (isFirst(view, run.stable)) return rollingPlan(view, run, 'direct');
  if (rollout.strategy === 'canary') return canaryPlan(view, run, rollout, isHeld);
  if (rollout.strategy === 'blueGreen') return blueGreenPlan(view, run, rollout, isHeld);
  return rollingPlan(view, run, isHeld ? 'held' : 'rolled');
}

/** What was reached of the step, and when something was reached last. */
function progressed(run: RolloutRun, plan: StepPlan, view: ServiceView): RolloutRun {
  const { nowMs, isFrozen } = view;
  const counts = countsOf(view, run.target);
  const isBetter = run.best === null || hasProgressed(run.best, counts);
  const stands = plan.isInEffect || !plan.isAtFault || isFrozen || run.pause !== null;
  return {
    ...run,
    best: run.best === null ? counts : bestOf(run.best, counts),
    progressMs: isBetter || stands ? nowMs : run.progressMs,
    effectMs: run.effectMs ?? (plan.isInEffect || isMeasuredAlong(plan) ? nowMs : null),
  };
}

/** Of a rolling update the part grows while it is measured. */
function isMeasuredAlong({ gate }: StepPlan): boolean {
  return gate?.key === 'rolling';
}

/** Up and down again is no progress. */
function bestOf(past: RolloutCounts, now: RolloutCounts): RolloutCounts {
  const updated = Math.max(past.updated, now.updated);
  const old = Math.min(past.current - past.updated, now.current - now.updated);
  return {
    updated,
    current: updated + old,
    ready: Math.max(past.ready, now.ready),
    available: Math.max(past.available, now.available),
  };
}

type Look = { readonly plan: StepPlan; readonly view: ServiceView; readonly isOver: boolean };

/** It has lasted as long as it was to. */
function isOver({ effectMs }: RolloutRun, { lengthMs, isInEffect }: StepPlan, nowMs: number) {
  return isInEffect && effectMs !== null && nowMs - effectMs >= lengthMs;
}

/** What the gates say of what was measured. */
function verdictOf(run: RolloutRun, { plan, view, isOver }: Look): GateVerdict {
  if (plan.gate === null || run.isFast) return { kind: 'good', why: 'nothing is measured' };
  const onlyFailures = run.pause?.kind === 'inconclusive' || run.pause?.kind === 'failed';
  return gateVerdict(view, run.gates, plan.gate, { isOver, onlyFailures });
}

/** A gate has failed; null: none has. */
function failureOf(run: RolloutRun, look: Look): string | null {
  if (run.pause?.kind === 'failed') return null;
  const verdict = verdictOf(run, look);
  if (verdict.kind === 'failed') return verdict.why;
  const deadlineMs = look.view.spec.rollout.progressDeadline;
  const sinceMs = look.view.nowMs - run.progressMs;
  if (!isOverdue(deadlineMs / 1000, sinceMs / 1000, look.plan.isInEffect)) return null;
  return `no progress for ${sinceMs} ms, at most ${deadlineMs}: ${look.plan.message}`;
}

/** Turns back, or waits for somebody where it is not to, or cannot. */
function failed(state: RolloutState, run: RolloutRun, why: string, { plan, view }: Look): Step {
  const { stable } = view.goal;
  const isPossible = !isFirst(view, stable) && revisionOf(view, stable)?.isBlocked !== true;
  if (view.spec.rollout.autoRollback && isPossible) {
    return turnedBackStep({ ...state, ...abortedBy(state, run, why) }, view, false);
  }
  const next = { ...run, pause: { kind: 'failed' as const, why } };
  return running({ ...state, run: next }, next, { ...plan, intents: [] }, view);
}

/** Reasons to wait for somebody. */
function pausedOr(run: RolloutRun, look: Look): RolloutRun {
  const { plan, view } = look;
  const past = run.pause?.kind === 'unmeasured' ? { ...run, pause: null } : run;
  if (past.pause !== null) return past;
  const because = (kind: Pause['kind'], why: string): RolloutRun => ({
    ...past,
    pause: { kind, why },
  });
  const verdict = verdictOf(past, look);
  if (verdict.kind === 'inconclusive') return because('inconclusive', verdict.why);
  if (!look.isOver || run.effectMs === null) return past;
  if (plan.isManual && !run.isResumed && verdict.kind === 'good') {
    return because('manual', `step ${run.step + 1} waits for promote`);
  }
  const { progressDeadline } = view.spec.rollout;
  const sinceMs = view.nowMs - run.effectMs - plan.lengthMs;
  const plannedFor = plannedMs(view.spec);
  if (verdict.kind !== 'undecided') return past;
  if (plan.gate?.waitsForData === true) {
    const why = `${verdict.why}; send requests to the preview, or promote`;
    return sinceMs > plannedFor ? because('unmeasured', why) : past;
  }
  if (sinceMs <= Math.max(progressDeadline, plannedFor)) return past;
  return because('inconclusive', `undecided after ${sinceMs} ms more: ${verdict.why}`);
}

function mayLeave(run: RolloutRun, look: Look): boolean {
  if (run.step >= look.plan.steps || !look.plan.isInEffect) return false;
  if (run.isFast) return true;
  if (!look.isOver || verdictOf(run, look).kind !== 'good') return false;
  return !look.plan.isManual || run.isResumed;
}

/** All of it is there, and nothing else is: this is stable now. */
function completed(state: RolloutState, plan: StepPlan, view: ServiceView): Step {
  const { target } = view.goal;
  const why = `all ${view.goal.demand} are ${nameOf(view, target)} and available`;
  const stable = proposal(view, { kind: 'setStable', revision: target }, { why });
  const next = moved(state, 'promoting', view.nowMs);
  const status = { ...planStatus(plan, state.run), message: why };
  return told(next, { intents: [...plan.intents, stable] }, status);
}

function running(state: RolloutState, run: RolloutRun, plan: StepPlan, view: ServiceView): Step {
  const next = moved(state, phaseOf(run, plan), view.nowMs);
  return told(next, plan, planStatus(plan, run));
}

function phaseOf(run: RolloutRun, plan: StepPlan): RolloutPhase {
  if (run.pause !== null) return 'paused';
  if (run.step >= plan.steps) return 'promoting';
  return plan.isInEffect ? 'analysing' : 'progressing';
}

function planStatus(plan: StepPlan, run: RolloutRun | null): RolloutStatus {
  const step = Math.min((run?.step ?? 0) + 1, plan.steps);
  const pausedFor = run?.pause?.why ?? null;
  const { steps, weight, message } = plan;
  return { step, steps, weight, pausedFor, message: pausedFor ?? message };
}

/** The target is another one by now, whoever made it so: it is not undone once more. */
function withUndo(state: RolloutState, { goal }: ServiceView): RolloutState {
  return state.undo === null || state.undo.from === goal.target ? state : { ...state, undo: null };
}

function undoIntents({ undo }: RolloutState, view: ServiceView): readonly Intent[] {
  if (undo === null) return [];
  const why = `an operator wants ${nameOf(view, undo.to)} back`;
  return [proposal(view, { kind: 'setTarget', revision: undo.to }, { why })];
}

/** Nothing that could only be refused: blocked revisions, and anything but a block while frozen. */
function admissible(view: ServiceView, intents: readonly Intent[]): readonly Intent[] {
  const isBlocked = (id: string): boolean => revisionOf(view, id)?.isBlocked === true;
  return intents.filter(({ act }) => {
    if (view.isFrozen) return act.kind === 'blockRevision';
    return (act.kind !== 'start' && act.kind !== 'replace') || !isBlocked(act.revision);
  });
}
