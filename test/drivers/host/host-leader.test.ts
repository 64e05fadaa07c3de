/** What a host answers about its leadership and its regions: plain data, by the schema, never too much. */
import type { FleetSpec, Reservation, ServiceStatus } from 'ringmaster/control-plane';
import { fleet, newService } from 'ringmaster/control-plane';
import { HostMethods } from 'ringmaster/drivers';
import { expect, test } from 'vitest';
import { LEADER, REGIONS } from '../../../src/inspector/protocol/region-shapes.ts';

const services = {
  web: { kind: 'stateless' as const, command: ['x'], instances: 3 },
  kv: { kind: 'sharded' as const, command: ['x'], shards: 2, budget: { minAvailable: 1 } },
};
const EU = { name: 'eu', zones: ['a', 'b'] };
const US = { name: 'us', zones: ['c', 'd'], forecast: 400 };

function statusOf(
  spec: FleetSpec,
  name: string,
  reservations: readonly Reservation[] | null,
): ServiceStatus {
  const service = spec.services[name];
  if (service === undefined) throw new Error(`no service ${name}`);
  const record = newService(name, service, 'r1', 0, null);
  const around = { nowMs: 1000, region: 'eu', zones: EU.zones, maxStalenessMs: 15_000 };
  return {
    ...{ nowMs: 1000, hasPassed: true, isSettled: true, record, revision: 'now', heldBy: null },
    ...{ isFleetFrozen: false, attention: [], waits: name === 'web' ? ['policy of web'] : [] },
    around: { ...around, isFrozen: false, reservations },
  };
}

function methodsOf(
  regions: FleetSpec['regions'] | null,
  more: { readonly reservations?: readonly Reservation[] | null; readonly gone?: string } = {},
) {
  const spec = regions === null ? null : fleet({ name: 'shop', regions: [...regions], services });
  const tenure = { ttlMs: 10_000, ledForMs: 60_000, renewedAgoMs: 2000, leftMs: 8000 };
  const leader = { tenure, token: 42, key: 'fleet/leader', holder: 'host-7, pid 12 started 1' };
  const sinceIso = new Date(Date.now() - 60_000).toISOString();
  const leaders = { count: 1, leaders: [{ machine: 'host-7', pid: 12, token: 42, sinceIso }] };
  const host = {
    ...{ leader, leaders, fleet: spec, region: spec === null ? null : 'eu' },
    services: async () => ['web', 'kv', ...(more.gone === undefined ? [] : [more.gone])],
    status: async (name: string) => {
      if (spec !== null && name !== more.gone) {
        return statusOf(spec, name, more.reservations ?? null);
      }
      throw Object.assign(new Error(name), { code: 'RM_CONTROL_UNKNOWN' });
    },
  };
  const { methods } = new HostMethods(host as never);
  return {
    leader: async () => LEADER.parse(await methods['Fleet.leader']?.({})),
    regions: async () => REGIONS.parse(await methods['Region.list']?.({})),
  };
}

test('host leader - who leads, by which lease, since when', async () => {
  const { leaders, ...now } = await methodsOf([EU]).leader();
  expect(now).toEqual({
    ...{ machine: 'host-7', pid: 12, token: 42, key: 'fleet/leader', leadersCount: 1 },
    ...{ ttlMs: 10_000, ledForMs: 60_000, renewedAgoMs: 2000, leftMs: 8000 },
  });
  expect(leaders).toHaveLength(1);
  expect(leaders[0]?.agoMs).toBeGreaterThanOrEqual(60_000);
});

test('host leader - the regions of a fleet: what is here closely, others by their names', async () => {
  const { regions, reservations, fleet: name } = await methodsOf([EU, US], { gone: 'x' }).regions();
  expect([name, reservations]).toEqual(['shop', null]);
  expect(regions).toEqual([
    {
      ...{ region: 'eu', isHere: true, forecast: null },
      zones: [
        { zone: 'a', instances: 0, ready: 0 },
        { zone: 'b', instances: 0, ready: 0 },
      ],
      services: [
        { service: 'web', unit: 'instance', needed: 3, serving: 0, waits: ['policy of web'] },
        { service: 'kv', unit: 'shard', needed: 2, serving: 0, waits: [] },
      ],
    },
    {
      ...{ region: 'us', isHere: false, forecast: 400, services: null },
      zones: [
        { zone: 'c', instances: null, ready: null },
        { zone: 'd', instances: null, ready: null },
      ],
    },
  ]);
});

test('host leader - what a region may do for a while, and no fleet at all', async () => {
  const floors = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`s${i}`, i]));
  const held: readonly Reservation[] = [
    { kind: 'shrink', untilMs: 31_000, floors },
    { kind: 'wave', untilMs: 500 },
  ];
  const { reservations } = await methodsOf([EU, US], { reservations: held }).regions();
  expect(reservations).toMatchObject([
    { kind: 'shrink', leftMs: 30_000 },
    { kind: 'wave', leftMs: 0, floors: [] },
  ]);
  expect(reservations?.[0]?.floors).toHaveLength(200);
  expect(reservations?.[0]?.floors[7]).toEqual({ service: 's7', count: 7 });
  expect(await methodsOf(null).regions()).toEqual({
    ...{ fleet: null, regions: [], reservations: null },
  });
});
