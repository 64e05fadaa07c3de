/**
 * What an admitted act does to the records: it writes down what is wanted from now on. What that means
 * for each instance, pass after pass, is settle.ts. Pure.
 */
import { instanceStep } from '../instance/instance.machine.ts';
import {
  type InstanceId,
  instanceId,
  type RevisionId,
  type SlotId,
  slotParts,
} from '../protocol/identity.ts';
import type { Act } from '../protocol/intent.ts';
import { changedGoal } from './apply-spec.ts';
import { newEntry } from './observations.ts';
import {
  type InstanceEntry,
  type OperationRecord,
  type ServiceRecord,
  type SlotRecord,
  specOf,
  withEntry,
} from './records.ts';

/** When it was admitted, and by which decision. */
export type Admitted = { readonly nowMs: number; readonly decision: number };

/** Kinds of acts whose end has to be seen. */
const LASTING = ['start', 'replace', 'stop', 'eject', 'readmit', 'fence', 'publishRing'] as const;
type Lasting = Extract<Act, { kind: (typeof LASTING)[number] }>;

/** The records after it. */
export function applyAct(record: ServiceRecord, act: Act, at: Admitted): ServiceRecord {
  const next = changed(record, act, at);
  return isLasting(act) ? withOperation(next, act, at) : next;
}

function changed(record: ServiceRecord, act: Act, at: Admitted): ServiceRecord {
  switch (act.kind) {
    case 'setDemand':
      return { ...record, goal: changedGoal(record.goal, { demand: act.count }) };
    case 'setTarget':
      return { ...record, goal: changedGoal(record.goal, { target: act.revision }) };
    case 'setSplit':
      return { ...record, goal: changedGoal(record.goal, { shares: act.shares }) };
    case 'setStable':
      return stabilized(record, act.revision, at.nowMs);
    case 'start':
      return started(record, act, at);
    case 'replace':
      return replaced(record, act, at);
    case 'stop':
      return stopped(record, act.instance);
    case 'keep':
      return keptIn(record, act.instance, at.nowMs);
    case 'eject':
    case 'readmit':
      return withInstance(record, act.instance, { isEjected: act.kind === 'eject' });
    case 'fence':
      return fenced(record, act.instance, at.nowMs);
    case 'publishRing': {
      const { generation, members, weights, overrides } = act;
      const ring = { generation, members, weights, overrides, publishedMs: at.nowMs };
      return { ...record, ring };
    }
    case 'quarantineKey': {
      const others = record.quarantinedKeys.filter((key) => key !== act.key);
      return { ...record, quarantinedKeys: [...others, act.key] };
    }
    case 'releaseKey':
      return {
        ...record,
        quarantinedKeys: record.quarantinedKeys.filter((key) => key !== act.key),
      };
    case 'blockRevision':
      return withRevision(record, act.revision, { blocked: act.reason });
    case 'unblockRevision':
      return withRevision(record, act.revision, { blocked: null });
  }
}

function stabilized(record: ServiceRecord, revision: RevisionId, nowMs: number): ServiceRecord {
  const next = withRevision(record, revision, { stableMs: nowMs });
  return { ...next, goal: changedGoal(next.goal, { stable: revision }) };
}

/** A new instance, in a slot that is made if it is not there. */
function started(
  record: ServiceRecord,
  act: Extract<Act, { kind: 'start' }>,
  { nowMs }: Admitted,
): ServiceRecord {
  const { zone = '', ordinal = 0 } = slotParts(act.slot) ?? {};
  const before = record.slots.get(act.slot);
  const id = instanceId(act.slot, record.made + 1);
  const slot: SlotRecord = {
    id: act.slot,
    zone,
    ordinal,
    ends: 0,
    notBeforeMs: 0,
    replaced: null,
    ...before,
    revision: act.revision,
    isBaseline: act.isBaseline,
    isRemoved: false,
    inside: [...(before?.inside ?? []), id],
  };
  const entry = newEntry(slot, id, nowMs);
  return {
    ...record,
    made: record.made + 1,
    slots: withEntry(record.slots, slot.id, slot),
    instances: withEntry(record.instances, entry.id, entry),
  };
}

/**
 * The slot is to have another instance. One of the wanted revision that was leaving stays, whether it is
 * named or not; everybody else in the slot goes.
 */
function replaced(
  record: ServiceRecord,
  act: Extract<Act, { kind: 'replace' }>,
  { nowMs }: Admitted,
): ServiceRecord {
  const slot = record.slots.get(act.slot);
  if (slot === undefined) return record;
  const inside = instancesOf(record, slot.id);
  const back = inside.findLast(
    ({ id, revision, going, life }) =>
      revision === act.revision && (id !== act.instance || going !== null) && mayStay(life.state),
  );
  const goers = inside.filter(({ id }) => id !== back?.id);
  const named = goers.find(({ id }) => id === act.instance) ?? goers.at(-1);
  let next: ServiceRecord = record;
  for (const { id, going } of goers) {
    if (going === null) next = withInstance(next, id, { going: 'replace' });
  }
  if (back !== undefined) next = keptIn(next, back.id, nowMs);
  const changed = { ...slot, revision: act.revision, replaced: named?.id ?? null };
  return { ...next, slots: withEntry(next.slots, slot.id, { ...changed, isRemoved: false }) };
}

function stopped(record: ServiceRecord, id: InstanceId): ServiceRecord {
  const entry = record.instances.get(id);
  if (entry === undefined) return record;
  const next = withInstance(record, id, { going: 'stop' });
  const slot = record.slots.get(entry.slot);
  const isLast = instancesOf(next, entry.slot).every(({ going }) => going !== null);
  if (slot === undefined || !isLast) return next;
  const removed = { ...slot, isRemoved: true, replaced: null };
  return { ...next, slots: withEntry(next.slots, slot.id, removed) };
}

function keptIn(record: ServiceRecord, id: InstanceId, nowMs: number): ServiceRecord {
  const entry = record.instances.get(id);
  if (entry === undefined || !mayStay(entry.life.state)) return record;
  const config = specOf(record, entry.revision);
  const { record: life } = instanceStep(
    entry.life,
    { kind: 'order', order: 'stay', nowMs },
    config,
  );
  const next = withInstance(record, id, { going: null, leftRoutes: null, life });
  const slot = next.slots.get(entry.slot);
  if (slot === undefined) return next;
  return { ...next, slots: withEntry(next.slots, slot.id, { ...slot, isRemoved: false }) };
}

/** Until the signal is sent, whoever leaves may stay. */
function mayStay(state: InstanceEntry['life']['state']): boolean {
  return state === 'ready' || state === 'unready' || state === 'leaving' || state === 'draining';
}

function fenced(record: ServiceRecord, id: InstanceId, nowMs: number): ServiceRecord {
  const entry = record.instances.get(id);
  if (entry === undefined) return { ...record, fenced: [...record.fenced, id] };
  const config = specOf(record, entry.revision);
  const input = { kind: 'order', order: 'fence', nowMs } as const;
  const { record: life } = instanceStep(entry.life, input, config);
  const next = withInstance(record, id, { life, going: 'replace' });
  const slot = next.slots.get(entry.slot);
  if (slot === undefined || slot.isRemoved) return next;
  return { ...next, slots: withEntry(next.slots, slot.id, { ...slot, replaced: id }) };
}

/** All that are in a slot; the oldest first. */
export function instancesOf(
  { instances, slots }: Pick<ServiceRecord, 'instances' | 'slots'>,
  slot: SlotId,
): readonly InstanceEntry[] {
  return (slots.get(slot)?.inside ?? []).flatMap((id) => instances.get(id) ?? []);
}

function withInstance(
  record: ServiceRecord,
  id: InstanceId,
  more: Partial<InstanceEntry>,
): ServiceRecord {
  const entry = record.instances.get(id);
  if (entry === undefined) return record;
  return { ...record, instances: withEntry(record.instances, id, { ...entry, ...more }) };
}

function withRevision(
  record: ServiceRecord,
  id: RevisionId,
  more: { readonly blocked?: string | null; readonly stableMs?: number },
): ServiceRecord {
  const revisions = record.revisions.map((one) => (one.id === id ? { ...one, ...more } : one));
  return { ...record, revisions };
}

function isLasting(act: Act): act is Lasting {
  return (LASTING as readonly string[]).includes(act.kind);
}

function withOperation(record: ServiceRecord, act: Lasting, at: Admitted): ServiceRecord {
  const target = targetOf(record, act);
  const operation: OperationRecord = {
    key: operationKey(act.kind, target, record.goal.number),
    kind: act.kind,
    target,
    decision: at.decision,
    issuedMs: at.nowMs,
    outcome: 'issued',
  };
  return { ...record, operations: withEntry(record.operations, operation.key, operation) };
}

function targetOf(record: ServiceRecord, act: Lasting): string {
  if (act.kind === 'publishRing') return String(act.generation);
  if (act.kind !== 'start') return act.instance;
  return instanceId(act.slot, record.made);
}

/** The same act on the same target for the same goal has the same key, whoever issues it. */
export function operationKey(kind: string, target: string, goal: number): string {
  return `${kind} ${target} @${goal}`;
}
