/**
 * The endpoint table: which instance serves each slot, and how a stateless service's traffic is
 * divided. Numbered apart from the ring, since a restart moves no key. Only who is ready, not ejected
 * and not fenced is in it; of several in one slot, one that stays and has been ready for long enough,
 * then one that goes. Pure.
 */
import { compareText } from '../arithmetic/compare-text.ts';
import { minReadyOf } from '../protocol/fleet-view.ts';
import { mayServe } from '../protocol/instance-state.ts';
import {
  type InstanceEntry,
  type Route,
  type RoutesRecord,
  type ServiceRecord,
  specOf,
} from './records.ts';

/** The routes that the records ask for; the same object when nothing about them has changed. */
export function routesOf(record: ServiceRecord, nowMs: number): RoutesRecord {
  const bySlot = new Map<string, InstanceEntry>();
  for (const entry of record.instances.values()) {
    if (!mayServe(entry.life.state) || entry.isEjected) continue;
    const other = bySlot.get(entry.slot);
    if (other === undefined || rankOf(record, entry, nowMs) > rankOf(record, other, nowMs)) {
      bySlot.set(entry.slot, entry);
    }
  }
  const routes: Route[] = [...bySlot.values()].map(({ slot, id, revision, isBaseline }) => ({
    slot,
    instance: id,
    revision,
    isBaseline,
  }));
  routes.sort((a, b) => compareText(a.slot, b.slot));
  const weights = weightsOf(record);
  const before = record.routes;
  if (isSame(before.routes, routes) && JSON.stringify(before.weights) === JSON.stringify(weights)) {
    return before;
  }
  return { number: before.number + 1, routes, weights };
}

/** Percentages, where the split has any. */
function weightsOf({ goal }: ServiceRecord): RoutesRecord['weights'] {
  if (goal.shares.every(({ weight }) => weight === null)) return [];
  return goal.shares.map(({ revision, isBaseline, weight }) => ({ revision, isBaseline, weight }));
}

/** Whether it serves and has been ready for as long as its service wants. */
export function isReadyFor(record: ServiceRecord, entry: InstanceEntry, nowMs: number): boolean {
  const { life, isEjected, revision } = entry;
  if (isEjected || life.state !== 'ready' || life.readySinceMs === null) return false;
  return nowMs - life.readySinceMs >= minReadyOf(specOf(record, revision));
}

/** One that stays and is proven, one that goes and still serves, one that has just become ready. */
function rankOf(record: ServiceRecord, entry: InstanceEntry, nowMs: number): number {
  if (entry.going !== null) return 1;
  return isReadyFor(record, entry, nowMs) ? 2 : 0;
}

function isSame(before: readonly Route[], after: readonly Route[]): boolean {
  return (
    before.length === after.length &&
    before.every((route, i) => {
      const other = after[i];
      return other?.instance === route.instance && other.slot === route.slot;
    })
  );
}
