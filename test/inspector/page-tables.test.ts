/** What the page knows: rows and columns as they were told, whole or not at all, and never beyond a gap. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { octaveBucket, octaveBucketStart, octaveQuantile } from '../../src/hotpath/index.ts';
import { indexOf, quantileUs, startUs } from '../../src/inspector/page/charts/histogram.ts';
import { parseFilter } from '../../src/inspector/page/place/filter.ts';
import { ActorColumns } from '../../src/inspector/page/tables/actor-columns.ts';
import { ActorIndex } from '../../src/inspector/page/tables/actor-index.ts';
import { PathTree } from '../../src/inspector/page/tables/path-tree.ts';
import { Table } from '../../src/inspector/page/tables/table.ts';
import type { ActorFrame } from '../../src/inspector/protocol/columns.ts';

type Row = { readonly value: number };

const part = (from: number, to: number, isFirst = true, isLast = true) => ({
  from,
  to,
  isFirst,
  isLast,
});
const set = (rows: Readonly<Record<string, number>>, gone: readonly string[] = []) => ({
  set: Object.fromEntries(Object.entries(rows).map(([key, value]) => [key, { value }])),
  gone,
});
const seen = (table: Table<Row>): Record<string, number> =>
  Object.fromEntries([...table.rows].map(([key, { value }]) => [key, value]));

describe('histogram', () => {
  property.prop([fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 116 })])(
    'histogram - the page reads it as it was counted',
    (counts) => {
      const own = octaveQuantile(counts, 0.99);
      expect(quantileUs(counts, 0.99)).toBe(Number.isNaN(own) ? null : own);
    },
  );

  property.prop([fc.integer({ min: 1, max: 400_000_000 })])(
    'histogram - a time is drawn where it was counted',
    (us) => {
      expect(Math.floor(indexOf(us))).toBe(octaveBucket(us));
      expect(startUs(octaveBucket(us))).toBe(octaveBucketStart(octaveBucket(us)));
    },
  );
});

describe('table', () => {
  test('table - a snapshot, then what is new, other or gone', () => {
    const table = new Table<Row>();
    expect(table.take(part(0, 5), set({ a: 1, b: 2 }))).toBe(false);
    expect(table.take(part(5, 6), set({ a: 3, c: 4 }, ['b']))).toBe(false);
    expect(seen(table)).toEqual({ a: 3, c: 4 });
    expect(table.range.at).toBe(6);
  });

  test('table - nobody sees half of a snapshot', () => {
    const table = new Table<Row>();
    table.take(part(0, 5), set({ old: 1 }));
    table.take(part(0, 9, true, false), set({ a: 1 }));
    expect(seen(table)).toEqual({ old: 1 });
    table.take(part(0, 9, false, true), set({ b: 2 }));
    expect(seen(table)).toEqual({ a: 1, b: 2 });
  });

  test('table - what was interrupted in a snapshot is as it was, and asks for all again', () => {
    const table = new Table<Row>();
    table.take(part(0, 9, true, false), set({ a: 1 }));
    table.interrupted();
    expect(table.range.at).toBeNull();
    expect(table.take(part(0, 9, false, true), set({ b: 2 }))).toBe(true);
    expect(seen(table)).toEqual({});
  });

  test('table - a range that is interrupted goes on from its beginning', () => {
    const table = new Table<Row>();
    table.take(part(0, 5), set({ a: 1 }));
    table.take(part(5, 8, true, false), set({ a: 2 }));
    table.interrupted();
    expect(table.range.at).toBe(5);
    expect(table.take(part(5, 9), set({ a: 3 }))).toBe(false);
    expect(seen(table)).toEqual({ a: 3 });
  });

  test.each([
    ['a range that begins later', part(6, 7)],
    ['a part without a beginning', part(5, 6, false, true)],
  ])('table - %s is a gap', (_name, gap) => {
    const table = new Table<Row>();
    table.take(part(0, 5), set({ a: 1 }));
    expect(table.take(gap, set({ b: 2 }))).toBe(true);
    expect(seen(table)).toEqual({ a: 1 });
    expect(table.take(part(0, 8), set({ c: 3 }))).toBe(false);
    expect(seen(table)).toEqual({ c: 3 });
  });

  test('table - what was told twice is as told last', () => {
    const table = new Table<Row>();
    table.take(part(0, 5), set({ a: 1 }));
    expect(table.take(part(3, 6), set({ a: 2 }))).toBe(false);
    expect(seen(table)).toEqual({ a: 2 });
  });
});

type Figures = { readonly depth: number; readonly restarts?: number; readonly waitUs?: number };
type Told = {
  readonly from: number;
  readonly to: number;
  readonly gone?: readonly number[];
  readonly named?: readonly (readonly [row: number, path: string])[];
  readonly changed?: readonly (readonly [row: number, figures: Figures])[];
};

function frame({ from, to, gone = [], named = [], changed = [] }: Told): ActorFrame {
  let end = 0;
  const figure = (of: (figures: Figures) => number): number[] => changed.map(([, one]) => of(one));
  return {
    sub: 1,
    frame: 1,
    ...part(from, to),
    gone: Uint32Array.from(gone),
    named: {
      row: Uint32Array.from(named, ([row]) => row),
      thread: Uint32Array.from(named, ([row]) => row % 3),
      end: Uint32Array.from(named, ([, path]) => {
        end += path.length;
        return end;
      }),
      paths: named.map(([, path]) => path).join(''),
    },
    changed: {
      row: Uint32Array.from(changed, ([row]) => row),
      handled: Float64Array.from(figure(({ depth }) => depth * 10)),
      depth: Uint32Array.from(figure(({ depth }) => depth)),
      restarts: Uint32Array.from(figure(({ restarts = 0 }) => restarts)),
      age: Uint32Array.from(figure(({ depth }) => depth * 10)),
      waitUs: Float32Array.from(figure(({ waitUs = Number.NaN }) => waitUs)),
    },
  };
}

const PATHS = ['/user/a', '/user/shop/b', '/user/shop/c', '/system/d'];

function four(): ActorColumns {
  const actors = new ActorColumns();
  const named = PATHS.map((path, row) => [row, path] as const);
  const changed = [3, 0, 7, 5].map((depth, row) => [row, { depth }] as const);
  actors.take(frame({ from: 0, to: 1, named, changed }), 0);
  return actors;
}

function found(actors: ActorColumns, filter: string): string[] {
  const index = new ActorIndex(actors, parseFilter(filter));
  index.recompute();
  return Array.from(index.rows.subarray(0, index.length), (row) => actors.paths[row] as string);
}

describe('actor columns', () => {
  test('actor columns - names, figures, and who is gone', () => {
    const actors = four();
    expect(actors.count).toBe(4);
    actors.take(frame({ from: 1, to: 2, gone: [1], changed: [[0, { depth: 9 }]] }), 10);
    expect(actors.count).toBe(3);
    expect(actors.depth[0]).toBe(9);
    expect(actors.rowOf('/user/shop/b')).toBe(-1);
    expect(found(actors, '')).not.toContain('/user/shop/b');
  });

  test('actor columns - a row of somebody else begins anew', () => {
    const actors = four();
    actors.take(frame({ from: 1, to: 2, gone: [2] }), 0);
    actors.take(frame({ from: 2, to: 3, named: [[2, '/user/new']] }), 0);
    expect([actors.depth[2], actors.handled[2], actors.rate[2]]).toEqual([0, 0, 0]);
    expect(actors.rowOf('/user/new')).toBe(2);
  });

  test('actor columns - a snapshot takes the place of all', () => {
    const actors = four();
    actors.take(frame({ from: 0, to: 9, named: [[0, '/user/z']] }), 0);
    expect([actors.count, actors.end, found(actors, '')]).toEqual([1, 1, ['/user/z']]);
  });

  test('actor columns - of a snapshot with a gap in its rows nobody is left from before', () => {
    const actors = four();
    const index = new ActorIndex(actors, parseFilter(''));
    index.recompute();
    actors.take(frame({ from: 0, to: 9, named: [[3, '/user/z']] }), 0);
    index.recompute();
    expect([actors.count, index.length, index.rows[0]]).toEqual([1, 1, 3]);
  });

  test('actor columns - a gap is told, and nothing of it is taken', () => {
    const actors = four();
    expect(actors.take(frame({ from: 5, to: 6, changed: [[0, { depth: 99 }]] }), 0)).toBe(true);
    expect(actors.depth[0]).toBe(3);
  });

  test('actor columns - an age grows while nothing is told, and is filtered by', () => {
    const actors = four();
    // Told as 50 tenths of a second.
    actors.take(frame({ from: 1, to: 2, changed: [[0, { depth: 5 }]] }), 10_000);
    expect(actors.age[0]).toBe(5);
    actors.pass(72_000);
    expect(actors.age[0]).toBe(67);
    expect(found(actors, 'age>1m age<1.2m')).toEqual(['/user/a']);
    expect(found(actors, 'age<1m')).toEqual([]);
  });

  test('actor columns - a rate is what was handled in the time, and falls to nothing', () => {
    const actors = four();
    actors.pass(1000);
    actors.take(frame({ from: 1, to: 2, changed: [[0, { depth: 23 }]] }), 1500);
    actors.pass(3000);
    expect(actors.rate[0]).toBe(100);
    actors.pass(4000);
    expect(actors.rate[0]).toBe(0);
  });

  test('actor columns - only rows that have changed have a new stamp', () => {
    const actors = four();
    const { stamp } = actors;
    actors.take(frame({ from: 1, to: 2, changed: [[2, { depth: 1 }]] }), 0);
    const newer = PATHS.map((_, row) => (actors.stamps[row] as number) > stamp);
    expect(newer).toEqual([false, false, true, false]);
  });

  property.prop([fc.array(fc.nat(30), { maxLength: 60 })])(
    'actor columns - counted is who is there, whatever comes and goes',
    (steps) => {
      const actors = new ActorColumns();
      actors.take(frame({ from: 0, to: 1 }), 0);
      const there = new Set<number>();
      for (const [at, row] of steps.entries()) {
        const range = { from: at + 1, to: at + 2 };
        if (there.delete(row)) actors.take(frame({ ...range, gone: [row] }), at);
        else {
          there.add(row);
          actors.take(frame({ ...range, named: [[row, `/user/${row}`]] }), at);
        }
      }
      expect(actors.count).toBe(there.size);
      expect(found(actors, '').sort()).toEqual([...there].map((row) => `/user/${row}`).sort());
    },
  );
});

describe('actor index', () => {
  test.each<[string, readonly string[]]>([
    ['', ['/user/shop/c', '/system/d', '/user/a', '/user/shop/b']],
    ['sort:depth', ['/user/shop/b', '/user/a', '/system/d', '/user/shop/c']],
    ['sort:path', ['/system/d', '/user/a', '/user/shop/b', '/user/shop/c']],
    ['sort:-path depth>0', ['/user/shop/c', '/user/a', '/system/d']],
    ['shop', ['/user/shop/c', '/user/shop/b']],
    ['path:/user/* depth>=3', ['/user/shop/c', '/user/a']],
    ['thread:0', ['/system/d', '/user/a']],
    ['wait>0', []],
  ])('actor index - %s', (filter, expected) => {
    expect(found(four(), filter)).toEqual(expected);
  });

  test('actor index - who is named later is found, and who has changed is moved', () => {
    const actors = four();
    const index = new ActorIndex(actors, parseFilter('shop'));
    index.recompute();
    const named = [[1500, '/user/shop/late']] as const;
    const changed = [[1500, { depth: 100 }]] as const;
    actors.take(frame({ from: 1, to: 2, named, changed }), 0);
    index.recompute();
    expect(index.length).toBe(3);
    expect(actors.paths[index.rows[0] as number]).toBe('/user/shop/late');
  });
});

test('path tree - a folder is as all that is in it', () => {
  const actors = four();
  const tree = new PathTree(actors);
  tree.recompute();
  expect(tree.root).toMatchObject({ actors: 4, depth: 15 });
  expect(tree.at('/user')).toMatchObject({ actors: 3, depth: 10 });
  expect(tree.at('/user/shop')).toMatchObject({ actors: 2, depth: 7, name: 'shop' });
  actors.take(frame({ from: 1, to: 2, gone: [2] }), 0);
  tree.recompute();
  expect(tree.at('/user/shop')).toMatchObject({ actors: 1, depth: 0 });
});
