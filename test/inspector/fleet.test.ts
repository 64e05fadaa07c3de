/**
 * A fleet of processes through the inspector's socket: an operator sees its services, leads a rollout with
 * reasons, and is told what may not be. It is one idea: each test goes on where the one before has left the
 * fleet.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fc } from '@fast-check/vitest';
import { start } from 'ringmaster';
import { type Agent, connectAgent, startAgent } from 'ringmaster/agent';
import { type FleetHost, HostMethods, startFleetHost } from 'ringmaster/drivers';
import { type Inspector, inspect, type ResultOf, type Role } from 'ringmaster/inspector';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FLEET_METHODS } from '../../src/inspector/protocol/fleet-methods.ts';
import { METHODS, type MethodName } from '../../src/inspector/protocol/schema.ts';
import { TOPICS } from '../../src/inspector/protocol/topics.ts';
import { Client } from './client.ts';
import { drawnFrom } from './drawn-from.ts';

const APPS = fileURLToPath(new URL('../drivers/apps/', import.meta.url));

let directory = '';
let agent: Agent;
let host: FleetHost;
let inspector: Inspector;
let operator: Client;
let keys = 0;
const troubles: string[] = [];

const service = (more: object) => ({
  command: ['node', 'instance.mjs'],
  health: { readiness: { http: '/', period: '100ms', timeout: '90ms' } },
  ...more,
});
const STEPS = [{ weight: 50 }, { pause: 'manual' }];
const apply = (version: string, env: object = {}) =>
  host.apply({
    folder: APPS,
    data: {
      apiVersion: 'ringmaster/v1',
      kind: 'Fleet',
      name: 'shop',
      regions: [{ name: 'eu', zones: ['a', 'b'] }],
      policy: { period: '100ms', answerWithin: '90ms', maxStaleness: '3s' },
      services: {
        web: service({
          ...{ kind: 'stateless', version, instances: 2, env },
          rollout: { strategy: 'canary', steps: STEPS, comparison: { enabled: false } },
        }),
        kv: service({
          kind: 'sharded',
          version: 'v1',
          shards: 1,
          budget: { minAvailable: 1 },
          rollout: { strategy: 'zones', minReady: '1s' },
        }),
      },
    },
  });

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rm-inspect-fleet-'));
  agent = await startAgent({
    directory: join(directory, 'agent'),
    brain: {
      command: process.execPath,
      args: ['-e', "require('node:net').createServer().listen(0)"],
    },
    config: { startMs: 600_000, stallAfterMs: 600_000 },
    say: () => undefined,
    ended: () => undefined,
  });
  host = await startFleetHost({
    ...{ directory, agent: agent.socket, machine: 'test' },
    ports: { from: 29_000, to: 29_399 },
  });
  const { methods } = new HostMethods(host);
  inspector = await inspect(host.system, {
    directory: join(directory, 'inspector'),
    onTrouble: (message) => troubles.push(message),
    fleet: { ask: (method, params) => (methods[method] as (typeof methods)[string])(params) },
  });
  operator = await Client.connect(inspector, 'operator');
  await apply('v1');
}, 60_000);
afterAll(async () => {
  const client = await connectAgent({ socket: agent.socket });
  const reports = await client.list();
  client.close();
  await operator.close();
  await inspector.close();
  await host.close();
  for (const { status, pid } of reports) {
    try {
      if (status === 'running' && pid !== null) process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
  agent.stop();
  agent.stop();
  agent.close();
  rmSync(directory, { recursive: true, force: true });
});

type Row = ResultOf<'Fleet.list'>['services'][number];

/** Asks, and checks that the answer is what the schema says, to the last field. */
async function ask<M extends MethodName>(method: M, params: object = {}): Promise<ResultOf<M>> {
  const answer = await operator.ask(method, params);
  return METHODS[method].result.parse(answer) as ResultOf<M>;
}
const wish = (reason: string, more: object = {}) => ({ reason, key: `key ${++keys}`, ...more });
const errorOf = async (method: string, params: object, client = operator): Promise<string> => {
  const { error } = await client.answer(method, params);
  return error?.name ?? 'none';
};
const audit = (): readonly { outcome: string; method: string; reason: string; params: object }[] =>
  readFileSync(join(directory, 'inspector', 'audit.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
const detail = () => ask('Service.get', { service: 'web' });
/** Asks until it is so. */
async function until(is: (row: Row) => boolean): Promise<Row> {
  for (;;) {
    const { services } = await ask('Fleet.list');
    const row = services.find((one) => one.service === 'web');
    if (row !== undefined && is(row)) return row;
  }
}

describe('fleet', () => {
  test('fleet - services, instances, loads, rings and decisions are told as the schema says', async () => {
    const calm = await until(({ state }) => state === 'healthy');
    expect(calm).toMatchObject({ version: 'v1', ready: 2, target: null });
    const { instances, summary } = await detail();
    expect(instances).toHaveLength(2);
    expect(instances[0]?.allowedActions).toEqual(['replace', 'drain']);
    expect(summary.revision).toBe(calm.revision);
    expect((await ask('Fleet.top', { service: 'web' })).instances).toHaveLength(2);
    expect((await ask('Decisions.list', { last: 500 })).decisions.length).toBeGreaterThan(3);
    const { decisions } = await ask('Decisions.list', {
      service: 'web',
      kind: 'admitted',
      last: 1,
    });
    expect(decisions).toHaveLength(1);
    let ring = await operator.answer('Ring.get', { service: 'kv' });
    // It has one when all of its shards serve.
    while (ring.error !== undefined) ring = await operator.answer('Ring.get', { service: 'kv' });
    expect((await ask('Ring.get', { service: 'kv' })).members.length).toBeGreaterThan(0);
    expect((await ask('Ring.owners', { service: 'kv', key: 'x' })).owners.length).toBeGreaterThan(
      0,
    );
    const { balance, members, changes } = await ask('Ring.get', { service: 'kv' });
    // One shard has all keys, in each of two zones; the first generation has followed none.
    expect(balance).toEqual({ imbalance: 1, most: 1.1, isExact: true });
    expect([members.map(({ owned }) => owned), changes]).toEqual([[1, 1], []]);
    const healing = (await ask('Healing.get')).services;
    expect(healing.map(({ service }) => service).toSorted()).toEqual(['kv', 'web']);
    expect(await ask('Fleet.leader')).toMatchObject({ pid: process.pid, leadersCount: 1 });
    expect((await ask('Region.list')).regions).toMatchObject([{ region: 'eu', isHere: true }]);
    expect(await ask('Ring.whatIf', { service: 'kv', change: 1 })).toMatchObject({ after: 2 });
    expect(await errorOf('Ring.whatIf', { service: 'kv', change: 0 })).toBe('params');
    expect(await errorOf('Ring.get', { service: 'web' })).toBe('params');
    expect(await errorOf('Service.get', { service: 'none' })).toBe('gone');
  });

  test('fleet - metrics of its host are told beside those of the system', async () => {
    const { families, missing } = await ask('Metrics.list', { contains: 'instances' });
    expect([families.map(({ name }) => name), missing]).toEqual([
      expect.arrayContaining(['ringmaster_instances', 'ringmaster_instances_wanted']),
      null,
    ]);
    const labels = { service: 'web', version: 'v1' };
    const { series } = await ask('Metrics.read', { name: 'ringmaster_instances', labels });
    expect(series.reduce((sum, { value }) => sum + (value ?? 0), 0)).toBe(2);
    const name = 'ringmaster_pass_duration_seconds';
    const passes = await ask('Metrics.read', { name, labels: { service: 'web' } });
    const [one] = passes.series;
    expect(passes).toMatchObject({ type: 'histogram', unit: 'seconds', matching: 1 });
    expect(one?.buckets?.counts.reduce((sum, count) => sum + count)).toBe(one?.value);
    expect(one?.value).toBeGreaterThan(0);
  });

  test('fleet - an operator pauses, promotes and aborts a rollout; what is ignored is refused', async () => {
    await until(({ state }) => state === 'healthy');
    const early = wish('too early', { service: 'web', verb: 'promote' });
    expect(await errorOf('Service.verb', early)).toBe('refused');
    await apply('v2');
    const waiting = await until(({ phase }) => phase === 'paused');
    expect(waiting.allowedActions).toEqual(expect.arrayContaining(['promote', 'abort', 'resume']));
    const { revision: ifRevision } = waiting;
    const promote = { service: 'web', verb: 'promote', ifRevision };
    const dry = await ask('Service.verb', wish('would it?', { ...promote, dryRun: true }));
    expect(dry).toMatchObject({ isDone: false, isDryRun: true, note: 'promoted past step 2' });
    expect((await detail()).summary.phase).toBe('paused');
    const done = await ask('Service.verb', wish('its errors are low', promote));
    expect(done).toMatchObject({ isDone: true, outcome: 'admitted' });
    expect(done.revision).not.toBe(ifRevision);
    expect(await errorOf('Service.verb', wish('again', promote))).toBe('conflict');
    await until((row) => row.version === 'v2' && row.state === 'healthy');

    await apply('v3');
    await until(({ phase }) => phase === 'paused');
    await ask('Service.verb', wish('do not go on', { service: 'web', verb: 'pause' }));
    await ask('Service.verb', wish('a bad release', { service: 'web', verb: 'abort' }));
    const aborted = await until(({ phase }) => phase === 'aborted');
    expect(aborted.allowedActions).toEqual(expect.arrayContaining(['retry', 'undo']));
    const outcomes = audit().map(({ reason, outcome }) => [reason, outcome.replace(/:.*/, '')]);
    expect(outcomes).toEqual([
      ['too early', 'refused'],
      ['would it?', 'dry run'],
      ['its errors are low', 'begun'],
      ['its errors are low', 'done'],
      ['again', 'conflict'],
      ['do not go on', 'begun'],
      ['do not go on', 'done'],
      ['a bad release', 'begun'],
      ['a bad release', 'done'],
    ]);
    expect(audit()[0]).toMatchObject({ role: 'operator', method: 'Service.verb' });
  }, 60_000);

  test('fleet - one key is one wish, and another wish needs another key', async () => {
    const before = (await ask('Decisions.list', { about: 'demand' })).decisions.length;
    const hold = wish('a busy evening', { service: 'web', count: 3 });
    const [one, two] = await Promise.all([ask('Service.hold', hold), ask('Service.hold', hold)]);
    expect(two).toEqual(one);
    expect((await ask('Decisions.list', { about: 'demand' })).decisions).toHaveLength(before + 1);
    expect(await errorOf('Service.hold', { ...hold, count: 4 })).toBe('params');
    await until((row) => row.demand === 3);
  });

  test('fleet - of several who decide by the same revision, one is done', async () => {
    const { revision: ifRevision } = (await detail()).summary;
    const asked = Array.from({ length: 8 }, (_, i) => {
      const hold = { service: 'web', count: 4 + i, ifRevision };
      return errorOf('Service.hold', wish(`person ${i}`, hold));
    });
    const errors = await Promise.all(asked);
    expect(errors.toSorted()).toEqual([...Array(7).fill('conflict'), 'none']);
    const begun = audit().filter(({ reason }) => reason.startsWith('person'));
    expect(begun.filter(({ outcome }) => outcome === 'done')).toHaveLength(1);
  });

  test('fleet - freezes and releases; what would change nothing is refused', async () => {
    const frozen = { service: 'web', isFrozen: true };
    await ask('Service.freeze', wish('a holiday', frozen));
    expect(await errorOf('Service.freeze', wish('twice', frozen))).toBe('refused');
    expect((await detail()).summary.allowedActions).toContain('unfreeze');
    await ask('Service.freeze', wish('it is over', { ...frozen, isFrozen: false }));
    expect(await errorOf('Service.release', wish('why not', { service: 'web' }))).toBe('refused');
    const key = { service: 'web', quarantinedKey: 'x' };
    expect(await errorOf('Service.release', wish('why not', key))).toBe('params');
    const { revision, isFrozen } = await ask('Fleet.list');
    expect(isFrozen).toBe(false);
    const all = { isFrozen: true, ifRevision: revision };
    await ask('Fleet.freeze', wish('an incident', { ...all, dryRun: true }));
    await ask('Fleet.freeze', wish('an incident', all));
    expect(await errorOf('Fleet.freeze', wish('too late', all))).toBe('conflict');
    await until((row) => row.isFleetFrozen);
    await ask('Fleet.freeze', wish('it is over', { isFrozen: false }));
  });

  test('fleet - an instance is drained, kept and replaced', async () => {
    await ask('Service.verb', wish('clean up', { service: 'web', verb: 'undo' }));
    await until((row) => row.state === 'healthy');
    const [first] = (await detail()).instances;
    const { instance = '' } = first ?? {};
    const keep = { instance, cancel: true };
    expect(await errorOf('Instance.drain', wish('it does not leave', keep))).toBe('refused');
    await ask('Instance.replace', wish('it is slow', { instance }));
    for (;;) {
      const { instances } = await detail();
      if (!instances.some((one) => one.instance === instance)) break;
    }
    expect(await errorOf('Instance.drain', wish('it is gone', { instance }))).toBe('gone');
    const [other] = (await detail()).instances;
    const drain = wish('its disk is full', { instance: other?.instance, dryRun: true });
    expect((await ask('Instance.drain', drain)).isDryRun).toBe(true);
  }, 60_000);

  test('fleet - topics follow the services and the decisions', async () => {
    const services = await operator.subscribe('services', { hz: 30 });
    const decisions = await operator.subscribe('decisions', { hz: 30 });
    const row = (): Row => services.rows.get('web') as Row;
    await operator.until(() => services.rows.size === 2 && decisions.rows.size > 5);
    const newest = Math.max(...[...decisions.rows.keys()].map(Number));
    await ask('Service.hold', wish('fewer', { service: 'web', count: 2 }));
    await operator.until(() => row().demand === 2);
    await operator.until(() => [...decisions.rows.keys()].some((id) => Number(id) > newest));
    for (const one of services.rows.values()) TOPICS.services.value.parse(one);
    for (const one of decisions.rows.values()) TOPICS.decisions.value.parse(one);
  });

  test('fleet - whatever fits the schema is answered, and nothing fails inside', async () => {
    const admin = await Client.connect(inspector, 'admin');
    const { instances } = await detail();
    const names = ['web', 'kv', 'none'];
    for (const [name, { params, result }] of Object.entries(FLEET_METHODS)) {
      const seen = new Set<string>();
      for (const [i, drawn] of fc.sample(drawnFrom(params), { numRuns: 60, seed: 1 }).entries()) {
        const asked = drawn as Record<string, unknown>;
        if ('service' in asked) asked.service = names[i % 3];
        if ('instance' in asked && i % 3 > 0) asked.instance = instances[0]?.instance;
        if ('reason' in asked) asked.dryRun = true;
        const answer = await admin.answer(name, asked);
        seen.add(answer.error?.name ?? 'result');
        if (answer.error === undefined) result.parse(answer.result);
      }
      expect([name, [...seen]]).toEqual([name, expect.not.arrayContaining(['internal'])]);
    }
    expect(troubles).toEqual([]);
    await admin.close();
  }, 60_000);

  test('fleet - a viewer sees, is offered nothing, and may change nothing', async () => {
    const viewer = await Client.connect(inspector, 'viewer');
    const listed = (await viewer.ask('Fleet.list')) as ResultOf<'Fleet.list'>;
    expect(listed.services.map(({ allowedActions }) => allowedActions)).toEqual([[], []]);
    const seen = (await viewer.ask('Service.get', { service: 'web' })) as ResultOf<'Service.get'>;
    expect(seen.instances.flatMap(({ allowedActions }) => allowedActions)).toEqual([]);
    const before = audit().length;
    for (const [name, { role }] of Object.entries(FLEET_METHODS)) {
      expect([name, viewer.hello?.methods.includes(name)]).toEqual([name, role === 'viewer']);
      if (role === 'viewer') continue;
      expect(await errorOf(name, wish('may I', { service: 'web' }), viewer)).toBe('forbidden');
    }
    expect(audit()).toHaveLength(before);
    await viewer.close();
  });
});

test.each<Role>(['viewer', 'operator', 'admin'])(
  'fleet - without one a %s is offered nothing of it, and told that there is none',
  async (role) => {
    const system = await start({ threads: 0 });
    const plain = await inspect(system, { directory: join(directory, `plain ${role}`) });
    const client = await Client.connect(plain, role);
    const may = (name: string) => role !== 'viewer' || METHODS[name as MethodName].role === role;
    for (const name of Object.keys(FLEET_METHODS)) {
      expect(client.hello?.methods).not.toContain(name);
      expect([name, await errorOf(name, {}, client)]).toEqual([
        name,
        may(name) ? 'unsupported' : 'forbidden',
      ]);
    }
    for (const topic of ['services', 'decisions']) {
      expect(await errorOf('Topics.subscribe', { topic }, client)).toBe('unsupported');
    }
    await client.close();
    await plain.close();
    await system.close();
  },
);
