/**
 * What everybody sees in one pass: the same immutable picture of one service, made before the pass
 * began. A controller decides from it and from its own state, and from nothing else; that is what makes
 * a recorded pass the same when it is replayed.
 */
import type { ServiceSpec } from '../spec/fleet-schema.ts';
import type { InstanceId, RevisionId, SlotId } from './identity.ts';
import type { InstanceState } from './instance-state.ts';
import type { Share, SliceOverride } from './intent.ts';
import type { MetricQuery, MetricReading } from './metric-reading.ts';
import type { RingLayout } from './ring-layout.ts';
import type { SliceReading } from './slice-load.ts';

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
  /** Ends by itself, one after the other, within the backoff's reset time; its slot's. */
  readonly restarts: number;
  /** Out of the traffic by the healer. */
  readonly isEjected: boolean;
  /** Of a canary's baseline. */
  readonly isBaseline: boolean;
  /** Its liveness or its start has failed. */
  readonly isFailing: boolean;
  /** It was decided that it goes; it may still be serving. */
  readonly isGoing: boolean;
  /** It goes only because fewer are needed: if that is over, it can stay. */
  readonly isSurplus: boolean;
};

/** A place for one instance. */
export type SlotView = {
  readonly id: SlotId;
  readonly zone: string;
  readonly ordinal: number;
  /** What it is to have. */
  readonly revision: RevisionId;
  readonly isBaseline: boolean;
  /** Its instance is being replaced by decision; until another one serves. */
  readonly isReplacing: boolean;
  /** Ends by themselves, one after the other. */
  readonly ends: number;
  /** No instance is started in it before; monotonic milliseconds. */
  readonly notBeforeMs: number;
};

/** A revision, newest last. */
export type RevisionView = {
  readonly id: RevisionId;
  /** Of people: `v2`. */
  readonly version: string;
  /** Not to be started by itself: it was aborted. */
  readonly isBlocked: boolean;
  /** Its instances own a data directory. Absent: as the specification says. */
  readonly hasData?: boolean;
  /** When it was last stable; null: it never was. */
  readonly stableMs: number | null;
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
  /** How a stateless service is divided. A sharded one has a revision for each slot. */
  readonly shares: readonly Share[];
};

/** Owners of keys, and who has heard of them. */
export type RingView = {
  readonly generation: number;
  readonly members: readonly SlotId[];
  /** Of each member; 1 is normal. */
  readonly weights: readonly number[];
  readonly overrides: readonly SliceOverride[];
  /** Lowest generation that a router that counts has acknowledged. */
  readonly acknowledged: number;
  readonly publishedMs: number;
  /** How its table is built. Absent: as the specification says. */
  readonly layout?: RingLayout;
  /** What it has taken the place of, for as long as readers may ask former owners. */
  readonly former?: FormerRing;
};

/** A ring that another one has followed. */
export type FormerRing = Omit<RingView, 'acknowledged' | 'former'> & {
  /** Readers may ask its owners for so long after they have the newer one. Milliseconds. */
  readonly retainMs: number;
};

/** A change of the ring's layout that is under way: routers go by the ring until all have the second. */
export type DualView = {
  readonly wanted: RingLayout;
  /** The second ring; null: it is not proposed yet. `acknowledged`: by those who hold it ready. */
  readonly ring: RingView | null;
};

/** Which slots are served by whom: numbered apart from the ring, since a restart moves no key. */
export type RoutesView = {
  readonly number: number;
  /** Lowest number that a router that counts has acknowledged. */
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

/** What an operator said; each is numbered, and done once. */
export type VerbView = {
  readonly number: number;
  readonly verb:
    | 'promote'
    | 'promoteFull'
    | 'pause'
    | 'resume'
    | 'abort'
    | 'retry'
    | 'undo'
    | 'restart';
  /** Of `undo`: which revision; null: the one before. */
  readonly to: RevisionId | null;
  readonly atMs: number;
};

/** An instance ended by itself. The last hundred are kept. */
export type FailureView = {
  readonly instance: InstanceId;
  readonly slot: SlotId;
  readonly zone: string;
  readonly revision: RevisionId;
  readonly atMs: number;
  /** The same for ends that look alike: exit code, signal, first frame. */
  readonly signature: string;
  /** The key that was being worked on, where the instance says so. */
  readonly key: string | null;
};

/** Of several regions one that may do something for a while. */
export type Reservation = {
  readonly kind: 'shrink' | 'wave';
  readonly untilMs: number;
  /** How far down each service may go; one that is not named stays. Absent: wherever it wants. */
  readonly floors?: Readonly<Record<string, number>>;
};

/** A change of policy that was applied, and does not hold yet. */
export type WaitingPolicyView = {
  /** Of the specification, sorted. */
  readonly fields: readonly string[];
  /** Names this change: an operator who says it does not wait. */
  readonly token: string;
  readonly sinceMs: number;
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
  readonly slots: readonly SlotView[];
  readonly instances: readonly InstanceView[];
  readonly ring: RingView | null;
  /** Null or absent: the ring is as it is to be. */
  readonly dual?: DualView | null;
  /** Highest generation of a ring that was given up before routers went by it. Absent: none was. */
  readonly lastGeneration?: number;
  /** Of each slice of the keys, by its number; null: nobody has measured it. */
  readonly sliceLoads: readonly SliceReading[] | null;
  readonly routes: RoutesView;
  readonly operations: readonly OperationView[];
  readonly verbs: readonly VerbView[];
  readonly failures: readonly FailureView[];
  /** Ended, by the agent's word, and yet they answer. */
  readonly zombies: readonly InstanceId[];
  readonly quarantinedKeys: readonly string[];
  readonly isFrozen: boolean;
  /** It goes: nothing of it is started, and nothing has to serve. Absent: it stays. */
  readonly isRemoved?: boolean;
  /** An operator's number, until it expires; null: none. */
  readonly hold: { readonly count: number; readonly untilMs: number } | null;
  /** What waits for this region's turn; null or absent: what was applied is what holds. */
  readonly waiting?: WaitingPolicyView | null;
  /** Null: the fleet has one region, and needs none. */
  readonly reservations: readonly Reservation[] | null;
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

/** Whether instances of a revision own a data directory: no two of them may be in one slot. */
export function ownsData({ revisions, spec }: ServiceView, revision: RevisionId): boolean {
  const known = revisions.find(({ id }) => id === revision)?.hasData;
  return known ?? spec.data !== undefined;
}

/** How long an instance has to be ready before it counts; sharded services wait for their keys. */
export function minReadyOf(spec: ServiceSpec): number {
  return spec.rollout.minReady ?? (spec.kind === 'sharded' ? 10_000 : 0);
}
