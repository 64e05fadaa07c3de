/**
 * One service in a line, for people and programs: read from its records and from what its controllers
 * say of themselves. Plain data; a tool shows it as it is. Pure.
 */
import {
  type AutoscalerState,
  type HealerState,
  type RolloutState,
  type ServiceRecord,
  type ServiceStatus,
  specOf,
} from '../../actors/index.ts';

/** How a service is. */
export type ServiceSummary = {
  readonly service: string;
  /** Another one: something has changed that a person would decide by. */
  readonly revision: string;
  readonly kind: 'sharded' | 'stateless';
  /** Of the stable revision, and of the target where it is another one. */
  readonly version: string;
  readonly target: string | null;
  readonly phase: string;
  /** Step of steps, percent of the traffic, and what it says. */
  readonly step: string;
  readonly weight: number;
  readonly message: string;
  /** Instances that serve, of those that are wanted. */
  readonly ready: number;
  readonly wanted: number;
  /** Instances, or shards, that are needed. */
  readonly demand: number;
  readonly generation: number | null;
  readonly routes: number;
  readonly healing: string;
  /** By itself, or with all others. */
  readonly isFrozen: boolean;
  readonly isFleetFrozen: boolean;
  readonly heldBy: string | null;
  readonly attention: readonly string[];
  /** `healthy`: as wanted; `progressing`; `paused` and `attention`: for a human; `aborted`. */
  readonly state: 'healthy' | 'progressing' | 'paused' | 'aborted' | 'attention';
};

/** One instance in a line. */
export type InstanceSummary = {
  readonly instance: string;
  readonly zone: string;
  readonly version: string;
  readonly revision: string;
  readonly state: string;
  /** Milliseconds in that state, and since it was last seen. */
  readonly forMs: number;
  readonly seenMs: number;
  readonly isEjected: boolean;
  readonly isGoing: boolean;
};

/** How it is now. */
export function summaryOf(service: ServiceStatus): ServiceSummary {
  const { record, heldBy, attention, isSettled, isFleetFrozen } = service;
  const { goal, routes, ring, slots, instances, controllers } = record;
  const rollout = controllers.rollout as RolloutState | null;
  const healer = controllers.healer as HealerState | null;
  const phase = rollout?.phase ?? 'idle';
  const status = rollout?.status;
  const versionOf = (id: string): string =>
    record.revisions.find((one) => one.id === id)?.version ?? id;
  const serving = new Set(routes.routes.map(({ slot }) => slot));
  // Routers that count have the newest tables, and a service that is routed has one of them.
  const routers = [...record.routers.values()].filter(({ standing }) => standing === 'live');
  const isHeard =
    (record.spec.route === undefined || routers.length > 0) &&
    routers.every(
      (one) => one.routes >= routes.number && one.generation >= (ring?.generation ?? 0),
    );
  // Whoever serves owns keys; with tables of its own layout beside it, something is under way.
  const isPlaced =
    record.spec.ring === undefined ||
    (ring !== null && ring.members.length === slots.size && (record.dual ?? null) === null);
  const ready = [...instances.values()].filter(({ life }) => life.state === 'ready').length;
  return {
    service: record.name,
    revision: service.revision,
    kind: record.spec.kind,
    version: versionOf(goal.stable),
    target: goal.target === goal.stable ? null : versionOf(goal.target),
    phase,
    step: status === undefined || status.steps === 0 ? '' : `${status.step}/${status.steps}`,
    weight: status?.weight ?? 0,
    message: status?.message ?? '',
    ready,
    wanted: slots.size,
    demand: goal.demand,
    generation: ring?.generation ?? null,
    routes: routes.number,
    healing: healer?.status ?? 'healthy',
    isFrozen: isFleetFrozen || record.isFrozen,
    isFleetFrozen,
    heldBy,
    attention,
    state: stateOf(record, phase, {
      isWhole:
        isSettled &&
        serving.size === slots.size &&
        slots.size > 0 &&
        instances.size === slots.size &&
        isHeard &&
        isPlaced,
      needsHuman: attention.length > 0 || heldBy !== null,
    }),
  };
}

function stateOf(
  { goal, revisions, operations }: ServiceRecord,
  phase: string,
  { isWhole, needsHuman }: { readonly isWhole: boolean; readonly needsHuman: boolean },
): ServiceSummary['state'] {
  if (phase === 'paused') return 'paused';
  const isAborted = revisions.some(({ id, blocked }) => id === goal.target && blocked !== null);
  if (isAborted && (phase === 'aborted' || phase === 'idle')) return 'aborted';
  if (needsHuman && !isAborted) return 'attention';
  const isCalm = phase === 'idle' && goal.stable === goal.target;
  return isCalm && isWhole && operations.size === 0 ? 'healthy' : 'progressing';
}

/** Its instances, slot by slot. */
export function instancesOf({ record, nowMs }: ServiceStatus): readonly InstanceSummary[] {
  return [...record.instances.values()].map(({ id, zone, revision, life, isEjected, going }) => ({
    instance: id,
    zone,
    version: specOf(record, revision).version,
    revision,
    state: life.state,
    forMs: Math.max(0, nowMs - life.sinceMs),
    seenMs: Math.max(0, nowMs - life.seenMs),
    isEjected,
    isGoing: going !== null,
  }));
}

/** What the autoscaler has last wanted; null: it scales nothing. */
export function autoscaleOf({ record }: ServiceStatus): AutoscalerState | null {
  return record.spec.autoscale === undefined
    ? null
    : (record.controllers.autoscaler as AutoscalerState | null);
}
