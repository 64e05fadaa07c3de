/** What came of operations, as it is counted for those who watch: against what the world has seen. */
import type { ServiceInput, ServiceRecord } from 'ringmaster/control-plane';
import { expect, test } from 'vitest';
import { endOf } from '../../../src/actors/arbiter/operation-end.ts';
import { intentOf } from '../service-view.ts';
import { FleetWorld } from '../world/fleet-world.ts';

const service = (version: string, instances: number): ServiceInput => ({
  kind: 'stateless',
  version,
  command: ['x'],
  instances,
  health: { readiness: { http: '/r', period: '1s', failures: 1 } },
  rollout: { strategy: 'rolling', progressDeadline: '60s' },
});

/** Passes, and what they have closed: how often each kind came to each end. */
function ended(world: FleetWorld, ms: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let at = 0; at < ms; at += 1000) {
    const before = world.record;
    world.tick();
    for (const [key, operation] of before.operations) {
      if (world.record.operations.has(key)) continue;
      const end = `${operation.kind} ${endOf(operation, before, world.record)}`;
      counts[end] = (counts[end] ?? 0) + 1;
    }
  }
  return counts;
}

test('operation end - starts that serve are done, also those of a release; so are stops', () => {
  const world = new FleetWorld(service('v1', 4));
  expect(ended(world, 60_000)).toMatchObject({ 'start done': 4 });
  world.apply(service('v2', 4));
  const counts = ended(world, 300_000);
  expect(world.versions()).toEqual({ v2: 4 });
  expect(Object.keys(counts).filter((end) => !end.endsWith(' done'))).toEqual([]);
  expect(counts['start done']).toBeGreaterThanOrEqual(4);
});

test('operation end - starts of a version that ends by itself have failed, each of them', () => {
  const world = new FleetWorld(service('v1', 4));
  world.run(60_000);
  world.behaviours.set('v2', { isReady: false, crashAfterMs: 500 });
  world.apply(service('v2', 4));
  const made = world.record.made;
  const counts = ended(world, 600_000);
  expect(world.versions()).toEqual({ v1: 4 });
  const failed = counts['start failed'] ?? 0;
  expect(failed).toBeGreaterThan(0);
  expect(failed + (counts['start done'] ?? 0) + (counts['start dropped'] ?? 0)).toBe(
    world.record.made - made,
  );
});

test('operation end - who is gone before it is out of the traffic was not put out of it', () => {
  const world = new FleetWorld(service('v1', 4));
  world.run(60_000);
  const [out] = world.record.instances.keys();
  if (out === undefined) throw new Error('nobody runs');
  const rest = { who: 'healer', priority: 'safety', expiresMs: world.nowMs + 60_000 } as const;
  for (const { id } of world.routers) world.silentRouters.add(id);
  world.want(intentOf({ kind: 'eject', instance: out }, rest));
  world.tick();
  world.crash(out);
  expect(ended(world, 60_000)['eject dropped']).toBe(1);
});

test('operation end - each kind, by the records alone', () => {
  const world = new FleetWorld(service('v1', 1));
  world.run(60_000);
  const { record } = world;
  const [one] = record.instances.values();
  const [slot] = record.slots.values();
  if (one === undefined || slot === undefined) throw new Error('nobody runs');
  const gone = { ...record, instances: new Map(), slots: new Map() } as ServiceRecord;
  const of = (kind: string, target: string, before: ServiceRecord, after: ServiceRecord) =>
    endOf(
      { key: 'k', kind, target, decision: 1, issuedMs: 0, outcome: 'issued' } as never,
      before,
      after,
    );
  const going = { ...record, instances: new Map([[one.id, { ...one, going: 'stop' }]]) } as never;
  expect(of('start', one.id, record, record)).toBe('done');
  expect(of('start', one.id, record, gone)).toBe('failed');
  expect(of('start', one.id, going, gone)).toBe('dropped');
  expect(of('stop', one.id, record, gone)).toBe('done');
  expect(of('stop', one.id, going, record)).toBe('dropped');
  expect(of('replace', one.id, record, record)).toBe('done');
  expect(of('replace', one.id, record, gone)).toBe('dropped');
  expect(of('eject', one.id, record, record)).toBe('done');
  expect(of('readmit', one.id, record, gone)).toBe('dropped');
  expect(of('prepareRing', '7', record, record)).toBe('dropped');
  expect(of('publishRing', '7', record, record)).toBe('done');
  expect(of('fence', one.id, record, gone)).toBe('done');
});
