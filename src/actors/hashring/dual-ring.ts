/**
 * A change of the ring's layout, step by step: the second ring is proposed once the first one is settled
 * and everybody who is to be in it serves; routers go by it once all of them hold it ready. Nothing is
 * remembered: where it stands is read from the view. Pure.
 */
import { compareText } from '../arithmetic/compare-text.ts';
import type { DualView, RingView, ServiceView } from '../protocol/fleet-view.ts';
import { type SlotId, slotId, slotParts } from '../protocol/identity.ts';
import { layoutText } from '../protocol/ring-layout.ts';

/** What is wanted of the second ring. */
export type DualWish =
  | { readonly kind: 'wait'; readonly why: string }
  | { readonly kind: 'prepare'; readonly members: readonly SlotId[]; readonly why: string }
  | { readonly kind: 'cutOver'; readonly generation: number; readonly why: string };

/** What is wanted now. `serves`: whether a slot has somebody who can be counted on. */
export function dualWish(
  view: ServiceView,
  ring: RingView,
  dual: DualView,
  serves: (slot: SlotId) => boolean,
): DualWish {
  const { wanted, ring: second } = dual;
  const members = second?.members ?? membersIn(view, ring, dual);
  const had = new Set(ring.members);
  const missing = members.find((slot) => !had.has(slot) && !serves(slot));
  const to = `the second ring, ${layoutText(wanted)},`;
  if (missing !== undefined) return { kind: 'wait', why: `${to} waits for ${missing} to serve` };
  if (second === null) {
    return { kind: 'prepare', members, why: `${layoutText(wanted)} is wanted, and was allowed` };
  }
  const { generation, acknowledged } = second;
  if (acknowledged < generation) {
    return { kind: 'wait', why: `${to} is not held ready by every router` };
  }
  const why = `every router holds generation ${generation} ready, ${layoutText(wanted)}`;
  return { kind: 'cutOver', generation, why };
}

/** The same shards in the zones that are wanted; of a stateless service the same members. */
function membersIn(
  { spec, zones, name: service, region }: ServiceView,
  ring: RingView,
  { wanted }: DualView,
): readonly SlotId[] {
  if (spec.kind !== 'sharded' || wanted.replicas === null) return ring.members;
  const shards = new Set(ring.members.map((slot) => slotParts(slot)?.ordinal ?? 0));
  const used = zones.slice(0, wanted.replicas);
  return [...shards]
    .flatMap((ordinal) => used.map((zone) => slotId({ service, region, zone, ordinal })))
    .toSorted(compareText);
}
