/** Reservations: one region at a time, capacity kept, and everybody gets a turn. */
import { fc, test as property } from '@fast-check/vitest';
import { seededRandom } from 'ringmaster';
import { isCarried, type LedgerRegion, leastCount } from 'ringmaster/control-plane';
import { afterAll, describe, expect, test } from 'vitest';
import { RESERVATION_MS, Regions } from './regions.ts';

function known(name: string, capacity: number, more: Partial<LedgerRegion> = {}): LedgerRegion {
  const shop = { name: 'shop', demand: capacity, capacity, wanted: capacity, peak: 5 };
  return { name, forecast: null, isLost: false, services: [shop], floors: {}, ...more };
}

const action = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ kind: 'round' as const }) },
  ...(['report', 'deliver', 'drop', 'decide', 'restart'] as const).map((kind) => ({
    weight: kind === 'deliver' ? 6 : 2,
    arbitrary: fc.record({ kind: fc.constant(kind), i: fc.nat({ max: 20 }) }),
  })),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.constantFrom(10, 500, 5000, 20_000, 70_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('want' as const),
      i: fc.nat({ max: 3 }),
      count: fc.integer({ min: 0, max: 20 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'newCoordinator' as const }) },
);

let shrinks = 0;
// A property that nothing ever shrinks would hold too.
afterAll(() => expect(shrinks).toBeGreaterThan(100));

describe('regions', () => {
  test('regions - what is left without the largest has to carry the forecast of all', () => {
    const regions = [known('a', 20), known('b', 20)];
    // Peaks of 5 and 5, and a fifth above them.
    expect(leastCount({ regions, isLossKept: true }, 'a', 'shop')).toBe(12);
    expect(leastCount({ regions, isLossKept: false }, 'a', 'shop')).toBe(0);
    const three = [known('a', 20), known('b', 20), known('c', 9)];
    expect(leastCount({ regions: three, isLossKept: true }, 'a', 'shop')).toBe(9);
    expect(isCarried({ regions: three, isLossKept: true }, 'shop')).toBe(true);
    const after = [known('a', 8), known('b', 20), known('c', 9)];
    expect(isCarried({ regions: after, isLossKept: true }, 'shop')).toBe(false);
  });

  test('regions - one that is lost has no capacity, and its load is still there', () => {
    const regions = [known('a', 20), known('b', 20, { isLost: true })];
    expect(leastCount({ regions, isLossKept: true }, 'a', 'shop')).toBe(Number.POSITIVE_INFINITY);
    const three = [known('a', 20), known('b', 20), known('c', 20, { isLost: true })];
    expect(leastCount({ regions: three, isLossKept: true }, 'a', 'shop')).toBe(18);
  });

  test('regions - what was granted counts as done', () => {
    const regions = [known('a', 20), known('b', 20, { floors: { shop: 12 } })];
    expect(leastCount({ regions, isLossKept: true }, 'a', 'shop')).toBe(12);
    const more = [known('a', 20), known('b', 20, { floors: { shop: 11 } })];
    expect(leastCount({ regions: more, isLossKept: true }, 'a', 'shop')).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  test('regions - an operator forecast is divided among services as their peaks are', () => {
    const other = { name: 'mail', demand: 5, capacity: 5, wanted: 5, peak: 15 };
    const [one] = known('a', 20).services;
    const regions = ['a', 'b'].map((name) =>
      known(name, 20, { forecast: 40, services: one === undefined ? [] : [one, other] }),
    );
    expect(leastCount({ regions, isLossKept: true }, 'a', 'shop')).toBe(20);
  });

  test('regions - two that want to shrink do so one after the other, and both get there', () => {
    const sim = new Regions([2, 2]);
    for (const region of sim.regions) region.wanted = 4;
    for (let i = 0; i < 300; i++) sim.round();
    expect(sim.regions.map(({ demand }) => demand)).toEqual([4, 4]);
    expect(sim.wrongs).toEqual([]);
  });

  test('regions - both get there though every third message is lost', () => {
    const random = seededRandom(7);
    const sim = new Regions([2, 2], { rates: [0.97, 1.03] });
    for (const region of sim.regions) region.wanted = 4;
    for (let i = 0; i < 1000; i++) sim.round(() => random.nextU32() % 3 === 0);
    expect(sim.regions.map(({ demand }) => demand)).toEqual([4, 4]);
    expect(sim.wrongs).toEqual([]);
  });

  test('regions - who wants more than can be spared gets what can be spared', () => {
    const sim = new Regions([3, 3]);
    for (const region of sim.regions) region.wanted = 1;
    for (let i = 0; i < 300; i++) sim.round();
    expect(sim.regions.map(({ demand }) => demand)).toEqual([6, 6]);
    expect(sim.wrongs).toEqual([]);
  });

  test('regions - nobody shrinks while one of two is not heard from', () => {
    const sim = new Regions([2, 2]);
    for (let i = 0; i < 120; i++) sim.round();
    for (let i = 0; i < 300; i++) {
      // What was heard before the silence counts for as long as silence may be.
      if (i === 11) sim.at(0).wanted = 4;
      sim.pass(1000);
      sim.report(sim.at(0));
      while (sim.network.length > 0) sim.deliver(0);
      sim.decide(sim.at(0));
    }
    expect(sim.at(0).demand).toBe(10);
  });

  test('regions - a new coordinator grants nothing for as long as an old grant may last', () => {
    const sim = new Regions([2, 2]);
    for (let i = 0; i < 120; i++) sim.round();
    sim.restartCoordinator();
    sim.at(0).wanted = 4;
    for (let i = 0; i < RESERVATION_MS / 1000; i++) sim.round();
    expect(sim.at(0).demand).toBe(10);
    for (let i = 0; i < 20; i++) sim.round();
    expect(sim.at(0).demand).toBe(4);
  });

  test('regions - without a coordinator they grow, and do not shrink', () => {
    const sim = new Regions([2, 2]);
    for (let i = 0; i < 120; i++) sim.round();
    sim.coordinator = null;
    sim.at(0).wanted = 4;
    sim.at(1).wanted = 14;
    for (let i = 0; i < 300; i++) sim.round();
    expect(sim.regions.map(({ demand }) => demand)).toEqual([10, 14]);
  });

  test('regions - an answer that comes after its time grants nothing', () => {
    const sim = new Regions([2, 2]);
    for (let i = 0; i < 120; i++) sim.round();
    sim.at(0).wanted = 4;
    sim.report(sim.at(0));
    sim.deliver(0);
    expect(sim.network).toHaveLength(1);
    sim.pass(RESERVATION_MS + 1);
    sim.deliver(0);
    expect(sim.holders('shrink')).toEqual([]);
  });

  test('regions - a change of policy goes from region to region, and stops at one that is ill', () => {
    const sim = new Regions([2, 2, 2], { waveMs: 100_000 });
    for (const region of sim.regions) region.wantsWave = true;
    const taken: [string, number][] = [];
    const run = (rounds: number): void => {
      for (let i = 0; i < rounds; i++) {
        sim.round();
        for (const name of sim.holders('wave')) {
          taken.push([name, sim.nowMs]);
          for (const one of sim.regions) if (one.name === name) one.wantsWave = false;
        }
      }
    };
    run(150);
    expect(taken.map(([name]) => name)).toEqual(['region 0']);
    sim.at(0).isHealthy = false;
    run(300);
    expect(taken).toHaveLength(1);
    sim.at(0).isHealthy = true;
    run(300);
    expect(taken.map(([name]) => name)).toEqual(['region 0', 'region 1', 'region 2']);
    const [, second, third] = taken;
    expect((third?.[1] ?? 0) - (second?.[1] ?? 0)).toBeGreaterThanOrEqual(100_000);
    expect(sim.wrongs).toEqual([]);
  });

  property.prop(
    [
      fc.array(action, { minLength: 80, maxLength: 250 }),
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 4 }),
      fc.array(fc.double({ min: 0.96, max: 1.04, noNaN: true }), { minLength: 4, maxLength: 4 }),
    ],
    { numRuns: 300 },
  )(
    'regions - whatever is lost, late or begun anew: one at a time, and capacity is kept',
    (actions, forecasts, rates) => {
      const sim = new Regions(forecasts, { rates });
      for (let i = 0; i < 70; i++) sim.round();
      for (const one of actions) {
        switch (one.kind) {
          case 'round':
            sim.round();
            break;
          case 'report':
            sim.report(sim.at(one.i));
            break;
          case 'deliver':
            sim.deliver(one.i);
            break;
          case 'drop':
            sim.drop(one.i);
            break;
          case 'decide':
            sim.decide(sim.at(one.i));
            break;
          case 'restart':
            if (one.i === 0) sim.restart(sim.at(one.i));
            break;
          case 'pass':
            sim.pass(one.ms);
            break;
          case 'want':
            sim.at(one.i).wanted = one.count;
            break;
          case 'newCoordinator':
            sim.restartCoordinator();
        }
      }
      shrinks += sim.shrinks;
      expect(sim.wrongs).toEqual([]);
    },
  );
});
