/** What a router knows of keys beside their owners: former owners, keys that go to nobody, loads, blame. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RecentCuts } from '../../../src/drivers/router/recent-cuts.ts';
import { SliceRates } from '../../../src/drivers/router/slice-rates.ts';
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
      // It is away: nobody answers in its place.
      brain.say(tableOf(rig.port, [now], { config, ring, number: 2, beside: { former } }));
      await brain.knows('shop', 2);
      const away = await ask('former');
      expect([away.status, word(away)]).toEqual([503, 'no-instance']);
      brain.say(tableOf(rig.port, [now, before], { config, ring, number: 3 }));
      await brain.knows('shop', 3);
      const over = await ask('former');
      expect([over.status, word(over)]).toEqual([404, 'no-former']);
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
      for (const { service, counts } of (await brain.heard('window')).slices) {
        expect(service).toBe('shop');
        for (let i = 0; i < counts.length; i += 2) {
          const [slice = 0, count = 0] = counts.slice(i, i + 2);
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

describe('slice rates', () => {
  test('slice rates - a whole minute and enough requests, or nothing is said', () => {
    const rates = new SliceRates();
    const minute = (each: number, fromMs: number) => {
      let last: ReturnType<SliceRates['due']> = [];
      for (let part = 1; part <= 6; part++) {
        rates.note('shop', [7, each, 1023, 1, 5000, 9]);
        last = rates.due(fromMs + part * 10_000, () => 2);
        if (fromMs === 0 && part < 6) expect(last).toEqual([{ service: 'shop', loads: null }]);
      }
      return last;
    };
    expect(rates.due(0, () => 2)).toEqual([]);
    expect(rates.due(9999, () => 2)).toEqual([]);
    // 2,006 in a minute, of which two members want 2,000.
    const [enough] = minute(334, 0);
    expect(enough?.loads?.[7]).toBeCloseTo(33.4);
    expect(enough?.loads?.[1023]).toBeCloseTo(0.1);
    expect(enough?.loads?.reduce((a, b) => a + b)).toBeCloseTo(33.5);
    expect(minute(300, 60_000)).toEqual([{ service: 'shop', loads: null }]);
    rates.forget('shop');
    expect(rates.due(500_000, () => 2)).toEqual([]);
  });

  test('recent cuts - are told for five seconds, whichever word comes first', () => {
    const cuts = new RecentCuts();
    const one = { service: 'shop', instance: 'shop/eu/a/0#1', key: 'k' };
    cuts.note(one, 1000);
    expect(cuts.of(6000)).toMatchObject([one]);
    expect(cuts.of(6001)).toEqual([]);
  });
});
