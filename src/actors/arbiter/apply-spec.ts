/**
 * A specification that was applied: a first one makes the records of its service, a later one moves its
 * target. Applying what is applied already changes nothing, also when its revision was aborted: the way
 * back to that is `retry`. Pure.
 */
import type { Reservation } from '../protocol/fleet-view.ts';
import type { RevisionId } from '../protocol/identity.ts';
import { isSameLayout, layoutOf, layoutText, relayoutToken } from '../protocol/ring-layout.ts';
import type { ServiceSpec } from '../spec/fleet-schema.ts';
import { hashText } from '../spec/revision.ts';
import { dualTo, layoutParts, withLayout, withoutDual } from './dual-ring.ts';
import { splitPolicy, takenPolicy } from './policy-wave.ts';
import type { GoalRecord, RevisionRecord, ServiceRecord, WaitingPolicy } from './records.ts';
import { countingOn, type GoneService, isPastReturn } from './removal.ts';

/** Records of a service that nobody has seen yet. `gone`: where one of its name stood; null: none did. */
export function newService(
  name: string,
  spec: ServiceSpec,
  revision: RevisionId,
  nowMs: number,
  gone: GoneService | null = null,
): ServiceRecord {
  const demand = bounded(initialDemand(spec), spec);
  const record: ServiceRecord = {
    name,
    spec,
    applied: revision,
    goal: { number: 1, demand, stable: revision, target: revision, shares: [] },
    revisions: [newRevision(spec, revision, nowMs)],
    slots: new Map(),
    instances: new Map(),
    ring: null,
    routes: { number: 1, routes: [], weights: [] },
    routers: new Map(),
    operations: new Map(),
    controllers: { rollout: null, hashring: null, autoscaler: null, healer: null },
    verbs: [],
    failures: [],
    zombies: [],
    fenced: [],
    quarantinedKeys: [],
    isFrozen: spec.frozen,
    hold: null,
    decisions: 0,
    made: 0,
  };
  return countingOn(record, gone);
}

/** Why a specification does not follow the one that runs, with its cure. */
export type ApplyProblem = {
  /** `NEEDS_TOKEN`: it does when an operator says so. `IS_REMOVED`: it does when the service is gone. */
  readonly reason: 'CANNOT_FOLLOW' | 'NEEDS_TOKEN' | 'IS_REMOVED';
  readonly message: string;
};

/** What is known beside a specification. */
export type ApplyAround = {
  /** Zones of the region. Absent: as many as a shard can use. */
  readonly zonesCount?: number;
  /** What an operator has said beside it. */
  readonly allow?: readonly string[];
  /** There are several: a change of policy waits for this one's turn. Absent: there is one. */
  readonly hasRegions?: boolean;
};

/**
 * Why a specification cannot follow the one that runs; null: it can. What decides who owns which key is
 * part of every table that routers have, and one generation has one table: another layout goes by a
 * second ring, and only when somebody has said so.
 */
export function applyProblem(
  record: ServiceRecord,
  spec: ServiceSpec,
  { zonesCount = REPLICAS_MAX, allow = [] }: ApplyAround = {},
): ApplyProblem | null {
  const { spec: before, ring, name } = record;
  const no = (message: string): ApplyProblem => ({ reason: 'CANNOT_FOLLOW', message });
  if (isPastReturn(record)) {
    const message = 'it is being removed. Apply it again when it is gone: it begins anew then.';
    return { reason: 'IS_REMOVED', message };
  }
  const cure = 'Give the service another name and move over to it.';
  if (spec.kind !== before.kind) {
    return no(`kind is ${spec.kind}, and the service that runs is ${before.kind}. ${cure}`);
  }
  if (ring === null) return null;
  const [from, to] = [layoutOf(before, zonesCount), layoutOf(spec, zonesCount)];
  if (from === null || to === null) {
    if (from === to) return null;
    const [now, old] = [to !== null, from !== null];
    return no(`ring is ${now}, and the ring that runs has ${old}. ${cure}`);
  }
  if (isSameLayout(from, to)) return null;
  const wanted = record.dual?.wanted;
  if (wanted !== undefined && isSameLayout(wanted, to)) return null;
  const token = relayoutToken(name, from, to);
  if (allow.includes(token)) return null;
  const message =
    `the ring that runs is ${layoutText(from)}, and ${layoutText(to)} is wanted: most keys would get ` +
    `other owners. Apply it again and allow ${token}.`;
  return { reason: 'NEEDS_TOKEN', message };
}

/**
 * Why a specification may not shrink its service: in one of several regions what one gives up another may
 * need. Null: it does not, or has a reservation, or somebody has said so. `reservations` null: there is one
 * region.
 */
export function shrinkProblem(
  record: ServiceRecord,
  spec: ServiceSpec,
  { reservations, nowMs, allow }: ShrinkAround,
): ApplyProblem | null {
  const [from, to] = [record.goal.demand, demandAfter(record, spec)];
  if (reservations === null || to >= from) return null;
  const isReserved = reservations.some(({ kind, untilMs, floors }) => {
    const floor = floors === undefined ? 0 : (floors[record.name] ?? Number.POSITIVE_INFINITY);
    return kind === 'shrink' && untilMs > nowMs && floor <= to;
  });
  const token = `shrink-${hashText(`${record.name}: ${from} -> ${to}`)}`;
  if (isReserved || allow.includes(token)) return null;
  const message =
    `it would shrink from ${from} to ${to} without a reservation, and other regions may count on it. ` +
    `Apply it again while one is held, or allow ${token}.`;
  return { reason: 'NEEDS_TOKEN', message };
}

/** What is known where a service would shrink. */
export type ShrinkAround = {
  readonly reservations: readonly Reservation[] | null;
  /** Of reservations; milliseconds of decision time. */
  readonly nowMs: number;
  readonly allow: readonly string[];
};

/** A shard uses no more zones. */
const REPLICAS_MAX = 3;

/** A later specification of the same service; one that cannot follow changes nothing. */
export function applied(
  record: ServiceRecord,
  wanted: ServiceSpec,
  revision: RevisionId,
  nowMs: number,
  around: ApplyAround = {},
): ServiceRecord {
  if (applyProblem(record, wanted, around) !== null) return record;
  const { spec: now, waiting } = atOnce(record, wanted, { ...around, revision, nowMs });
  const { spec, ...dual } = inLayout(record, now, around.zonesCount ?? REPLICAS_MAX, nowMs);
  const isOther = revision !== record.applied;
  const demand = demandAfter(record, spec);
  const target = isOther ? revision : record.goal.target;
  const isFrozen = spec.frozen === record.spec.frozen ? record.isFrozen : spec.frozen;
  return {
    ...record,
    ...dual,
    ...(record.removal ? { removal: null } : {}),
    ...(waiting === null && !record.waiting ? {} : { waiting }),
    spec,
    isFrozen,
    applied: revision,
    goal: changedGoal(record.goal, { target, demand }),
    revisions: isOther
      ? withRevision(record.revisions, newRevision(spec, revision, nowMs))
      : record.revisions,
  };
}

/** Of a specification what holds at once, and what of its policy waits; null: nothing does. */
export function atOnce(
  record: ServiceRecord,
  wanted: ServiceSpec,
  {
    revision,
    nowMs,
    zonesCount = REPLICAS_MAX,
    allow = [],
    hasRegions = false,
  }: ApplyAround & { readonly revision: RevisionId; readonly nowMs: number },
): Pick<ServiceRecord, 'spec'> & { readonly waiting: WaitingPolicy | null } {
  if (!hasRegions) return { spec: wanted, waiting: null };
  return splitPolicy(record, wanted, { revision, zonesCount, nowMs, allow });
}

/**
 * What waited takes hold. It never shrinks the service: other regions may count on it, and what is too
 * much is the autoscaler's to give back, when the coordinator lets it.
 */
export function withTakenPolicy(
  record: Pick<ServiceRecord, 'spec' | 'goal' | 'hold' | 'waiting' | 'dual'>,
): Partial<Pick<ServiceRecord, 'spec' | 'goal' | 'waiting' | 'dual'>> {
  const taken = takenPolicy(record);
  const { goal } = record;
  if (taken.spec === undefined) return taken;
  const demand = Math.max(goal.demand, demandAfter(record, taken.spec));
  return { ...taken, goal: changedGoal(goal, { demand }) };
}

/** What holds from now on: with another layout only when routers go by it. */
function inLayout(
  record: ServiceRecord,
  spec: ServiceSpec,
  zonesCount: number,
  nowMs: number,
): Pick<ServiceRecord, 'spec' | 'dual' | 'lastGeneration'> {
  const [from, to] = [layoutOf(record.spec, zonesCount), layoutOf(spec, zonesCount)];
  if (record.ring === null || from === null || to === null || isSameLayout(from, to)) {
    return { spec, ...withoutDual(record) };
  }
  const dual = dualTo(record, { spec, wanted: to, nowMs });
  return { spec: withLayout(spec, layoutParts(record.spec)), ...dual };
}

/** The goal with some fields changed; its number grows if any is. */
export function changedGoal(goal: GoalRecord, more: Partial<GoalRecord>): GoalRecord {
  const isChanged = Object.entries(more).some(
    ([key, value]) => goal[key as keyof GoalRecord] !== value,
  );
  return isChanged ? { ...goal, ...more, number: goal.number + 1 } : goal;
}

/** What is written, before anything scales it. */
function initialDemand(spec: ServiceSpec): number {
  return spec.kind === 'sharded' ? spec.shards : spec.instances;
}

/**
 * A number that was written anew is wanted, and the written one when nothing decides it any more; one that
 * is scaled by itself only stays in its bounds.
 */
function demandAfter(
  { spec: before, goal, hold }: Pick<ServiceRecord, 'spec' | 'goal' | 'hold'>,
  spec: ServiceSpec,
): number {
  const isLeft = before.autoscale !== undefined && hold === null;
  const isWritten = isLeft || initialDemand(spec) !== initialDemand(before);
  const demand = spec.autoscale === undefined && isWritten ? initialDemand(spec) : goal.demand;
  return bounded(demand, spec);
}

function bounded(count: number, { autoscale }: ServiceSpec): number {
  if (autoscale === undefined) return count;
  return Math.min(Math.max(count, autoscale.min), autoscale.max);
}

function newRevision(spec: ServiceSpec, id: RevisionId, nowMs: number): RevisionRecord {
  return { id, version: spec.version, spec, createdMs: nowMs, blocked: null, stableMs: null };
}

/** One that is known already is the newest again, with all that is known of it. */
function withRevision(
  revisions: readonly RevisionRecord[],
  added: RevisionRecord,
): readonly RevisionRecord[] {
  const known = revisions.find(({ id }) => id === added.id);
  return [...revisions.filter(({ id }) => id !== added.id), known ?? added];
}
