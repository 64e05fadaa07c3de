/**
 * Who is who in one pass: instances by name and by slot. Made once for each picture, however
 * many ask. Pure.
 */
import type { InstanceView, ServiceView, SlotView } from './fleet-view.ts';
import type { InstanceId, SlotId } from './identity.ts';

/** Names to instances. */
export type PassIndex = {
  readonly byId: ReadonlyMap<InstanceId, InstanceView>;
  readonly bySlot: ReadonlyMap<SlotId, readonly InstanceView[]>;
  readonly slots: ReadonlyMap<SlotId, SlotView>;
};

const known = new WeakMap<ServiceView, PassIndex>();

/** The index of a picture. */
export function indexOf(view: ServiceView): PassIndex {
  const { instances, slots } = view;
  const before = known.get(view);
  if (before !== undefined) return before;
  const byId = new Map<InstanceId, InstanceView>();
  const bySlot = new Map<SlotId, InstanceView[]>();
  for (const one of instances) {
    byId.set(one.id, one);
    const list = bySlot.get(one.slot);
    if (list === undefined) bySlot.set(one.slot, [one]);
    else list.push(one);
  }
  const index = { byId, bySlot, slots: new Map(slots.map((slot) => [slot.id, slot])) };
  known.set(view, index);
  return index;
}
