/** A fleet of actors in one process, on real threads: what a user of the package sees. */
import { fileURLToPath } from 'node:url';
import { Registry } from 'prom-client';
import { type System, start } from 'ringmaster';
import { fleet } from 'ringmaster/control-plane';
import { type EmbeddedFleet, exportFleetMetrics, startEmbeddedFleet } from 'ringmaster/drivers';
import { exportMetrics } from 'ringmaster/prometheus';
import { memoryStore } from 'ringmaster/store';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

let system: System;
let embedded: EmbeddedFleet;
beforeEach(async () => {
  system = await start({ threads: 1 });
});
afterEach(async () => {
  await embedded?.close();
  await system.close();
});

const fleetOf = (more: Readonly<Record<string, unknown>> = {}) =>
  fleet({
    name: 'shop',
    regions: [{ name: 'eu', zones: ['a', 'b', 'c'] }],
    policy: { period: '50ms', answerWithin: '45ms', maxStaleness: '1s' },
    services: {
      work: {
        kind: 'stateless',
        actor: './workers.mjs#Worker',
        ...(more.kind === 'sharded' ? {} : { instances: 2 }),
        health: { liveness: { actor: 'ping', period: '100ms', timeout: '90ms', failures: 2 } },
        heal: { backoff: { first: '100ms' } },
        stopGrace: '5s',
        ...more,
      },
    },
  } as never);
const begin = async (more: Readonly<Record<string, unknown>> = {}) => {
  embedded = await startEmbeddedFleet(system, { fleet: fleetOf(more), folder: FOLDER });
};
type Status = NonNullable<Awaited<ReturnType<EmbeddedFleet['status']>>>;
const until = async (is: (status: Status) => boolean): Promise<Status> => {
  for (;;) {
    const status = await embedded.status('work');
    if (status !== null && is(status)) return status;
    await new Promise((resolve) => setImmediate(resolve));
  }
};
const settled = (count: number) =>
  until(({ record, isSettled }) => isSettled && record.routes.routes.length === count);
type Who = { instance: string; version: string; done: number };

describe('embedded fleet', () => {
  test('embedded - instances are actors, the less busy one is asked; one that crashes goes on', async () => {
    await begin();
    await settled(2);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => embedded.ask<Who>('work', 'who')),
    );
    expect(new Set(answers.map(({ instance }) => instance)).size).toBe(2);
    await expect(embedded.ask('work', 'crash')).rejects.toMatchObject({ code: 'RM_ACTOR_CRASHED' });
    await expect(embedded.ask('work', 'refuse')).rejects.toMatchObject({ code: 'RM_REPLY' });
    // A mistake of whoever asks is no request of anybody's.
    await expect(embedded.ask('work', 'nothing')).rejects.toMatchObject({
      code: 'RM_UNKNOWN_MESSAGE',
    });
    // Its own supervisor has started it again: nobody was replaced.
    const { record } = await settled(2);
    expect([...record.instances.keys()].sort()).toEqual(
      [...new Set(answers.map(({ instance }) => instance))].sort(),
    );
    expect(record.failures).toEqual([]);
  });

  test('embedded - its metrics in a registry: requests by outcome, operations by end', async () => {
    const registry = new Registry();
    const rollout = { strategy: 'rolling', progressDeadline: '1s', maxSurge: 1, maxUnavailable: 0 };
    await begin({ rollout });
    exportMetrics(system, { registry });
    exportFleetMetrics(embedded, { registry });
    await settled(2);
    for (let i = 0; i < 7; i++) await embedded.ask('work', 'who');
    await embedded.ask('work', 'crash').catch(() => undefined);
    await embedded.ask('work', 'refuse').catch(() => undefined);
    await embedded.ask('work', 'nothing').catch(() => undefined);
    await embedded.apply(fleetOf({ rollout, version: 'v2', env: { FAULT: 'setup' } }));
    await until(({ record: { revisions } }) => revisions.at(-1)?.blocked !== null);
    const text = await registry.metrics();
    const of = (name: string, labels: string): number | null => {
      const line = `\nringmaster_${name}{service="work",${labels}} `;
      return text.includes(line) ? Number.parseFloat(text.split(line)[1] ?? '') : null;
    };
    expect(of('requests_total', 'version="v1",outcome="ok"')).toBe(8);
    expect(of('requests_total', 'version="v1",outcome="error"')).toBe(1);
    expect(of('request_duration_seconds_count', 'version="v1"')).toBe(9);
    expect(of('operations_over_total', 'kind="start",outcome="done"')).toBe(2);
    expect(of('operations_over_total', 'kind="start",outcome="failed"')).toBeGreaterThan(0);
    expect(text).toMatch(/\nringmaster_messages_handled_total{thread="0"} [1-9]/);
  });

  test('embedded - one whose supervisor gives up has ended, and is replaced', async () => {
    await begin({ instances: 1 });
    const before = [...(await settled(1)).record.instances.keys()];
    // More crashes than a supervisor bears.
    for (let i = 0; i < 4; i++) await embedded.ask('work', 'crash').catch(() => undefined);
    const { record } = await until(({ record: { failures } }) => failures.length > 0);
    expect(record.failures[0]?.signature).toMatch(/^its supervisor gave up/);
    await settled(1);
    const { instance } = await embedded.ask<Who>('work', 'who');
    expect(before).not.toContain(instance);
  });

  test('embedded - one that hangs is found by its pings, and replaced', async () => {
    await begin({ instances: 1, stopGrace: '300ms' });
    const [before] = [...(await settled(1)).record.instances.keys()];
    embedded.ask('work', 'hang', undefined, { timeout: 200 }).catch(() => undefined);
    await until(({ record, isSettled }) => isSettled && !record.instances.has(before as string));
    expect((await embedded.ask<Who>('work', 'who')).instance).not.toBe(before);
  });

  test('embedded - another version, and fewer instances: what is under way is finished first', async () => {
    await begin({ instances: 3 });
    await settled(3);
    const slow = Array.from({ length: 6 }, () => embedded.ask<string>('work', 'slow'));
    await embedded.apply(fleetOf({ instances: 1, version: 'v2' }));
    expect(await Promise.all(slow)).toHaveLength(6);
    await until(
      ({ record, isSettled }) =>
        isSettled && record.goal.stable === record.goal.target && record.slots.size === 1,
    );
    expect((await embedded.ask<Who>('work', 'who')).version).toBe('v2');
  });

  test('embedded - a version that cannot be set up does not take the place of one that can', async () => {
    const rollout = { strategy: 'rolling', progressDeadline: '1s', maxSurge: 1, maxUnavailable: 0 };
    await begin({ rollout });
    await settled(2);
    await embedded.apply(fleetOf({ rollout, version: 'v2', env: { FAULT: 'setup' } }));
    const { record } = await until(
      ({ record: { revisions } }) => revisions.at(-1)?.blocked !== null,
    );
    expect(record.failures[0]?.signature).toMatch(/cannot be started: .*cannot be set up/);
    expect((await embedded.ask<Who>('work', 'who')).version).toBe('v1');
  });

  test('embedded - what cannot be: no such service, no key, no actor, no export', async () => {
    await begin({ kind: 'sharded', shards: 1 });
    await until(({ record: { ring } }) => ring !== null);
    await until(({ isSettled }) => isSettled);
    await expect(embedded.ask('nobody', 'who')).rejects.toMatchObject({ code: 'RM_NO_INSTANCE' });
    await expect(embedded.ask('work', 'who')).rejects.toThrow(/sharded, and no key was given/);
    expect(await embedded.ask<Who>('work', 'who', undefined, { key: 'ann' })).toMatchObject({
      instance: expect.stringMatching(/^work\/eu\/[abc]\/0#/),
    });
    expect(() => fleetOf({ kind: 'sharded', instances: 1 })).toThrow(
      /does not belong to this kind/,
    );
    const command = fleetOf({ actor: undefined, command: ['node', 'x.js'], health: {} });
    await expect(embedded.apply(command)).rejects.toThrow(/work has no actor/);
    await embedded.close();
    await begin({ actor: './workers.mjs#Nobody' });
    const { record } = await until(({ record: { failures } }) => failures.length > 0);
    expect(record.failures[0]?.signature).toMatch(/no export Nobody: the module exports Worker/);
  });

  test('embedded - one that cannot be started leaves nothing behind', async () => {
    const store = memoryStore();
    const command = fleetOf({ actor: undefined, command: ['node', 'x.js'], health: {} });
    const again = { store, folder: FOLDER };
    await expect(startEmbeddedFleet(system, { ...again, fleet: command })).rejects.toThrow(
      /work has no actor/,
    );
    await expect(
      startEmbeddedFleet(system, { ...again, fleet: fleetOf(), region: 'us' }),
    ).rejects.toThrow(/no region us, it has: eu/);
    embedded = await startEmbeddedFleet(system, { ...again, fleet: fleetOf() });
    await settled(2);
    await embedded.close();
    await embedded.close();
    await expect(embedded.ask('work', 'who')).rejects.toThrow(/the fleet was closed/);
    await store.close();
  });

  test('embedded - two fleets of one system have the same services, and do not meet', async () => {
    await begin();
    const other = { ...fleetOf({ version: 'v2' }), name: 'other' };
    const second = await startEmbeddedFleet(system, { fleet: other, folder: FOLDER });
    await settled(2);
    const first = embedded;
    embedded = second;
    await settled(2);
    expect((await first.ask<Who>('work', 'who')).version).toBe('v1');
    await first.close();
    expect((await second.ask<Who>('work', 'who')).version).toBe('v2');
  });

  test('embedded - a fleet is applied whole or not at all; a frozen one stays as it is', async () => {
    await begin();
    const before = [...(await settled(2)).record.instances.keys()];
    const { work } = fleetOf({ version: 'v2' }).services;
    const { work: wrong } = fleetOf({ kind: 'sharded', shards: 1 }).services;
    const both = { ...fleetOf(), services: { more: work, work: wrong } };
    await expect(embedded.apply(both as never)).rejects.toThrow(/kind is sharded/);
    expect(await embedded.status('more')).toBe(null);
    await embedded.apply({ ...fleetOf({ version: 'v2' }), frozen: true });
    const passed = (await embedded.status('work'))?.nowMs ?? 0;
    const { record } = await until(({ nowMs }) => nowMs > passed + 200);
    expect([...record.instances.keys()]).toEqual(before);
    await embedded.arbiter.ask('freeze', false);
    await until(
      ({ record: { goal, slots }, isSettled }) =>
        isSettled && goal.stable === goal.target && slots.size === 2,
    );
    expect((await embedded.ask<Who>('work', 'who')).version).toBe('v2');
  });

  test('embedded - closed while modules are still loaded, it starts nobody', async () => {
    await begin({ actor: './slow-module.mjs#Late' });
    const late = globalThis as { lateLoads?: Promise<void> };
    await until(({ record }) => record.instances.size === 2 && late.lateLoads !== undefined);
    await embedded.close();
    (globalThis as { endLateLoads?: () => void }).endLateLoads?.();
    await late.lateLoads;
    await new Promise((resolve) => setImmediate(resolve));
    expect(system.paths().filter((path) => path.includes('work.eu'))).toEqual([]);
  });

  test('embedded - a thread that was held up for longer than a lease goes on to decide', async () => {
    await begin();
    await settled(2);
    // Longer than a lease; as a breakpoint does.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 11_000);
    await new Promise((resolve) => setImmediate(resolve));
    await embedded.apply(fleetOf({ version: 'v2' }));
    await until(({ record: { goal }, isSettled }) => isSettled && goal.stable === goal.target);
    expect((await embedded.ask<Who>('work', 'who')).version).toBe('v2');
  });
});
