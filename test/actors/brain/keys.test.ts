/** What routers say of keys, and what the brain makes of it: hot slices, and keys that end instances. */
import type { AnyRef } from 'ringmaster';
import {
  Arbiter,
  fleet,
  type Observation,
  type ServiceRecord,
  SLICES,
  type SliceReading,
} from 'ringmaster/control-plane';
import { memoryStore } from 'ringmaster/store';
import { SimSystem } from 'ringmaster/testkit';
import { describe, expect, test } from 'vitest';
import { SliceLoads } from '../../../src/actors/brain/slice-loads.ts';
import { Hands, Outside } from '../world/hands.ts';

const HOT = 'shop/eu/a/0';
const loadsOf = (hot: Readonly<Record<number, number>>): SliceReading[] =>
  Array.from({ length: SLICES }, (_, slice) => {
    const load = hot[slice];
    // All that is hot is one member's.
    return load === undefined
      ? { load: 0.1, holder: null, share: 0 }
      : { load, holder: HOT, share: 1 };
  });

async function brain(ring: Readonly<Record<string, unknown>>) {
  const system = await SimSystem.start({ seed: 1, threads: 0 });
  const store = memoryStore({ clock: system.clock, alarm: system.alarm() });
  const outside = new Outside('shop');
  const args = { outside };
  const hands = (await system.until(
    system.supervisor({}).spawn(Hands as never, { id: 'hands', args } as never),
  )) as AnyRef;
  const key = 'leader/eu';
  const value = new TextEncoder().encode('x');
  const { revision: token } = await system.until(
    store.transact({ success: [{ kind: 'put', key, value }] }),
  );
  const arbiter = (await system.until(
    system.supervisor({}).spawn(Arbiter, {
      id: 'arbiter',
      args: {
        region: 'eu',
        zones: ['a', 'b'],
        ...{ period: 1000, answerWithin: 500, maxStaleness: 15_000, store, prefix: 'fleet/eu/' },
        leader: { key, token },
        executor: hands,
        prober: hands,
        metrics: null,
      },
    }),
  )) as unknown as AnyRef;
  hands.tell('attach', arbiter);
  const regions = [{ name: 'eu', zones: ['a', 'b'] }];
  const shop = {
    kind: 'stateless',
    command: ['x'],
    instances: 4,
    health: { readiness: { http: '/r', period: '1s' } },
    ring,
  };
  const spec = fleet({ name: 't', regions, services: { shop: shop as never } }).services.shop;
  await system.until(arbiter.ask('apply', { name: 'shop', spec, revision: 'r1' }));
  await system.run(60_000);
  const record = async (): Promise<ServiceRecord> =>
    ((await system.until(arbiter.ask('status', 'shop'))) as { record: ServiceRecord }).record;
  return { system, arbiter, record };
}

describe('keys', () => {
  test('keys - a slice that routers find hot gets an owner who can bear it', async () => {
    const ring = { algorithm: 'rendezvous', hotKeys: { enabled: true, churnPerHour: '100%' } };
    const { system, arbiter, record } = await brain(ring);
    expect((await record()).ring?.overrides).toEqual([]);
    // Two routers have seen half of it each.
    const half = loadsOf({ 7: 30, 8: 25, 9: 25 });
    for (let i = 0; i < 20; i++) {
      for (const router of ['r1', 'r2']) {
        arbiter.tell('loads', { service: 'shop', router, loads: half });
      }
      arbiter.tell('loads', { service: 'shop', router: 'liar', loads: [Number.NaN] });
      arbiter.tell('loads', { service: 'nobody', router: 'r1', loads: half });
      await system.run(10_000);
    }
    const after = await record();
    const moved = after.ring?.overrides ?? [];
    expect(moved.length).toBeGreaterThan(0);
    expect(after.ring?.generation).toBeGreaterThan(1);
    for (const { owners } of moved) {
      expect(after.ring?.members).toEqual(expect.arrayContaining([...owners]));
    }
    const why = await system.until(arbiter.ask('why', { service: 'shop' }));
    expect(JSON.stringify(why)).toContain('slices make a load more than 10 % above the mean');
    await system.close();
  });

  test('keys - an end that a router saw on a key is on that key, whichever is told first', async () => {
    const { system, arbiter, record } = await brain({ algorithm: 'rendezvous' });
    const say = (...list: readonly Observation[]) =>
      arbiter.tell('observe', { service: 'shop', list });
    const [one = '', two = ''] = (await record()).instances.keys();
    const key = 'tenant-7';
    // Before the end is known it says nothing, and somebody's who lives never does.
    say({ kind: 'failureKey', instance: one, key });
    await system.run(2000);
    expect((await record()).failures).toEqual([]);
    const end = { kind: 'failure', signature: 'exit 1', key: null } as const;
    say({ ...end, instance: one }, { kind: 'failureKey', instance: one, key });
    await system.run(2000);
    expect((await record()).failures).toMatchObject([{ instance: one, key }]);
    expect((await record()).quarantinedKeys).toEqual([]);
    say({ ...end, instance: two });
    await system.run(1000);
    say(
      { kind: 'failureKey', instance: two, key },
      { kind: 'failureKey', instance: two, key: 'x' },
    );
    await system.run(5000);
    const after = await record();
    expect(after.failures).toMatchObject([
      { instance: one, key },
      { instance: two, key },
    ]);
    expect(after.quarantinedKeys).toEqual([key]);
    await system.close();
  });

  test('keys - loads of a router that says nothing more are forgotten', () => {
    const loads = new SliceLoads();
    expect(loads.sum(0)).toBeNull();
    loads.take('r1', loadsOf({ 1: 4 }), 0);
    loads.take('r2', loadsOf({ 1: 5 }), 60_000);
    const both = loads.sum(90_000);
    expect(both?.[1]).toEqual({ load: 9, holder: HOT, share: 1 });
    expect(loads.sum(90_000)).toBe(both);
    expect(loads.sum(90_001)?.[1]?.load).toBe(5);
    const odd = [...loadsOf({}).slice(1), { load: 1, holder: 3, share: 0 }];
    for (const wrong of [undefined, 'x', [], odd, loadsOf({ 3: -1 }), loadsOf({ 3: Infinity })]) {
      loads.take('r3', wrong, 90_002);
    }
    expect(loads.sum(90_002)?.[1]?.load).toBe(5);
    loads.take('r2', null, 90_003);
    expect(loads.sum(90_003)).toBeNull();
  });
});
