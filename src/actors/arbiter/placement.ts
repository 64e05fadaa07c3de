/**
 * Turns what is wanted into instances that start, stop and stay: counts are derived here, from demand
 * and split, and written nowhere else. Its intents are judged like everybody's; what does not pass is
 * proposed again in the next pass. Pure.
 *
 * Stateless: each share of the split has so many slots, spread evenly over zones. Sharded: each shard has
 * one slot in every zone that is used; a shard that owns no keys any more ends. In both, a slot without
 * an instance gets one, after its backoff.
 */
import { compareText } from '../arithmetic/compare-text.ts';
import { INTENT_EXPIRES_MS } from '../protocol/controller-step.ts';
import {
  type InstanceView,
  ownsData,
  type ServiceView,
  type SlotView,
} from '../protocol/fleet-view.ts';
import { type RevisionId, type SlotId, slotId } from '../protocol/identity.ts';
import type { Act, Intent, Priority, Share } from '../protocol/intent.ts';
import { indexOf } from '../protocol/pass-index.ts';
import { usedZones } from '../protocol/ring-layout.ts';

/** A slot and who is in it. */
type Place = { readonly slot: SlotView; readonly instances: readonly InstanceView[] };

/** All that the goal asks for and that is not there. */
export function placementIntents(view: ServiceView): readonly Intent[] {
  if (view.isRemoved === true) return removals(view);
  const wanted = view.spec.kind === 'sharded' ? ofShards(view) : ofShares(view, placesOf(view));
  return [...wanted, ...restarts(view)];
}

/** All of them go, whoever owns keys. */
function removals(view: ServiceView): readonly Intent[] {
  const why = `${view.name} is removed`;
  return placesOf(view).flatMap((place) =>
    stayers(place).map((one) => stopOf(view, one, 'shrink', why)),
  );
}

function placesOf(view: ServiceView): readonly Place[] {
  return view.slots.map((slot) => placeOf(view, slot));
}

function placeOf(view: ServiceView, slot: SlotView): Place {
  return { slot, instances: indexOf(view).bySlot.get(slot.id) ?? [] };
}

/** Everybody in it is on the way out, and nothing is to come after. */
function isEnding({ slot, instances }: Place): boolean {
  return !slot.isReplacing && instances.length > 0 && instances.every(({ isGoing }) => isGoing);
}

/** Who has not been told to end; also who would only give way to another one. */
function stayers({ slot, instances }: Place): readonly InstanceView[] {
  return instances.filter(({ isGoing }) => !isGoing || slot.isReplacing);
}

/** A slot that is to have an instance and has none. */
function restarts(view: ServiceView): readonly Intent[] {
  return indexOf(view).open.flatMap((slot) => {
    const place = placeOf(view, slot);
    const { instances } = place;
    if (isEnding(place) || view.nowMs < slot.notBeforeMs || isSurplus(view, slot)) return [];
    const isThere = instances.some(
      ({ isGoing, revision, isBaseline }) =>
        !isGoing && revision === slot.revision && isBaseline === slot.isBaseline,
    );
    if (isThere) return [];
    // Two processes never have one data directory.
    const all = [slot.revision, ...instances.map(({ revision }) => revision)];
    if (instances.length > 0 && all.some((one) => ownsData(view, one))) return [];
    const why =
      slot.ends > 0
        ? `${slot.id} has ended ${slot.ends === 1 ? 'once' : `${slot.ends} times`} and is started again`
        : `${slot.id} is to have an instance of ${slot.revision}`;
    return [startOf(view, slot.id, slot.revision, slot.isBaseline, why)];
  });
}

/** A shard, or a replica of one, that is not needed any more and owns no keys. */
function isSurplus(view: ServiceView, { id, ordinal, zone }: SlotView): boolean {
  const { spec, goal, ring } = view;
  if (spec.kind !== 'sharded') return false;
  if (ordinal < goal.demand && usedZones(view).includes(zone)) return false;
  return ring?.members.includes(id) !== true;
}

function ofShards(view: ServiceView): readonly Intent[] {
  const { goal, ring } = view;
  const used = usedZones(view);
  const { open, zones: seen } = indexOf(view);
  const intents: Intent[] = used.flatMap((zone) => newShards(view, zone));
  for (const slot of open) {
    const place = placeOf(view, slot);
    if (slot.ordinal >= goal.demand || !used.includes(slot.zone) || !isEnding(place)) continue;
    intents.push(...kept(view, place));
  }
  const isOut = ({ ordinal, zone }: SlotView): boolean =>
    ordinal >= goal.demand || !used.includes(zone);
  const isTooMany = [...seen].some(([zone, { top }]) => top >= goal.demand || !used.includes(zone));
  const isKnown = ring === null || ring.acknowledged >= ring.generation;
  const surplus = isTooMany && isKnown ? view.slots.filter(isOut) : [];
  for (const slot of surplus) {
    if (ring?.members.includes(slot.id) === true) continue;
    const needs = `${goal.demand} shards are needed in ${used.length} zones`;
    const why = `${needs}, and ${slot.id} owns no keys`;
    const place = placeOf(view, slot);
    for (const one of stayers(place)) intents.push(stopOf(view, one, 'shrink', why));
  }
  return intents;
}

/** Shards that have no slot in this zone yet. */
function newShards(view: ServiceView, zone: string): readonly Intent[] {
  const { goal, name: service, region } = view;
  const { slots, zones } = indexOf(view);
  const { count = 0, top = -1 } = zones.get(zone) ?? {};
  if (top < count && count >= goal.demand) return [];
  const revision = zoneRevision(view, zone);
  const why = `${goal.demand} shards are needed`;
  const ids = Array.from({ length: goal.demand }, (_, ordinal) =>
    slotId({ service, region, zone, ordinal }),
  );
  return ids.filter((id) => !slots.has(id)).map((id) => startOf(view, id, revision, false, why));
}

/** A zone that has been updated as a whole gets no instance of the old revision any more. */
function zoneRevision({ slots, goal }: ServiceView, zone: string): RevisionId {
  const own = slots.filter((slot) => slot.zone === zone);
  const isUpdated = own.length > 0 && own.every(({ revision }) => revision === goal.target);
  return isUpdated ? goal.target : goal.stable;
}

function ofShares(view: ServiceView, places: readonly Place[]): readonly Intent[] {
  const free = new FreeSlots(view);
  const groups = new Map<string, Place[]>();
  for (const place of places) {
    const key = groupOf(place.slot);
    const list = groups.get(key);
    if (list === undefined) groups.set(key, [place]);
    else list.push(place);
  }
  const intents: Intent[] = [];
  // What is to stop may have to wait, and counts until then: all together never exceed the split.
  const wanted = view.goal.shares.reduce((sum, { count }) => sum + count, 0);
  const room = { slots: wanted - places.filter((place) => !isEnding(place)).length };
  for (const share of view.goal.shares) {
    const group = groups.get(groupOf(share)) ?? [];
    groups.delete(groupOf(share));
    intents.push(...resized(view, share, group, { free, room }));
  }
  for (const group of groups.values()) {
    const { revision, isBaseline } = (group[0] as Place).slot;
    const share = { revision, isBaseline, count: 0, weight: null };
    intents.push(...resized(view, share, group, { free, room }));
  }
  return intents;
}

function groupOf({ revision, isBaseline }: Pick<Share, 'revision' | 'isBaseline'>): string {
  return `${revision} ${isBaseline}`;
}

function resized(
  view: ServiceView,
  share: Share,
  group: readonly Place[],
  { free, room }: { readonly free: FreeSlots; readonly room: { slots: number } },
): readonly Intent[] {
  const staying = group.filter((place) => !isEnding(place));
  const why = `${share.count} slots of ${share.revision} are wanted; ${staying.length} are there`;
  if (staying.length < share.count) {
    const back = group
      .filter((place) => isEnding(place) && canStay(place))
      .slice(0, share.count - staying.length);
    const intents = back.flatMap((place) => kept(view, place));
    room.slots -= back.length;
    const zones = countZones(staying.map(({ slot }) => slot));
    for (let i = staying.length + back.length; i < share.count && room.slots > 0; i++) {
      room.slots--;
      const id = free.take(zones);
      intents.push(startOf(view, id, share.revision, share.isBaseline, why));
    }
    return intents;
  }
  const surplus = staying.length - share.count;
  return inOrderOfLoss(view, staying)
    .slice(0, surplus)
    .flatMap((place) => stayers(place).map((one) => stopOf(view, one, causeOf(view, share), why)));
}

/** Whom the service misses least: nobody, who does not serve, of the fullest zone, the youngest. */
function inOrderOfLoss(view: ServiceView, group: readonly Place[]): readonly Place[] {
  const perZone = new Map<string, number>();
  const rank = new Map<Place, readonly number[]>();
  const oldestFirst = group.toSorted(
    (a, b) => createdOf(a) - createdOf(b) || compareText(a.slot.id, b.slot.id),
  );
  for (const place of oldestFirst) {
    const nth = (perZone.get(place.slot.zone) ?? 0) + 1;
    perZone.set(place.slot.zone, nth);
    const serving = place.instances.filter(
      ({ state, isEjected }) => state === 'ready' && !isEjected,
    ).length;
    const isThere = place.instances.length > 0 ? 1 : 0;
    rank.set(place, [isThere, serving > 0 ? 1 : 0, -nth, view.nowMs - createdOf(place)]);
  }
  return oldestFirst.toSorted((a, b) => {
    const [one, other] = [rank.get(a) ?? [], rank.get(b) ?? []];
    for (let i = 0; i < one.length; i++) {
      const difference = (one[i] ?? 0) - (other[i] ?? 0);
      if (difference !== 0) return difference;
    }
    return compareText(b.slot.id, a.slot.id);
  });
}

function createdOf({ instances }: Place): number {
  return instances.reduce((first, { createdMs }) => Math.min(first, createdMs), Infinity);
}

/** How many slots a zone has, of all and of one group. */
type ZoneCounts = Map<string, number>;

function countZones(slots: readonly SlotView[]): ZoneCounts {
  const counts: ZoneCounts = new Map();
  for (const { zone } of slots) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  return counts;
}

/** Slots that nobody has, zone by zone; a place is given once in a pass. */
class FreeSlots {
  private readonly view: ServiceView;
  private readonly taken: Set<SlotId>;
  private readonly all: ZoneCounts;
  /** Of each zone: every ordinal below is taken. */
  private readonly first: Map<string, number>;

  constructor(view: ServiceView) {
    this.view = view;
    this.taken = new Set(view.slots.map(({ id }) => id));
    this.all = countZones(view.slots);
    this.first = new Map();
  }

  /** The zone with fewest of the group, then with fewest of all; in it the first free ordinal. */
  take(group: ZoneCounts): SlotId {
    const { zones, name: service, region } = this.view;
    const of = (counts: ZoneCounts, zone: string): number => counts.get(zone) ?? 0;
    const [zone = ''] = zones.toSorted(
      (a, b) => of(group, a) - of(group, b) || of(this.all, a) - of(this.all, b),
    );
    let ordinal = this.first.get(zone) ?? 0;
    while (this.taken.has(slotId({ service, region, zone, ordinal }))) ordinal++;
    this.first.set(zone, ordinal + 1);
    group.set(zone, of(group, zone) + 1);
    this.all.set(zone, of(this.all, zone) + 1);
    return slotId({ service, region, zone, ordinal });
  }
}

/** What was sent the signal is gone. */
function canStay({ instances }: Place): boolean {
  return instances.some(canStayHere);
}

function canStayHere({ state, isSurplus }: InstanceView): boolean {
  return isSurplus && CAN_STAY.includes(state);
}

const CAN_STAY: readonly string[] = ['ready', 'unready', 'leaving', 'draining'];

function kept(view: ServiceView, place: Place): Intent[] {
  const one = place.instances.find(canStayHere);
  if (one === undefined) return [];
  const why = `${one.slot} is needed again`;
  return [intentOf(view, { kind: 'keep', instance: one.id }, 'safety', why)];
}

/** Why there are fewer: the revision was aborted, gives way, or the demand is less. */
function causeOf({ goal, revisions }: ServiceView, { revision, isBaseline }: Share): Priority {
  if (revisions.find(({ id }) => id === revision)?.isBlocked === true) return 'rollback';
  if (isBaseline || goal.stable !== goal.target || revision !== goal.stable) return 'rollout';
  return 'shrink';
}

function startOf(
  view: ServiceView,
  slot: SlotId,
  revision: RevisionId,
  isBaseline: boolean,
  why: string,
): Intent {
  return intentOf(view, { kind: 'start', slot, revision, isBaseline }, 'safety', why);
}

function stopOf(view: ServiceView, one: InstanceView, priority: Priority, why: string): Intent {
  const ageMs = view.nowMs - one.seenMs;
  const intent = intentOf(view, { kind: 'stop', instance: one.id }, priority, why);
  return { ...intent, inputs: [{ name: one.id, value: one.state, ageMs }] };
}

function intentOf(view: ServiceView, act: Act, priority: Priority, why: string): Intent {
  return {
    who: 'placement',
    service: view.name,
    act,
    priority,
    why,
    inputs: [],
    alternatives: [],
    expiresMs: view.nowMs + INTENT_EXPIRES_MS,
  };
}
