/** Outages that have names, told with the whole brain: what happened to others must not happen here. */
import type { ServiceInput, ServiceRecord } from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { Watched } from '../world/watched.ts';

const HEALTH: ServiceInput['health'] = {
  readiness: { http: '/ready', period: '1s', failures: 1 },
  liveness: { http: '/live', period: '1s' },
};
const ANALYSIS = [{ metric: 'error_ratio', max: '2%', interval: '5s', count: 10 }];

const canary = (version: string, more: object = {}): ServiceInput => ({
  kind: 'stateless',
  version,
  command: ['x'],
  instances: 6,
  health: HEALTH,
  rollout: {
    strategy: 'canary',
    steps: [{ weight: 20 }, { analyze: '60s' }, { weight: 60 }, { analyze: '30s' }],
    analysis: ANALYSIS,
    comparison: { enabled: false },
    ...more,
  },
});

const sharded = (version: string): ServiceInput => ({
  kind: 'sharded',
  version,
  command: ['x'],
  shards: 3,
  health: HEALTH,
  rollout: { strategy: 'zones', soak: '5s', comparison: { enabled: false } },
});

const blockedOf = ({ revisions }: ServiceRecord): readonly string[] =>
  revisions.flatMap(({ version, blocked }) => (blocked === null ? [] : [version]));

/** Share of the requests that goes to a version, in percent. */
function weightOf(world: Watched, version: string): number {
  const { routes, weights } = world.record.routes;
  const ids = world.record.revisions.filter((one) => one.version === version).map(({ id }) => id);
  if (weights.length > 0) {
    return weights
      .filter(({ revision }) => ids.includes(revision))
      .reduce((sum, { weight }) => sum + (weight ?? 0), 0);
  }
  const own = routes.filter(({ revision }) => ids.includes(revision)).length;
  return routes.length === 0 ? 0 : (100 * own) / routes.length;
}

describe('stories', () => {
  test('stories - 383 → 664: surge of a rollout is not demand', () => {
    // Guards: A11, A12.
    const need = 383;
    const scaled = (version: string): ServiceInput => ({
      kind: 'stateless',
      version,
      command: ['x'],
      instances: need,
      health: HEALTH,
      rollout: { strategy: 'rolling', comparison: { enabled: false } },
      autoscale: { min: 100, max: 2000, metric: { name: 'inflight', target: 10 } },
    });
    const world = new Watched(scaled('v1'), { load: 0 });
    // Each ready instance has its part of the work, surge or not; one that boots has none.
    world.traffic.exposed.set('inflight', (of, instance) => {
      const ready = [...of.processes.values()].filter((one) => of.isUp(one));
      if (instance === null) return need * 10;
      const own = of.processes.get(instance);
      return own !== undefined && of.isUp(own) ? (need * 10) / Math.max(1, ready.length) : 0;
    });
    world.run(30_000);
    expect(world.record.goal.demand).toBe(need);
    world.apply(scaled('v2'));
    let mostDemand = 0;
    let mostSlots = 0;
    for (let i = 0; i < 400; i++) {
      world.tick();
      mostDemand = Math.max(mostDemand, world.record.goal.demand);
      // As with a Deployment: who is on the way out is not counted any more.
      const slots = [...world.record.slots.values()].filter(({ isRemoved }) => !isRemoved);
      mostSlots = Math.max(mostSlots, slots.length);
    }
    expect(world.versions()).toEqual({ v2: need });
    expect(mostDemand).toBe(need);
    expect(mostSlots).toBeLessThanOrEqual(need + Math.ceil(need / 4));
    world.expectSound();
  });

  test('stories - a zone is not restarted while another one is unhealthy', () => {
    // Guards: A1, A2.
    const world = new Watched(sharded('v1'));
    world.run(30_000);
    const ill = 'shop/eu/b/1';
    const hang = (): void => {
      for (const one of world.processes.values()) {
        if (one.id.startsWith(`${ill}#`)) one.behaviour = { ...one.behaviour, isReady: false };
      }
    };
    hang();
    world.tick();
    world.apply(sharded('v2'));
    for (let i = 0; i < 240; i++) {
      world.tick();
      hang();
      // Two replicas of shard 1 are left: both stay what they are.
      const left = [...world.record.instances.values()].filter(
        ({ ordinal, zone }) => ordinal === 1 && zone !== 'b',
      );
      for (const { going } of left) expect(going).toBeNull();
    }
    world.expectSound();
    for (const one of world.processes.values()) one.behaviour = { ...one.behaviour, isReady: true };
    expect(world.until(() => world.versions().v2 === 9 && world.versions().v1 === undefined)).toBe(
      true,
    );
    world.expectSound();
  });

  test.each(['missing', 'stale', 'notANumber'] as const)(
    'stories - metrics become %s in mid-canary: it is not promoted',
    (fault) => {
      // Guards: A9.
      const world = new Watched(canary('v1'));
      world.run(20_000);
      world.apply(canary('v2'));
      expect(world.until(() => weightOf(world, 'v2') === 20, 60_000)).toBe(true);
      world.run(15_000);
      world.traffic.fault = fault;
      world.run(600_000);
      expect(weightOf(world, 'v2')).toBeLessThanOrEqual(20);
      const { goal } = world.record;
      expect(goal.stable === goal.target).toBe(false);
      const rollout = world.record.controllers.rollout as {
        readonly phase: string;
        readonly status: { readonly message: string };
      };
      expect(['aborted', 'paused']).toContain(rollout.phase);
      expect(rollout.status.message).toMatch(/error_ratio/);
      world.expectSound();
    },
  );

  test('stories - autoscaler and rollout on one service: neither writes what is the other’s', () => {
    // Guards: A11, A15.
    const scaled = (version: string): ServiceInput => ({
      ...canary(version),
      autoscale: {
        min: 2,
        max: 40,
        metric: { name: 'inflight', target: 10 },
        down: { window: '30s' },
      },
    });
    const world = new Watched(scaled('v1'), { load: 600 });
    let work = 60;
    world.traffic.exposed.set('inflight', (of, instance) => {
      const ready = [...of.processes.values()].filter((one) => of.isUp(one)).length;
      return instance === null ? work : work / Math.max(1, ready);
    });
    world.run(20_000);
    expect(world.record.goal.demand).toBe(6);
    world.apply(scaled('v2'));
    world.until(() => weightOf(world, 'v2') === 20, 60_000);
    work = 200;
    expect(world.until(() => weightOf(world, 'v2') === 60, 300_000)).toBe(true);
    // Newcomers, of the rollout too, count as capacity on its way: the last ones are asked for late.
    expect(world.until(() => world.record.goal.demand >= 19, 300_000)).toBe(true);
    work = 100;
    world.run(900_000);
    // Within the tolerance of a tenth.
    const { demand } = world.record.goal;
    expect([10, 11]).toContain(demand);
    expect(world.versions()).toEqual({ v2: demand });
    world.expectSound();
  });

  test('stories - a canary that is 100 times worse in 3 of 10 looks does not get through', () => {
    // Guards: A9.
    const world = new Watched(canary('v1'));
    world.behaviours.set('v2', { errorRatio: 0.001 });
    world.run(20_000);
    world.apply(canary('v2'));
    world.until(() => weightOf(world, 'v2') === 20, 60_000);
    for (let look = 0; look < 40; look++) {
      const errorRatio = look % 10 < 3 ? 0.1 : 0.001;
      for (const one of world.processes.values()) {
        if (one.version === 'v2') one.behaviour = { ...one.behaviour, errorRatio };
      }
      world.behaviours.set('v2', { errorRatio });
      world.run(5000);
    }
    world.run(120_000);
    expect(blockedOf(world.record)).toEqual(['v2']);
    expect(world.versions()).toEqual({ v1: 6 });
    world.expectSound();
  });

  test('stories - the same with the comparison alone, no threshold', () => {
    // Guards: A9.
    const compared = { analysis: [], comparison: { enabled: true, minBlocks: 6 } };
    const world = new Watched(canary('v1', compared), { load: 3000 });
    world.run(20_000);
    world.apply(canary('v2', compared));
    world.until(() => weightOf(world, 'v2') === 20, 60_000);
    for (let look = 0; look < 40; look++) {
      const errorRatio = look % 10 < 3 ? 0.1 : 0.001;
      for (const one of world.processes.values()) {
        if (one.version === 'v2') one.behaviour = { ...one.behaviour, errorRatio };
      }
      world.behaviours.set('v2', { errorRatio });
      world.run(10_000);
    }
    world.run(300_000);
    expect(blockedOf(world.record)).toEqual(['v2']);
    expect(world.versions()).toEqual({ v1: 6 });
    world.expectSound();
  });

  test('stories - a poison key walks from member to member, and is stopped in place', () => {
    // Guards: A10.
    const world = new Watched(sharded('v1'));
    world.run(30_000);
    const members = world.record.ring?.members ?? [];
    // Whoever has the key dies of it; a replica of the shard takes it over.
    const owners = ['shop/eu/a/1', 'shop/eu/b/1', 'shop/eu/c/1'];
    let deaths = 0;
    for (let i = 0; i < 120; i++) {
      const owner = owners[deaths % owners.length] as string;
      const one = [...world.processes.values()].find(
        (process) => process.id.startsWith(`${owner}#`) && world.isUp(process),
      );
      if (one !== undefined && !world.record.quarantinedKeys.includes('tenant-7')) {
        world.crash(one.id, 'SIGSEGV at decode', 'tenant-7');
        deaths++;
      }
      world.run(3000);
    }
    expect(world.record.quarantinedKeys).toEqual(['tenant-7']);
    // Two members are what it takes to know.
    expect(deaths).toBeLessThanOrEqual(2);
    expect(world.versions()).toEqual({ v1: 9 });
    // Frozen in place: it was not moved to others.
    expect(world.record.ring?.members).toEqual(members);
    world.expectSound();
  });

  test('stories - a probe that flaps does not have its instance replaced again and again', () => {
    // Guards: A10.
    const world = new Watched(sharded('v1'));
    world.run(30_000);
    const first = [...world.record.instances.keys()];
    for (let i = 0; i < 600; i++) {
      for (const one of world.processes.values()) {
        if (!one.id.startsWith('shop/eu/b/2#')) continue;
        one.behaviour = { ...one.behaviour, isReady: i % 5 < 3 };
      }
      world.tick();
    }
    const others = [...world.record.instances.keys()].filter((id) => !id.startsWith('shop/eu/b/2'));
    expect(others.every((id) => first.includes(id))).toBe(true);
    // Ten minutes: once, then after a wait that doubles.
    expect(world.record.made - first.length).toBeLessThanOrEqual(5);
    world.expectSound();
  });

  test('stories - an instance that was given up and still answers is fenced', () => {
    // Guards: A3.
    const world = new Watched(sharded('v1'));
    world.run(30_000);
    const zombie = [...world.processes.values()][4];
    if (zombie === undefined) throw new Error('there is no fifth process');
    // The agent says that it has ended; it has not.
    zombie.isZombie = true;
    world.observe({ kind: 'agent', instance: zombie.id, word: 'ended' });
    expect(world.until(() => world.record.fenced.includes(zombie.id), 60_000)).toBe(true);
    expect(world.until(() => !world.processes.has(zombie.id), 60_000)).toBe(true);
    expect(world.record.routes.routes.map(({ instance }) => instance)).not.toContain(zombie.id);
    world.run(30_000);
    expect(world.record.zombies).toEqual([]);
    expect(world.versions()).toEqual({ v1: 9 });
    world.expectSound();
  });

  test('stories - a crash loop of one version is the version’s fault, and turns back', () => {
    // Guards: A9.
    const world = new Watched(canary('v1'));
    world.behaviours.set('v2', { crashAfterMs: 8000, signature: 'exit 70' });
    world.run(20_000);
    world.apply(canary('v2'));
    world.run(300_000);
    expect(blockedOf(world.record)).toEqual(['v2']);
    expect(world.versions()).toEqual({ v1: 6 });
    world.expectSound();
  });

  test('stories - one zone goes dark: nothing is done to it, nor to the others', () => {
    // Guards: A1, A10, A13.
    const world = new Watched(sharded('v1'));
    world.run(30_000);
    const before = [...world.record.instances.keys()];
    for (const one of world.processes.values()) {
      if (one.id.startsWith('shop/eu/b/')) one.isHidden = true;
    }
    world.run(300_000);
    expect([...world.record.instances.keys()]).toEqual(before);
    for (const one of world.processes.values()) one.isHidden = false;
    world.run(30_000);
    expect(world.monitor.unsettledForMs(world.nowMs)).toBe(0);
    world.expectSound();
  });
});
