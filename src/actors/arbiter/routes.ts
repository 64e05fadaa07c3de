/**
 * The endpoint table: which instance serves each slot, how a stateless service's traffic is divided, and
 * which keys go to nobody. Numbered apart from the ring, since a restart moves no key. Only who is ready,
 * not ejected and not fenced is in it; of several in one slot, one that stays and has been ready for long
 * enough, then one that goes. Pure.
 */
import { compareText } from '../arithmetic/compare-text.ts';
import { minReadyOf } from '../protocol/fleet-view.ts';
import { mayServe } from '../protocol/instance-state.ts';
import type { InstanceEntry, Route, RoutesRecord, ServiceRecord } from './records.ts';

/** The routes that the records ask for; the same object when nothing about them has changed. */
export function routesOf(record: ServiceRecord, nowMs: number): RoutesRecord {
  if (isUnchanged(record)) return record.routes;
  const bySlot = new Map<string, InstanceEntry>();
  for (const entry of record.instances.values()) {
    if (!mayServe(entry.life.state) || entry.isEjected) continue;
    const other = bySlot.get(entry.slot);
    if (other === undefined || rankOf(record, entry, nowMs) > rankOf(record, other, nowMs)) {
      bySlot.set(entry.slot, entry);
    }
  }
  const before = record.routes;
  const routes = inOrder(bySlot, before.routes);
  const isEnd = endsWith(record, routes.length);
  const isSaid = before.isRemoved === true;
  const isSameRest = isSameWeights(record) && isSameKeys(record) && isEnd === isSaid;
  if (isSame(before.routes, routes) && isSameRest) return before;
  const { quarantinedKeys: quarantined } = record;
  const next = { number: before.number + 1, routes, weights: weightsOf(record) };
  const kept = quarantined.length === 0 ? next : { ...next, quarantined };
  return isEnd ? { ...kept, isRemoved: true } : kept;
}

/** Lines in the order of their slots. Those of before are in it already: only others are put in order. */
function inOrder(
  serving: ReadonlyMap<string, InstanceEntry>,
  before: readonly Route[],
): readonly Route[] {
  const old = bySlotOf(before);
  const added: string[] = [];
  for (const slot of serving.keys()) if (!old.has(slot)) added.push(slot);
  added.sort(compareText);
  const routes: Route[] = [];
  let next = 0;
  const add = (slot: string, known?: Route): void => {
    const entry = serving.get(slot);
    if (entry === undefined) return;
    const { id: instance, revision, isBaseline } = entry;
    const isSaid =
      known?.instance === instance &&
      known.revision === revision &&
      known.isBaseline === isBaseline;
    routes.push(isSaid ? known : { slot, instance, revision, isBaseline });
  };
  for (const line of before) {
    for (let slot = added[next]; slot !== undefined && slot < line.slot; slot = added[++next]) {
      add(slot);
    }
    add(line.slot, line);
  }
  for (; next < added.length; next++) add(added[next] ?? '');
  return routes;
}

/** Routes of a record that did not change since, by slot. */
const linesBySlot = new WeakMap<readonly Route[], ReadonlyMap<string, Route>>();

function bySlotOf(routes: readonly Route[]): ReadonlyMap<string, Route> {
  const known = linesBySlot.get(routes);
  if (known !== undefined) return known;
  const lines = new Map(routes.map((route) => [route.slot, route]));
  linesBySlot.set(routes, lines);
  return lines;
}

/** Whoever may serve is alone in its slot and has its line, and there are no other lines. */
function isUnchanged(record: ServiceRecord): boolean {
  const lines = bySlotOf(record.routes.routes);
  let seen = 0;
  for (const { slot, id, life, isEjected } of record.instances.values()) {
    if (!mayServe(life.state) || isEjected) continue;
    if (lines.get(slot)?.instance !== id) return false;
    seen++;
  }
  const isSaid = record.routes.isRemoved === true;
  const isSameRest = isSameWeights(record) && isSameKeys(record);
  return seen === lines.size && isSameRest && endsWith(record, seen) === isSaid;
}

/** It is removed, and nobody of it serves or may come to serve any more. */
function endsWith({ removal, instances }: ServiceRecord, lines: number): boolean {
  return Boolean(removal) && lines === 0 && instances.size === 0;
}

function isSameWeights(record: ServiceRecord): boolean {
  const { weights } = record.routes;
  if (weights.length === 0 && record.goal.shares.every(({ weight }) => weight === null))
    return true;
  return JSON.stringify(weights) === JSON.stringify(weightsOf(record));
}

function isSameKeys({ routes: { quarantined = [] }, quarantinedKeys }: ServiceRecord): boolean {
  return (
    quarantined === quarantinedKeys ||
    (quarantined.length === quarantinedKeys.length &&
      quarantined.every((key, i) => key === quarantinedKeys[i]))
  );
}

/** Percentages, where the split has any. */
function weightsOf({ goal }: ServiceRecord): RoutesRecord['weights'] {
  if (goal.shares.every(({ weight }) => weight === null)) return [];
  return goal.shares.map(({ revision, isBaseline, weight }) => ({ revision, isBaseline, weight }));
}

/** Whether it serves and has been ready for as long as its service wants. */
export function isReadyFor(record: ServiceRecord, entry: InstanceEntry, nowMs: number): boolean {
  const { life, isEjected } = entry;
  if (isEjected || life.state !== 'ready' || life.readySinceMs === null) return false;
  return nowMs - life.readySinceMs >= minReadyOf(record.spec);
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
