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
  /** Number of the first decision; the others follow. */
  readonly firstDecision: number;
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
  const firstDecision = record.decisions + 1;
  let next = record;
  decisions.forEach(({ intent, verdict }, i) => {
    if (verdict.kind !== 'admitted') return;
    next = applyAct(next, intent.act, { nowMs: view.nowMs, decision: firstDecision + i });
  });
  next = settle(withAnswers(next, answers, decisions.length), view.nowMs);
  return { record: next, decisions, firstDecision, effects: effectsOf(next) };
}

function withAnswers(record: ServiceRecord, { states }: Answers, decisions: number): ServiceRecord {
  const controllers = { ...record.controllers, ...states };
  const isSame = Object.entries(states).every(
    ([kind, state]) => record.controllers[kind as keyof ControllerStates] === state,
  );
  if (isSame && decisions === 0) return record;
  return {
    ...record,
    controllers: isSame ? record.controllers : controllers,
    decisions: record.decisions + decisions,
  };
}
