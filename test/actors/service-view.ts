/** Pictures of a service for the tests of controllers: two kinds, as many instances as wanted. */
import {
  fleet,
  type InstanceState,
  type InstanceView,
  type Intent,
  type RingView,
  type ServiceInput,
  type ServiceView,
  type SlotView,
  slotId,
} from 'ringmaster/control-plane';

/** Monotonic milliseconds of every picture. */
export const NOW_MS = 1_000_000;
const ZONES = ['a', 'b', 'c'];

/** One instance; ready for a minute and just seen unless said otherwise. */
export function instanceView(
  place: { readonly zone: string; readonly ordinal: number; readonly service?: string },
  more: Partial<InstanceView> = {},
): InstanceView {
  const { zone, ordinal, service = 'shop' } = place;
  const slot = slotId({ service, region: 'eu', zone, ordinal });
  const state: InstanceState = more.state ?? 'ready';
  return {
    id: `${slot}#1`,
    slot,
    zone,
    ordinal,
    revision: 'r1',
    sinceMs: NOW_MS - 60_000,
    createdMs: NOW_MS - 90_000,
    readySinceMs: state === 'ready' ? NOW_MS - 60_000 : null,
    seenMs: NOW_MS,
    restarts: 0,
    isEjected: false,
    isBaseline: false,
    isFailing: false,
    isGoing: false,
    isSurplus: false,
    ...more,
    state,
  };
}

/** The slot of an instance, calm. */
export function slotView({ slot, zone, ordinal, revision }: InstanceView): SlotView {
  const calm = { isBaseline: false, isReplacing: false, ends: 0, notBeforeMs: 0 };
  return { id: slot, zone, ordinal, revision, ...calm };
}

/** A ring of normal weights that everybody has heard of. */
export function ringView(generation: number, members: readonly string[]): RingView {
  const weights = members.map(() => 1);
  return {
    generation,
    members,
    weights,
    overrides: [],
    acknowledged: generation,
    publishedMs: NOW_MS - 60_000,
  };
}

/** A service and what is seen of it. */
export function serviceView(service: ServiceInput, more: Partial<ServiceView> = {}): ServiceView {
  const regions = [{ name: 'eu', zones: ZONES }];
  const spec = fleet({ name: 'test', regions, services: { shop: service } }).services.shop;
  if (spec === undefined) throw new Error('the fleet has lost its service');
  return {
    nowMs: NOW_MS,
    region: 'eu',
    zones: ZONES,
    name: 'shop',
    spec,
    maxStalenessMs: 15_000,
    goal: { number: 1, demand: 1, stable: 'r1', target: 'r1', shares: [] },
    revisions: [{ id: 'r1', version: 'v1', isBlocked: false, stableMs: 0 }],
    slots: (more.instances ?? []).map(slotView),
    instances: [],
    ring: null,
    sliceLoads: null,
    routes: { number: 1, acknowledged: 1 },
    operations: [],
    verbs: [],
    failures: [],
    zombies: [],
    quarantinedKeys: [],
    isFrozen: false,
    hold: null,
    reservations: null,
    metric: () => ({ kind: 'missing' }),
    ...more,
  };
}

/** `shards` shards in three zones, all ready. */
export function shardedView(shards: number, more: Partial<ServiceView> = {}): ServiceView {
  const instances = ZONES.flatMap((zone) =>
    Array.from({ length: shards }, (_, ordinal) => instanceView({ zone, ordinal })),
  );
  const service: ServiceInput = { kind: 'sharded', command: ['x'], shards };
  return serviceView(service, { instances, ...more });
}

/** `count` instances of a stateless service, all ready. */
export function statelessView(count: number, more: Partial<ServiceView> = {}): ServiceView {
  const instances = Array.from({ length: count }, (_, ordinal) =>
    instanceView({ zone: ZONES[ordinal % 3] as string, ordinal }),
  );
  const goal = { number: 1, demand: count, stable: 'r1', target: 'r1', shares: [] };
  const service: ServiceInput = { kind: 'stateless', command: ['x'], instances: count };
  return serviceView(service, { instances, goal, ...more });
}

/** An intent of the rollout's. */
export function intentOf(act: Intent['act'], more: Partial<Intent> = {}): Intent {
  return {
    who: 'rollout',
    service: 'shop',
    act,
    priority: 'rollout',
    why: 'a test wants it',
    inputs: [],
    alternatives: [],
    expiresMs: NOW_MS + 1000,
    ...more,
  };
}
