/** The choice of an instance, and the budget of repeats: pure, over random tables. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { ConnectionEjection } from '../../../src/drivers/router/connection-ejection.ts';
import { KeyOwners } from '../../../src/drivers/router/key-owners.ts';
import { RetryBudget } from '../../../src/drivers/router/retry-budget.ts';
import { type Candidate, RouteChoice } from '../../../src/drivers/router/route-choice.ts';
import { ServiceIndex } from '../../../src/drivers/router/service-index.ts';
import { seededRandom } from '../../../src/runtime/index.ts';
import { ringOf, tableOf } from './router-rig.ts';

type One = { -readonly [K in keyof Candidate]: Candidate[K] };

const one = (number: number, more: Partial<One> = {}): One => {
  const zone = more.zone ?? 'a';
  const slot = `shop/eu/${zone}/${number}`;
  return {
    slot,
    instance: `${slot}#1`,
    revision: 'old',
    isBaseline: false,
    zone,
    underWay: 0,
    outUntilMs: 0,
    ...more,
  };
};

const choiceOf = (
  candidates: readonly One[],
  weights: readonly (readonly [string, number, boolean?])[] = [],
  more: Partial<ConstructorParameters<typeof RouteChoice<One>>[0]> = {},
): RouteChoice<One> =>
  new RouteChoice({
    kind: 'stateless',
    candidates,
    weights: weights.map(([revision, weight, isBaseline = false]) => ({
      revision,
      weight,
      isBaseline,
    })),
    owners: null,
    former: null,
    zone: null,
    ...more,
  });

const facts = (key: string | null = null, seed = 1, without: readonly string[] = []) => ({
  key,
  replica: null as number | null,
  former: false,
  without,
  nowMs: 1000,
  random: seededRandom(seed),
});

describe('weights', () => {
  const three = [one(0), one(1, { revision: 'new' }), one(2, { isBaseline: true })];
  const sideOf = (canary: number, baseline: number, key: string): string => {
    const weights = [
      ['old', 100 - canary - baseline],
      ['new', canary],
      ['old', baseline, true],
    ] as const;
    const found = choiceOf(three, weights).choose(facts(key));
    return found?.isBaseline ? 'baseline' : (found?.revision ?? 'none');
  };

  property.prop([fc.string(), fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 50 })])(
    'route choice - a growing canary never gives a key back, nor does its baseline',
    (key, a, b) => {
      const [less, more] = a < b ? [a, b] : [b, a];
      const before = sideOf(less, less, key);
      const after = sideOf(more, more, key);
      if (before !== 'old') expect(after).toBe(before);
      expect(sideOf(0, 0, key)).toBe('old');
      expect(sideOf(100, 0, key)).toBe('new');
    },
  );

  test('route choice - keys and requests without one are divided as the weights say', () => {
    const weights = [
      ['old', 80],
      ['new', 20],
    ] as const;
    const choice = choiceOf(three.slice(0, 2), weights);
    const random = seededRandom(7);
    let [byKey, byChance] = [0, 0];
    for (let i = 0; i < 20_000; i++) {
      if (choice.choose({ ...facts(`key ${i}`), random })?.revision === 'new') byKey++;
      if (choice.choose({ ...facts(), random })?.revision === 'new') byChance++;
    }
    // Five standard deviations of 20 % of 20,000 are 283.
    expect(Math.abs(byKey - 4000)).toBeLessThan(283);
    expect(Math.abs(byChance - 4000)).toBeLessThan(283);
  });

  test('route choice - a version without instances, or without weight, gets nothing', () => {
    const weights = [
      ['old', 0],
      ['new', 100],
    ] as const;
    expect(choiceOf([one(0)], weights).choose(facts('k'))).toBeNull();
    expect(choiceOf(three, weights).choose(facts('k'))?.revision).toBe('new');
    const half = [
      ['old', 50],
      ['gone', 50],
    ] as const;
    for (let i = 0; i < 20; i++) {
      expect(choiceOf([one(0)], half).choose(facts(`${i}`))?.revision).toBe('old');
    }
  });
});

describe('members', () => {
  property.prop([
    fc.array(fc.record({ underWay: fc.nat(5), isOut: fc.boolean(), isAsked: fc.boolean() }), {
      maxLength: 8,
    }),
    fc.integer(),
  ])(
    'route choice - whoever may be asked is found, and whoever is out only as the last',
    (all, seed) => {
      const list = all.map(({ underWay, isOut }, i) =>
        one(i, { underWay, outUntilMs: isOut ? 2000 : 0 }),
      );
      const without = list.filter((_, i) => all[i]?.isAsked).map(({ instance }) => instance);
      const found = choiceOf(list).choose(facts(null, seed, without));
      const able = list.filter(({ instance }) => !without.includes(instance));
      if (able.length === 0) expect(found).toBeNull();
      else {
        expect(able).toContain(found);
        if (able.some(({ outUntilMs }) => outUntilMs === 0)) expect(found?.outUntilMs).toBe(0);
      }
    },
  );

  test('route choice - of two the less busy one', () => {
    const list = [one(0, { underWay: 9 }), one(1, { underWay: 1 })];
    for (let seed = 0; seed < 50; seed++) {
      expect(choiceOf(list).choose(facts(null, seed))).toBe(list[1]);
    }
  });

  property.prop([
    fc.constantFrom('ketama' as const, 'rendezvous' as const, 'maglev' as const, 'jump' as const),
    fc.integer({ min: 1, max: 6 }),
    fc.string(),
  ])(
    'route choice - a sharded key goes to one shard, whatever zone answers',
    (algorithm, shards, key) => {
      const list = ['a', 'b'].flatMap((zone) =>
        Array.from({ length: shards }, (_, n) => one(n, { zone })),
      );
      const { config } = tableOf(1, [], {
        config: { kind: 'sharded', ring: { algorithm, sections: 50 }, replicas: 2 },
      });
      const owners = KeyOwners.of(config, ringOf(list.map(({ slot }) => slot)));
      const found = (zone: string | null, without: readonly string[] = []) =>
        choiceOf(list, [], { kind: 'sharded', owners, zone }).choose(facts(key, 1, without));
      const first = found('a');
      const other = found('b');
      expect(first?.zone).toBe('a');
      expect(other?.zone).toBe('b');
      expect(first?.slot.replace('/a/', '/b/')).toBe(other?.slot);
      expect(found('a', [first?.instance ?? ''])).toBe(other);
      expect(found('a', [first?.instance ?? '', other?.instance ?? ''])).toBeNull();
      expect(found(null)?.slot.split('/')[3]).toBe(first?.slot.split('/')[3]);
    },
  );

  property.prop([
    fc.constantFrom('ketama' as const, 'rendezvous' as const, 'maglev' as const, 'jump' as const),
    fc.string(),
    fc.constantFrom('a', 'b', 'c'),
  ])(
    'route choice - a copy that is asked for by its number is that copy, or nobody',
    (algorithm, key, gone) => {
      const zones = ['a', 'b', 'c'];
      const list = zones.flatMap((zone) => [0, 1, 2].map((n) => one(n, { zone })));
      const { config } = tableOf(1, [], {
        config: { kind: 'sharded', ring: { algorithm, sections: 50 }, replicas: 3 },
      });
      const owners = KeyOwners.of(config, ringOf(list.map(({ slot }) => slot)));
      const copies = (candidates: readonly One[]) =>
        [0, 1, 2, 3].map((replica) =>
          choiceOf(candidates, [], { kind: 'sharded', owners, zone: 'b' }).choose({
            ...facts(key),
            replica,
          }),
        );
      const all = copies(list);
      expect(new Set(all.slice(0, 3).map((found) => found?.zone))).toEqual(new Set(zones));
      expect(all[3]).toBeNull();
      // Whoever is away is nobody else's copy.
      const left = copies(list.filter(({ zone }) => zone !== gone));
      expect(left).toEqual(all.map((found) => (found?.zone === gone ? null : found)));
    },
  );

  test('route choice - a stateless ring holds keys; without the owner, the next in line', () => {
    const list = Array.from({ length: 6 }, (_, n) => one(n));
    const { config } = tableOf(1, [], { config: { ring: { algorithm: 'ketama', sections: 100 } } });
    const owners = KeyOwners.of(config, ringOf(list.map(({ slot }) => slot)));
    const choice = choiceOf(list, [], { owners });
    for (let i = 0; i < 50; i++) {
      const first = choice.choose(facts(`k${i}`, i));
      expect(choice.choose(facts(`k${i}`, i + 1))).toBe(first);
      const next = choice.choose(facts(`k${i}`, i, [first?.instance ?? '']));
      expect(next).not.toBe(first);
      expect(choice.choose(facts(`k${i}`, i + 9, [first?.instance ?? '']))).toBe(next);
    }
    // Without a key nobody owns it.
    expect(choice.choose(facts())).not.toBeNull();
  });

  test('route choice - a slice that was moved goes to its new owners, the less busy first', () => {
    const list = [one(0), one(1, { underWay: 5 }), one(2, { underWay: 3 })];
    const { config } = tableOf(1, [], { config: { ring: { algorithm: 'maglev', sections: 1 } } });
    const ring = ringOf([list[0]?.slot ?? '']);
    const overrides = Array.from({ length: 1024 }, (_, slice) => ({
      slice,
      owners: [list[1]?.slot ?? '', list[2]?.slot ?? ''],
    }));
    const owners = KeyOwners.of(config, ring === null ? null : { ...ring, overrides });
    const choice = choiceOf(list, [], { owners });
    expect(choice.choose(facts('k'))).toBe(list[2]);
  });
});

describe('bounds', () => {
  property.prop([
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.array(fc.record({ requests: fc.nat(20), tries: fc.nat(20), ms: fc.nat(3000) })),
  ])(
    'retry budget - never more than its share, the reserve, and what comes back of it',
    (share, all) => {
      const budget = new RetryBudget(share, 0);
      let [requests, repeats, nowMs] = [0, 0, 0];
      for (const { requests: came, tries, ms } of all) {
        nowMs += ms;
        for (let i = 0; i < came; i++) budget.came();
        requests += came;
        for (let i = 0; i < tries; i++) if (budget.take(nowMs)) repeats += 1;
        expect(repeats).toBeLessThanOrEqual(10 + share * requests + nowMs / 1000 + 1e-6);
      }
    },
  );

  test('retry budget - without requests it comes back by itself', () => {
    const budget = new RetryBudget(0, 0);
    for (let i = 0; i < 10; i++) expect(budget.take(0)).toBe(true);
    expect(budget.take(500)).toBe(false);
    expect(budget.take(1000)).toBe(true);
    expect(budget.take(1000)).toBe(false);
  });

  test('connection ejection - five in a row, a second, then twice as long; an answer ends it', () => {
    const ejection = new ConnectionEjection();
    const fail = (times: number, nowMs: number): void => {
      for (let i = 0; i < times; i++) ejection.failed(nowMs);
    };
    fail(4, 0);
    ejection.answered();
    fail(4, 0);
    expect(ejection.untilMs).toBe(0);
    fail(1, 100);
    expect(ejection.untilMs).toBe(1100);
    // What was under way when it went out says nothing new.
    fail(5, 500);
    expect(ejection.untilMs).toBe(1100);
    ejection.answered();
    expect(ejection.untilMs).toBe(0);
    ejection.answered();
    fail(5, 4000);
    fail(5, 5000);
    expect(ejection.untilMs).toBe(7000);
    for (let i = 0; i < 30; i++) fail(5, ejection.untilMs);
    fail(5, ejection.untilMs);
    const last = ejection.untilMs;
    fail(5, last);
    expect(ejection.untilMs - last).toBe(60_000);
  });

  test('service index - the host first, then the longest path, by whole segments', () => {
    const placed = (host: string | null, path: string | null) => ({
      config: { port: 1, host, path },
    });
    const [any, cart, host, both] = [
      placed(null, null),
      placed(null, '/cart'),
      placed('a.test', null),
      placed('a.test', '/cart'),
    ];
    const index = new ServiceIndex([any, host, cart, both] as (typeof any)[]);
    expect(index.find(1, 'a.test:1', '/cart')).toBe(both);
    expect(index.find(1, 'A.TEST', '/carts')).toBe(host);
    expect(index.find(1, 'b.test', '/cart/1')).toBe(cart);
    expect(index.find(1, undefined, '/')).toBe(any);
    expect(index.find(2, 'a.test', '/')).toBeNull();
  });
});
