/**
 * What operators say to a rollout. Verbs are numbered, and each is done once, in order; one that says
 * nothing in the present phase is ignored, with a note. Called by the rollout machine. Pure.
 */
import { compareText } from '../arithmetic/compare-text.ts';
import type { RevisionView, ServiceView, VerbView } from '../protocol/fleet-view.ts';
import { NO_GATES } from './gates.ts';
import { atStep, newRun, type RolloutRun, type RolloutState } from './rollout-state.ts';
import { nameOf, revisionOf } from './seen-sizes.ts';

/** All that were said since the last look. */
export function afterVerbs(state: RolloutState, view: ServiceView): RolloutState {
  return view.verbs
    .filter(({ number }) => number > state.verbSeen)
    .toSorted((a, b) => a.number - b.number)
    .reduce((past, verb) => ({ ...afterVerb(past, view, verb), verbSeen: verb.number }), state);
}

function afterVerb(state: RolloutState, view: ServiceView, verb: VerbView): RolloutState {
  const { run } = state;
  const isActive = run !== null && !isTurnedBack(state, view);
  switch (verb.verb) {
    case 'retry':
      return retried(state, view);
    case 'undo':
      return undone(state, view, verb);
    case 'restart':
      return restarted(state, view, verb);
    default:
      if (!isActive) return ignored(state, verb, 'nothing is being rolled out');
      return afterRunVerb(state, run, view, verb);
  }
}

/** Verbs about a run that goes on. */
function afterRunVerb(
  state: RolloutState,
  run: RolloutRun,
  view: ServiceView,
  verb: VerbView,
): RolloutState {
  const { nowMs } = view;
  const note = (lastNote: string, next: RolloutRun): RolloutState => ({
    ...state,
    run: next,
    lastNote,
  });
  switch (verb.verb) {
    case 'promote':
      if (!run.isRestored) return ignored(state, verb, 'it has not begun');
      return note(`promoted past step ${run.step + 1}`, {
        ...atStep(run, run.step + 1, nowMs),
        gates: NO_GATES,
      });
    case 'promoteFull':
      return note('promoted past all steps', {
        ...run,
        isFast: true,
        pause: null,
        progressMs: nowMs,
      });
    case 'pause':
      return note('paused', { ...run, pause: { kind: 'operator', why: 'an operator paused it' } });
    case 'resume':
      if (run.pause === null) return ignored(state, verb, 'it is not paused');
      return note('resumed', resumed(run, run.pause.kind, nowMs));
    default:
      return { ...state, ...abortedBy(state, run, 'operator'), lastNote: 'aborted' };
  }
}

/** What had come to no good end is measured anew; a manual step is over. */
function resumed(
  run: RolloutRun,
  kind: NonNullable<RolloutRun['pause']>['kind'],
  nowMs: number,
): RolloutRun {
  const next = { ...run, pause: null, progressMs: nowMs };
  if (kind === 'manual') return { ...next, isResumed: true };
  if (kind === 'operator') return next;
  return { ...next, gates: NO_GATES, effectMs: null, seenMs: null };
}

/** It turns back, and the target is not tried again by itself. */
export function abortedBy(
  state: RolloutState,
  run: RolloutRun,
  reason: string,
): Pick<RolloutState, 'aborted' | 'run' | 'retrying'> {
  return {
    aborted: { revision: run.target, reason },
    run: { ...run, pause: null, gates: NO_GATES },
    retrying: state.retrying === run.target ? null : state.retrying,
  };
}

/** Whether the target is one that was given up. */
export function isTurnedBack({ aborted }: RolloutState, { goal, revisions }: ServiceView): boolean {
  if (goal.target === goal.stable) return false;
  if (aborted?.revision === goal.target) return true;
  return revisions.some(({ id, isBlocked }) => id === goal.target && isBlocked);
}

function retried(state: RolloutState, view: ServiceView): RolloutState {
  const { target, stable } = view.goal;
  if (isTurnedBack(state, view)) {
    const lastNote = `${nameOf(view, target)} is tried again`;
    return { ...state, aborted: null, run: null, retrying: target, lastNote };
  }
  const { run } = state;
  if (run?.pause?.kind === 'failed') {
    const again = newRun({ target, stable }, view.nowMs, run.isFast);
    return { ...state, run: again, lastNote: 'it begins again' };
  }
  return { ...state, lastNote: 'retry ignored: nothing was aborted' };
}

function undone(state: RolloutState, view: ServiceView, verb: VerbView): RolloutState {
  const { goal } = view;
  const to = verb.to === null ? previousOf(view) : revisionOf(view, verb.to);
  if (to === undefined) {
    return ignored(
      state,
      verb,
      verb.to === null ? 'there is none before' : `no ${verb.to} is kept`,
    );
  }
  if (to.isBlocked) return ignored(state, verb, `${to.version} was aborted; retry it first`);
  if (to.id === goal.target) return ignored(state, verb, `${to.version} is the target already`);
  return { ...state, undo: { from: goal.target, to: to.id }, lastNote: `back to ${to.version}` };
}

/** On the way to a target: stable; else what was stable before it. */
function previousOf(view: ServiceView): RevisionView | undefined {
  const { goal } = view;
  if (goal.target !== goal.stable) return revisionOf(view, goal.stable);
  return stableBefore(view)[0];
}

/** What was stable before, newest first; nothing that was aborted. */
export function stableBefore({ goal, revisions }: ServiceView): readonly RevisionView[] {
  return revisions
    .filter(({ id, stableMs, isBlocked }) => id !== goal.stable && stableMs !== null && !isBlocked)
    .toSorted((a, b) => (b.stableMs ?? 0) - (a.stableMs ?? 0) || compareText(a.id, b.id));
}

function restarted(state: RolloutState, view: ServiceView, verb: VerbView): RolloutState {
  if (view.goal.target !== view.goal.stable) {
    return ignored(state, verb, 'another revision is on its way, or was aborted');
  }
  const restart = {
    beforeMs: verb.atMs,
    left: Number.MAX_SAFE_INTEGER,
    progressMs: view.nowMs,
  };
  return { ...state, restart, lastNote: 'it is being restarted' };
}

function ignored(state: RolloutState, { verb }: VerbView, why: string): RolloutState {
  return { ...state, lastNote: `${verb} ignored: ${why}` };
}
