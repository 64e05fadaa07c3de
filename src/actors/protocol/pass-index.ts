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
  const open: SlotView[] = [];
  for (const slot of slots) if (!isSettled(slot, bySlot.get(slot.id))) open.push(slot);
  // Most passes ask for neither: who does makes them.
  let names: ReadonlyMap<SlotId, SlotView> | null = null;
  let zones: PassIndex['zones'] | null = null;
  const index: PassIndex = {
    byId,
    bySlot,
    open,
    get slots() {
      names ??= new Map(slots.map((slot) => [slot.id, slot]));
      return names;
    },
    get zones() {
      zones ??= zonesOf(slots);
      return zones;
    },
  };
  known.set(instances, { slots, index });
  return index;
}

/** Has one instance, which is the one that it is to have, and it stays. */
function isSettled(slot: SlotView, inside: readonly InstanceView[] | undefined): boolean {
  if (slot.isReplacing || inside?.length !== 1) return false;
  // Not taken apart as a list: that is a walk for each of thousands.
  const only = inside[0] as InstanceView;
  return !only.isGoing && only.revision === slot.revision && only.isBaseline === slot.isBaseline;
}

function zonesOf(slots: readonly SlotView[]): ReadonlyMap<string, ZoneIndex> {
  const zones = new Map<string, { count: number; top: number }>();
  for (const { zone, ordinal } of slots) {
    const known = zones.get(zone);
    if (known === undefined) zones.set(zone, { count: 1, top: ordinal });
    else {
      known.count++;
      if (ordinal > known.top) known.top = ordinal;
    }
  }
  return zones;
}
