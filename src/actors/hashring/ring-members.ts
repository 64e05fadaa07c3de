/**
 * Who is to be in the ring next, and who has to wait. One change at a time, and only ever one of two
 * kinds: somebody joins, or somebody leaves. Who is in stays through restarts, failures and
 * replacement: a restart moves no key. Pure; what was proposed and what became of it is read from the
 * view each time.
 *
 * Sharded: a shard joins when it serves in every zone, the first ring when all shards do; on the way
 * down only the last shard leaves, in all zones, and the next one when its instances are gone.
 * Stateless: a member joins when it serves and leaves when its slot is given up.
 */
import { compareText } from '../arithmetic/compare-text.ts';
import {
  type InstanceView,
  isAvailable,
  minReadyOf,
  type RingView,
  type ServiceView,
} from '../protocol/fleet-view.ts';
import { type SlotId, slotId, slotParts } from '../protocol/identity.ts';
import { indexOf } from '../protocol/pass-index.ts';
import { replicasOf } from '../spec/fleet-checks.ts';
import type { ShardedSpec } from '../spec/fleet-schema.ts';

/** What is wanted of the ring's members. */
export type RingWish =
  | { readonly kind: 'same' }
  /** Somebody should join or leave, and cannot yet. */
  | { readonly kind: 'wait'; readonly why: string }
  | {
      readonly kind: 'join' | 'leave';
      /** All of them, in the order of their names. */
      readonly members: readonly SlotId[];
      readonly why: string;
    };

/**
 * So long the first ring of a stateless service waits for those who are late. Longer: one that never
 * starts keeps keys from the others. Shorter: keys move twice when a service starts. Milliseconds.
 */
const LATECOMERS_MS = 30_000;

const SAME: RingWish = { kind: 'same' };

/** What is wanted now. */
export function ringWish(view: ServiceView): RingWish {
  const { spec } = view;
  return spec.kind === 'sharded' ? shardedWish(view, spec) : statelessWish(view);
}

/** Slots that serve, were seen of late, and are not about to go. */
function servingSlots(view: ServiceView): ReadonlySet<SlotId> {
  const minReadyMs = minReadyOf(view.spec);
  return new Set(
    view.instances.filter((one) => isServing(view, one, minReadyMs)).map(({ slot }) => slot),
  );
}

/** Whether a slot has somebody who serves, was seen of late, and is not about to go. */
export function slotServes(view: ServiceView, slot: SlotId): boolean {
  const minReadyMs = minReadyOf(view.spec);
  return (
    indexOf(view)
      .bySlot.get(slot)
      ?.some((one) => isServing(view, one, minReadyMs)) === true
  );
}

function isServing(
  { nowMs, maxStalenessMs }: ServiceView,
  one: InstanceView,
  minReadyMs: number,
): boolean {
  const isSeen = nowMs - one.seenMs <= maxStalenessMs;
  return isSeen && !one.isGoing && isAvailable(one, nowMs, minReadyMs);
}

type Members = { readonly zones: readonly string[]; readonly ordinals: ReadonlySet<number> };

/** Of rings that did not change since; a list of members is never changed. */
const membersOfRings = new WeakMap<readonly SlotId[], Members>();

/** Zones and shards of a ring. */
function membersOf({ members }: RingView): Members {
  const known = membersOfRings.get(members);
  if (known !== undefined) return known;
  const parts = members.flatMap((slot) => slotParts(slot) ?? []);
  const zones = [...new Set(parts.map(({ zone }) => zone))].toSorted(compareText);
  const found = { zones, ordinals: new Set(parts.map(({ ordinal }) => ordinal)) };
  membersOfRings.set(members, found);
  return found;
}

function shardedWish(view: ServiceView, spec: ShardedSpec): RingWish {
  const { goal, ring } = view;
  const zones = ringZones(view, spec);
  const replicas = replicasOf(spec, view.zones.length);
  if (zones.length < (ring === null ? replicas : 1)) {
    return waits(`there are slots in ${zones.length} zones; a ring needs ${replicas}`);
  }
  const serves = (slot: SlotId): boolean => slotServes(view, slot);
  const slotsOf = (ordinal: number): SlotId[] =>
    zones.map((zone) => slotId({ service: view.name, region: view.region, zone, ordinal }));
  const lacking = (ordinal: number): SlotId | undefined =>
    slotsOf(ordinal).find((slot) => !serves(slot));
  const wanted = Array.from({ length: goal.demand }, (_, ordinal) => ordinal);
  if (ring === null) {
    const missing = wanted.map(lacking).find((slot) => slot !== undefined);
    if (missing !== undefined) return waits(`the first ring waits for ${missing} to serve`);
    if (wanted.length === 0) return waits('no shard is wanted, and a ring is never empty');
    const members = wanted.flatMap(slotsOf).toSorted(compareText);
    return { kind: 'join', members, why: `all ${wanted.length} shards serve in every zone` };
  }

  const inRing = membersOf(ring).ordinals;
  const outside = wanted.filter((ordinal) => !inRing.has(ordinal));
  const joining = joinable(outside, (ordinal) => lacking(ordinal) === undefined, spec);
  if (joining.length > 0) {
    const members = [...ring.members, ...joining.flatMap(slotsOf)].toSorted(compareText);
    const names = joining.join(', ');
    return { kind: 'join', members, why: `shard ${names} serves in every zone` };
  }
  const leave = leavingShard(view, inRing);
  if (leave.kind !== 'same') return leave;
  const missing = outside.map(lacking).find((slot) => slot !== undefined);
  return missing === undefined ? SAME : waits(`a shard joins when ${missing} serves`);
}

/** With jump hashing shards are numbered without a gap: nobody joins before the one below. */
function joinable(
  outside: readonly number[],
  isComplete: (ordinal: number) => boolean,
  { ring }: ShardedSpec,
): readonly number[] {
  if (ring.algorithm !== 'jump') return outside.filter(isComplete);
  const gap = outside.findIndex((ordinal) => !isComplete(ordinal));
  return gap < 0 ? outside : outside.slice(0, gap);
}

/** The last shard goes when it is too many, and when those who went before are gone for good. */
function leavingShard(
  { goal, ring, instances }: ServiceView,
  inRing: ReadonlySet<number>,
): RingWish {
  const last = Math.max(...inRing);
  if (ring === null || last < goal.demand) return SAME;
  if (inRing.size === 1) return waits(`shard ${last} is the last one, and a ring is never empty`);
  const left = instances.find(
    ({ ordinal, state }) =>
      ordinal >= goal.demand && !inRing.has(ordinal) && state !== 'stopped' && state !== 'failed',
  );
  if (left !== undefined) {
    return waits(`shard ${last} leaves when ${left.id}, which left before it, is stopped`);
  }
  const members = ring.members.filter((slot) => ordinalOf(slot) !== last).toSorted(compareText);
  const why = `${goal.demand} shards are needed, and shard ${last} is the last of ${inRing.size}`;
  return { kind: 'leave', members, why };
}

/** Zones whose slots own keys: of the ring that there is, or the first that have slots at all. */
function ringZones({ ring, zones, slots }: ServiceView, spec: ShardedSpec): readonly string[] {
  if (ring !== null) return membersOf(ring).zones;
  const withSlots = new Set(slots.map(({ zone }) => zone));
  return zones.filter((zone) => withSlots.has(zone)).slice(0, replicasOf(spec, zones.length));
}

function statelessWish(view: ServiceView): RingWish {
  const { ring, slots, goal, spec } = view;
  const serving = servingSlots(view);
  const kept = slots.filter(({ id }) => !isGivenUp(view, id)).map(({ id }) => id);
  const ready = kept.filter((slot) => serving.has(slot)).toSorted(compareText);
  if (ring === null) {
    if (ready.length === 0) return waits('no member serves yet, and a ring is never empty');
    const why = `${ready.length} of ${goal.demand} members serve`;
    if (ready.length >= Math.max(goal.demand, kept.length)) {
      return { kind: 'join', members: ready, why };
    }
    const waitedMs = view.nowMs - firstReadyMs(view, new Set(ready));
    if (waitedMs >= LATECOMERS_MS) return { kind: 'join', members: ready, why };
    return waits(`the first ring waits for the others: ${why}`);
  }

  const inRing = new Set(ring.members);
  const joining = ready.filter((slot) => !inRing.has(slot));
  if (joining.length > 0) {
    const members = [...ring.members, ...joining].toSorted(compareText);
    return { kind: 'join', members, why: `${joining.join(', ')} serves` };
  }
  const stays = new Set(kept);
  const going = ring.members.filter((slot) => !stays.has(slot)).toSorted(compareText);
  if (going.length === 0) return SAME;
  const share = spec.ring?.shrinkMax ?? 1;
  const most = Math.min(
    Math.max(1, Math.floor(ring.members.length * share)),
    ring.members.length - 1,
  );
  const leaving = new Set(going.toReversed().slice(0, most));
  if (leaving.size === 0) return waits('its last member stays: a ring is never empty');
  const members = ring.members.filter((slot) => !leaving.has(slot)).toSorted(compareText);
  return { kind: 'leave', members, why: `${[...leaving].join(', ')} is given up` };
}

/** Whoever has it goes, and nobody is to follow: it may still be listed. */
function isGivenUp({ slots, instances }: ServiceView, slot: SlotId): boolean {
  if (slots.find(({ id }) => id === slot)?.isReplacing === true) return false;
  const there = instances.filter((one) => one.slot === slot && one.state !== 'stopped');
  return there.length > 0 && there.every(({ isGoing }) => isGoing);
}

function firstReadyMs({ instances, nowMs }: ServiceView, ready: ReadonlySet<SlotId>): number {
  return instances
    .filter(({ slot }) => ready.has(slot))
    .reduce((first, { readySinceMs }) => Math.min(first, readySinceMs ?? nowMs), nowMs);
}

function ordinalOf(slot: SlotId): number {
  return slotParts(slot)?.ordinal ?? 0;
}

function waits(why: string): RingWish {
  return { kind: 'wait', why };
}
