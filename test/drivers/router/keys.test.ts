/** What a router knows of keys beside their owners: former owners, keys that go to nobody, loads, blame. */
import { fc, test as property } from '@fast-check/vitest';
import type { SliceReading } from 'ringmaster/control-plane';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KeyOwners } from '../../../src/drivers/router/key-owners.ts';
import { RecentCuts } from '../../../src/drivers/router/recent-cuts.ts';
import { SliceRates } from '../../../src/drivers/router/slice-rates.ts';
import { SliceSketch } from '../../../src/drivers/router/slice-sketch.ts';
import { seededRandom } from '../../../src/runtime/index.ts';
import { RingWorld } from '../../actors/hashring/ring-world.ts';
import { get, RouterRig, ringOf, type Said, tableOf } from './router-rig.ts';

const LAYOUT = { algorithm: 'rendezvous', sections: 1, replicas: 1 } as const;
const KEYED = {
  key: { header: 'x-key' },
  ring: { algorithm: 'rendezvous', sections: 1 },
} as const;

let rig: RouterRig;
beforeEach(() => {
  rig = new RouterRig();
});
afterEach(() => rig.end());

const named = (name: string) => (_: unknown, answer: { end(text: string): unknown }) =>
  void answer.end(name);
const word = (got: { readonly headers: Readonly<Record<string, unknown>> }) =>
  got.headers['x-ringmaster-error'];

describe('router keys', () => {
  test.each(['sharded', 'stateless'] as const)(
    'router keys - former owners of a %s service are asked by name, for as long as there are any',
    async (kind) => {
      await rig.start();
      const brain = await rig.brain();
      const now = await rig.instance(named('now'), { slot: 'shop/eu/a/0' });
      const before = await rig.instance(named('before'), { slot: 'shop/eu/a/1' });
      const config = { ...KEYED, kind };
      const ring = ringOf([now.slot], 2);
      const former = { layout: LAYOUT, ring: ringOf([before.slot]) } as never;
      brain.say(tableOf(rig.port, [now, before], { config, ring, beside: { former } }));
      await brain.knows('shop', 1);
      const ask = (owner?: string, key = 'k') =>
        get({
          port: rig.port,
          headers: {
            'x-key': key,
            ...(owner === undefined ? {} : { 'x-ringmaster-owner': owner }),
          },
        });
      expect((await ask()).body).toBe('now');
      expect((await ask('former')).body).toBe('before');
      expect(await ask('latter')).toMatchObject({ status: 400 });
      expect(await ask('former', '')).toMatchObject({ status: 400 });
      expect((await ask('former', '')).headers['x-ringmaster-error']).toBe('no-key');
      // Who wants another protocol is told the same.
      const upgrade = async (owner: string) => {
        const more = { connection: 'upgrade', upgrade: 'websocket', 'x-ringmaster-owner': owner };
        return word(await get({ port: rig.port, headers: { 'x-key': 'k', ...more } }));
      };
      expect(await upgrade('latter')).toBe('bad-request');
      // It is away: nobody answers in its place.
      brain.say(tableOf(rig.port, [now], { config, ring, number: 2, beside: { former } }));
      await brain.knows('shop', 2);
      const away = await ask('former');
      expect([away.status, word(away)]).toEqual([503, 'no-instance']);
      brain.say(tableOf(rig.port, [now, before], { config, ring, number: 3 }));
      await brain.knows('shop', 3);
      const over = await ask('former');
      expect([over.status, word(over)]).toEqual([404, 'no-former']);
      expect(await upgrade('former')).toBe('no-former');
    },
  );

  test('router keys - one that is quarantined goes to nobody', async () => {
    await rig.start();
    const brain = await rig.brain();
    let asked = 0;
    const one = await rig.instance((_, answer) => {
      asked += 1;
      answer.end('x');
    });
    const table = { config: { key: KEYED.key }, quarantined: ['bad'] };
    brain.say(tableOf(rig.port, [one], table));
    await brain.knows('shop', 1);
    const got = await get({ port: rig.port, headers: { 'x-key': 'bad' } });
    expect([got.status, word(got), got.headers['retry-after']]).toEqual([
      503,
      'quarantined',
      undefined,
    ]);
    expect(asked).toBe(0);
    expect(await get({ port: rig.port, headers: { 'x-key': 'good' } })).toMatchObject({
      status: 200,
    });
    // A tunnel is no way around it.
    const headers = { 'x-key': 'bad', connection: 'upgrade', upgrade: 'websocket' };
    expect(word(await get({ port: rig.port, headers }))).toBe('quarantined');
    expect(asked).toBe(1);
  });

  test('router keys - requests are counted by slice where that is wanted, and nowhere else', async () => {
    await rig.start();
    const brain = await rig.brain();
    const one = await rig.instance(named('x'));
    const ring = ringOf([one.slot]);
    brain.say(tableOf(rig.port, [one], { ring, config: { ...KEYED, countsSlices: true } }));
    brain.say(
      tableOf(rig.port, [one], { ring, service: 'quiet', config: { ...KEYED, path: '/q' } }),
    );
    await brain.knows('quiet', 1);
    for (let i = 0; i < 20; i++) {
      await get({ port: rig.port, headers: { 'x-key': i < 15 ? 'hot' : `k${i}` } });
      await get({ port: rig.port, path: '/q', headers: { 'x-key': 'hot' } });
    }
    const sums = new Map<number, number>();
    let total = 0;
    while (total < 20) {
      for (const { service, rows, owners } of (await brain.heard('window')).slices) {
        expect([service, owners]).toEqual(['shop', [one.slot]]);
        for (let i = 0; i < rows.length; i += 4) {
          const [slice = 0, count = 0, votes = 0, owner] = rows.slice(i, i + 4);
          expect([votes, owner]).toEqual([count, 0]);
          sums.set(slice, (sums.get(slice) ?? 0) + count);
          total += count;
        }
      }
    }
    expect(total).toBe(20);
    expect(Math.max(...sums.values())).toBeGreaterThanOrEqual(15);
    expect([...sums.keys()].every((slice) => slice >= 0 && slice < 1024)).toBe(true);
  });

  test('router keys - an instance that is lost on one key is said with it; on two it is not', async () => {
    await rig.start();
    const brain = await rig.brain();
    let both: () => void = () => undefined;
    let waiting = 0;
    const one = await rig.instance((asked, answer) => {
      const key = asked.headers['x-key'];
      if (key === 'alone') asked.socket.destroy();
      else if (key === 'two') {
        waiting += 1;
        if (waiting === 2) both();
      } else answer.end('x');
    });
    const config = { key: KEYED.key, retries: { budget: 0, max: 0 } };
    brain.say(tableOf(rig.port, [one], { config }));
    await brain.knows('shop', 1);
    const isLost = (said: Said<'window'>) => said.cuts.length > 0;
    expect((await get({ port: rig.port, headers: { 'x-key': 'alone' } })).status).toBe(502);
    const { cuts } = await brain.heard('window', isLost);
    expect(cuts).toEqual([{ service: 'shop', instance: one.instance, key: 'alone' }]);
    const arrived = new Promise<void>((resolve) => {
      both = resolve;
    });
    const two = [1, 2].map(() => get({ port: rig.port, headers: { 'x-key': 'two' } }));
    await arrived;
    one.server.closeAllConnections();
    expect((await Promise.all(two)).map(({ status }) => status)).toEqual([502, 502]);
    // What comes after it is alone again.
    await get({ port: rig.port, headers: { 'x-key': 'alone' } });
    expect((await brain.heard('window', isLost)).cuts.map(({ key }) => key)).toEqual(['alone']);
  });
});

describe('slices', () => {
  const shop = 'shop';

  test('slices - a whole minute and enough requests, or nothing is said', () => {
    const rates = new SliceRates();
    const minute = (each: number, fromMs: number) => {
      let last: ReturnType<SliceRates['due']> = [];
      for (let part = 1; part <= 6; part++) {
        const rows = [7, each, each, 0, 1023, 1, 0, -1, 5000, 9, 9, 0];
        rates.of(shop).take({ rows, owners: ['x'] });
        last = rates.due(fromMs + part * 10_000, () => 2);
        if (fromMs === 0 && part < 6) expect(last).toEqual([{ service: shop, loads: null }]);
      }
      return last;
    };
    expect(rates.due(0, () => 2)).toEqual([]);
    expect(rates.due(9999, () => 2)).toEqual([]);
    // 2,010 in a minute, of which two members want 2,000.
    const [enough] = minute(334, 0);
    expect(enough?.loads?.[7]).toEqual({ load: 33.4, holder: 'x', share: 1 });
    expect(enough?.loads?.[1023]).toEqual({ load: 0.1, holder: null, share: 0 });
    expect(enough?.loads?.reduce((sum, { load }) => sum + load, 0)).toBeCloseTo(33.5);
    expect(minute(300, 60_000)).toEqual([{ service: shop, loads: null }]);
    rates.forget(shop);
    expect(rates.due(500_000, () => 2)).toEqual([]);
  });

  const voters = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 60 });
  property.prop([fc.array(voters, { minLength: 1, maxLength: 4 })])(
    'slices - who has most is found, with no more than is his, however counts are divided',
    (parts) => {
      const whole = new SliceSketch();
      for (const part of parts) {
        const sketch = new SliceSketch();
        for (const owner of part) sketch.note(3, owner);
        whole.take(sketch.said(shop));
      }
      const all = parts.flat();
      const of = (name: string | null): number => all.filter((one) => one === name).length;
      const { load, holder, share } = whole.readings(1)[3] as SliceReading;
      expect(load).toBe(all.length);
      const most = ['a', 'b', 'c'].find((name) => of(name) > all.length / 2);
      if (most !== undefined) expect(holder).toBe(most);
      if (holder !== null) expect(share * load).toBeLessThanOrEqual(of(holder) + 1e-9);
    },
  );

  test('recent cuts - are told for five seconds, whichever word comes first', () => {
    const cuts = new RecentCuts();
    const one = { service: 'shop', instance: 'shop/eu/a/0#1', key: 'k' };
    cuts.note(one, 1000);
    expect(cuts.of(6000)).toMatchObject([one]);
    expect(cuts.of(6001)).toEqual([]);
  });

  test.each(['sharded', 'stateless'] as const)(
    'slices - real keys of a %s service, counted by routers, are even after one look',
    (kind) => {
      const world = new RingWorld(4, kind, { hotKeys: { enabled: true, churnPerHour: '100%' } });
      world.serveAll();
      world.pass();
      world.acknowledge();
      const config = { kind, ring: { algorithm: 'ketama', sections: 1000 }, replicas: 3 } as const;
      const first = KeyOwners.of(config, world.ring) as KeyOwners;
      const ownerOf = (key: string): string | null => first.place(key).owner;
      // Three keys of one member have a third of all requests.
      const names = Array.from({ length: 100 }, (_, i) => `hot${i}`);
      const hot = names.filter((key) => ownerOf(key) === ownerOf('hot0')).slice(0, 3);
      const random = seededRandom(7);
      const keys = Array.from({ length: 40_000 }, () =>
        random.below(3) === 0 ? (hot[random.below(3)] ?? '') : `k${random.below(5000)}`,
      );
      const count = () => {
        const owners = KeyOwners.of(config, world.ring) as KeyOwners;
        const sketch = new SliceSketch();
        const bearing = new Map<string, number>();
        for (const key of keys) {
          const { slice, owner } = owners.place(key);
          sketch.note(slice, owner);
          const to = owners.overridden(key) ?? owners.line(key).slice(0, 1);
          const zone = to.filter((slot) => slot.includes(`/${to[0]?.split('/')[2]}/`));
          for (const slot of zone) bearing.set(slot, (bearing.get(slot) ?? 0) + 1 / zone.length);
        }
        return { sketch, worst: (4 * Math.max(...bearing.values())) / keys.length };
      };
      const before = count();
      expect(before.worst).toBeGreaterThan(1.8);
      world.nowMs += 120_000;
      world.pass({ sliceLoads: before.sketch.readings(60) });
      world.acknowledge();
      // The tolerance is a tenth; shares of slices are known to a sixteenth.
      expect(count().worst).toBeLessThan(1.13);
    },
  );
});
