/**
 * A service's records while a pass changes them: each map is copied at its first change, however much is
 * changed after it, and what is not changed stays the same object. Called by whoever writes down what was
 * admitted; nobody else sees it.
 */
import type { InstanceId, RevisionId, SlotId } from '../protocol/identity.ts';
import { DraftMap } from './draft-map.ts';
import type {
  InstanceEntry,
  OperationRecord,
  RevisionRecord,
  ServiceRecord,
  SlotRecord,
} from './records.ts';

/** Thread rule: none; it is a value of one pass. */
export class RecordDraft {
  readonly slots: DraftMap<SlotId, SlotRecord>;
  readonly instances: DraftMap<InstanceId, InstanceEntry>;
  readonly operations: DraftMap<string, OperationRecord>;
  private head: ServiceRecord;

  constructor(record: ServiceRecord) {
    this.head = record;
    this.slots = new DraftMap(record.slots);
    this.instances = new DraftMap(record.instances);
    this.operations = new DraftMap(record.operations);
  }

  /** Everything but slots, instances and operations, as it is now. */
  get rest(): Omit<ServiceRecord, 'slots' | 'instances' | 'operations'> {
    return this.head;
  }

  /** All of it, as it is now. */
  done(): ServiceRecord {
    const { head } = this;
    const [slots, instances, operations] = [
      this.slots.map,
      this.instances.map,
      this.operations.map,
    ];
    const isSame =
      slots === head.slots && instances === head.instances && operations === head.operations;
    return isSame ? head : { ...head, slots, instances, operations };
  }

  /** Everything else changes through here. */
  set(more: Partial<Omit<ServiceRecord, 'slots' | 'instances' | 'operations'>>): void {
    this.head = { ...this.head, ...more };
  }

  /** One that is not there stays so. */
  setInstance(id: InstanceId, more: Partial<InstanceEntry>): void {
    const entry = this.instances.get(id);
    if (entry !== undefined) this.instances.set(id, { ...entry, ...more });
  }

  /** One that is not there stays so. */
  setSlot(id: SlotId, more: Partial<SlotRecord>): void {
    const slot = this.slots.get(id);
    if (slot !== undefined) this.slots.set(id, { ...slot, ...more });
  }

  /** One that is not there stays so. */
  setRevision(id: RevisionId, more: Partial<RevisionRecord>): void {
    const revisions = this.head.revisions.map((one) => (one.id === id ? { ...one, ...more } : one));
    this.set({ revisions });
  }

  /** All that are in a slot; the oldest first. */
  inside(slot: SlotId): readonly InstanceEntry[] {
    return (this.slots.get(slot)?.inside ?? []).flatMap((id) => this.instances.get(id) ?? []);
  }
}
