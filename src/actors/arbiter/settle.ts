/**
 * Moves what was decided along, one pass at a time: who goes leaves the routes, is drained, and is
 * stopped; what has ended is forgotten; operations whose end is seen are closed; and the routes are made
 * anew. It decides nothing: without a decision nobody goes. Pure, and level-triggered: done again it
 * changes nothing.
 */
import { restartDelayMs } from '../arithmetic/restart-delay.ts';
import { instanceStep } from '../instance/instance.machine.ts';
import type { RevisionId, SlotId } from '../protocol/identity.ts';
import { usedZones } from '../protocol/ring-layout.ts';
import { type Acknowledged, acknowledged } from './acknowledgement.ts';
import { withoutFormer } from './dual-ring.ts';
import { isOfTraffic, isOver } from './operation-end.ts';
import { RecordDraft } from './record-draft.ts';
import {
  type InstanceEntry,
  type OperationRecord,
  type ServiceRecord,
  type SlotRecord,
  specOf,
} from './records.ts';
import { isReadyFor, routesOf } from './routes.ts';

/**
 * The records after one pass. `pace`: instances that are moved along, instances that are forgotten, slots
 * that are settled, and operations that are closed, in one pass; the rest waits for the next ones. `zones`:
 * of the region, the first ones first; null: nobody knows, and none is too many.
 */
export function settle(
  record: ServiceRecord,
  nowMs: number,
  pace: number = Number.POSITIVE_INFINITY,
  zones: readonly string[] | null = null,
): ServiceRecord {
  return new Settling(record, nowMs, pace, zones).done();
}

class Settling {
  private readonly record: ServiceRecord;
  private readonly nowMs: number;
  private readonly known: Acknowledged;
  private readonly draft: RecordDraft;
  /** Slots of each share; counted when it is first asked for. */
  private sizes: Map<string, number> | null = null;

  /** What may still be done in this pass. */
  private moves: number;
  private ends: number;
  private settlings: number;
  private readonly closings: number;

  private readonly zones: readonly string[] | null;

  constructor(record: ServiceRecord, nowMs: number, pace: number, zones: readonly string[] | null) {
    this.zones = zones;
    this.moves = pace;
    this.ends = pace;
    this.settlings = pace;
    this.closings = pace;
    this.record = record;
    this.nowMs = nowMs;
    this.known = acknowledged(record);
    this.draft = new RecordDraft(record);
  }

  done(): ServiceRecord {
    const { instances, slots } = this.record;
    for (const entry of instances.values()) {
      if (hasEnded(entry)) this.forgetEnded(entry);
    }
    for (const entry of this.draft.instances.map.values()) {
      if (!isAtRest(entry)) this.moveAlong(entry);
    }
    for (const before of slots.values()) {
      // As it is now: somebody in it may just have ended.
      const slot = this.draft.slots.get(before.id) ?? before;
      if (slot.replaced !== null || slot.inside.length === 0) this.settleSlot(slot);
    }
    const closed = withOperations(this.draft.done(), this.known, this.closings);
    const current = withoutFormer(closed, this.known, this.nowMs);
    return withCarriers(withRoutes(withProof(current, this.nowMs), this.nowMs));
  }

  /** It ended: by decision, or by itself, which its slot remembers. */
  private forgetEnded(entry: InstanceEntry): void {
    const { state } = entry.life;
    if (this.ends-- <= 0) return;
    this.draft.instances.delete(entry.id);
    const before = this.draft.slots.get(entry.slot);
    if (before === undefined) return;
    const slot = { ...before, inside: before.inside.filter((id) => id !== entry.id) };
    this.draft.slots.set(slot.id, slot);
    if (state !== 'failed' || entry.going !== null) return;
    const { backoff } = this.record.spec.heal;
    const wasClean = this.nowMs - entry.createdMs >= backoff.reset;
    const ends = wasClean ? 1 : slot.ends + 1;
    const notBeforeMs = this.nowMs + restartDelayMs(ends, backoff);
    this.draft.slots.set(slot.id, { ...slot, ends, notBeforeMs });
  }

  /** Whoever is to go takes the next step, once everybody knows of the last one. */
  private moveAlong(entry: InstanceEntry): void {
    const { life, going, leftRoutes } = entry;
    const { state } = life;
    if (state === 'stopping' || state === 'draining') this.order(entry, 'tick');
    if (going === null || (going === 'replace' && this.isWaitedFor(entry))) return;
    switch (state) {
      case 'pending':
      case 'starting':
      case 'warming':
      case 'unknown':
        this.order(entry, 'stop');
        return;
      case 'ready':
      case 'unready':
        this.order(entry, 'leave');
        return;
      case 'leaving':
        if (leftRoutes !== null && this.known.routes >= leftRoutes) this.order(entry, 'drain');
        return;
      case 'draining':
        if (life.mayStop) this.order(entry, 'stop');
    }
  }

  /** It gives way to another one, which does not serve yet; unless both would have the same data. */
  private isWaitedFor(entry: InstanceEntry): boolean {
    const { state } = entry.life;
    if (state !== 'ready' && state !== 'unready') return false;
    // Nobody comes after it any more.
    const slot = this.draft.slots.get(entry.slot);
    if (slot === undefined || slot.isRemoved) return false;
    const hasData = (of: RevisionId): boolean => specOf(this.record, of).data !== undefined;
    if (hasData(entry.revision) || hasData(slot.revision)) return false;
    return !this.inside(entry.slot).some((one) => one.id !== entry.id && this.serves(one));
  }

  private inside(slot: SlotId): readonly InstanceEntry[] {
    return this.draft.inside(slot);
  }

  /** It stays, is ready for long enough, and may be routed to. */
  private serves(entry: InstanceEntry): boolean {
    return entry.going === null && isReadyFor(this.record, entry, this.nowMs);
  }

  private settleSlot(before: SlotRecord): void {
    const slot = this.draft.slots.get(before.id);
    if (slot === undefined || this.settlings <= 0) return;
    const inside = this.inside(slot.id);
    const isOver = slot.isRemoved || Boolean(this.record.removal);
    if (inside.length === 0 && (isOver || this.isSurplus(slot))) {
      this.settlings--;
      this.draft.slots.delete(slot.id);
      return;
    }
    if (slot.replaced === null || this.draft.instances.get(slot.replaced) !== undefined) return;
    if (!inside.some((one) => one.revision === slot.revision && this.serves(one))) return;
    this.settlings--;
    this.draft.slots.set(slot.id, { ...slot, replaced: null });
  }

  /** Nobody is in it, and fewer are wanted. */
  private isSurplus(slot: SlotRecord): boolean {
    const { goal, spec, ring } = this.record;
    if (spec.kind === 'sharded') {
      if (slot.ordinal < goal.demand && this.isUsed(slot)) return false;
      return ring?.members.includes(slot.id) !== true;
    }
    this.sizes ??= sizesOf(this.record);
    const key = shareKey(slot);
    const share = goal.shares.find((one) => shareKey(one) === key);
    const size = this.sizes.get(key) ?? 0;
    if (size <= (share?.count ?? 0)) return false;
    this.sizes.set(key, size - 1);
    return true;
  }

  private isUsed({ zone }: SlotRecord): boolean {
    const { zones } = this;
    if (zones === null) return true;
    const { spec, dual = null } = this.record;
    return usedZones({ spec, zones, dual: dual && { ...dual, ring: null } }).includes(zone);
  }

  private order(entry: InstanceEntry, order: 'tick' | 'leave' | 'drain' | 'stop'): void {
    const { nowMs } = this;
    const input =
      order === 'tick'
        ? ({ kind: 'tick', nowMs } as const)
        : ({ kind: 'order', order, nowMs } as const);
    const { record: life } = instanceStep(entry.life, input, specOf(this.record, entry.revision));
    if (life === entry.life || this.moves-- <= 0) return;
    this.draft.instances.set(entry.id, { ...entry, life });
  }
}

function hasEnded({ life: { state } }: InstanceEntry): boolean {
  return state === 'failed' || state === 'stopped';
}

/** It stays where it is, and nothing in it waits for time to pass. */
function isAtRest({ going, life: { state } }: InstanceEntry): boolean {
  return going === null && state !== 'stopping' && state !== 'draining';
}

/** A first revision is one to go back to from the moment when all of it has served. */
function withProof(record: ServiceRecord, nowMs: number): ServiceRecord {
  const { stable, demand } = record.goal;
  const own = record.revisions.find(({ id }) => id === stable);
  if (own === undefined || own.stableMs !== null || demand === 0) return record;
  const serving = new Set<SlotId>();
  for (const entry of record.instances.values()) {
    if (entry.revision === stable && isReadyFor(record, entry, nowMs)) serving.add(entry.slot);
  }
  if (serving.size < record.slots.size || serving.size < demand) return record;
  const proven = { ...own, stableMs: nowMs };
  return { ...record, revisions: record.revisions.map((one) => (one === own ? proven : one)) };
}

function shareKey(of: Pick<SlotRecord, 'revision' | 'isBaseline'>): string {
  return `${of.revision} ${of.isBaseline}`;
}

function sizesOf({ slots }: ServiceRecord): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const slot of slots.values()) {
    sizes.set(shareKey(slot), (sizes.get(shareKey(slot)) ?? 0) + 1);
  }
  return sizes;
}

/** Routes with another content get another number; who left them is gone from that number on. */
function withRoutes(record: ServiceRecord, nowMs: number): ServiceRecord {
  const routes = routesOf(record, nowMs);
  const leavers: InstanceEntry[] = [];
  for (const entry of record.instances.values()) {
    if (entry.life.state === 'leaving' && entry.leftRoutes === null) leavers.push(entry);
  }
  if (leavers.length === 0) return routes === record.routes ? record : { ...record, routes };
  const instances = new Map(record.instances);
  for (const one of leavers) instances.set(one.id, { ...one, leftRoutes: routes.number });
  return { ...record, routes, instances };
}

/** Operations whose end is seen are done; what became of them stands in the records. */
function withOperations(record: ServiceRecord, known: Acknowledged, most: number): ServiceRecord {
  let open: Map<string, OperationRecord> | null = null;
  let left = most;
  for (const operation of record.operations.values()) {
    if (left <= 0) break;
    if (!isOver(record, operation, known)) continue;
    left--;
    open ??= new Map(record.operations);
    open.delete(operation.key);
  }
  return open === null ? record : { ...record, operations: open };
}

/** Who was put out of the traffic, or back, is so in the routes that were just made. */
function withCarriers(record: ServiceRecord): ServiceRecord {
  let operations: Map<string, OperationRecord> | null = null;
  for (const operation of record.operations.values()) {
    if (operation.routes !== undefined || !isOfTraffic(operation)) continue;
    operations ??= new Map(record.operations);
    operations.set(operation.key, { ...operation, routes: record.routes.number });
  }
  return operations === null ? record : { ...record, operations };
}
