/**
 * A specification that was applied: a first one makes the records of its service, a later one moves its
 * target. Applying what is applied already changes nothing, also when its revision was aborted: the way
 * back to that is `retry`. Pure.
 */
import type { RevisionId } from '../protocol/identity.ts';
import type { ServiceSpec } from '../spec/fleet-schema.ts';
import type { GoalRecord, RevisionRecord, ServiceRecord } from './records.ts';

/** Records of a service that nobody has seen yet. */
export function newService(
  name: string,
  spec: ServiceSpec,
  revision: RevisionId,
  nowMs: number,
): ServiceRecord {
  const demand = bounded(initialDemand(spec), spec);
  return {
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
}

/**
 * Why a specification cannot follow the one that runs; null: it can. What decides who owns which key is
 * part of every table that routers have, and one generation has one table.
 */
export function applyProblem(
  { spec: before, ring }: ServiceRecord,
  spec: ServiceSpec,
): string | null {
  const cure = 'Give the service another name and move over to it.';
  if (spec.kind !== before.kind) {
    return `kind is ${spec.kind}, and the service that runs is ${before.kind}. ${cure}`;
  }
  if (ring === null) return null;
  const partsOf = (of: ServiceSpec): Readonly<Record<string, unknown>> => ({
    ring: of.ring !== undefined,
    'ring.algorithm': of.ring?.algorithm,
    'ring.sections': of.ring?.sections,
    replicas: of.kind === 'sharded' ? of.replicas : undefined,
  });
  const [old, now] = [partsOf(before), partsOf(spec)];
  const changed = Object.keys(now).find((key) => now[key] !== old[key]);
  if (changed === undefined) return null;
  return `${changed} is ${now[changed]}, and the ring that runs has ${old[changed]}. ${cure}`;
}

/** A later specification of the same service; one that cannot follow changes nothing. */
export function applied(
  record: ServiceRecord,
  spec: ServiceSpec,
  revision: RevisionId,
  nowMs: number,
): ServiceRecord {
  if (applyProblem(record, spec) !== null) return record;
  const isOther = revision !== record.applied;
  const demand = demandAfter(record, spec);
  const target = isOther ? revision : record.goal.target;
  const isFrozen = spec.frozen === record.spec.frozen ? record.isFrozen : spec.frozen;
  return {
    ...record,
    spec,
    isFrozen,
    applied: revision,
    goal: changedGoal(record.goal, { target, demand }),
    revisions: isOther
      ? withRevision(record.revisions, newRevision(spec, revision, nowMs))
      : record.revisions,
  };
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

/** A number that was written anew is wanted; one that is scaled by itself only stays in its bounds. */
function demandAfter({ spec: before, goal }: ServiceRecord, spec: ServiceSpec): number {
  const isWritten = initialDemand(spec) !== initialDemand(before);
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
