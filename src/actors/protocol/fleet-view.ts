/**
 * What everybody sees in one pass: the same immutable picture of one service, made before the pass
 * began. A controller decides from it and from its own state, and from nothing else; that is what makes
 * a recorded pass the same when it is replayed.
 */
import type { ServiceSpec } from '../spec/fleet-schema.ts';
import type { InstanceId, RevisionId, SlotId } from './identity.ts';
import type { InstanceState } from './instance-state.ts';
import type { MetricQuery, MetricReading } from './metric-reading.ts';

/** One instance, as it is seen. Times are monotonic milliseconds of the pass's clock. */
export type InstanceView = {
  readonly id: InstanceId;
  readonly slot: SlotId;
  readonly zone: string;
  readonly ordinal: number;
  readonly revision: RevisionId;
  readonly state: InstanceState;
  /** Since when it is in that state. */
  readonly sinceMs: number;
  readonly createdMs: number;
  /** Since when it is ready; null: it is not. */
  readonly readySinceMs: number | null;
  /** When it was last seen; what is older than `maxStaleness` is no ground to stop anything. */
  readonly seenMs: number;
  /** Ends by itself, one after the other, within the backoff's reset time. */
  readonly restarts: number;
  /** Out of the traffic by the healer. */
  readonly isEjected: boolean;
};

/** Why a revision is where it is. */
export type RevisionView = {
  readonly id: RevisionId;
  /** Of people: `v2`. */
  readonly version: string;
  /** Not to be started by itself: it was aborted. */
  readonly isBlocked: boolean;
};

/** What the arbiter has written down as wanted. */
export type GoalView = {
  /** Grows with each change. */
  readonly number: number;
  /** Instances, or shards, that are needed. */
  readonly demand: number;
  /** What runs when nothing is being rolled out. */
  readonly stable: RevisionId;
  /** What the specification asks for. */
  readonly target: RevisionId;
  /** Percent of the traffic for the target. */
  readonly weight: number;
};

/** Owners of keys, and who has heard of them. */
export type RingView = {
  readonly generation: number;
  readonly members: readonly SlotId[];
  /** Lowest generation that a router that counts has acknowledged. */
  readonly acknowledged: number;
};

/** An effect that was recorded and whose end has not been seen. */
export type OperationView = {
  readonly key: string;
  readonly kind: string;
  readonly target: string;
  readonly outcome: 'issued' | 'done' | 'failed' | 'unknown';
  readonly issuedMs: number;
};

/** One service in one pass. */
export type ServiceView = {
  readonly nowMs: number;
  readonly region: string;
  readonly zones: readonly string[];
  readonly name: string;
  readonly spec: ServiceSpec;
  readonly maxStalenessMs: number;
  readonly goal: GoalView;
  readonly revisions: readonly RevisionView[];
  readonly instances: readonly InstanceView[];
  readonly ring: RingView | null;
  readonly operations: readonly OperationView[];
  readonly isFrozen: boolean;
  /** Reads a metric as of this pass: the same query gives the same reading. */
  readonly metric: (query: MetricQuery) => MetricReading;
};

/** Whether an instance serves, and has done so for long enough to be counted on. */
export function isAvailable(instance: InstanceView, nowMs: number, minReadyMs: number): boolean {
  const { state, readySinceMs, isEjected } = instance;
  return (
    state === 'ready' && !isEjected && readySinceMs !== null && nowMs - readySinceMs >= minReadyMs
  );
}

/** How long an instance has to be ready before it counts; sharded services wait for their keys. */
export function minReadyOf(spec: ServiceSpec): number {
  return spec.rollout.minReady ?? (spec.kind === 'sharded' ? 10_000 : 0);
}
