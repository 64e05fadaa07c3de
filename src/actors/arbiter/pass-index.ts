/**
 * Who is who in one pass: instances by name, by slot and by ordinal. Made once for each picture, however
 * many intents are judged from it. Pure.
 */
import type { InstanceView, ServiceView } from '../protocol/fleet-view.ts';
import type { InstanceId, SlotId } from '../protocol/identity.ts';

/** Names to instances. */
export type PassIndex = {
  readonly byId: ReadonlyMap<InstanceId, InstanceView>;
  readonly bySlot: ReadonlyMap<SlotId, readonly InstanceView[]>;
};

const known = new WeakMap<readonly InstanceView[], PassIndex>();

/** The index of a picture. */
export function indexOf({ instances }: ServiceView): PassIndex {
  const before = known.get(instances);
  if (before !== undefined) return before;
  const byId = new Map<InstanceId, InstanceView>();
  const bySlot = new Map<SlotId, InstanceView[]>();
  for (const one of instances) {
    byId.set(one.id, one);
    const list = bySlot.get(one.slot);
    if (list === undefined) bySlot.set(one.slot, [one]);
    else list.push(one);
  }
  const index = { byId, bySlot };
  known.set(instances, index);
  return index;
}
