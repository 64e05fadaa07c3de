/**
 * Forgets old revisions, the oldest first, when there are more than `rollout.history`: nobody can go
 * back to them, and one that was blocked is not remembered as such. What the goal names, what was applied
 * last and what anything still has or is to have stays, however old. Called at the end of a pass. Pure.
 */
import { forgottenRevisions } from '../arithmetic/forgotten-revisions.ts';
import type { RevisionId } from '../protocol/identity.ts';
import type { ServiceRecord } from './records.ts';

/** The same record when nothing is forgotten. */
export function withinHistory(record: ServiceRecord): ServiceRecord {
  const { revisions, goal, applied, spec } = record;
  const { history } = spec.rollout;
  // The common case without a look at every slot: at most stable, target and applied are no history.
  if (revisions.length <= history) return record;
  const named: readonly RevisionId[] = [goal.stable, goal.target, applied];
  const old = revisions.filter(({ id }) => !named.includes(id));
  if (old.length <= history) return record;
  const wanted = countsOf([...record.slots.values(), ...goal.shares]);
  const present = countsOf([...record.instances.values()]);
  const gone = forgottenRevisions(
    old.map(({ id }) => ({ wanted: wanted.get(id) ?? 0, present: present.get(id) ?? 0 })),
    history,
  ).map((index) => old[index]);
  if (gone.length === 0) return record;
  return { ...record, revisions: revisions.filter((one) => !gone.includes(one)) };
}

function countsOf(
  all: readonly { readonly revision: RevisionId }[],
): ReadonlyMap<RevisionId, number> {
  const counts = new Map<RevisionId, number>();
  for (const { revision } of all) counts.set(revision, (counts.get(revision) ?? 0) + 1);
  return counts;
}
