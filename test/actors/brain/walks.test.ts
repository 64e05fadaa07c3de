/** From one version to the next with the whole brain, in a small world: every strategy, both ways. */
import type { ServiceInput } from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { Watched } from '../world/watched.ts';

const HEALTH: ServiceInput['health'] = {
  readiness: { http: '/ready', period: '1s', failures: 1 },
  liveness: { http: '/live', period: '1s' },
};

const stateless = (version: string, rollout: ServiceInput['rollout']): ServiceInput => ({
  kind: 'stateless',
  version,
  command: ['x'],
  instances: 6,
  health: HEALTH,
  ...(rollout === undefined ? {} : { rollout }),
});

const sharded = (version: string, more: Partial<ServiceInput> = {}): ServiceInput =>
  ({
    kind: 'sharded',
    version,
    command: ['x'],
    shards: 3,
    health: HEALTH,
    rollout: { strategy: 'zones', soak: '10s', comparison: { enabled: false } },
    ...more,
  }) as ServiceInput;

/** It runs, and nothing is under way. */
function settled(world: Watched, versions: Readonly<Record<string, number>>): void {
  const { goal } = world.record;
  expect(world.versions()).toEqual(versions);
  expect(goal.stable).toBe(goal.target);
  expect(world.record.operations.size).toBe(0);
  expect(world.monitor.unsettledForMs(world.nowMs)).toBe(0);
  world.expectSound();
}

const DONE = (world: Watched) => () =>
  world.record.goal.stable === world.record.goal.target &&
  world.monitor.unsettledForMs(world.nowMs) === 0 &&
  world.record.operations.size === 0;

describe('walks', () => {
  test('walks - a rolling update replaces everybody and keeps enough', () => {
    const world = new Watched(stateless('v1', { strategy: 'rolling' }));
    world.run(20_000);
    settled(world, { v1: 6 });
    world.apply(stateless('v2', { strategy: 'rolling' }));
    world.tick();
    expect(world.until(DONE(world), 300_000)).toBe(true);
    settled(world, { v2: 6 });
  });

  test('walks - a canary goes up step by step and becomes stable', () => {
    const rollout: ServiceInput['rollout'] = {
      strategy: 'canary',
      steps: [{ weight: 10 }, { pause: '20s' }, { weight: 50 }, { analyze: '30s' }],
      analysis: [{ metric: 'error_ratio', max: '2%', interval: '5s' }],
      comparison: { enabled: false },
    };
    const world = new Watched(stateless('v1', rollout));
    world.run(20_000);
    settled(world, { v1: 6 });
    world.apply(stateless('v2', rollout));
    world.tick();
    expect(world.until(DONE(world), 600_000)).toBe(true);
    settled(world, { v2: 6 });
  });

  test('walks - blue and green', () => {
    const rollout: ServiceInput['rollout'] = {
      strategy: 'blueGreen',
      comparison: { enabled: false },
    };
    const world = new Watched(stateless('v1', rollout));
    world.run(20_000);
    world.apply(stateless('v2', rollout));
    world.tick();
    expect(world.until(DONE(world), 600_000)).toBe(true);
    settled(world, { v2: 6 });
  });

  test('walks - zone by zone', () => {
    const world = new Watched(sharded('v1'));
    world.run(30_000);
    settled(world, { v1: 9 });
    const generation = world.record.ring?.generation;
    world.apply(sharded('v2'));
    world.tick();
    expect(world.until(DONE(world), 900_000)).toBe(true);
    settled(world, { v2: 9 });
    // A restart moves no key.
    expect(world.record.ring?.generation).toBe(generation);
  });

  test('walks - a bad canary is rolled back, and stays blocked', () => {
    const rollout: ServiceInput['rollout'] = {
      strategy: 'canary',
      steps: [{ weight: 20 }, { analyze: '60s' }],
      analysis: [{ metric: 'error_ratio', max: '2%', interval: '5s' }],
    };
    const world = new Watched(stateless('v1', rollout));
    world.behaviours.set('v2', { errorRatio: 0.2 });
    world.run(20_000);
    const bad = world.apply(stateless('v2', rollout));
    world.run(200_000);
    expect(world.versions()).toEqual({ v1: 6 });
    expect(world.record.revisions.find(({ id }) => id === bad)?.blocked).toMatch(/error_ratio/);
    world.apply(stateless('v2', rollout));
    world.run(60_000);
    expect(world.versions()).toEqual({ v1: 6 });
    world.expectSound();
  });

  test('walks - a version that never becomes ready in a sharded service is rolled back', () => {
    const world = new Watched(sharded('v1'));
    world.behaviours.set('v2', { isReady: false });
    world.run(30_000);
    world.apply(sharded('v2'));
    world.run(900_000);
    expect(world.versions()).toEqual({ v1: 9 });
    expect(world.record.revisions.at(-1)?.blocked).not.toBeNull();
    expect(world.monitor.unsettledForMs(world.nowMs)).toBe(0);
    world.expectSound();
  });

  test('walks - the same with data: the old one stops first, and comes back', () => {
    const data = { data: { path: '/d' } };
    const world = new Watched(sharded('v1', data));
    world.behaviours.set('v2', { isReady: false });
    world.run(30_000);
    world.apply(sharded('v2', data));
    world.run(900_000);
    expect(world.versions()).toEqual({ v1: 9 });
    expect(world.monitor.unsettledForMs(world.nowMs)).toBe(0);
    world.expectSound();
  });

  test.each([
    ['gets', {}, { data: { path: '/d' } }],
    ['loses', { data: { path: '/d' } }, {}],
  ] as const)(
    'walks - a service %s a data directory: never two in one slot',
    (_, before, after) => {
      const world = new Watched(sharded('v1', before));
      world.run(30_000);
      world.apply(sharded('v2', after));
      let most = 0;
      const done = DONE(world);
      for (let i = 0; i < 600 && !(i > 5 && done()); i++) {
        world.tick();
        const inSlot = new Map<string, number>();
        for (const { id } of world.processes.values()) {
          const slot = id.slice(0, id.indexOf('#'));
          inSlot.set(slot, (inSlot.get(slot) ?? 0) + 1);
        }
        most = Math.max(most, ...inSlot.values());
      }
      expect(most).toBe(1);
      settled(world, { v2: 9 });
    },
  );

  test('walks - an end that is said twice is one end, with its backoff', () => {
    const world = new Watched(stateless('v1', { strategy: 'rolling' }));
    world.run(20_000);
    for (let i = 0; i < 60; i++) {
      for (const id of [...world.processes.keys()].filter((one) => one.includes('/a/0#'))) {
        world.crash(id);
        world.observe({ kind: 'agent', instance: id, word: 'ended' });
      }
      world.tick();
    }
    // At once, then after 10 s, 20 s and 40 s.
    expect(world.record.made).toBeLessThanOrEqual(6 + 4);
    world.expectSound();
  });
});
