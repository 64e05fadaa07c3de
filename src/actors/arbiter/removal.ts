/**
 * A service that is removed: all of its instances leave the traffic, are drained and stopped, budgets and
 * ring or not, since somebody has named it; then its routes say that it is gone, and when every router
 * knows, its records go. What stays is where its numbers stood: a name that is used again goes on
 * counting, so that nobody takes an old table for a new one. Pure.
 */
import { highestGeneration } from '../protocol/ring-layout.ts';
import { acknowledged } from './acknowledgement.ts';
import type { ServiceRecord } from './records.ts';

/** Where the numbers of a service stood when its records went. */
export type GoneService = {
  readonly goal: number;
  readonly generation: number;
  readonly routes: number;
  readonly made: number;
  readonly decisions: number;
};

/** It is to go. The same record when it is going already. */
export function withRemoval(record: ServiceRecord, nowMs: number): ServiceRecord {
  if (record.removal) return record;
  return { ...record, ...withoutSecondRing(record), removal: { sinceMs: nowMs } };
}

/** A second ring would be held ready for nobody. */
function withoutSecondRing(
  record: ServiceRecord,
): Partial<Pick<ServiceRecord, 'dual' | 'lastGeneration'>> {
  return record.dual ? { dual: null, lastGeneration: highestGeneration(record) } : {};
}

/** Whether its routes have said that it is gone: from then on it cannot stay any more. */
export function isPastReturn({ removal, routes }: ServiceRecord): boolean {
  return Boolean(removal) && routes.isRemoved === true;
}

/** Nobody is left of it, and everybody knows: its records may go. */
export function isGone(record: ServiceRecord): boolean {
  const { instances, slots, zombies, fenced, routes } = record;
  const isEmpty = instances.size === 0 && slots.size === 0 && zombies.length + fenced.length === 0;
  return isPastReturn(record) && isEmpty && acknowledged(record).routes >= routes.number;
}

/** What is kept of it. */
export function goneOf(record: ServiceRecord): GoneService {
  const { goal, routes, made, decisions } = record;
  return {
    goal: goal.number,
    generation: highestGeneration(record),
    routes: routes.number,
    made,
    decisions,
  };
}

/** A new service of the same name counts on from there. */
export function countingOn(record: ServiceRecord, gone: GoneService | null): ServiceRecord {
  if (gone === null) return record;
  return {
    ...record,
    goal: { ...record.goal, number: gone.goal + 1 },
    routes: { ...record.routes, number: gone.routes + 1 },
    lastGeneration: gone.generation,
    made: gone.made,
    decisions: gone.decisions,
  };
}
