/** What was decided is moved along in portions, and ends when the routes that carry it are known. */
import {
  recordChanges,
  runPass,
  type ServiceInput,
  type ServiceRecord,
} from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { intentOf } from '../service-view.ts';
import { FleetWorld } from '../world/fleet-world.ts';

const service = (instances: number): ServiceInput => ({
  kind: 'stateless',
  version: 'v1',
  command: ['x'],
  instances,
  health: { readiness: { http: '/r', period: '1s', failures: 1 } },
});

describe('settling', () => {
  test('settling - who was put out of the traffic is out when the routes that say so are known', () => {
    const world = new FleetWorld(service(20));
    world.run(60_000);
    for (const { id } of world.routers) world.silentRouters.add(id);
    const [out, crashed] = [...world.record.instances.keys()];
    if (out === undefined || crashed === undefined) throw new Error('nobody runs');
    const ejections = () =>
      [...world.record.operations.values()].filter(({ kind }) => kind === 'eject');
    world.want(
      intentOf(
        { kind: 'eject', instance: out },
        {
          who: 'healer',
          priority: 'safety',
          expiresMs: world.nowMs + 60_000,
        },
      ),
    );
    world.tick();
    const carrier = world.record.routes.number;
    expect(ejections()).toMatchObject([{ target: out, routes: carrier }]);
    world.crash(crashed);
    world.run(3000);
    expect(world.record.routes.number).toBeGreaterThan(carrier);
    expect(ejections()).toHaveLength(1);
    for (const { id, generation } of world.routers) {
      world.observe({ kind: 'router', id, generation, routes: carrier });
    }
    world.tick();
    expect(ejections()).toEqual([]);
    expect(world.record.routes.number).toBeGreaterThan(carrier);
  });

  test('settling - slots and operations of a thousand are settled in portions', () => {
    const world = new FleetWorld(service(100));
    world.run(60_000);
    const slots = [...world.record.slots].map(
      ([id, slot]) => [id, { ...slot, replaced: 'gone' }] as const,
    );
    const operations = Array.from({ length: 300 }, (_, i) => {
      const rest = { kind: 'stop', target: `gone ${i}`, decision: 1, issuedMs: 0 };
      return [`stop ${i}`, { key: `stop ${i}`, ...rest, outcome: 'issued' as const }] as const;
    });
    let record: ServiceRecord = {
      ...world.record,
      slots: new Map(slots),
      operations: new Map(operations),
    };
    const pace = 20;
    for (let passes = 0; passes < 40; passes++) {
      world.nowMs += 1000;
      const around = { ...world.around(), pace };
      const next = runPass(record, { observations: [], intents: [], around }).record;
      const { put, delete: gone } = recordChanges(record, next);
      const slotsPut = put.filter(([key]) => key.startsWith('slot/')).length;
      const closed = gone.filter((key) => key.startsWith('operation/')).length;
      expect(slotsPut).toBeLessThanOrEqual(2 * pace);
      expect(closed).toBeLessThanOrEqual(2 * pace);
      record = { ...next, slots: new Map(next.slots), operations: new Map(next.operations) };
    }
    expect([...record.slots.values()].filter(({ replaced }) => replaced !== null)).toEqual([]);
    expect(record.operations.size).toBe(0);
  });
});
