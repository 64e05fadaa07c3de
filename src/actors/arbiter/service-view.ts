/**
 * The picture that a pass is decided from, made of the records and of what metrics say. The only place
 * where records become views. Pure.
 */
import { isFailing } from '../instance/instance.machine.ts';
import type {
  DualView,
  InstanceView,
  Reservation,
  ServiceView,
  SlotView,
} from '../protocol/fleet-view.ts';
import type { MetricQuery, MetricReading } from '../protocol/metric-reading.ts';
import type { SliceReading } from '../protocol/slice-load.ts';
import { acknowledged } from './acknowledgement.ts';
import type { InstanceEntry, ServiceRecord, SlotRecord } from './records.ts';

/** What is not in the records of one service. */
export type PassSurroundings = {
  readonly nowMs: number;
  readonly region: string;
  readonly zones: readonly string[];
  readonly maxStalenessMs: number;
  /** Of the fleet: everything is frozen. */
  readonly isFrozen: boolean;
  readonly reservations: readonly Reservation[] | null;
  /** Requests by slice of the keys; absent or null: nobody has measured it. */
  readonly sliceLoads?: readonly SliceReading[] | null;
  /**
   * Acts, moves and ends that one pass writes down of each: what is more waits for the next one, since a
   * transaction has a limit. Absent: all.
   */
  readonly pace?: number;
  /** Reads a metric as of this pass. */
  readonly metric: (query: MetricQuery) => MetricReading;
};

/** Views of entries that did not change since; an entry is immutable, so its view is. */
const instanceViews = new WeakMap<InstanceEntry, { readonly ends: number; view: InstanceView }>();
const slotViews = new WeakMap<SlotRecord, SlotView>();

/** The picture of one service. */
export function viewOf(record: ServiceRecord, around: PassSurroundings): ServiceView {
  const known = acknowledged(record);
  const { ring, routes } = record;
  const { pace, ...seen } = around;
  return {
    ...seen,
    sliceLoads: around.sliceLoads ?? null,
    name: record.name,
    spec: record.spec,
    goal: record.goal,
    revisions: record.revisions.map(({ id, version, blocked, stableMs, spec }) => ({
      id,
      version,
      isBlocked: blocked !== null,
      hasData: spec.data !== undefined,
      stableMs,
    })),
    slots: slotsOf(record.slots),
    instances: instancesOf(record),
    ring: ring === null ? null : { ...ring, acknowledged: known.generation },
    dual: dualOf(record, known.prepared),
    lastGeneration: record.lastGeneration ?? 0,
    routes: { number: routes.number, acknowledged: known.routes },
    operations: [...record.operations.values()],
    verbs: record.verbs,
    failures: record.failures,
    zombies: record.zombies.filter((id) => !record.fenced.includes(id)),
    quarantinedKeys: record.quarantinedKeys,
    isFrozen: around.isFrozen || record.isFrozen,
    isRemoved: Boolean(record.removal),
    hold: record.hold,
    waiting: record.waiting ?? null,
  };
}

function dualOf({ dual }: ServiceRecord, acknowledged: number): DualView | null {
  if (!dual) return null;
  const { wanted, ring } = dual;
  return { wanted, ring: ring === null ? null : { ...ring, acknowledged } };
}

/** Of maps that did not change since; a map of the records is never changed once it is in them. */
const slotLists = new WeakMap<ServiceRecord['slots'], readonly SlotView[]>();
const instanceLists = new WeakMap<
  ServiceRecord['instances'],
  { readonly slots: ServiceRecord['slots']; readonly list: readonly InstanceView[] }
>();

function slotsOf(slots: ServiceRecord['slots']): readonly SlotView[] {
  const known = slotLists.get(slots);
  if (known !== undefined) return known;
  const list = Array.from(slots.values(), slotViewOf);
  slotLists.set(slots, list);
  return list;
}

function instancesOf({ instances, slots }: ServiceRecord): readonly InstanceView[] {
  const known = instanceLists.get(instances);
  if (known?.slots === slots) return known.list;
  const list = Array.from(instances.values(), (entry) =>
    instanceViewOf(entry, slots.get(entry.slot)?.ends ?? 0),
  );
  instanceLists.set(instances, { slots, list });
  return list;
}

function slotViewOf(slot: SlotRecord): SlotView {
  const known = slotViews.get(slot);
  if (known !== undefined) return known;
  const { id, zone, ordinal, revision, isBaseline, ends, notBeforeMs, replaced } = slot;
  const place = { id, zone, ordinal, revision, isBaseline };
  const view = { ...place, isReplacing: replaced !== null, ends, notBeforeMs };
  slotViews.set(slot, view);
  return view;
}

function instanceViewOf(entry: InstanceEntry, ends: number): InstanceView {
  const known = instanceViews.get(entry);
  if (known?.ends === ends) return known.view;
  const { id, slot, zone, ordinal, revision, isBaseline, createdMs, life } = entry;
  const view: InstanceView = {
    id,
    slot,
    zone,
    ordinal,
    revision,
    isBaseline,
    createdMs,
    state: life.state,
    sinceMs: life.sinceMs,
    readySinceMs: life.readySinceMs,
    seenMs: life.seenMs,
    restarts: ends,
    isEjected: entry.isEjected,
    isFailing: isFailing(life),
    isGoing: entry.going !== null,
    isSurplus: entry.going === 'surplus',
  };
  instanceViews.set(entry, { ends, view });
  return view;
}
