/**
 * What must hold of a service whatever happens, numbered as people speak of it. Checked after each pass
 * by tests, by the simulator, and in production, where a violation is counted and holds everything that
 * takes something away; it never ends the process. The checks look at the records and at what was decided
 * and share no code with what decides.
 */
import type { Effect } from '../arbiter/effects.ts';
import type { ServiceRecord } from '../arbiter/records.ts';
import type { Decision } from '../protocol/decision.ts';
import type { ServiceView } from '../protocol/fleet-view.ts';
import type { Act, Intent } from '../protocol/intent.ts';

/** Sentences, by number. A17 is shown by killing the brain, and A14 by running a pass again. */
export const INVARIANTS = {
  A1: 'no decision takes a shard below its quorum, or a service below what it has to keep',
  A2: 'at most one zone of a sharded service is disrupted by decision at a time',
  A3: 'routes lead only to instances that are ready, not ejected and not fenced',
  A4: 'a key has its owners in distinct zones, and a generation has one table',
  A5: 'keys move only when members, weights or slices change; a restart moves none',
  A6: 'generations, route numbers, goal numbers and decisions never decrease',
  A7: 'nothing from a deposed leader is accepted',
  A8: 'a ring is never empty and never loses more than it may at once',
  A9: 'a new revision has no more than its step; none is promoted on missing data',
  A10: 'remedies stay within their budget, and stop when too many are ill',
  A11: 'the demand stays in its bounds, and does not shrink on missing data',
  A12: 'the demand turns back at most once in a stabilization window',
  A13: 'nothing is taken away on an old look',
  A14: 'a pass that is run again decides nothing new',
  A15: 'each field of a goal is written by its owner, once in a pass',
  A16: 'when nothing more happens, what is wanted comes to be',
  A17: 'routing and instances survive the loss of the brain',
  A18: 'every operation has its decision, and every effect its record',
} as const;

/** The number of one. */
export type InvariantId = keyof typeof INVARIANTS;

/** One that does not hold. */
export type Violation = { readonly invariant: InvariantId; readonly what: string };

/** One pass, as it was and as it came out. */
export type PassFacts = {
  /** What was decided from. */
  readonly view: ServiceView;
  readonly before: ServiceRecord;
  readonly after: ServiceRecord;
  readonly decisions: readonly Decision[];
  readonly effects: readonly Effect[];
  /** Acts of deposed leaders that an executor has accepted since the last pass; where that is known. */
  readonly acceptedFromDeposed?: number;
};

/** Intents that were admitted. */
export function admittedOf({ decisions }: PassFacts): readonly Intent[] {
  return decisions.filter(({ verdict }) => verdict.kind === 'admitted').map(({ intent }) => intent);
}

/** Of them those with an act of one kind. */
export function actsOf<Kind extends Act['kind']>(
  facts: PassFacts,
  kind: Kind,
): readonly Extract<Act, { kind: Kind }>[] {
  return admittedOf(facts).flatMap(({ act }) =>
    act.kind === kind ? [act as Extract<Act, { kind: Kind }>] : [],
  );
}

/** What cannot be a ground for anything. */
export function isNoGround(value: string): boolean {
  return value === 'missing' || value === 'stale' || value === 'notANumber';
}
