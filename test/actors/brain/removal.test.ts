/** A service that is named to go: drained, stopped, forgotten, and its numbers go on when it comes back. */
import {
  goneOf,
  isGone,
  newService,
  revisionOf,
  type ServiceInput,
  type ServiceRecord,
} from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import type { Crash } from '../world/fleet-world.ts';
import { type Region, Stage } from '../world/stage.ts';
import { Watched } from '../world/watched.ts';

const HEALTH: ServiceInput['health'] = {
  readiness: { http: '/ready', period: '1s', failures: 1 },
  liveness: { http: '/live', period: '1s' },
  drain: { http: '/drain' },
};

const sharded = (version = 'v1', more: object = {}): ServiceInput => ({
  kind: 'sharded',
  version,
  command: ['x'],
  shards: 2,
  health: HEALTH,
  rollout: { strategy: 'zones', soak: '5s', comparison: { enabled: false } },
  ...more,
});

const stateless = (version = 'v1'): ServiceInput => ({
  kind: 'stateless',
  version,
  command: ['x'],
  instances: 6,
  health: HEALTH,
  autoscale: { min: 3, max: 9, metric: { name: 'inflight', target: 10 } },
});

/** Hands of the stage answer no drain. */
const { drain: _none, ...UNDRAINED } = HEALTH ?? {};
const QUICK = sharded('v1', { health: UNDRAINED });

function started(service: ServiceInput): Watched {
  const world = new Watched(service);
  world.run(40_000);
  return world;
}

describe('removal', () => {
  test('removal - all of it leaves the traffic, is drained and stopped, the last shard too', () => {
    for (const service of [sharded(), stateless()]) {
      const world = started(service);
      for (const one of world.processes.values()) {
        one.behaviour = { ...one.behaviour, drainMs: 5000 };
      }
      const routes = world.record.routes.number;
      world.observe({ kind: 'remove' });
      world.tick();
      expect(world.record.routes.routes).toEqual([]);
      // Nobody is stopped before routers know that nobody is routed to it.
      expect(world.processes.size).toBe(6);
      world.run(30_000);
      expect(world.processes.size).toBe(0);
      expect(isGone(world.record)).toBe(true);
      expect(world.record.routes.isRemoved).toBe(true);
      expect(world.record.routes.number).toBeGreaterThan(routes);
      world.run(60_000);
      expect(world.processes.size).toBe(0);
      world.expectSound();
    }
  });

  test('removal - in the middle of a rollout and of a second ring', () => {
    const world = started(sharded());
    world.behaviours.set('v2', { isReady: false });
    world.apply(sharded('v2'));
    world.run(30_000);
    expect(world.record.goal.target).not.toBe(world.record.goal.stable);
    world.observe({ kind: 'remove' });
    expect(world.until(() => isGone(world.record), 120_000)).toBe(true);
    expect(world.processes.size).toBe(0);
    world.expectSound();
  });

  test('removal - frozen it waits; a silent router is waited for until it is said to be gone', () => {
    const world = started(sharded());
    world.isFrozen = true;
    world.observe({ kind: 'remove' });
    world.run(60_000);
    expect(world.processes.size).toBe(6);
    const [lost] = world.routers;
    if (lost === undefined) throw new Error('two routers are there');
    lost.isDeaf = true;
    world.silentRouters.add(lost.id);
    world.isFrozen = false;
    world.run(60_000);
    expect(world.record.routes.routes).toEqual([]);
    expect(world.processes.size).toBe(6);
    world.observe({ kind: 'routerGone', id: lost.id, standing: 'excused' });
    expect(world.until(() => isGone(world.record), 60_000)).toBe(true);
    world.expectSound();
  });

  test('removal - applied again in time it stays; when its routes have said so it is too late', () => {
    const world = started(sharded());
    for (const one of world.processes.values()) {
      one.behaviour = { ...one.behaviour, drainMs: 20_000 };
    }
    world.observe({ kind: 'remove' });
    world.run(5000);
    world.apply(sharded());
    world.run(90_000);
    expect(world.record.removal).toBeNull();
    expect(world.record.routes.routes).toHaveLength(6);
    world.expectSound();
    world.observe({ kind: 'remove' });
    expect(world.until(() => isGone(world.record), 120_000)).toBe(true);
    world.apply(sharded());
    world.run(30_000);
    expect(isGone(world.record)).toBe(true);
  });

  test('removal - a brain that dies at any moment ends in the same place', () => {
    // Guards: A14.
    const crashes: readonly Crash[] = [
      { at: 'beforeCommit' },
      { at: 'afterCommit' },
      { at: 'effect', count: 2 },
    ];
    for (const crash of crashes) {
      for (let at = 0; at < 10; at++) {
        const world = started(sharded());
        world.observe({ kind: 'remove' });
        for (let i = 0; i < 40; i++) world.tick(i === at ? crash : null);
        expect(isGone(world.record)).toBe(true);
        expect(world.processes.size).toBe(0);
        world.expectSound();
      }
    }
  });

  test('removal - a service of the same name goes on counting', () => {
    // Guards: A6.
    const world = started(sharded());
    const before = goneOf(world.record);
    const spec = world.specOf(stateless());
    const next = newService('shop', spec, revisionOf(spec, ''), 0, before);
    expect(goneOf(next)).toMatchObject({ generation: before.generation, made: before.made });
    expect(next.goal.number).toBeGreaterThan(before.goal);
    expect(next.routes.number).toBeGreaterThan(before.routes);
  });

  test('removal - records go from the store, and the next one of its name has higher numbers', async () => {
    // Guards: A6, A7.
    const stage = await Stage.start(3);
    const first = await stage.region('eu');
    await stage.apply(first, QUICK);
    await stage.system.run(40_000);
    const { ring, made } = await stage.record(first);
    const ask = (region: Region, what: string) =>
      stage.system.until(region.arbiter.ask(what as never, 'shop' as never, { timeout: '60s' }));
    await ask(first, 'remove');
    await stage.system.run(60_000);
    expect(await ask(first, 'status')).toBeNull();
    expect(first.outside.processes.size).toBe(0);
    const left = await stage.system.until(stage.store.list('fleet/eu/shop/'));
    expect(left.entries).toEqual([]);
    await expect(ask(first, 'remove')).rejects.toMatchObject({ data: { reason: 'NO_SERVICE' } });
    // Another brain knows as well where its numbers stood.
    const second = await stage.region('eu');
    await stage.apply(second, QUICK);
    await stage.system.run(60_000);
    const again: ServiceRecord = await stage.record(second);
    expect(again.ring?.generation).toBe((ring?.generation ?? 0) + 1);
    expect(Math.min(...[...again.instances.keys()].map((id) => Number(id.split('#')[1])))).toBe(
      made + 1,
    );
    await stage.system.close();
  });
});
