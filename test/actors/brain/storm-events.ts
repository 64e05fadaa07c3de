/**
 * What happens in a storm: failures, rogue intents, losses of sight, deaths of the brain, and calm after
 * it. Drawn by storms.test.ts, and carried out on a world.
 */
import { fc } from '@fast-check/vitest';
import {
  applyProblem,
  type ControllerName,
  goneOf,
  isGone,
  newService,
  PRIORITIES,
  type Priority,
  revisionOf,
  type ServiceInput,
  type ServiceRecord,
} from 'ringmaster/control-plane';
import { type Crash, NAME } from '../world/fleet-world.ts';
import type { Watched } from '../world/watched.ts';

const HEALTH: ServiceInput['health'] = {
  readiness: { http: '/ready', period: '1s', failures: 1 },
  liveness: { http: '/live', period: '1s' },
  drain: { http: '/drain' },
};
export const KINDS = ['rolling', 'canary', 'keyed', 'zones', 'zones with data'] as const;
export type Kind = (typeof KINDS)[number];

const ALGORITHMS = ['ketama', 'rendezvous', 'maglev'] as const;
type Algorithm = (typeof ALGORITHMS)[number];

/** The same with another layout of its ring; one without a ring has none. */
function inLayout(kind: Kind, version: string, size: number, algorithm: Algorithm): ServiceInput {
  const plain = service(kind, version, size);
  return kind === 'rolling' || kind === 'canary' ? plain : { ...plain, ring: { algorithm } };
}

export function service(kind: Kind, version: string, size: number): ServiceInput {
  const common = { version, command: ['x'], health: HEALTH };
  const analysis = [{ metric: 'error_ratio', max: '5%', interval: '5s' }];
  if (kind === 'rolling' || kind === 'keyed') {
    const rollout = { strategy: 'rolling' as const, progressDeadline: '120s', analysis };
    const keyed = kind === 'keyed' ? { ring: {} } : {};
    return { ...common, ...keyed, kind: 'stateless', instances: size, rollout };
  }
  if (kind === 'canary') {
    const rollout = {
      strategy: 'canary' as const,
      steps: [{ weight: 20 }, { pause: '10s' }, { weight: 60 }, { analyze: '20s' }],
      progressDeadline: '120s',
      comparison: { enabled: false },
      analysis,
    };
    return { ...common, kind: 'stateless', instances: size, rollout };
  }
  const rollout = {
    strategy: 'zones' as const,
    soak: '5s',
    progressDeadline: '120s',
    comparison: { enabled: false },
    analysis,
  };
  const data = kind === 'zones' ? {} : { data: { path: '/d' } };
  return { ...common, ...data, kind: 'sharded', shards: Math.max(1, Math.min(size, 3)), rollout };
}

export type Event =
  | { readonly do: 'pass'; readonly times: number }
  | {
      readonly do: 'crash' | 'hang' | 'wake' | 'deaf' | 'hear' | 'hide' | 'show';
      readonly at: number;
    }
  | {
      readonly do: 'want';
      readonly kind: 'stop' | 'replace' | 'eject';
      readonly at: number;
      readonly priority: Priority;
    }
  /** A word that comes late: to start what was aborted since, or to stop whoever has left the ring. */
  | { readonly do: 'late'; readonly want: 'revive' | 'stop'; readonly at: number }
  | { readonly do: 'apply'; readonly version: number; readonly size: number }
  /** Another layout of the ring, and an operator who has read what it moves. */
  | { readonly do: 'layout'; readonly algorithm: Algorithm; readonly version: number }
  /** It goes; applied again it comes back, or another one of its name begins. */
  | { readonly do: 'remove' }
  | { readonly do: 'brain'; readonly at: number }
  | { readonly do: 'silent'; readonly who: readonly ControllerName[] }
  | { readonly do: 'metrics'; readonly fault: 'missing' | 'stale' | 'notANumber' | null }
  | { readonly do: 'looks'; readonly loss: number; readonly twice: number }
  | { readonly do: 'freeze'; readonly is: boolean }
  | {
      readonly do: 'say';
      readonly verb: 'promote' | 'pause' | 'resume' | 'abort' | 'retry' | 'undo';
    };

export const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      times: fc.integer({ min: 1, max: 15 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'crash' as const,
        'hang' as const,
        'wake' as const,
        'deaf' as const,
        'hear' as const,
        'hide' as const,
        'show' as const,
      ),
      at: fc.nat({ max: 20 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('want' as const),
      kind: fc.constantFrom('stop' as const, 'replace' as const, 'eject' as const),
      at: fc.nat({ max: 20 }),
      priority: fc.constantFrom(...PRIORITIES),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('late' as const),
      want: fc.constantFrom('revive' as const, 'stop' as const),
      at: fc.nat({ max: 20 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('apply' as const),
      version: fc.integer({ min: 1, max: 4 }),
      size: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('layout' as const),
          algorithm: fc.constantFrom(...ALGORITHMS),
          version: fc.integer({ min: 1, max: 4 }),
        }),
      },
      { weight: 1, arbitrary: fc.constant({ do: 'remove' as const }) },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('brain' as const), at: fc.nat({ max: 4 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('silent' as const),
      who: fc.subarray(['rollout', 'hashring', 'autoscaler', 'healer'] as ControllerName[]),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('metrics' as const),
      fault: fc.constantFrom('missing' as const, 'stale' as const, 'notANumber' as const, null),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('looks' as const),
      loss: fc.constantFrom(0, 0.2, 0.6),
      twice: fc.constantFrom(0, 0.3),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('freeze' as const), is: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('say' as const),
      verb: fc.constantFrom(
        'promote' as const,
        'pause' as const,
        'resume' as const,
        'abort' as const,
        'retry' as const,
        'undo' as const,
      ),
    }),
  },
);

const CRASHES: readonly Crash[] = [
  { at: 'beforeCommit' },
  { at: 'afterCommit' },
  { at: 'effect', count: 1 },
  { at: 'effect', count: 2 },
  { at: 'effect', count: 99 },
];

/** Of versions 3 and 4 one fails its requests, and one never becomes ready. */
export function behave(world: Watched): void {
  world.behaviours.set('v3', { errorRatio: 0.5 });
  world.behaviours.set('v4', { isReady: false });
}

/** A service that begins with a version that never serves has none to go back to, and never settles. */
function versionOf({ record }: Watched, { version }: { readonly version: number }): string {
  return isGone(record) && version === 4 ? 'v1' : `v${version}`;
}

export function happen(world: Watched, kind: Kind, one: Event): void {
  const processes = [...world.processes.values()];
  const at = 'at' in one ? processes[one.at % Math.max(1, processes.length)] : undefined;
  switch (one.do) {
    case 'pass':
      world.run(one.times * 1000);
      return;
    case 'crash':
      if (at !== undefined) world.crash(at.id);
      return;
    case 'hang':
    case 'wake':
      if (at !== undefined && at.version !== 'v4') {
        at.behaviour = { ...at.behaviour, isReady: one.do === 'wake' };
      }
      return;
    case 'hide':
    case 'show':
      if (at !== undefined) at.isHidden = one.do === 'hide';
      return;
    case 'want': {
      const entry = [...world.record.instances.values()][one.at];
      if (entry === undefined) return;
      const { id: instance, slot } = entry;
      const revision = world.record.slots.get(slot)?.revision ?? '';
      const act =
        one.kind === 'replace'
          ? { kind: one.kind, instance, slot, revision }
          : { kind: one.kind, instance };
      // Somebody who wants without looking: what is wrong about it is the arbiter's to see.
      const why = 'somebody wants it';
      const facts = { inputs: [], alternatives: [], expiresMs: Number.MAX_SAFE_INTEGER };
      world.want({ who: 'operator', service: NAME, act, priority: one.priority, why, ...facts });
      return;
    }
    case 'late':
      wantLate(world, one);
      return;
    case 'deaf':
    case 'hear': {
      const router = world.routers[one.at % world.routers.length];
      if (router !== undefined) router.isDeaf = one.do === 'deaf';
      return;
    }
    case 'apply':
      applyTo(world, service(kind, versionOf(world, one), one.size));
      return;
    case 'layout': {
      const size = Math.max(1, world.record.goal.demand);
      const wanted = inLayout(kind, versionOf(world, one), size, one.algorithm);
      const problem = applyProblem(world.record, world.specOf(wanted), { zonesCount: 3 });
      applyTo(world, wanted, /relayout-[0-9a-f]{16}/.exec(problem?.message ?? '') ?? []);
      return;
    }
    case 'remove':
      world.observe({ kind: 'remove' });
      return;
    case 'brain':
      world.tick(CRASHES[one.at] ?? null);
      return;
    case 'silent':
      world.silent = one.who;
      return;
    case 'metrics':
      world.traffic.fault = one.fault;
      return;
    case 'looks':
      world.loss = one.loss;
      world.twice = one.twice;
      return;
    case 'freeze':
      world.isFrozen = one.is;
      return;
    case 'say':
      world.say(one.verb);
  }
}

/** Where one was that is gone, another one of its name begins, and its numbers go on. */
function applyTo(world: Watched, wanted: ServiceInput, allow: readonly string[] = []): void {
  if (isGone(world.record)) {
    const spec = world.specOf(wanted);
    const gone = goneOf(world.record);
    world.record = newService(NAME, spec, revisionOf(spec, ''), world.nowMs, gone);
  } else world.apply(wanted, allow);
}

function readmit(world: Watched, instance: string): void {
  const facts = { inputs: [], alternatives: [], expiresMs: Number.MAX_SAFE_INTEGER };
  const act = { kind: 'readmit' as const, instance };
  const intent = { who: 'operator' as const, service: NAME, act, priority: 'safety' as const };
  world.want({ ...intent, why: 'it is over', ...facts });
}

/** Nothing more goes wrong: everybody is well, heard and heard of. */
export function calm(world: Watched): void {
  // What was wanted last is decided on before it is taken back.
  world.tick();
  world.silent = [];
  world.traffic.fault = null;
  world.loss = 0;
  world.twice = 0;
  world.isFrozen = false;
  for (const router of world.routers) router.isDeaf = false;
  for (const entry of world.record.instances.values()) {
    if (entry.isEjected) readmit(world, entry.id);
  }
  for (const one of world.processes.values()) {
    one.isHidden = false;
    if (one.version !== 'v4') one.behaviour = { ...one.behaviour, isReady: true };
  }
}

/** What stays when names and times are taken away. */
export function shapeOf(record: ServiceRecord): unknown {
  const slots = [...record.slots.values()]
    .map(({ id, revision, isBaseline }) => `${id} ${revision} ${isBaseline}`)
    .toSorted();
  const instances = [...record.instances.values()]
    .map(({ slot, revision, life, going }) => `${slot} ${revision} ${life.state} ${going}`)
    .toSorted();
  const { demand, stable, target, shares } = record.goal;
  return { slots, instances, demand, stable, target, shares, ring: record.ring?.members };
}

/** What was right when it was said: of the rollout a version that was aborted since, of the arbiter's own
 * placement an instance whose slot has just left the ring. */
function wantLate(world: Watched, { want, at }: Extract<Event, { do: 'late' }>): void {
  const { instances, revisions, ring } = world.record;
  const facts = {
    service: NAME,
    priority: 'safety' as const,
    why: 'it was right a while ago',
    inputs: [],
    alternatives: [],
    expiresMs: Number.MAX_SAFE_INTEGER,
  };
  if (want === 'revive') {
    const blocked = revisions.find((one) => one.blocked !== null);
    const entry = [...instances.values()][at % Math.max(1, instances.size)];
    if (blocked === undefined || entry === undefined) return;
    const { id: instance, slot } = entry;
    const act = { kind: 'replace' as const, instance, slot, revision: blocked.id };
    world.want({ who: 'rollout', act, ...facts, priority: 'rollout' });
    return;
  }
  const left = [...instances.values()].filter(
    ({ slot }) => ring !== null && !ring.members.includes(slot),
  );
  const entry = left[at % Math.max(1, left.length)];
  if (entry === undefined) return;
  world.want({ who: 'operator', act: { kind: 'stop', instance: entry.id }, ...facts });
}
