/**
 * One pass over one service, in two halves. `look` folds in what was seen and makes the picture that
 * every controller decides from; `decide` judges what they want, writes it down, and moves along what was
 * decided before. Between the halves the controllers answer, each from the same picture; one that does
 * not answer contributes nothing, and what it decided before holds. Pure.
 */
import type { Decision } from '../protocol/decision.ts';
import type { ServiceView } from '../protocol/fleet-view.ts';
import type { Intent } from '../protocol/intent.ts';
import { admit } from './admission.ts';
import { applyAct } from './apply-act.ts';
import { type Effect, effectsOf } from './effects.ts';
import { withinHistory } from './forget-revisions.ts';
import { type Observation, observe } from './observations.ts';
import { placementIntents } from './placement.ts';
import { policyIntents } from './policy-wave.ts';
import { RecordDraft } from './record-draft.ts';
import type { ControllerStates, ServiceRecord } from './records.ts';
import { type PassSurroundings, viewOf } from './service-view.ts';
import { settle } from './settle.ts';

/** The records with what was seen, and the picture made of them. */
export type Look = {
  readonly record: ServiceRecord;
  readonly view: ServiceView;
  /** Observations that changed something: all that a replay needs. */
  readonly used: readonly Observation[];
  /** Observations that have to wait for the next pass. */
  readonly deferred: readonly Observation[];
  /** Nothing of what was decided before could be moved along. */
  readonly isAtRest: boolean;
  readonly pace?: number | undefined;
};

/** What the controllers of one service answered in time. */
export type Answers = {
  /** Of those who answered; the others' stay. */
  readonly states: Partial<ControllerStates>;
  readonly intents: readonly Intent[];
};

/** What a pass came to. Nothing of it is true before `record` is stored. */
export type PassResult = {
  readonly record: ServiceRecord;
  readonly decisions: readonly Decision[];
  /** Number of the first decision that was admitted; the others follow. */
  readonly firstAdmitted: number;
  readonly effects: readonly Effect[];
};

/** Folds in what was seen. */
export function look(
  before: ServiceRecord,
  observations: readonly Observation[],
  around: PassSurroundings,
): Look {
  const { record: seen, used, deferred } = observe(before, observations, around);
  // What was seen may end what was under way: nobody decides on what is gone.
  const record = settle(seen, around.nowMs, around.pace, around.zones);
  const isAtRest = record === seen;
  return { record, view: viewOf(record, around), used, deferred, isAtRest, pace: around.pace };
}

/**
 * Judges, writes down, moves along. What controllers want comes first; then placement, from what was
 * just decided: an instance that was wanted a moment ago is not started for a split that is over.
 */
export function decide({ record, view, pace, isAtRest }: Look, answers: Answers): PassResult {
  const { nowMs } = view;
  const taken = new Set<string>();
  const intents = record.removal
    ? answers.intents.filter(isForTheGone)
    : [...answers.intents, ...policyIntents(view)];
  const goals = judged(record, view, intents, { taken, pace });
  const now = goals.record === record ? view : viewAfter(goals.record, view);
  const places = judged(goals.record, now, placementIntents(now), { taken, pace });
  const decisions = [...goals.decisions, ...places.decisions];
  const decided = withStates(places.record, answers.states);
  // The same records at the same moment: nothing moves that did not move before the controllers.
  const isSame = isAtRest && places.record === record;
  const next = withinHistory(isSame ? decided : settle(decided, nowMs, pace, view.zones));
  return {
    record: next,
    decisions,
    firstAdmitted: record.decisions + 1,
    effects: effectsOf(next),
  };
}

/** Nobody plans for a service that goes; only what operators want, and who has to end, counts. */
function isForTheGone({ who, act }: Intent): boolean {
  return who === 'operator' || act.kind === 'fence';
}

/** What was admitted is written down. */
function judged(
  record: ServiceRecord,
  view: ServiceView,
  intents: readonly Intent[],
  { taken, pace }: { readonly taken: Set<string>; readonly pace: number | undefined },
): { readonly record: ServiceRecord; readonly decisions: readonly Decision[] } {
  const decisions = admit(view, intents, taken, pace);
  const draft = new RecordDraft(record);
  let decision = record.decisions;
  for (const { intent, verdict } of decisions) {
    if (verdict.kind !== 'admitted') continue;
    applyAct(draft, { intent, nowMs: view.nowMs, decision: ++decision });
  }
  if (decision !== record.decisions) draft.set({ decisions: decision });
  return { record: draft.done(), decisions };
}

/**
 * The same moment, and what has been decided in it. Who was let back into the traffic a moment ago is not
 * counted on yet: no router has heard of it.
 */
function viewAfter(record: ServiceRecord, before: ServiceView): ServiceView {
  const after = viewAt(record, before);
  const out = new Set(before.instances.filter(({ isEjected }) => isEjected).map(({ id }) => id));
  if (out.size === 0) return after;
  const instances = after.instances.map((one) =>
    out.has(one.id) ? { ...one, isEjected: true } : one,
  );
  return { ...after, instances };
}

function viewAt(record: ServiceRecord, { metric, ...view }: ServiceView): ServiceView {
  const { region, zones, nowMs, maxStalenessMs, isFrozen, reservations, sliceLoads } = view;
  const around = { region, zones, nowMs, maxStalenessMs, isFrozen, reservations, sliceLoads };
  return viewOf(record, { ...around, metric });
}

/** A state that says the same as before is the same: it is not written again. */
function withStates(record: ServiceRecord, states: Answers['states']): ServiceRecord {
  const changed = Object.entries(states).filter(
    ([kind, state]) => !isSameData(record.controllers[kind as keyof ControllerStates], state),
  );
  if (changed.length === 0) return record;
  const controllers = { ...record.controllers, ...Object.fromEntries(changed) };
  return { ...record, controllers };
}

/** Two states that are written alike: what is the same object inside is not looked into. */
function isSameData(before: unknown, after: unknown): boolean {
  if (before === after) return true;
  if (!isObject(before) || !isObject(after)) return false;
  const names = Object.keys(after);
  if (names.join() !== Object.keys(before).join()) return false;
  return names.every((name) => {
    const [one, other] = [before[name], after[name]];
    return one === other || JSON.stringify(one) === JSON.stringify(other);
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
