/** What a host answers of healing: of one service or of all, those in trouble first, never too much. */
import {
  fleet,
  newService,
  type ServiceRecord,
  type ServiceSpec,
  type ServiceStatus,
} from 'ringmaster/control-plane';
import { HostMethods } from 'ringmaster/drivers';
import { expect, test } from 'vitest';
import { HEALER_START } from '../../../src/actors/healer/healer-state.ts';
import { HEALING } from '../../../src/inspector/protocol/healing-shapes.ts';

const regions = [{ name: 'eu', zones: ['a', 'b'] }];
const services = { web: { kind: 'stateless' as const, command: ['x'], instances: 2 } };
const spec = fleet({ name: 'shop', regions, services }).services.web as ServiceSpec;

function statusOf(name: string, more: Partial<ServiceRecord> = {}): ServiceStatus {
  const record = { ...newService(name, spec, 'r1', 0, null), ...more };
  const around = { nowMs: 1000, region: 'eu', zones: ['a', 'b'], maxStalenessMs: 15_000 };
  return {
    ...{ nowMs: 1000, hasPassed: true, isSettled: true, record, revision: 'now', heldBy: null },
    ...{ isFleetFrozen: false, attention: [], waits: [] },
    around: { ...around, isFrozen: false, reservations: null },
  };
}

/** A host that has these services; `gone`: it has lost them since it told their names. */
function healing(all: readonly ServiceStatus[], gone: readonly string[] = []) {
  const byName = new Map(all.map((status) => [status.record.name, status]));
  const host = {
    services: async () => [...byName.keys(), ...gone],
    status: async (name: string) => {
      const status = byName.get(name);
      if (status !== undefined) return status;
      throw Object.assign(new Error(name), { code: 'RM_CONTROL_UNKNOWN' });
    },
  };
  const { methods } = new HostMethods(host as never);
  return async (params: object) =>
    HEALING.parse(await methods['Healing.get']?.(params as Readonly<Record<string, unknown>>));
}

test('host healing - what was given up comes first, with the changes that end it', async () => {
  const [revision] = statusOf('x').record.revisions;
  const blocked = { ...revision, blocked: 'its members end alike' } as typeof revision;
  const old = { ...blocked, id: 'r0' } as typeof revision;
  const ask = healing([
    statusOf('calm'),
    statusOf('keys', { quarantinedKeys: ['tenant-7'] }),
    statusOf('revision', { revisions: [old, blocked].filter((one) => one !== undefined) }),
  ]);
  const answer = await ask({});
  expect(answer.services.map(({ service }) => service)).toEqual(['keys', 'revision', 'calm']);
  const [keys, given, calm] = answer.services;
  expect(keys).toMatchObject({ allowedActions: ['releaseKey'], keys: [{ key: 'tenant-7' }] });
  expect(given?.blocked).toEqual([
    { revision: 'r1', version: expect.any(String), why: 'its members end alike' },
  ]);
  expect(calm).toMatchObject({ allowedActions: [], keys: [], blocked: [], revision: 'now' });
  const [one, ...others] = (await ask({ service: 'calm' })).services;
  expect([one?.service, others]).toEqual(['calm', []]);
});

test('host healing - a service that is gone is left out of all, and refused by its name', async () => {
  const ask = healing([statusOf('web')], ['gone']);
  expect(await ask({})).toMatchObject({ servicesCount: 1, services: [{ service: 'web' }] });
  await expect(ask({ service: 'gone' })).rejects.toMatchObject({ code: 'RM_CONTROL_UNKNOWN' });
});

test('host healing - two hundred services at most', async () => {
  const names = Array.from({ length: 250 }, (_, i) => `web-${i}`);
  const { services, servicesCount } = await healing(names.map((name) => statusOf(name)))({});
  expect([services.length, servicesCount]).toEqual([200, 250]);
});

test('host healing - a healer that has stopped comes before one that works', async () => {
  const healer = (status: string) => ({
    controllers: { healer: { ...HEALER_START, status } } as never,
  });
  const all = ['healthy', 'blind: nobody is seen', 'panic: all ended alike'].map((status, i) =>
    statusOf(`web-${i}`, healer(status)),
  );
  const { services } = await healing(all)({});
  expect(services.map(({ service }) => service)).toEqual(['web-1', 'web-2', 'web-0']);
});

test('host healing - where most is unwell an answer stays small, and counts all', async () => {
  const web = { kind: 'stateless' as const, command: ['x'], instances: 20 };
  const large = fleet({ name: 'shop', regions, services: { web } }).services.web as ServiceSpec;
  const slots = new Map(
    Array.from({ length: 20 }, (_, ordinal) => {
      const place = { zone: 'a', ordinal, revision: 'r1', isBaseline: false };
      const id = `web/eu/a/${ordinal}`;
      return [id, { ...place, id, ends: 3, notBeforeMs: 9000, replaced: null }] as const;
    }),
  );
  const ill = Array.from({ length: 150 }, (_, i) =>
    statusOf(`web-${i}`, { spec: large, slots: slots as never }),
  );
  const { services } = await healing(ill)({});
  const sum = (of: (one: (typeof services)[number]) => number): number =>
    services.reduce((all, one) => all + of(one), 0);
  expect(sum(({ unwell }) => unwell.length)).toBe(500);
  expect(sum(({ counts }) => counts.unwell)).toBe(3000);
  expect(JSON.stringify(services).length).toBeLessThan(512 * 1024);
});
