/**
 * What an admitted act does to the records: it writes down what is wanted from now on. What that means
 * for each instance, pass after pass, is settle.ts. Pure but for the draft that it is given.
 */
import { instanceStep } from '../instance/instance.machine.ts';
import { type InstanceId, instanceId, slotParts } from '../protocol/identity.ts';
import type { Act, Intent } from '../protocol/intent.ts';
import { layoutOf } from '../protocol/ring-layout.ts';
import { changedGoal, withTakenPolicy } from './apply-spec.ts';
import { afterCutOver, formerOf, withoutSecond } from './dual-ring.ts';
import { newEntry } from './observations.ts';
import type { RecordDraft } from './record-draft.ts';
import { type InstanceEntry, type RingRecord, type SlotRecord, specOf } from './records.ts';

/** What was admitted, when, and by which decision. */
export type Admitted = {
  readonly intent: Intent;
  readonly nowMs: number;
  readonly decision: number;
};

/** Kinds of acts whose end has to be seen. */
const LASTING = [
  'start',
  'replace',
  'stop',
  'eject',
  'readmit',
  'fence',
  'publishRing',
  'prepareRing',
  'cutOver',
] as const;
type Lasting = Extract<Act, { kind: (typeof LASTING)[number] }>;

/** The records after it. */
export function applyAct(draft: RecordDraft, at: Admitted): void {
  const { act } = at.intent;
  change(draft, at.intent, at.nowMs);
  if (isLasting(act)) noteOperation(draft, act, at);
}

function change(draft: RecordDraft, { act, who }: Intent, nowMs: number): void {
  const { goal, quarantinedKeys } = draft.rest;
  switch (act.kind) {
    case 'setDemand':
      draft.set({ goal: changedGoal(goal, { demand: act.count }) });
      return;
    case 'setTarget':
      draft.set({ goal: changedGoal(goal, { target: act.revision }) });
      return;
    case 'takePolicy':
      draft.set(withTakenPolicy(draft.rest));
      return;
    case 'setSplit':
      draft.set({ goal: changedGoal(goal, { shares: act.shares }) });
      return;
    case 'setStable':
      draft.setRevision(act.revision, { stableMs: nowMs });
      draft.set({ goal: changedGoal(goal, { stable: act.revision }) });
      return;
    case 'start':
      start(draft, act, nowMs);
      return;
    case 'replace':
      replace(draft, act, nowMs);
      return;
    case 'stop':
      stop(draft, act.instance, who === 'placement' ? 'surplus' : 'stop');
      return;
    case 'keep':
      keep(draft, act.instance, nowMs);
      return;
    case 'eject':
    case 'readmit':
      draft.setInstance(act.instance, { isEjected: act.kind === 'eject' });
      return;
    case 'fence':
      fence(draft, act.instance, nowMs);
      return;
    case 'publishRing':
      publishRing(draft, act, nowMs);
      return;
    case 'prepareRing':
      prepareRing(draft, act, nowMs);
      return;
    case 'cutOver':
      draft.set(afterCutOver(draft.rest, nowMs));
      return;
    case 'quarantineKey': {
      const others = quarantinedKeys.filter((key) => key !== act.key);
      draft.set({ quarantinedKeys: [...others, act.key] });
      return;
    }
    case 'releaseKey':
      draft.set({ quarantinedKeys: quarantinedKeys.filter((key) => key !== act.key) });
      return;
    case 'blockRevision':
      draft.setRevision(act.revision, { blocked: act.reason });
      return;
    case 'unblockRevision':
      draft.setRevision(act.revision, { blocked: null });
      return;
  }
}

/** A second ring is of the members that the first one had: with others it is made anew. */
function publishRing(
  draft: RecordDraft,
  { generation, members, weights, overrides }: Extract<Act, { kind: 'publishRing' }>,
  nowMs: number,
): void {
  const { spec, ring: before, dual } = draft.rest;
  const replicas = new Set(members.map((slot) => slotParts(slot)?.zone)).size;
  const layout = before?.layout ?? layoutOf(spec, replicas);
  const ring: RingRecord = {
    generation,
    members,
    weights,
    overrides,
    publishedMs: nowMs,
    ...(layout === null ? {} : { layout }),
    ...formerOf(before, spec),
  };
  const second = dual ? withoutSecond(draft.rest) : {};
  draft.set({ ring, ...second });
}

function prepareRing(
  draft: RecordDraft,
  { generation, members, weights }: Extract<Act, { kind: 'prepareRing' }>,
  nowMs: number,
): void {
  const { dual } = draft.rest;
  if (!dual) return;
  const { wanted: layout } = dual;
  const ring = { generation, members, weights, overrides: [], publishedMs: nowMs, layout };
  draft.set({ dual: { ...dual, ring } });
}

/** A new instance, in a slot that is made if it is not there. */
function start(draft: RecordDraft, act: Extract<Act, { kind: 'start' }>, nowMs: number): void {
  const { zone = '', ordinal = 0 } = slotParts(act.slot) ?? {};
  const before = draft.slots.get(act.slot);
  const made = draft.rest.made + 1;
  const id = instanceId(act.slot, made);
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
  draft.set({ made });
  draft.slots.set(slot.id, slot);
  draft.instances.set(id, newEntry(slot, id, nowMs));
}

/**
 * The slot is to have another instance. One of the wanted revision that was leaving stays, whether it is
 * named or not; everybody else in the slot goes.
 */
function replace(draft: RecordDraft, act: Extract<Act, { kind: 'replace' }>, nowMs: number): void {
  const inside = draft.inside(act.slot);
  const back = inside.findLast(
    ({ id, revision, going, life }) =>
      revision === act.revision && (id !== act.instance || going !== null) && mayStay(life.state),
  );
  const goers = inside.filter(({ id }) => id !== back?.id);
  const named = goers.find(({ id }) => id === act.instance) ?? goers.at(-1);
  for (const { id, going } of goers) {
    if (going === null) draft.setInstance(id, { going: 'replace' });
  }
  if (back !== undefined) keep(draft, back.id, nowMs);
  const replaced = named?.id ?? null;
  draft.setSlot(act.slot, { revision: act.revision, replaced, isRemoved: false });
}

function stop(draft: RecordDraft, id: InstanceId, going: 'stop' | 'surplus'): void {
  const entry = draft.instances.get(id);
  if (entry === undefined) return;
  draft.setInstance(id, { going });
  const isLast = draft.inside(entry.slot).every(({ going }) => going !== null);
  if (isLast) draft.setSlot(entry.slot, { isRemoved: true, replaced: null });
}

function keep(draft: RecordDraft, id: InstanceId, nowMs: number): void {
  const entry = draft.instances.get(id);
  if (entry === undefined || !mayStay(entry.life.state)) return;
  const input = { kind: 'order', order: 'stay', nowMs } as const;
  const { record: life } = instanceStep(entry.life, input, specOf(draft.rest, entry.revision));
  draft.setInstance(id, { going: null, leftRoutes: null, life });
  draft.setSlot(entry.slot, { isRemoved: false });
}

/** Until the signal is sent, whoever leaves may stay. */
export function mayStay(state: InstanceEntry['life']['state']): boolean {
  return state === 'ready' || state === 'unready' || state === 'leaving' || state === 'draining';
}

/** It is killed, and its slot gets another one; of a zombie only the name is known. */
function fence(draft: RecordDraft, id: InstanceId, nowMs: number): void {
  const entry = draft.instances.get(id);
  if (entry === undefined) {
    draft.set({ fenced: [...draft.rest.fenced, id] });
    return;
  }
  const input = { kind: 'order', order: 'fence', nowMs } as const;
  const { record: life } = instanceStep(entry.life, input, specOf(draft.rest, entry.revision));
  draft.setInstance(id, { life, going: 'replace' });
  if (draft.slots.get(entry.slot)?.isRemoved === false) draft.setSlot(entry.slot, { replaced: id });
}

function isLasting(act: Act): act is Lasting {
  return (LASTING as readonly string[]).includes(act.kind);
}

function noteOperation(draft: RecordDraft, act: Lasting, at: Admitted): void {
  const target = targetOf(draft, act);
  const key = operationKey(act.kind, target, draft.rest.goal.number);
  const { kind } = act;
  const { decision, nowMs: issuedMs } = at;
  draft.operations.set(key, { key, kind, target, decision, issuedMs, outcome: 'issued' });
}

function targetOf(draft: RecordDraft, act: Lasting): string {
  if (act.kind === 'publishRing' || act.kind === 'prepareRing' || act.kind === 'cutOver') {
    return String(act.generation);
  }
  if (act.kind !== 'start') return act.instance;
  return instanceId(act.slot, draft.rest.made);
}

/** The same act on the same target for the same goal has the same key, whoever issues it. */
function operationKey(kind: string, target: string, goal: number): string {
  return `${kind} ${target} @${goal}`;
}
