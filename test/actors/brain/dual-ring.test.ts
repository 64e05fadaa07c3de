/** Another layout of a ring with the whole brain: token, second ring, cut-over, and whatever befalls it. */
import { applyProblem, type ServiceInput } from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import type { Crash } from '../world/fleet-world.ts';
import { Watched } from '../world/watched.ts';

const HEALTH: ServiceInput['health'] = {
  readiness: { http: '/ready', period: '1s', failures: 1 },
  liveness: { http: '/live', period: '1s' },
};

const sharded = (ring: object = {}, more: object = {}): ServiceInput => ({
  kind: 'sharded',
  version: 'v1',
  command: ['x'],
  shards: 3,
  health: HEALTH,
  ring,
  rollout: { strategy: 'zones', soak: '5s', comparison: { enabled: false } },
  ...more,
});

const stateless = (ring: object): ServiceInput => ({
  kind: 'stateless',
  version: 'v1',
  command: ['x'],
  instances: 6,
  health: HEALTH,
  ring,
});

const TWO = { replicas: 2, budget: { minAvailable: 1 } };

/** What an operator reads in the refusal. */
function tokenFor(world: Watched, service: ServiceInput): string {
  const problem = applyProblem(world.record, world.specOf(service), { zonesCount: 3 });
  const token = /relayout-[0-9a-f]{16}/.exec(problem?.message ?? '')?.[0];
  if (token === undefined) throw new Error(`no token in ${problem?.message}`);
  expect(problem?.reason).toBe('NEEDS_TOKEN');
  return token;
}

const zonesOf = (world: Watched): readonly string[] =>
  [...new Set(world.record.ring?.members.map((slot) => slot.split('/')[2] ?? ''))].toSorted();
const inZone = (world: Watched, zone: string): number =>
  [...world.processes.keys()].filter((id) => id.split('/')[2] === zone).length;

function started(service: ServiceInput): Watched {
  const world = new Watched(service);
  world.run(40_000);
  expect(world.record.ring).not.toBeNull();
  return world;
}

describe('dual ring', () => {
  test('dual ring - another algorithm needs a token, and this one only', () => {
    const world = started(sharded());
    const wanted = sharded({ algorithm: 'maglev' });
    const token = tokenFor(world, wanted);
    world.apply(wanted);
    world.apply(wanted, ['relayout-0000000000000000']);
    world.apply(sharded({ sections: 500 }), [token]);
    world.run(5000);
    expect(world.record.dual ?? null).toBeNull();
    expect(world.record.spec.ring?.algorithm).toBe('ketama');
    // Sections of an algorithm that has none are nothing that keys depend on.
    const same = started(sharded({ algorithm: 'rendezvous' }));
    const spec = same.specOf(sharded({ algorithm: 'rendezvous', sections: 7 }));
    expect(applyProblem(same.record, spec)).toBeNull();
  });

  test('dual ring - routers go by the second ring when all of them hold it ready', () => {
    // Guards: A4, A5, A6, A8.
    for (const make of [sharded, stateless]) {
      const world = started(make({}));
      const [first, second] = world.routers;
      if (first === undefined || second === undefined) throw new Error('two routers are there');
      second.isDeaf = true;
      const { ring: before, routes } = world.record;
      const wanted = make({ algorithm: 'rendezvous' });
      world.apply(wanted, [tokenFor(world, wanted)]);
      world.run(60_000);
      expect(world.record.ring).toBe(before);
      expect(world.record.spec.ring?.algorithm).toBe('ketama');
      expect(world.record.dual?.ring?.layout?.algorithm).toBe('rendezvous');
      expect(first.generation).toBe(before?.generation);
      expect(first.prepared).toBe((before?.generation ?? 0) + 1);
      second.isDeaf = false;
      world.run(10_000);
      expect(world.record.ring).toMatchObject({
        generation: (before?.generation ?? 0) + 1,
        members: before?.members,
        layout: { algorithm: 'rendezvous' },
      });
      expect(world.record.spec.ring?.algorithm).toBe('rendezvous');
      expect(world.record.dual).toBeNull();
      expect(world.record.routes).toEqual(routes);
      expect(world.record.operations.size).toBe(0);
      // Applied again it is what runs.
      world.apply(wanted);
      world.run(5000);
      expect(world.record.ring?.generation).toBe((before?.generation ?? 0) + 1);
      world.expectSound();
    }
  });

  test('dual ring - a silent router is waited for until somebody says that it is gone', () => {
    const world = started(sharded());
    const [lost] = world.routers;
    if (lost === undefined) throw new Error('two routers are there');
    lost.isDeaf = true;
    world.silentRouters.add(lost.id);
    const wanted = sharded({ algorithm: 'jump' });
    world.apply(wanted, [tokenFor(world, wanted)]);
    world.run(120_000);
    expect(world.record.dual?.ring).not.toBeNull();
    world.observe({ kind: 'routerGone', id: lost.id, standing: 'excused' });
    world.run(10_000);
    expect(world.record.ring?.layout?.algorithm).toBe('jump');
    world.expectSound();
  });

  test('dual ring - given up before routers go by it, its number is not given again', () => {
    // Guards: A6.
    for (const giveUp of ['abort', 'undo', 'apply'] as const) {
      const world = started(sharded());
      for (const router of world.routers) router.isDeaf = true;
      const wanted = sharded({ algorithm: 'maglev' });
      world.apply(wanted, [tokenFor(world, wanted)]);
      world.run(5000);
      const burnt = world.record.dual?.ring?.generation ?? 0;
      expect(burnt).toBe((world.record.ring?.generation ?? 0) + 1);
      if (giveUp === 'apply') world.apply(sharded());
      else world.say(giveUp);
      for (const router of world.routers) router.isDeaf = false;
      world.run(20_000);
      expect(world.record.dual).toBeNull();
      expect(world.record.ring).toMatchObject({ generation: burnt - 1 });
      world.apply(sharded({}, { shards: 4 }));
      world.run(60_000);
      expect(world.record.ring).toMatchObject({ generation: burnt + 1 });
      expect(world.record.ring?.layout?.algorithm).toBe('ketama');
      world.expectSound();
    }
  });

  test('dual ring - a shard joins meanwhile, and the second ring is made anew with it', () => {
    const world = started(sharded());
    const [, late] = world.routers;
    if (late === undefined) throw new Error('two routers are there');
    const before = world.record.ring?.generation ?? 0;
    const wanted = (shards: number) => sharded({ algorithm: 'maglev' }, { shards });
    world.apply(wanted(3), [tokenFor(world, wanted(3))]);
    late.isDeaf = true;
    world.run(5000);
    world.apply(wanted(4));
    world.run(60_000);
    expect(world.record.ring?.members).toHaveLength(12);
    expect(world.record.ring?.layout?.algorithm).toBe('ketama');
    late.isDeaf = false;
    world.run(60_000);
    expect(world.record.ring?.layout?.algorithm).toBe('maglev');
    expect(world.record.ring?.members).toHaveLength(12);
    expect(world.record.ring?.generation).toBeGreaterThan(before + 2);
    world.expectSound();
  });

  test('dual ring - frozen, nothing of it goes on', () => {
    const world = started(sharded());
    world.isFrozen = true;
    const wanted = sharded({ algorithm: 'maglev' });
    world.apply(wanted, [tokenFor(world, wanted)]);
    world.run(30_000);
    expect(world.record.dual).toMatchObject({ ring: null });
    world.isFrozen = false;
    world.run(10_000);
    expect(world.record.ring?.layout?.algorithm).toBe('maglev');
    world.expectSound();
  });

  test('dual ring - zones that come serve before, and zones that go leave after readers let them', () => {
    // Guards: A1, A4.
    const ring = { retain: '60s' };
    const world = started(sharded(ring, { replicas: 3 }));
    const two = sharded(ring, TWO);
    world.apply(two, [tokenFor(world, two)]);
    expect(world.until(() => zonesOf(world).length === 2, 60_000)).toBe(true);
    expect(world.record.ring?.former?.members).toHaveLength(9);
    world.run(50_000);
    expect(inZone(world, 'c')).toBe(3);
    world.run(40_000);
    expect(inZone(world, 'c')).toBe(0);
    expect(world.record.slots.size).toBe(6);
    expect(world.record.ring?.former).toBeUndefined();

    const three = sharded(ring, { replicas: 3 });
    world.behaviours.set('v1', { bootMs: 30_000 });
    world.apply(three, [tokenFor(world, three)]);
    world.run(25_000);
    expect(zonesOf(world)).toEqual(['a', 'b']);
    expect(inZone(world, 'c')).toBe(3);
    expect(world.record.dual?.ring).toBeNull();
    expect(world.until(() => zonesOf(world).length === 3, 60_000)).toBe(true);
    world.run(10_000);
    expect(world.record.spec).toMatchObject({ replicas: 3 });
    expect(world.record.operations.size).toBe(0);
    world.expectSound();
  });

  test('dual ring - zones that were to come go again when it is given up', () => {
    const world = started(sharded({}, TWO));
    const three = sharded({}, { replicas: 3 });
    world.behaviours.set('v1', { isReady: false });
    world.apply(three, [tokenFor(world, three)]);
    world.run(30_000);
    expect(inZone(world, 'c')).toBe(3);
    world.say('abort');
    world.run(30_000);
    expect(inZone(world, 'c')).toBe(0);
    expect(world.record.slots.size).toBe(6);
    world.expectSound();
  });

  test('dual ring - a brain that dies at any moment ends in the same place', () => {
    // Guards: A6, A14.
    const crashes: readonly Crash[] = [
      { at: 'beforeCommit' },
      { at: 'afterCommit' },
      { at: 'effect', count: 1 },
    ];
    for (const crash of crashes) {
      for (let at = 0; at < 12; at++) {
        const world = started(sharded({}, { replicas: 3 }));
        const before = world.record.ring?.generation ?? 0;
        const wanted = sharded({ algorithm: 'maglev' }, TWO);
        world.apply(wanted, [tokenFor(world, wanted)]);
        for (let i = 0; i < 60; i++) world.tick(i === at ? crash : null);
        expect(world.record.ring).toMatchObject({
          generation: before + 1,
          layout: { algorithm: 'maglev', replicas: 2 },
        });
        expect(world.record.slots.size).toBe(6);
        expect(world.record.operations.size).toBe(0);
        expect(inZone(world, 'c')).toBe(0);
        world.expectSound();
      }
    }
  });
});
