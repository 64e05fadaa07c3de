/**
 * A short text that is another one whenever something has changed that a person would decide by: which
 * revisions are wanted, blocked and stable, where the rollout stands and why it waits, what operators have
 * ordered, what is held. What controllers do by themselves all the time is not in it: instances, ring,
 * routes, the split, a demand that scales itself, the weight within a step, times and figures. Pure.
 */

import type { ServiceRecord } from '../arbiter/records.ts';
import type { RolloutState } from '../rollout/rollout-state.ts';
import { hashText } from '../spec/revision.ts';

/** What holds a service beside its records. */
export type Holds = {
  /** An invariant does not hold; null: all do. */
  readonly heldBy: string | null;
  readonly isFleetFrozen: boolean;
};

/** Of one service. The same again when everything is again as it was, but for orders: they are counted. */
export function recordRevision(record: ServiceRecord, { heldBy, isFleetFrozen }: Holds): string {
  const { applied, goal, revisions, verbs, hold, quarantinedKeys, waiting, dual } = record;
  return hashText(
    JSON.stringify([
      [applied, goal.stable, goal.target, revisions.map(({ id, blocked }) => [id, blocked])],
      standing(record.controllers.rollout as RolloutState | null),
      [verbs.at(-1)?.number ?? 0, hold, quarantinedKeys, record.isFrozen, isFleetFrozen, heldBy],
      [record.spec.autoscale === undefined ? goal.demand : null],
      [waiting?.token ?? null, dual?.wanted ?? null, Boolean(record.removal)],
    ]),
  );
}

/** Of a fleet: what orders to all of it depend on. */
export function fleetRevision(isFrozen: boolean, services: readonly string[]): string {
  return hashText(JSON.stringify([isFrozen, services.toSorted()]));
}

function standing(rollout: RolloutState | null): unknown {
  if (rollout === null) return null;
  const { phase, run, aborted, retrying, undo, restart } = rollout;
  const way = run && [run.target, run.stable, run.step, run.isFast, run.pause?.kind ?? null];
  return [phase, way, aborted, retrying, undo, restart !== null];
}
