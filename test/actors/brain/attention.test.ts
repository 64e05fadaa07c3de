/** What waits for a human is said, with its cure; everything else is not. */
import { acknowledged, attentionOf, type ServiceInput } from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { FleetWorld } from '../world/fleet-world.ts';

const LIMITS = { routerSilenceMs: 60_000 };
const HEALTH: ServiceInput['health'] = {
  readiness: { http: '/r', period: '1s', failures: 1 },
  drain: { http: '/drain', timeout: '2m' },
};
const service = (version: string, instances = 4): ServiceInput => ({
  kind: 'stateless',
  version,
  command: ['x'],
  instances,
  health: HEALTH,
  rollout: { strategy: 'rolling', progressDeadline: '60s' },
});
const asked = (world: FleetWorld): readonly string[] =>
  attentionOf(world.record, LIMITS, world.nowMs);

describe('attention', () => {
  test('attention - a service that is well asks nobody, nor does one that is under way', () => {
    const world = new FleetWorld(service('v1'));
    for (let i = 0; i < 40; i++) {
      world.tick();
      expect(asked(world)).toEqual([]);
    }
  });

  test('attention - a version that was given up, until another one is applied', () => {
    const world = new FleetWorld(service('v1'));
    world.behaviours.set('v2', { isReady: false });
    world.run(20_000);
    world.apply(service('v2'));
    world.run(200_000);
    expect(asked(world)).toEqual([
      expect.stringMatching(/^v2 was given up: no progress .*; retry/),
    ]);
    world.apply(service('v3'));
    world.run(60_000);
    expect(asked(world)).toEqual([]);
  });

  test('attention - a drain beyond its time', () => {
    const world = new FleetWorld(service('v1'));
    world.behaviours.set('v1', { drainMs: 3_600_000 });
    world.run(20_000);
    world.apply(service('v1', 3));
    world.run(100_000);
    expect(asked(world)).toEqual([]);
    world.run(60_000);
    expect(asked(world)).toEqual([
      expect.stringMatching(/^shop.* has been draining for \d+ ms, .* stop it, or keep it$/),
    ]);
  });

  test('attention - a router that is silent while something waits for it', () => {
    const world = new FleetWorld(service('v1'));
    world.run(20_000);
    const [router] = world.routers;
    if (router === undefined) throw new Error('there is no router');
    // Nothing is published: nobody waits for it.
    world.silentRouters.add(router.id);
    world.run(120_000);
    expect(asked(world)).toEqual([]);
    world.apply(service('v1', 3));
    world.run(10_000);
    expect(asked(world)).toEqual([
      expect.stringMatching(/^router router 0 has been silent for \d+ ms; say that it is gone/),
    ]);
    world.observe({ kind: 'routerGone', id: router.id, standing: 'excused' });
    world.run(30_000);
    expect(asked(world)).toEqual([]);
    expect(world.record.instances.size).toBe(3);
  });

  test('attention - a router that was given up counts again only when it has started anew', () => {
    const world = new FleetWorld(service('v1'));
    world.run(20_000);
    const [router] = world.routers;
    if (router === undefined) throw new Error('there is no router');
    const { id } = router;
    world.silentRouters.add(id);
    world.observe({ kind: 'routerGone', id, standing: 'excused' });
    world.apply(service('v1', 3));
    world.run(30_000);
    expect(world.record.instances.size).toBe(3);
    // It lives, and goes on with the tables that it has.
    const old = { kind: 'router', id, generation: 0, routes: 1 } as const;
    world.observe(old);
    world.run(1000);
    expect(world.record.routers.get(id)?.standing).toBe('excused');
    expect(acknowledged(world.record).routes).toBe(world.record.routes.number);
    world.observe({ ...old, incarnation: 1 });
    world.run(1000);
    expect(world.record.routers.get(id)).toMatchObject({ standing: 'live', incarnation: 1 });
    expect(acknowledged(world.record).routes).toBe(1);
    // A word of its earlier life.
    world.observe({ ...old, routes: 0 });
    world.run(1000);
    expect(acknowledged(world.record).routes).toBe(1);
  });

  test('attention - routers come and go for ever, and those that are gone are not kept', () => {
    const world = new FleetWorld(service('v1'));
    world.run(5000);
    for (let i = 0; i < 300; i++) {
      const id = `gone ${i}`;
      world.observe({ kind: 'router', id, generation: 0, routes: 1 });
      world.observe({ kind: 'routerGone', id, standing: 'dead' });
    }
    world.run(1000);
    expect(world.record.routers.size).toBe(100 + world.routers.length);
    expect(world.record.routers.has('gone 299')).toBe(true);
  });
});
