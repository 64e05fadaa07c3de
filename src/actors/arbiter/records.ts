/**
 * What the arbiter has written down of one service: the only truth that outlives the process. Each
 * record has one writer, the arbiter; controllers own their own states, which are stored with them.
 * Immutable: a pass makes new ones and shares what has not changed, so that what is written to the store
 * is what changed. Times are milliseconds of decision time, which goes on where it was after a restart.
 */
import type { InstanceRecord } from '../instance/instance.machine.ts';
import type {
  FailureView,
  GoalView,
  RingView,
  VerbView,
  WaitingPolicyView,
} from '../protocol/fleet-view.ts';
import type { InstanceId, RevisionId, SlotId } from '../protocol/identity.ts';
import type { Share } from '../protocol/intent.ts';
import type { RingLayout } from '../protocol/ring-layout.ts';
import type { ServiceSpec } from '../spec/fleet-schema.ts';

/** A place for one instance. */
export type SlotRecord = {
  readonly id: SlotId;
  readonly zone: string;
  readonly ordinal: number;
  /** What it is to have. */
  readonly revision: RevisionId;
  readonly isBaseline: boolean;
  /** Who is in it, the oldest first: more than one while one gives way to another. */
  readonly inside: readonly InstanceId[];
  /** The instance that gives way, until another one serves; null: none does. */
  readonly replaced: InstanceId | null;
  /** Goes with its instance. */
  readonly isRemoved: boolean;
  /** Ends by themselves, one after the other, and the last of them. */
  readonly ends: number;
  readonly notBeforeMs: number;
};

/** One incarnation of a slot. */
export type InstanceEntry = {
  readonly id: InstanceId;
  readonly slot: SlotId;
  readonly zone: string;
  readonly ordinal: number;
  readonly revision: RevisionId;
  readonly isBaseline: boolean;
  readonly createdMs: number;
  readonly life: InstanceRecord;
  readonly isEjected: boolean;
  /**
   * It was decided that it goes. `replace`: not before another one serves, unless it has data. `surplus`:
   * fewer are needed, and it stays if that is over before it was told to end.
   */
  readonly going: 'replace' | 'stop' | 'surplus' | null;
  /** First number of the routes without it; null: it is in them, or they are not made yet. */
  readonly leftRoutes: number | null;
};

/** A revision; newest last. */
export type RevisionRecord = {
  readonly id: RevisionId;
  readonly version: string;
  /** As it was applied: what its instances are started with, also on the way back. */
  readonly spec: ServiceSpec;
  readonly createdMs: number;
  /** Why it is not to be started by itself; null: it may be. */
  readonly blocked: string | null;
  readonly stableMs: number | null;
};

/** What is wanted. */
export type GoalRecord = GoalView;

/** Owners of keys. */
export type RingRecord = Omit<RingView, 'acknowledged'>;

/** Another layout of the ring: allowed by an operator, and not gone by yet. */
export type DualRecord = {
  readonly wanted: RingLayout;
  /** What the specification says of it, from the moment when routers go by it. */
  readonly parts: LayoutParts;
  readonly sinceMs: number;
  /** The second ring; null: it is not proposed yet. */
  readonly ring: RingRecord | null;
};

/** What of a specification belongs to the ring's layout. */
export type LayoutParts = {
  readonly algorithm: RingLayout['algorithm'];
  readonly sections: number;
  readonly exportThanos: string | null;
  readonly replicas: number | null;
  readonly minAvailable: number | null;
};

/**
 * How a service is scaled, healed, rolled out, routed and disrupted: what of a specification is no part of
 * its instances, of how many there are, or of its ring's layout. Null: it has none.
 */
export type PolicyParts = {
  readonly autoscale: NonNullable<ServiceSpec['autoscale']> | null;
  readonly budget: { readonly maxUnavailable: number; readonly minAvailable: number | null };
  readonly heal: ServiceSpec['heal'];
  readonly ring: Omit<
    NonNullable<ServiceSpec['ring']>,
    'algorithm' | 'sections' | 'exportThanos'
  > | null;
  readonly rollout: ServiceSpec['rollout'];
  readonly route: NonNullable<ServiceSpec['route']> | null;
  /** Instances, or shards, as they are written. */
  readonly size: number;
};

/** A change of policy that was applied, and waits for this region's turn. */
export type WaitingPolicy = WaitingPolicyView & { readonly parts: PolicyParts };

/** One line of the endpoint table. */
export type Route = {
  readonly slot: SlotId;
  readonly instance: InstanceId;
  readonly revision: RevisionId;
  readonly isBaseline: boolean;
};

/** Who serves. Its number grows with each change. */
export type RoutesRecord = {
  readonly number: number;
  readonly routes: readonly Route[];
  /** Percent of the traffic by revision; empty: it follows the instances. */
  readonly weights: readonly Pick<Share, 'revision' | 'isBaseline' | 'weight'>[];
  /** Keys that nobody answers for. Absent: none. */
  readonly quarantined?: readonly string[];
  /** The service is gone: routers forget it, and its ring. Absent: it is not. */
  readonly isRemoved?: true;
};

/** An effect, recorded before it is issued. */
export type OperationRecord = {
  /** The same key is the same act, however often it is issued. */
  readonly key: string;
  readonly kind: string;
  readonly target: string;
  /** The decision that admitted it. */
  readonly decision: number;
  readonly issuedMs: number;
  readonly outcome: 'issued' | 'unknown';
  /** Of one that is about the traffic: the routes that carry it. Absent: they are not made yet. */
  readonly routes?: number;
};

/** Who uses the ring and the routes, and what it has heard of. */
export type RouterRecord = {
  readonly id: string;
  readonly generation: number;
  readonly routes: number;
  /** Dead: the agent has seen its end. Excused: a human has said so. Both are waited for no more. */
  readonly standing: 'live' | 'dead' | 'excused';
  readonly seenMs: number;
  /** Grows with each start of the router. Absent: 0. */
  readonly incarnation?: number;
  /** Generation of the second ring that it holds ready. Absent: 0. */
  readonly prepared?: number;
};

/** States of the controllers, as data. Null: it has not started. */
export type ControllerStates = Readonly<
  Record<'rollout' | 'hashring' | 'autoscaler' | 'healer', unknown>
>;

/** One service. */
export type ServiceRecord = {
  readonly name: string;
  readonly spec: ServiceSpec;
  /** What of the specification was applied and does not hold yet. Null or absent: nothing. */
  readonly waiting?: WaitingPolicy | null;
  /** The revision that was applied last; `undo` moves the goal's target, not this. */
  readonly applied: RevisionId;
  readonly goal: GoalRecord;
  readonly revisions: readonly RevisionRecord[];
  readonly slots: ReadonlyMap<SlotId, SlotRecord>;
  readonly instances: ReadonlyMap<InstanceId, InstanceEntry>;
  readonly ring: RingRecord | null;
  /** Null or absent: the ring's layout is what the specification says. */
  readonly dual?: DualRecord | null;
  /** Highest generation that no ring has any more: it is not given twice. Absent: 0. */
  readonly lastGeneration?: number;
  readonly routes: RoutesRecord;
  readonly routers: ReadonlyMap<string, RouterRecord>;
  readonly operations: ReadonlyMap<string, OperationRecord>;
  readonly controllers: ControllerStates;
  readonly verbs: readonly VerbView[];
  readonly failures: readonly FailureView[];
  /** Ended by the agent's word, and seen to answer since. */
  readonly zombies: readonly InstanceId[];
  /** Of them, those that are to be killed. */
  readonly fenced: readonly InstanceId[];
  readonly quarantinedKeys: readonly string[];
  readonly isFrozen: boolean;
  /** It goes, since then. Null or absent: it stays. */
  readonly removal?: { readonly sinceMs: number } | null;
  readonly hold: { readonly count: number; readonly untilMs: number } | null;
  /** Decisions that were admitted. */
  readonly decisions: number;
  /** Instances that were made: the number of each is used once, also when its slot comes back. */
  readonly made: number;
};

/** The specification that instances of a revision were made by. */
export function specOf(
  { revisions, spec }: Pick<ServiceRecord, 'revisions' | 'spec'>,
  revision: RevisionId,
): ServiceSpec {
  return revisions.find(({ id }) => id === revision)?.spec ?? spec;
}

/** The same with one entry more, or another one in its place. */
export function withEntry<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  if (map.get(key) === value) return map;
  return new Map(map).set(key, value);
}
