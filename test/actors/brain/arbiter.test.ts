/** The brain as actors: passes, stores, silence, and another brain in the place of the first. */
import type { AnyRef } from 'ringmaster';
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
import { SimSystem } from 'ringmaster/testkit';
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
async function lead({ system, store, hands }: Stage, name: string): Promise<AnyRef> {
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
});
