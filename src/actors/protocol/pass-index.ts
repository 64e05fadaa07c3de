/**
 * Who is who in one pass: instances by name and by slot. Made once for each set of them, however
 * many ask. Pure.
 */
import type { InstanceView, ServiceView, SlotView } from './fleet-view.ts';
import type { InstanceId, SlotId } from './identity.ts';

/** Names to instances. */
export type PassIndex = {
  readonly byId: ReadonlyMap<InstanceId, InstanceView>;
  readonly bySlot: ReadonlyMap<SlotId, readonly InstanceView[]>;
  readonly slots: ReadonlyMap<SlotId, SlotView>;
  /** Slots that have not just the one instance that they are to have: the few in which something goes on. */
  readonly open: readonly SlotView[];
  readonly zones: ReadonlyMap<string, ZoneIndex>;
};

/** Slots of one zone. */
export type ZoneIndex = {
  readonly count: number;
  /** Highest ordinal; without gaps it is one less than `count`. */
  readonly top: number;
};

const known = new WeakMap<
  ServiceView['instances'],
  { readonly slots: ServiceView['slots']; readonly index: PassIndex }
>();

/** The index of a picture; pictures of the same instances in the same slots share it. */
export function indexOf({ instances, slots }: Pick<ServiceView, 'instances' | 'slots'>): PassIndex {
  const before = known.get(instances);
  if (before?.slots === slots) return before.index;
  const byId = new Map<InstanceId, InstanceView>();
  const bySlot = new Map<SlotId, InstanceView[]>();
  for (const one of instances) {
    byId.set(one.id, one);
    const list = bySlot.get(one.slot);
    if (list === undefined) bySlot.set(one.slot, [one]);
    else list.push(one);
  }
  const index = {
    byId,
    bySlot,
    slots: new Map(slots.map((slot) => [slot.id, slot])),
    open: slots.filter((slot) => !isSettled(slot, bySlot.get(slot.id))),
    zones: zonesOf(slots),
  };
  known.set(instances, { slots, index });
  return index;
}

/** Has one instance, which is the one that it is to have, and it stays. */
function isSettled(slot: SlotView, inside: readonly InstanceView[] | undefined): boolean {
  if (slot.isReplacing || inside?.length !== 1) return false;
  const [{ isGoing, revision, isBaseline }] = inside as [InstanceView];
  return !isGoing && revision === slot.revision && isBaseline === slot.isBaseline;
}

function zonesOf(slots: readonly SlotView[]): ReadonlyMap<string, ZoneIndex> {
  const zones = new Map<string, { count: number; top: number }>();
  for (const { zone, ordinal } of slots) {
    const known = zones.get(zone);
    if (known === undefined) zones.set(zone, { count: 1, top: ordinal });
    else {
      known.count++;
      known.top = Math.max(known.top, ordinal);
    }
  }
  return zones;
}
