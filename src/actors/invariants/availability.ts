/** What decisions may take away: A1, A13 and what the two say together. */
import type { InstanceView, ServiceView } from '../protocol/fleet-view.ts';
import { isAvailable, minReadyOf } from '../protocol/fleet-view.ts';
import { indexOf } from '../protocol/pass-index.ts';
import { minAvailableOf } from '../spec/fleet-checks.ts';
import { admittedOf, type PassFacts, type Violation } from './invariant.ts';

const TAKES: readonly string[] = ['stop', 'replace', 'eject', 'fence'];

/** Instances that serve and were taken by a decision of this pass. */
export function takenInstances(facts: PassFacts): readonly InstanceView[] {
  const { view } = facts;
  // Of a service that was named to go nothing has to stay.
  if (view.isRemoved === true) return [];
  const taken = new Set<string>();
  for (const { act } of admittedOf(facts)) {
    if (TAKES.includes(act.kind) && 'instance' in act) taken.add(act.instance);
  }
  const minReadyMs = minReadyOf(view.spec);
  return view.instances.filter(
    (one) =>
      taken.has(one.id) &&
      isAvailable(one, view.nowMs, minReadyMs) &&
      !one.isGoing &&
      !hasOther(view, one, taken),
  );
}

/** A1: what serves after the decisions of this pass is enough, unless they took nothing of it. */
export function quorumViolations(facts: PassFacts): readonly Violation[] {
  const { view } = facts;
  const taken = takenInstances(facts);
  if (taken.length === 0) return [];
  const { spec } = view;
  const ids = new Set(taken.map(({ id }) => id));
  const minReadyMs = minReadyOf(spec);
  const serving = view.instances.filter(
    (one) => !ids.has(one.id) && !one.isGoing && isAvailable(one, view.nowMs, minReadyMs),
  );
  if (spec.kind === 'stateless') {
    const least = view.goal.demand - spec.budget.maxUnavailable;
    if (serving.length >= least) return [];
    const what = `${serving.length} instances serve after ${[...ids].join(', ')}; ${least} have to`;
    return [{ invariant: 'A1', what }];
  }
  const least = minAvailableOf(spec, view.zones.length);
  return [...new Set(taken.filter((one) => owns(view, one)).map(({ ordinal }) => ordinal))].flatMap(
    (ordinal) => {
      const slots = new Set(
        serving.filter((one) => one.ordinal === ordinal && owns(view, one)).map(({ slot }) => slot),
      );
      if (slots.size >= least) return [];
      const what = `${slots.size} replicas of shard ${ordinal} serve; ${least} have to`;
      return [{ invariant: 'A1' as const, what }];
    },
  );
}

/** A13. */
export function staleViolations(facts: PassFacts): readonly Violation[] {
  const { view } = facts;
  const byId = new Map(view.instances.map((one) => [one.id, one]));
  return admittedOf(facts).flatMap(({ act }) => {
    if (!TAKES.includes(act.kind) || !('instance' in act)) return [];
    const seenMs = byId.get(act.instance)?.seenMs ?? view.nowMs;
    const ageMs = view.nowMs - seenMs;
    if (ageMs <= view.maxStalenessMs) return [];
    const what = `${act.kind} ${act.instance}, last seen ${ageMs} ms ago`;
    return [{ invariant: 'A13' as const, what }];
  });
}

/** A slot that is in no ring that anybody may know owns nothing. */
export function owns({ ring, spec }: ServiceView, { slot }: InstanceView): boolean {
  if (spec.kind !== 'sharded' || ring === null || ring.acknowledged < ring.generation) return true;
  return ring.members.includes(slot);
}

function hasOther(view: ServiceView, one: InstanceView, taken: ReadonlySet<string>): boolean {
  const minReadyMs = minReadyOf(view.spec);
  return (indexOf(view).bySlot.get(one.slot) ?? []).some(
    (other) =>
      other.id !== one.id &&
      !taken.has(other.id) &&
      !other.isGoing &&
      isAvailable(other, view.nowMs, minReadyMs),
  );
}
