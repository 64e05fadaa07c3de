/** Two moments of recordings compared: exact figures, whoever came or went, what was between. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { type ActorChange, actorChanges } from '../../src/inspector/page/diff/actor-changes.ts';
import { chosenOf, withKind } from '../../src/inspector/page/diff/actor-choice.ts';
import { differencesOf } from '../../src/inspector/page/diff/differences.ts';
import { systemChanges, threadChanges } from '../../src/inspector/page/diff/figure-changes.ts';
import { between, kindChanges } from '../../src/inspector/page/diff/happened.ts';
import type { Moment } from '../../src/inspector/page/diff/moment.ts';
import { serviceChanges } from '../../src/inspector/page/diff/service-changes.ts';
import { ActorColumns } from '../../src/inspector/page/tables/actor-columns.ts';
import type { RowOf } from '../../src/inspector/protocol/topics.ts';

const SYSTEM: RowOf<'system'> = {
  verdict: 'healthy',
  because: [],
  actors: 10,
  threads: 2,
  handledPerSecond: 100,
  p50WaitUs: null,
  p99WaitUs: 40,
  restartsPerMinute: 0,
  deadLetters: 3,
  lost: 0,
  inFlight: 1,
};
const THREAD: RowOf<'threads'> = {
  thread: 1,
  actors: 5,
  handledPerSecond: 50,
  utilisation: 0.25,
  fill: 0,
  replaced: 0,
};
const SERVICE = {
  service: 'web',
  version: 'v1',
  target: null,
  phase: 'idle',
  step: '',
  weight: 0,
  ready: 2,
  wanted: 2,
  demand: 2,
  generation: 3,
  healing: 'healthy',
  isFrozen: false,
  heldBy: null,
  state: 'healthy',
} as RowOf<'services'>;

type Figures = readonly [depth: number, waitUs: number, handled: number, restarts: number];

/** Actors as two snapshots a second apart tell them: the rates are those of the second. */
function actorsOf(actors: Readonly<Record<string, Figures>>, before = actors): ActorColumns {
  const columns = new ActorColumns();
  const paths = Object.keys(actors);
  const row = Uint32Array.from(paths.keys());
  let length = 0;
  const end = Uint32Array.from(paths, (path) => {
    length += path.length;
    return length;
  });
  const none = new Uint32Array(0);
  const figures = (at: number, of: typeof actors) => paths.map((path) => (of[path] ?? [])[at] ?? 0);
  for (const [second, of] of [before, actors].entries()) {
    const named = second === 0 ? { row, thread: row, end } : { row: none, thread: none, end: none };
    columns.take(
      {
        ...{ sub: 1, frame: second + 1, from: second, to: second + 1, isFirst: true, isLast: true },
        gone: none,
        named: { ...named, paths: second === 0 ? paths.join('') : '' },
        changed: {
          row,
          depth: Uint32Array.from(figures(0, of)),
          waitUs: Float32Array.from(figures(1, of)),
          handled: Float64Array.from(figures(2, of)),
          restarts: Uint32Array.from(figures(3, of)),
          age: new Uint32Array(row.length),
        },
      },
      1000 + second * 1000,
    );
  }
  return columns;
}
const brief = (changes: readonly ActorChange[]) =>
  changes.map(({ path, kind }) => `${path} ${kind}`);

describe('figures', () => {
  test('figures - from and to of those that are others, with their unit', () => {
    const now = { ...SYSTEM, p50WaitUs: 7, deadLetters: 5 };
    expect(systemChanges(SYSTEM, now)).toEqual([
      { name: 'p50 wait', thread: null, unit: 'us', from: null, to: 7 },
      { name: 'dead letters', thread: null, unit: 'number', from: 3, to: 5 },
    ]);
    expect(systemChanges(SYSTEM, SYSTEM)).toEqual([]);
  });

  test('figures - a thread that came has no figures before, in the order of their numbers', () => {
    const a = new Map([['2', { ...THREAD, thread: 2 }]]);
    const b = new Map([
      ['10', { ...THREAD, thread: 10 }],
      ['2', { ...THREAD, thread: 2, utilisation: 0.5 }],
    ]);
    const changes = threadChanges(a, b);
    expect(changes.map(({ thread, name }) => [thread, name])).toEqual([
      [2, 'utilisation'],
      ...['actors', 'messages handled', 'utilisation', 'fullest ring to it', 'replaced'].map(
        (name) => [10, name],
      ),
    ]);
    expect(changes[1]).toMatchObject({ from: null, to: 5 });
  });
});

describe('services', () => {
  test('services - those that came or went, and fields of the others as text', () => {
    const a = new Map([
      ['web', SERVICE],
      ['old', { ...SERVICE, service: 'old' }],
      ['same', { ...SERVICE, service: 'same' }],
    ]);
    const web = { ...SERVICE, target: 'v2', step: '1/3', weight: 25, ready: 1, heldBy: 'A1' };
    const b = new Map<string, RowOf<'services'>>([
      ['web', web],
      ['same', { ...SERVICE, service: 'same' }],
      ['fresh', { ...SERVICE, service: 'fresh' }],
    ]);
    expect(serviceChanges(a, b)).toEqual([
      { service: 'fresh', kind: 'came', fields: [] },
      { service: 'old', kind: 'went', fields: [] },
      {
        service: 'web',
        kind: 'changed',
        fields: [
          { name: 'target', from: 'none', to: 'v2' },
          { name: 'step', from: 'none', to: '1/3' },
          { name: 'weight', from: '0 %', to: '25 %' },
          { name: 'ready', from: '2 of 2', to: '1 of 2' },
          { name: 'held by', from: 'nothing', to: 'A1' },
        ],
      },
    ]);
  });
});

describe('actors', () => {
  const before = { '/calm': [0, 5, 9, 0], '/busy': [2, 5, 0, 0], '/gone': [1, 5, 0, 0] } as const;
  const after = { '/busy': [900, 5, 50, 0], '/new': [0, 5, 0, 0], '/calm': [0, 5, 9, 0] } as const;

  test('actors - found by path whatever their rows, the largest change first', () => {
    const changes = actorChanges(actorsOf(before), actorsOf(after));
    expect(brief(changes)).toEqual(['/busy changed', '/gone went', '/new came']);
    expect(changes[0]).toMatchObject({
      from: { depth: 2, handled: 0 },
      to: { depth: 900, handled: 50 },
    });
    expect(changes[1]).toMatchObject({ from: { depth: 1 }, to: null });
    expect(actorChanges(actorsOf(before), actorsOf(before))).toEqual([]);
  });

  test('actors - many more that wait are more than some, and a restart more than a few', () => {
    const zero: Figures = [0, 0, 0, 0];
    const a = actorsOf({ '/few': zero, '/many': [2500, 0, 0, 0], '/fell': zero });
    const b = actorsOf({ '/few': [4, 0, 0, 0], '/many': [9800, 0, 0, 0], '/fell': [0, 0, 0, 1] });
    expect(brief(actorChanges(a, b))).toEqual(['/many changed', '/fell changed', '/few changed']);
  });

  test('actors - rates are compared where both moments know them', () => {
    const rated = actorsOf({ '/a': [0, 0, 700, 0] }, { '/a': [0, 0, 100, 0] });
    const still = actorsOf({ '/a': [0, 0, 700, 0] });
    const [change] = actorChanges(still, rated);
    expect([change?.from?.rate, change?.to?.rate]).toEqual([0, 600]);
    const fresh = actorsOf({ '/a': [0, 0, 700, 0] });
    fresh.forget();
    expect(fresh.hasRates).toBe(false);
    expect(actorChanges(fresh, rated)[0]?.to?.rate).toBeNaN();
  });

  const figures = fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9), fc.nat(3));
  const some = fc.dictionary(fc.constantFrom('/a', '/b', '/c/d', '/c/e'), figures);
  property.prop([some, some])(
    'actors - the other way round the same actors, and each came where it went',
    (one, other) => {
      const there = actorChanges(actorsOf(one), actorsOf(other));
      const back = actorChanges(actorsOf(other), actorsOf(one));
      const turned = { came: 'went', went: 'came', changed: 'changed' } as const;
      expect(back).toEqual(
        there.map((change) => ({
          ...change,
          thread: back.find(({ path }) => path === change.path)?.thread,
          kind: turned[change.kind],
          from: change.to,
          to: change.from,
        })),
      );
      for (const { path, kind } of there) {
        expect(kind).toBe(path in one ? (path in other ? 'changed' : 'went') : 'came');
      }
    },
  );

  test('actors - a filter of words, of how much is different, and of kinds, in an order', () => {
    const changes = actorChanges(actorsOf(before), actorsOf(after));
    const found = (text: string) => brief(chosenOf(changes, text).rows);
    expect(found('came went')).toEqual(['/gone went', '/new came']);
    expect(found('-busy')).toEqual(['/gone went', '/new came']);
    expect(found('depth>=898')).toEqual(['/busy changed']);
    expect(found('sort:path')).toEqual(['/busy changed', '/gone went', '/new came']);
    expect(found('sort:depth')).toEqual(['/new came', '/gone went', '/busy changed']);
    expect(chosenOf(changes, 'speed>1').wrong).toMatch(/there is no speed/);
    expect(withKind('went cart sort:depth', 'came')).toBe('came cart sort:depth');
    expect(withKind('came cart', null)).toBe('cart');
  });
});

describe('happened', () => {
  const rows = (...keys: number[]) => new Map(keys.map((key) => [String(key), { key }]));

  test('happened - what is numbered higher was between, and what had gone by then is counted', () => {
    const { rows: found, missed } = between(rows(8, 9), rows(9, 13, 14, 100));
    expect(found.map(([key]) => key)).toEqual(['100', '14', '13']);
    expect(missed).toBe(91 - 3);
    expect(between(rows(8, 9), rows(9))).toEqual({ rows: [], missed: 0 });
  });

  test('happened - what was known and happened again was between, too', () => {
    const earlier = new Map([
      ['1', { times: 1 }],
      ['2', { times: 5 }],
    ]);
    const later = new Map([
      ['1', { times: 3 }],
      ['2', { times: 5 }],
      ['3', { times: 1 }],
    ]);
    const { rows: found, missed } = between(earlier, later, (old, row) => row.times > old.times);
    expect([found.map(([key]) => key), missed]).toEqual([['3', '1'], 0]);
  });

  test('happened - kinds of two runs, the largest difference first', () => {
    const kinds = (...list: string[]) => new Map(list.map((kind, i) => [String(i), kind]));
    const a = kinds('crash', 'lost', 'same');
    const b = kinds('same', 'crash', 'crash', 'crash', 'late');
    expect(kindChanges(a, b, (kind) => kind)).toEqual([
      { kind: 'crash', from: 1, to: 3 },
      { kind: 'late', from: 0, to: 1 },
      { kind: 'lost', from: 1, to: 0 },
    ]);
  });
});

describe('differences', () => {
  const event = (kind: string) => ({ kind }) as RowOf<'events'>;
  const momentOf = (epoch: string, atMs: number, kinds: readonly string[]): Moment => {
    const tables: Record<string, Map<string, unknown>> = {
      system: new Map([['now', { ...SYSTEM, actors: kinds.length }]]),
      events: new Map(kinds.map((kind, i) => [String(i + 1), event(kind)])),
    };
    const rows = (topic: string) => tables[topic] ?? new Map();
    return { epoch, atMs, actors: new ActorColumns(), rows: rows as Moment['rows'] };
  };

  test('differences - in one run what was between, whichever moment is the later one', () => {
    const [early, late] = [momentOf('e', 1, ['x']), momentOf('e', 9, ['x', 'y'])];
    const there = differencesOf(early, late);
    const back = differencesOf(late, early);
    expect(there.events).toEqual({ isOneRun: true, rows: [['2', event('y')]], missed: 0 });
    expect(back.events).toEqual(there.events);
    // Figures have a direction.
    expect([there.figures[0], back.figures[0]]).toMatchObject([
      { name: 'actors', from: 1, to: 2 },
      { name: 'actors', from: 2, to: 1 },
    ]);
  });

  test('differences - of two runs rows are counted by kind, as their numbers mean nothing', () => {
    const found = differencesOf(momentOf('e', 1, ['x', 'x']), momentOf('f', 9, ['x', 'y']));
    expect(found.events).toEqual({
      isOneRun: false,
      kinds: [
        { kind: 'x', from: 2, to: 1 },
        { kind: 'y', from: 0, to: 1 },
      ],
    });
  });
});
