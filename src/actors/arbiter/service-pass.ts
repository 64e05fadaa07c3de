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
import { type Observation, observe } from './observations.ts';
import { placementIntents } from './placement.ts';
import { RecordDraft } from './record-draft.ts';
import type { ControllerStates, ServiceRecord } from './records.ts';
import { type PassSurroundings, viewOf } from './service-view.ts';
import { settle } from './settle.ts';

/** The records with what was seen, and the picture made of them. */
export type Look = { readonly record: ServiceRecord; readonly view: ServiceView };

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
  const seen = observe(before, observations, around);
  // What was seen may end what was under way: nobody decides on what is gone.
  const record = settle(seen, around.nowMs);
  return { record, view: viewOf(record, around) };
}

/** Judges, writes down, moves along. */
export function decide({ record, view }: Look, answers: Answers): PassResult {
  const intents = [...answers.intents, ...placementIntents(view)];
  const decisions = admit(view, intents);
  const firstAdmitted = record.decisions + 1;
  let decision = record.decisions;
  const draft = new RecordDraft(record);
  for (const { intent, verdict } of decisions) {
    if (verdict.kind !== 'admitted') continue;
    applyAct(draft, intent.act, { nowMs: view.nowMs, decision: ++decision });
  }
  const next = settle(withAnswers(draft.done(), answers, decision), view.nowMs);
  return { record: next, decisions, firstAdmitted, effects: effectsOf(next) };
}

/** A state that says the same as before is the same: it is not written again. */
function withAnswers(record: ServiceRecord, { states }: Answers, decisions: number): ServiceRecord {
  const changed = Object.entries(states).filter(([kind, state]) => {
    const before = record.controllers[kind as keyof ControllerStates];
    return before !== state && JSON.stringify(before) !== JSON.stringify(state);
  });
  if (changed.length === 0 && decisions === record.decisions) return record;
  const controllers =
    changed.length === 0
      ? record.controllers
      : { ...record.controllers, ...Object.fromEntries(changed) };
  return { ...record, controllers, decisions };
}
