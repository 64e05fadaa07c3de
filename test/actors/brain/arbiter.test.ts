/**
 * The brain as actors: passes, stores, silence, and another brain in the place of the first. Long, since
 * it is one idea: whatever befalls one arbiter, on one stage.
 */
import { type AnyRef, actor, seededRandom } from 'ringmaster';
import {
  Arbiter,
  type ArbiterArgs,
  fleet,
  replaySpan,
  revisionOf,
  type ServiceInput,
  type ServiceRecord,
  type ServiceSpec,
} from 'ringmaster/control-plane';
import { memoryStore, type Store } from 'ringmaster/store';
import { FaultyStore, SimSystem } from 'ringmaster/testkit';
import { describe, expect, test } from 'vitest';
import { Hands, Outside } from '../world/hands.ts';

const ZONES = ['a', 'b', 'c'];
const SERVICE: ServiceInput = {
  kind: 'sharded',
  command: ['x'],
  shards: 2,
  health: {
    readiness: { http: '/ready', period: '1s' },
    liveness: { http: '/live', period: '1s' },
  },
  rollout: { strategy: 'zones', soak: '5s', comparison: { enabled: false } },
};

function specOf(service: ServiceInput): ServiceSpec {
  const regions = [{ name: 'eu', zones: ZONES }];
  return fleet({ name: 'test', regions, services: { shop: service } }).services.shop as ServiceSpec;
}

type Stage = {
  readonly system: SimSystem;
  readonly store: Store;
  readonly outside: Outside;
  readonly hands: AnyRef;
};

/** Answers as it was told to, whatever is asked. */
const Liar = actor(import.meta.url, {
  name: 'Liar',
  setup: ({ answer }: { readonly answer: unknown }) => ({ read: () => answer }),
});

async function stage(seed: number, store?: Store): Promise<Stage> {
  const system = await SimSystem.start({ seed, threads: 0 });
  const outside = new Outside('shop');
  const own = store ?? memoryStore({ clock: system.clock, alarm: system.alarm() });
  const hands = await system.until(
    system.supervisor({}).spawn(Hands as never, { id: 'hands', args: { outside } } as never),
  );
  return { system, store: own, outside, hands: hands as AnyRef };
}

/** A brain that leads: its token is the revision of the leader's key. */
async function lead(
  { system, store, hands }: Stage,
  name: string,
  more: Partial<ArbiterArgs> = {},
): Promise<AnyRef> {
  const key = 'leader/eu';
  const value = new TextEncoder().encode(name);
  const { revision } = await system.until(
    store.transact({ success: [{ kind: 'put', key, value }] }),
  );
  const args: ArbiterArgs = {
    region: 'eu',
    zones: ZONES,
    period: 1000,
    answerWithin: 500,
    maxStaleness: 15_000,
    store,
    prefix: 'fleet/eu/',
    leader: { key, token: revision },
    executor: hands,
    prober: hands,
    metrics: null,
    ...more,
  };
  const family = system.supervisor({ intensity: { restarts: 10, within: '1s' } });
  const arbiter = await system.until(
    family.spawn(Arbiter, { id: name, args, restart: 'transient' }),
  );
  hands.tell('attach', arbiter);
  return arbiter as unknown as AnyRef;
}

const applied = (spec: ServiceSpec) => ({ name: 'shop', spec, revision: revisionOf(spec, '') });

async function recordOf({ system }: Stage, arbiter: AnyRef): Promise<ServiceRecord> {
  const status = await system.until(arbiter.ask('status', 'shop', { timeout: '60s' }));
  return (status as { readonly record: ServiceRecord }).record;
}

describe('arbiter', () => {
  test('arbiter - a service that is applied comes to run, and says why', async () => {
    // Guards: A18.
    const on = await stage(1);
    const arbiter = await lead(on, 'first');
    await on.system.until(arbiter.ask('apply', applied(specOf(SERVICE)), { timeout: '60s' }));
    await on.system.run(60_000);
    const record = await recordOf(on, arbiter);
    expect(on.outside.processes.size).toBe(6);
    expect(record.ring?.members).toHaveLength(6);
    expect(on.outside.generation).toBe(record.ring?.generation);
    const why = await on.system.until(arbiter.ask('why', { about: 'shop/eu/b/1' }));
    expect(JSON.stringify(why)).toContain('2 shards are needed');
    const shard = await on.system.until(arbiter.ask('shard', { service: 'shop', ordinal: 1 }));
    expect(await on.system.until((shard as AnyRef).ask('status'))).toMatchObject({
      state: 'whole',
      serving: ZONES,
      quorum: 2,
    });
    const spans = await on.system.until(arbiter.ask('journal', 'shop'));
    for (const span of spans as Parameters<typeof replaySpan>[0][]) {
      expect(replaySpan(span)).toMatchObject({ difference: null });
    }
    await on.system.close();
  });

  test('arbiter - another brain goes on where the first one was, at any moment', async () => {
    // Guards: A7, A14, A17.
    for (const [seed, afterMs] of [0, 30, 900, 1100, 2200, 3500, 13_000, 14_100].entries()) {
      const on = await stage(seed + 1);
      const first = await lead(on, 'first');
      const done = first.ask('apply', applied(specOf(SERVICE)), { timeout: '60s' });
      await on.system.until(done);
      await on.system.run(afterMs);
      // The first one is not told: it finds out by the store or by the executor.
      const second = await lead(on, 'second');
      await on.system.run(60_000);
      const record = await recordOf(on, second);
      expect(on.outside.processes.size).toBe(6);
      expect(on.outside.doubles).toBe(0);
      expect(record.operations.size).toBe(0);
      expect([...record.instances.values()].map(({ life }) => life.state)).toEqual(
        Array.from({ length: 6 }, () => 'ready'),
      );
      await expect(on.system.until(first.ask('services'))).rejects.toMatchObject({
        code: 'RM_ACTOR_STOPPED',
      });
      await on.system.close();
    }
  });

  test('arbiter - a store that is away or loses answers costs time, and nothing else', async () => {
    // Guards: A14, A18.
    for (let seed = 1; seed <= 6; seed++) {
      const on = await stage(seed);
      const store = new FaultyStore(on.store, {
        faults: { delay: 0.5, delayMaxMs: 200, unavailable: 0.2, unknown: 0.2 },
        random: seededRandom(seed),
        clock: on.system.clock,
        alarm: on.system.alarm(),
      });
      const arbiter = await lead(on, 'first', { store });
      for (;;) {
        const asked = arbiter.ask('apply', applied(specOf(SERVICE)), { timeout: '60s' });
        const answer = await on.system.until(
          asked.then(
            () => 'applied',
            (error) => error.data,
          ),
        );
        if (answer === 'applied') break;
        expect(answer).toMatchObject({ reason: 'STORE_AWAY' });
      }
      await on.system.run(120_000);
      const record = await recordOf(on, arbiter);
      expect(on.outside.processes.size).toBe(6);
      expect(on.outside.doubles).toBe(0);
      expect(record.ring?.members).toHaveLength(6);
      expect(record.operations.size).toBe(0);
      await on.system.close();
    }
  });

  test('arbiter - metrics that are garbage, or never come, say nothing, and all else goes on', async () => {
    const scaled: ServiceInput = {
      kind: 'stateless',
      command: ['x'],
      instances: 3,
      health: SERVICE.health,
      autoscale: { min: 2, max: 9, metric: { name: 'inflight', target: 10 } },
    };
    const garbage = [
      [{ kind: 'value', value: 'many', samples: {}, ageMs: null }],
      'no list',
      null,
      new Promise(() => undefined),
    ];
    for (const answer of garbage) {
      const on = await stage(4);
      const metrics = await on.system.until(
        on.system.supervisor({}).spawn(Liar as never, { id: 'liar', args: { answer } } as never),
      );
      const arbiter = await lead(on, 'first', { metrics: metrics as AnyRef });
      await on.system.until(arbiter.ask('apply', applied(specOf(scaled)), { timeout: '60s' }));
      await on.system.run(60_000);
      expect((await recordOf(on, arbiter)).goal.demand).toBe(3);
      expect(on.outside.processes.size).toBe(3);
      // An end is noticed, and followed by a start, all the same.
      const [id] = [...on.outside.processes.keys()] as [string];
      on.outside.processes.delete(id);
      const failure = { kind: 'failure', instance: id, signature: 'exit 1', key: null };
      arbiter.tell('observe', { service: 'shop', list: [failure] });
      await on.system.run(30_000);
      expect(on.outside.processes.size).toBe(3);
      expect(on.outside.processes.has(id)).toBe(false);
      await on.system.close();
    }
  });

  test('arbiter - orders that get lost are given again, and carried out once', async () => {
    const on = await stage(5);
    on.outside.losesOrders = 0.6;
    const arbiter = await lead(on, 'first');
    await on.system.until(arbiter.ask('apply', applied(specOf(SERVICE)), { timeout: '60s' }));
    await on.system.run(180_000);
    expect(on.outside.processes.size).toBe(6);
    expect(on.outside.doubles).toBe(0);
    expect((await recordOf(on, arbiter)).operations.size).toBe(0);
    await on.system.close();
  });

  test('arbiter - what a newer build has written is not touched', async () => {
    const on = await stage(6);
    const value = new TextEncoder().encode('{"version":99,"value":{}}');
    await on.system.until(
      on.store.transact({ success: [{ kind: 'put', key: 'fleet/eu/shop/head', value }] }),
    );
    await expect(lead(on, 'first')).rejects.toMatchObject({
      code: 'RM_SPAWN_FAILED',
      cause: expect.objectContaining({ code: 'RM_RECORD_VERSION' }),
    });
    await on.system.close();
  });

  test('arbiter - frozen: nothing voluntary happens, ends are still followed by starts', async () => {
    const on = await stage(7);
    const arbiter = await lead(on, 'first');
    const ask = (name: string, payload: unknown) =>
      on.system.until(arbiter.ask(name, payload, { timeout: '60s' }));
    await ask('apply', applied(specOf(SERVICE)));
    await on.system.run(40_000);
    await ask('freeze', true);
    const before = [...on.outside.processes.keys()];
    await ask('apply', applied(specOf({ ...SERVICE, version: 'v2' } as ServiceInput)));
    await on.system.run(60_000);
    expect([...on.outside.processes.keys()]).toEqual(before);
    const why = JSON.stringify(await ask('why', { kind: 'delayed' }));
    expect(why === '[]' || why.includes('frozen')).toBe(true);
    await ask('freeze', false);
    await on.system.run(300_000);
    const record = await recordOf(on, arbiter);
    expect(record.goal.stable).toBe(record.goal.target);
    expect(on.outside.processes.size).toBe(6);
    await on.system.close();
  });

  test('arbiter - another kind of service, or another ring, is refused with its cure', async () => {
    const on = await stage(8);
    const arbiter = await lead(on, 'first');
    const apply = (service: ServiceInput) =>
      on.system.until(arbiter.ask('apply', applied(specOf(service)), { timeout: '60s' }));
    await apply(SERVICE);
    await on.system.run(40_000);
    const other = { ...SERVICE, ring: { algorithm: 'rendezvous' } } as ServiceInput;
    const two = { ...SERVICE, replicas: 2, budget: { minAvailable: 1 } } as ServiceInput;
    const kind = /kind is stateless, .* sharded\. Give .* name/;
    const others: readonly (readonly [ServiceInput, string, RegExp])[] = [
      [{ kind: 'stateless', command: ['x'] }, 'CANNOT_FOLLOW', kind],
      [other, 'NEEDS_TOKEN', /rendezvous in 3 zones is wanted: .* allow relayout-/],
      [two, 'NEEDS_TOKEN', /ketama with 1000 sections in 2 zones is wanted/],
    ];
    for (const [service, reason, message] of others) {
      await expect(apply(service)).rejects.toMatchObject({
        code: 'RM_REPLY',
        data: { reason },
        message: expect.stringMatching(message),
      });
    }
    const allow = [/relayout-\w+/.exec(String(await apply(other).catch(String)))?.[0] ?? ''];
    const done = arbiter.ask('apply', { ...applied(specOf(other)), allow }, { timeout: '60s' });
    await on.system.until(done);
    await on.system.run(10_000);
    expect((await recordOf(on, arbiter)).ring?.layout?.algorithm).toBe('rendezvous');
    expect((await recordOf(on, arbiter)).spec.kind).toBe('sharded');
    await on.system.close();
  });

  test('arbiter - observations that are none are left out, one by one', async () => {
    const on = await stage(9);
    const arbiter = await lead(on, 'first');
    await on.system.until(arbiter.ask('apply', applied(specOf(SERVICE)), { timeout: '60s' }));
    await on.system.run(40_000);
    const before = await recordOf(on, arbiter);
    const [instance] = [...before.instances.keys()] as [string];
    const garbage: readonly unknown[] = [
      null,
      7,
      'ended',
      {},
      { kind: 'nonsense' },
      { kind: 'constructor' },
      { kind: 'agent', instance, word: 'exploded' },
      { kind: 'agent', instance: 7, word: 'ended' },
      { kind: 'probe', instance, probe: 'readiness', isWell: 'no' },
      { kind: 'router', id: 'router', generation: Number.NaN, routes: -1 },
      { kind: 'failure', instance, signature: {}, key: null },
      { kind: 'hold', count: 1.5, untilMs: 'never' },
      { kind: 'verb', verb: 'destroy', to: null },
      { kind: 'apply', spec: null, revision: '' },
    ];
    for (const list of [garbage, 'garbage', null]) {
      arbiter.tell('observe', { service: 'shop', list });
    }
    arbiter.tell('observe', { service: 'nobody', list: garbage });
    await on.system.run(20_000);
    const after = await recordOf(on, arbiter);
    expect([...after.instances.keys()]).toEqual([...before.instances.keys()]);
    expect({ ...after.goal }).toEqual({ ...before.goal });
    expect(on.outside.processes.size).toBe(6);
    // The same arbiter: it was not restarted over it.
    const journal = await on.system.until(arbiter.ask('journal', 'shop'));
    expect((journal as readonly unknown[]).length).toBe(1);
    await on.system.close();
  });

  test('arbiter - an instance’s actor that crashes goes on asking', async () => {
    // Guards: S1.
    const on = await stage(10);
    const arbiter = await lead(on, 'first');
    await on.system.until(arbiter.ask('apply', applied(specOf(SERVICE)), { timeout: '60s' }));
    await on.system.run(40_000);
    const before = await recordOf(on, arbiter);
    const [id] = [...before.instances.keys()] as [string];
    const path = `/supervisor-2/first/shop/instance/${id.replace('#', '~')}`;
    const instance = on.system.lookup(path);
    await expect(on.system.until((instance as AnyRef).ask('ask', null))).rejects.toMatchObject({
      code: 'RM_ACTOR_CRASHED',
    });
    await on.system.run(5000);
    const process = on.outside.processes.get(id);
    if (process === undefined) throw new Error('its process is gone');
    process.isUp = false;
    await on.system.run(10_000);
    const after = await recordOf(on, arbiter);
    expect(after.instances.get(id)?.life.state).toBe('unready');
    await on.system.close();
  });

  test('arbiter - a service that is more than one transaction takes comes to run in parts', async () => {
    const on = await stage(11);
    const arbiter = await lead(on, 'first');
    const large = { ...SERVICE, shards: 60 } as ServiceInput;
    await on.system.until(arbiter.ask('apply', applied(specOf(large)), { timeout: '60s' }));
    await on.system.run(60_000);
    const record = await recordOf(on, arbiter);
    expect(on.outside.processes.size).toBe(180);
    expect(on.outside.doubles).toBe(0);
    expect(record.operations.size).toBe(0);
    expect(record.routes.routes).toHaveLength(180);
    expect(record.ring?.members).toHaveLength(180);
    const spans = await on.system.until(arbiter.ask('journal', 'shop', { timeout: '60s' }));
    for (const span of spans as Parameters<typeof replaySpan>[0][]) {
      expect(replaySpan(span)).toMatchObject({ difference: null });
    }
    // And another brain takes all of it up.
    const second = await lead(on, 'second');
    await on.system.run(20_000);
    const after = await recordOf(on, second);
    expect([...after.instances.keys()].toSorted()).toEqual([...record.instances.keys()].toSorted());
    expect(on.outside.doubles).toBe(0);
    await on.system.close();
  });

  test('arbiter - a brain that was deposed says so to whoever applies; a freeze outlives it', async () => {
    const on = await stage(12);
    const first = await lead(on, 'first');
    await on.system.until(first.ask('apply', applied(specOf(SERVICE)), { timeout: '60s' }));
    await on.system.run(40_000);
    await on.system.until(first.ask('freeze', true));
    await on.system.run(120_000);
    const key = 'leader/eu';
    const value = new TextEncoder().encode('second');
    await on.system.until(on.store.transact({ success: [{ kind: 'put', key, value }] }));
    const v2 = { ...SERVICE, version: 'v2' } as ServiceInput;
    await expect(
      on.system.until(first.ask('apply', applied(specOf(v2)), { timeout: '60s' })),
    ).rejects.toMatchObject({ data: { reason: 'NOT_LEADER' } });
    const second = await lead(on, 'second');
    await on.system.until(second.ask('apply', applied(specOf(v2)), { timeout: '60s' }));
    await on.system.run(60_000);
    const before = await recordOf(on, second);
    // Frozen by the first one: nothing was replaced. And time has gone on, it was not turned back.
    const revisions = new Set([...before.slots.values()].map(({ revision }) => revision));
    expect([...revisions]).toEqual([before.goal.stable]);
    expect(before.revisions.at(-1)?.createdMs).toBeGreaterThan(150_000);
    await on.system.until(second.ask('freeze', false));
    await on.system.run(300_000);
    const after = await recordOf(on, second);
    expect(after.goal.stable).toBe(after.goal.target);
    await on.system.close();
  });
});
