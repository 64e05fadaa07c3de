/**
 * What a second ring must not be, and when routers may go by it: its layout was allowed by an operator,
 * it has the shards of the first one in as many zones as are wanted, all of them serve, and every router
 * that counts holds it ready. Most keys move with it, so no movement is too much. Pure.
 */
import { ADMITTED, type Verdict } from '../protocol/decision.ts';
import type { DualView, RingView, ServiceView } from '../protocol/fleet-view.ts';
import { type SlotId, slotParts } from '../protocol/identity.ts';
import type { Act } from '../protocol/intent.ts';
import { highestGeneration } from '../protocol/ring-layout.ts';

/** Whether a second ring may be held ready, or gone by. `isServed`: a slot has an instance that serves. */
export function dualVerdict(
  view: ServiceView,
  act: Extract<Act, { kind: 'prepareRing' | 'cutOver' }>,
  isServed: (slot: SlotId) => boolean,
): Verdict {
  const { ring, dual } = view;
  if (ring === null || !dual) {
    return refused('no other layout of the ring was allowed', 'one is applied, with its token');
  }
  if (ring.acknowledged < ring.generation) {
    const why = `generation ${ring.generation} is published, and ${ring.acknowledged} is acknowledged`;
    return delayed(why, 'every router acknowledges it, or an operator says that one is gone');
  }
  return act.kind === 'prepareRing'
    ? prepareVerdict(view, ring, dual, act, isServed)
    : cutOverVerdict(ring, dual, act, isServed);
}

function prepareVerdict(
  view: ServiceView,
  ring: RingView,
  dual: DualView,
  { generation, members }: Extract<Act, { kind: 'prepareRing' }>,
  isServed: (slot: SlotId) => boolean,
): Verdict {
  const next = highestGeneration(view) + 1;
  if (generation !== next) {
    const why = `generation is ${generation}; expected ${next}`;
    return refused(why, 'it is proposed for the generation after the last one');
  }
  const [had, has] = [zonesByShard(view, ring.members), zonesByShard(view, members)];
  const replicas = dual.wanted.replicas;
  for (const shard of new Set([...had.keys(), ...has.keys()])) {
    const zones = has.get(shard)?.size ?? 0;
    const expected = had.has(shard) ? (replicas ?? 1) : 0;
    if (zones === expected) continue;
    const why = `${shard} would own keys in ${zones} zones; expected ${expected}`;
    return refused(why, 'it has the members of the ring, in all zones that are wanted');
  }
  return newcomers(ring, members, isServed) ?? ADMITTED;
}

function cutOverVerdict(
  ring: RingView,
  { ring: second }: DualView,
  { generation }: Extract<Act, { kind: 'cutOver' }>,
  isServed: (slot: SlotId) => boolean,
): Verdict {
  if (second === null || generation !== second.generation) {
    const why = `the second ring is ${second?.generation ?? 'not there'}, not ${generation}`;
    return refused(why, 'it is proposed for the second ring that there is');
  }
  if (second.acknowledged < generation) {
    const why = `${second.acknowledged} is held ready by every router; expected ${generation}`;
    return delayed(why, 'every router holds it ready, or an operator says that one is gone');
  }
  return newcomers(ring, second.members, isServed) ?? ADMITTED;
}

/** Whoever has no keys yet has to serve before it gets them. */
function newcomers(
  ring: RingView,
  members: readonly SlotId[],
  isServed: (slot: SlotId) => boolean,
): Verdict | null {
  const had = new Set(ring.members);
  const early = members.find((slot) => !had.has(slot) && !isServed(slot));
  if (early === undefined) return null;
  return delayed(`${early} would own keys, and does not serve`, `${early} becomes available`);
}

/** Zones of each shard; of a stateless service each slot counts for itself. */
function zonesByShard(
  { spec }: ServiceView,
  members: readonly SlotId[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const zones = new Map<string, Set<string>>();
  for (const slot of members) {
    const { zone = '', ordinal } = slotParts(slot) ?? {};
    const name = spec.kind === 'sharded' ? `shard ${ordinal}` : slot;
    zones.set(name, (zones.get(name) ?? new Set()).add(zone));
  }
  return zones;
}

function refused(why: string, unblock: string): Verdict {
  return { kind: 'refused', rule: 'ring', why, unblock };
}

function delayed(why: string, unblock: string): Verdict {
  return { kind: 'delayed', rule: 'ring barrier', why, unblock };
}
