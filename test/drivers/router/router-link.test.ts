/**
 * The brain's link with a real agent and a real router process; the test plays the arbiter and awaits what
 * it is told. Long, since it is one idea: the life of one link.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ActorDefinition, actor, type System, start } from 'ringmaster';
import { type Agent, connectAgent, startAgent } from 'ringmaster/agent';
import {
  type Effect,
  fleet,
  type MetricReading,
  Metrics,
  type Observation,
  type RingRecord,
  type RoutesRecord,
  type ServiceSpec,
} from 'ringmaster/control-plane';
import { AddressBook, RequestsUnderWay, RouterLink, type RouterStatus } from 'ringmaster/drivers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HungRouter } from '../../../src/drivers/router/hung-router.ts';
import { freePort, get } from './router-rig.ts';

type Seen = Extract<Observation, { kind: 'router' | 'routerGone' | 'failureKey' }>;
type Written = { spec: ServiceSpec; ring: RingRecord | null; routes: RoutesRecord };

/** What is written, and what was said, since the last look. */
class Desk {
  readonly records: Map<string, Written> = new Map();
  isRegistered = false;
  private said: Seen[] = [];
  private waiting: (() => void)[] = [];

  hear(list: readonly Observation[]): void {
    this.said.push(...(list as readonly Seen[]));
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** The next that fits; what came before it is forgotten. */
  async next<K extends Seen['kind']>(
    kind: K,
    fits: (one: Extract<Seen, { kind: K }>) => boolean = () => true,
  ): Promise<Extract<Seen, { kind: K }>> {
    for (;;) {
      const at = this.said.findIndex((one) => one.kind === kind && fits(one as never));
      if (at >= 0) {
        const [found] = this.said.splice(0, at + 1).slice(-1);
        return found as Extract<Seen, { kind: K }>;
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  knows(routes: number) {
    return this.next('router', (one) => one.routes === routes);
  }

  forget(): void {
    this.said = [];
  }
}

const desks = new Map<string, Desk>();

export const Desktop: ActorDefinition<
  { readonly name: string },
  {
    observe(what: { readonly list: readonly Observation[] }): void;
    services(): readonly string[];
    status(service: string): unknown;
  }
> = actor(import.meta.url, {
  name: 'RouterDesktop',
  setup: ({ name }: { readonly name: string }) => {
    const desk = desks.get(name) as Desk;
    return {
      observe: ({ list }: { readonly list: readonly Observation[] }) => desk.hear(list),
      services: () => [...desk.records.keys()],
      status: (service: string) => {
        const written = desk.records.get(service);
        const routers = new Map(desk.isRegistered ? [['r1', { standing: 'live' }]] : []);
        const record = { name: service, revisions: [], ...written, routers };
        return written === undefined ? null : { record };
      },
    };
  },
});

const specOf = (route: unknown, more = {}): ServiceSpec => {
  const shop = { kind: 'stateless', command: ['x'], ...(route === null ? {} : { route }), ...more };
  const regions = [{ name: 'eu', zones: ['a'] }];
  return fleet({ name: 'test', regions, services: { shop: shop as never } }).services
    .shop as ServiceSpec;
};

const routesOf = (number: number, ...instances: readonly string[]): RoutesRecord => ({
  number,
  weights: [],
  routes: instances.map((instance) => ({
    instance,
    slot: instance.split('#')[0] ?? '',
    revision: 'r',
    isBaseline: false,
  })),
});

let desk: Desk;
let agent: Agent;
let directory: string;
let systems: System[];
let servers: Server[];
let port: number;
let desktops = 0;

beforeEach(async () => {
  desk = new Desk();
  systems = [];
  servers = [];
  directory = mkdtempSync(join(tmpdir(), 'rm-rl-'));
  port = await freePort();
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
});

afterEach(async () => {
  for (const system of systems) await system.close();
  const client = await connectAgent({ socket: agent.socket });
  for (const { status, pid } of await client.list()) {
    if (status === 'running' && pid !== null) process.kill(-pid, 'SIGKILL');
  }
  client.close();
  agent.stop();
  agent.stop();
  agent.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(directory, { recursive: true, force: true });
});

/** A brain with a link that is attached. */
async function begin(epoch = 1) {
  const name = `router-desk-${++desktops}`;
  desks.set(name, desk);
  const system = await start({ threads: 0 });
  systems.push(system);
  const book = new AddressBook();
  const underWay = new RequestsUnderWay();
  const desktop = await system.spawn(Desktop, { args: { name } });
  const metrics = await system.spawn(Metrics, { args: { interval: 200, stale: 2000, kept: 60 } });
  const router = { name: 'r1', directory: join(directory, 'r1') };
  const link = await system.spawn(RouterLink, {
    args: { socket: agent.socket, router, book, underWay },
  });
  link.tell('attach', { arbiter: desktop as never, metrics: metrics as never, epoch });
  let sequence = 0;
  return {
    system,
    book,
    underWay,
    metrics,
    status: () => link.ask('status') as Promise<RouterStatus>,
    order: (effect: Effect, by = epoch) =>
      link.ask('carryOut', { epoch: by, sequence: ++sequence, effects: [effect] }),
  };
}

type BrainSide = Awaited<ReturnType<typeof begin>>;

/** Somebody who answers with its name. */
async function instance(book: AddressBook, name: string): Promise<void> {
  const server = createServer((_, answer) => answer.end(name));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  enter(book, name, (server.address() as AddressInfo).port);
}

function enter(book: AddressBook, name: string, at: number): void {
  const slot = name.split('#')[0] ?? '';
  const who = { instance: name, service: 'shop', slot, zone: 'a', revision: 'r' };
  book.enter({ ...who, port: at, pid: null });
}

const ONE = 'shop/eu/a/0#1';
const TWO = 'shop/eu/a/1#2';

const publish = (number: number, ...instances: readonly string[]): Effect => ({
  kind: 'publishRoutes',
  key: `routes shop ${number}`,
  service: 'shop',
  routes: routesOf(number, ...instances),
});

const pidOf = async (): Promise<number> => {
  const client = await connectAgent({ socket: agent.socket });
  const reports = await client.list();
  client.close();
  return reports.find(({ id }) => id === 'router-r1')?.pid ?? 0;
};

async function begun(): Promise<BrainSide> {
  desk.records.set('shop', { spec: specOf({ port }), ring: null, routes: routesOf(1, ONE) });
  const brain = await begin();
  await instance(brain.book, ONE);
  await instance(brain.book, TWO);
  await desk.knows(1);
  return brain;
}

describe('router link', () => {
  test('router link - starts a router, and says what it knows as a sign of life', async () => {
    const brain = await begun();
    expect((await get({ port })).body).toBe(ONE);
    expect(await desk.next('router')).toMatchObject({ id: 'r1', routes: 1, incarnation: 1 });
    desk.forget();
    expect(await desk.next('router')).toMatchObject({ id: 'r1', routes: 1, generation: 0 });
    const status = await brain.status();
    expect(status).toMatchObject({ isConnected: true, incarnation: 1, troubles: [] });
    expect(status.known).toEqual([{ service: 'shop', generation: 0, routes: 1, prepared: 0 }]);
  });

  test('router link - what is ordered is published at once, and known before it is said', async () => {
    const brain = await begun();
    desk.records.set('shop', { spec: specOf({ port }), ring: null, routes: routesOf(2, TWO) });
    expect(await brain.order(publish(2, TWO))).toBe(true);
    await desk.knows(2);
    expect((await get({ port })).body).toBe(TWO);
  });

  test('router link - an instance without an address is left out until it has one', async () => {
    const brain = await begun();
    const late = 'shop/eu/a/2#3';
    desk.records.set('shop', { spec: specOf({ port }), ring: null, routes: routesOf(2, late) });
    await brain.order(publish(2, late));
    await desk.knows(2);
    expect((await get({ port })).status).toBe(503);
    await instance(brain.book, late);
    for (;;) if ((await get({ port })).body === late) break;
    await desk.knows(2);
  });

  test('router link - an instance that has ended is left out before its routes say so', async () => {
    const brain = await begun();
    desk.records.set('shop', { spec: specOf({ port }), ring: null, routes: routesOf(2, ONE, TWO) });
    await brain.order(publish(2, ONE, TWO));
    await desk.knows(2);
    brain.book.strike(ONE);
    desk.forget();
    // Said with a look, known again with the table of that look.
    for (let i = 0; i < 3; i++) await desk.knows(2);
    for (let i = 0; i < 20; i++) expect((await get({ port })).body).toBe(TWO);
  });

  test('router link - a router that ended is said to be dead, and the next has its tables', async () => {
    const brain = await begun();
    const pid = await pidOf();
    process.kill(pid, 'SIGKILL');
    expect(await desk.next('routerGone')).toMatchObject({ id: 'r1', standing: 'dead' });
    const next = await desk.next('router', ({ routes }) => routes === 1);
    expect(next.incarnation).toBe(2);
    expect((await get({ port })).body).toBe(ONE);
    expect(await pidOf()).not.toBe(pid);
    expect((await brain.status()).troubles).toEqual(['the router has ended: SIGKILL']);
  });

  test('router link - a router that hangs is ended, and the next one has its tables', async () => {
    await begun();
    const before = await pidOf();
    process.kill(before, 'SIGSTOP');
    const gone = await desk.next('routerGone');
    expect(gone).toMatchObject({ id: 'r1', standing: 'dead' });
    await desk.knows(1);
    expect(await pidOf()).not.toBe(before);
    expect((await get({ port })).body).toBe(ONE);
  });

  test('router link - brain lost: the router routes on, and the next brain finds it', async () => {
    const brain = await begun();
    const pid = await pidOf();
    await brain.system.close();
    for (let i = 0; i < 20; i++) expect((await get({ port })).body).toBe(ONE);
    desk.forget();
    const next = await begin(2);
    await instance(next.book, TWO);
    await desk.next('router', (one) => one.routes === 1 && one.incarnation === 1);
    // Who is not in its book yet is where the router knows it.
    desk.records.set('shop', { spec: specOf({ port }), ring: null, routes: routesOf(2, ONE, TWO) });
    await next.order(publish(2, ONE, TWO));
    await desk.knows(2);
    const answers = new Set<string>();
    while (answers.size < 2) answers.add((await get({ port })).body);
    expect([...answers].sort()).toEqual([ONE, TWO]);
    expect(await pidOf()).toBe(pid);
  });

  test('router link - a deposed brain is refused, and says nothing more', async () => {
    const brain = await begun();
    const next = await begin(2);
    await instance(next.book, ONE);
    await desk.knows(1);
    expect(await brain.order(publish(3, TWO))).toBe(true);
    for (;;) if ((await brain.status()).isDeposed) break;
    expect(await brain.order(publish(4, TWO))).toBe(false);
    expect((await get({ port })).body).toBe(ONE);
    expect(await next.order(publish(5, ONE), 1)).toBe(false);
  });

  test('router link - a service that loses its route is forgotten there, and holds nobody up', async () => {
    await begun();
    desk.isRegistered = true;
    desk.forget();
    desk.records.set('shop', { spec: specOf(null), ring: null, routes: routesOf(9, TWO) });
    await desk.knows(9);
    await expect(get({ port })).rejects.toThrow(/ECONNREFUSED/);
  });

  test('router link - a service that is removed is forgotten there, and that is known', async () => {
    await begun();
    desk.isRegistered = true;
    desk.forget();
    const routes = { ...routesOf(9), isRemoved: true as const };
    desk.records.set('shop', { spec: specOf({ port }), ring: null, routes });
    await desk.knows(9);
    await expect(get({ port })).rejects.toThrow(/ECONNREFUSED/);
  });

  test('router link - a second ring is held ready, and the first one is gone by', async () => {
    const brain = await begun();
    const ring = (generation: number, layout?: RingRecord['layout']): RingRecord => ({
      generation,
      members: ['shop/eu/a/0'],
      weights: [1],
      overrides: [],
      publishedMs: 0,
      ...(layout === undefined ? {} : { layout }),
    });
    const layout = {
      algorithm: 'maglev' as const,
      sections: null,
      replicas: null,
      isThanos: false,
    };
    const spec = specOf({ port }, { ring: { algorithm: 'ketama', sections: 10 } });
    const written = { spec, ring: ring(1), routes: routesOf(2, ONE) };
    desk.records.set('shop', written);
    await desk.next('router', (one) => one.generation === 1 && one.routes === 2);
    desk.records.set('shop', { ...written, dual: { ring: ring(2, layout) } } as Written);
    const effect = {
      kind: 'prepareRing',
      key: 'p',
      service: 'shop',
      ring: ring(2, layout),
    } as const;
    await brain.order(effect);
    const said = await desk.next('router', (one) => one.prepared === 2);
    expect(said.generation).toBe(1);
    expect((await get({ port })).body).toBe(ONE);
  });

  test('router link - what it measures is in shared memory, and what is under way is counted', async () => {
    const brain = await begun();
    for (let i = 0; i < 10; i++) await get({ port });
    const read = async (name: string): Promise<MetricReading> => {
      const query = { name, scope: { service: 'shop', instance: ONE }, windowMs: 10_000 };
      const [reading] = await brain.metrics.ask('read', [query]);
      return reading as MetricReading;
    };
    // Whoever counts may say so first: until then nothing is read.
    let requests = await read('requests');
    while (requests.kind !== 'value' || requests.value < 10) {
      await desk.next('router');
      requests = await read('requests');
    }
    expect(requests.value).toBe(10);
    expect(await read('errors')).toMatchObject({ kind: 'value', value: 0 });
    const slowest = await read('p99');
    expect(slowest.kind === 'value' && slowest.value > 0 && slowest.value < 10_000).toBe(true);
    expect(JSON.stringify(await brain.metrics.ask('feeds'))).toContain('r1');
    expect(brain.underWay.of(ONE)).toBe(0);
    const hanging = createServer(() => undefined);
    servers.push(hanging);
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
    const hung = 'shop/eu/a/7#7';
    enter(brain.book, hung, (hanging.address() as AddressInfo).port);
    desk.records.set('shop', { spec: specOf({ port }), ring: null, routes: routesOf(2, hung) });
    await brain.order(publish(2, hung));
    await desk.knows(2);
    const asked = get({ port }).catch(() => null);
    await new Promise((resolve) => hanging.once('request', resolve));
    // It leaves the routes: its count comes with that, not half a second later.
    desk.records.set('shop', { spec: specOf({ port }), ring: null, routes: routesOf(3, ONE) });
    await brain.order(publish(3, ONE));
    await desk.knows(3);
    expect(brain.underWay.of(hung)).toBe(1);
    hanging.closeAllConnections();
    for (;;) {
      if (brain.underWay.of(hung) === 0) break;
      await desk.next('router');
    }
    await asked;
  });
});

test('hung router - the cure is tried ever more seldom while it does not help', () => {
  const router = new HungRouter();
  const looks = (): number => {
    for (let count = 1; ; count++) if (router.look()) return count;
  };
  expect([looks(), looks(), looks()]).toEqual([30, 60, 120]);
  for (let i = 0; i < 8; i++) looks();
  expect(looks()).toBe(3600);
  for (let i = 0; i < 20; i++) router.look();
  router.heard();
  expect(looks()).toBe(30);
});
