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

/** A later specification of the same service. Its kind does not change: that is another service. */
export function applied(
  record: ServiceRecord,
  spec: ServiceSpec,
  revision: RevisionId,
  nowMs: number,
): ServiceRecord {
  if (spec.kind !== record.spec.kind) return record;
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
