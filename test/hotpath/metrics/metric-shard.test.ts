/**
 * A shard from sample to closed window, against naive models: summaries, counters, exact counts,
 * every kind of bad sample, columns and windows. One thread; threads.test.ts has two.
 */
import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { MetricReader } from '../../../src/hotpath/metrics/metric-reader.ts';
import {
  MetricWriter,
  type MetricWriterOptions,
} from '../../../src/hotpath/metrics/metric-writer.ts';
import { SERIES_KINDS, type SeriesKind } from '../../../src/hotpath/metrics/series-kind.ts';
import { MetricShard } from '../../../src/hotpath/metrics/shard.ts';
import type { SlabWriter } from '../../../src/hotpath/metrics/slab-writer.ts';
import type { WindowView } from '../../../src/hotpath/metrics/window-view.ts';
import { finiteNumber, HOSTILE_NUMBERS, nameOf } from './samples.ts';

function open(kind: SeriesKind, series: number, options: MetricWriterOptions = {}) {
  const shard = MetricShard.create({ seriesMax: { [kind]: series + 1 }, batchSamples: 16 });
  const writer = new MetricWriter(shard, options);
  const reader = new MetricReader(shard);
  const slab = writer.slab(kind);
  const ids = Array.from({ length: series }, (_, i) => idOf(slab, i));
  /** Closes the window and reads something out of it. */
  const close = <T>(read: (window: WindowView) => T): T => {
    expect(writer.tryFlip()).toBe(true);
    expect(reader.acquire()).toBe(true);
    const result = read(reader.window(kind));
    reader.release();
    return result;
  };
  return { shard, writer, reader, slab, ids, close };
}

function idOf(slab: SlabWriter, index: number): number {
  const found = slab.register(nameOf(index));
  if (found.kind === 'refused') throw found.error;
  return found.id;
}

const indexed = fc.array(fc.tuple(fc.nat(4), finiteNumber), { maxLength: 200 });

describe('summary', () => {
  propertyTest.prop([fc.array(indexed, { maxLength: 4 })])(
    'summary - sum, count, min, max and last are those of a naive model, window by window',
    (windows) => {
      const { slab, ids, close } = open('summary', 5);
      for (const samples of windows) {
        for (const [index, value] of samples) slab.observe(ids[index] as number, value);
        close((window) => {
          for (const [index, id] of ids.entries()) {
            const values = samples.filter(([i]) => i === index).map(([, value]) => value);
            expect(window.count(id)).toBe(values.length);
            expect(window.sum(id)).toBe(values.reduce((sum, value) => sum + value, 0));
            if (values.length === 0) {
              expect([window.min(id), window.max(id), window.last(id)]).toEqual([
                undefined,
                undefined,
                undefined,
              ]);
              continue;
            }
            // `+ 0` because the order of 0 and -0 is nobody's business.
            expect((window.min(id) ?? 0) + 0).toBe(Math.min(...values) + 0);
            expect((window.max(id) ?? 0) + 0).toBe(Math.max(...values) + 0);
            expect(window.last(id)).toBe(values.at(-1));
          }
        });
      }
    },
  );
});

describe('counter', () => {
  propertyTest.prop([fc.array(fc.tuple(fc.nat(3), fc.double({ min: 0, max: 1e9, noNaN: true })))])(
    'counter - increases and resets are those of a naive model; a first sample is a baseline',
    (samples) => {
      const { slab, ids, close } = open('counter', 4);
      const last = new Map<number, number>();
      const increases = [0, 0, 0, 0];
      let resets = 0;
      for (const [index, value] of samples) {
        const before = last.get(index);
        last.set(index, value);
        if (before !== undefined && value < before) resets += 1;
        if (before !== undefined) {
          increases[index] = (increases[index] ?? 0) + (value < before ? value : value - before);
        }
        slab.observe(ids[index] as number, value);
      }
      close((window) => {
        expect(ids.map((id) => window.sum(id))).toEqual(increases);
        expect(window.resets).toBe(resets);
      });
    },
  );

  test('counter - the baseline outlives the window', () => {
    const { slab, ids, close } = open('counter', 1);
    const [id] = ids as [number];
    slab.observe(id, 10);
    expect(close((window) => window.sum(id))).toBe(0);
    slab.observe(id, 25);
    expect(close((window) => window.sum(id))).toBe(15);
  });

  test('counter - an aggregate of many inputs never resets with one of them', () => {
    const without = new Map([['m', ['instance']]]);
    const { slab, ids, close } = open('counter', 2, { without });
    const [a, b] = ids as [number, number];
    const target = slab.registry.target(a);
    expect(slab.registry.target(b)).toBe(target);
    for (const [id, value] of [
      [a, 100],
      [b, 7],
      [a, 110],
      [a, 3],
      [b, 9],
    ] as const) {
      slab.observe(id, value);
    }
    expect(close((window) => [window.sum(target), window.resets])).toEqual([10 + 3 + 2, 1]);
  });

  test('counter - an overflow series counts samples and takes no differences between strangers', () => {
    const { slab, close } = open('counter', 4, { seriesPerMetricMax: 1 });
    const crowd = slab.register(nameOf(9));
    if (crowd.kind !== 'overflow') throw new Error('expected overflow');
    for (const value of [100, 5, 100, 5]) slab.observe(crowd.id, value);
    const target = slab.registry.target(crowd.id);
    const read = (window: WindowView) => [window.sum(target), window.count(target), window.resets];
    expect(close(read)).toEqual([0, 4, 0]);
  });

  test('counter - a negative sample is refused, and the baseline stays', () => {
    const { slab, ids, close } = open('counter', 1);
    const [id] = ids as [number];
    for (const value of [5, -1, 8]) slab.observe(id, value);
    expect(close((window) => [window.sum(id), window.count(id), window.refusedValues])).toEqual([
      3, 2, 1,
    ]);
  });
});

describe('exact counts', () => {
  test('exact - after ten trillion samples, one more is seen', () => {
    const { shard, slab, ids, close } = open('tally', 1);
    const [id] = ids as [number];
    const trillions = 10_000_000_000_000;
    // Nobody folds ten trillion samples in a test: the record is put there, the next is folded.
    const totals = shard.slabs.get('tally')?.windows[0].totals as Float64Array;
    totals[2 * id] = trillions;
    totals[2 * id + 1] = trillions;
    slab.observe(id, 1);
    expect(close((window) => [window.sum(id), window.count(id)])).toEqual([
      10_000_000_000_001, 10_000_000_000_001,
    ]);
  });

  test('exact - a count is exact up to 2^53 and stops there', () => {
    const { shard, slab, ids, close } = open('tally', 1);
    const [id] = ids as [number];
    const totals = shard.slabs.get('tally')?.windows[0].totals as Float64Array;
    totals[2 * id + 1] = 2 ** 53 - 2;
    for (const expected of [2 ** 53 - 1, 2 ** 53, 2 ** 53]) {
      slab.observe(id, 0);
      slab.flush();
      expect(totals[2 * id + 1]).toBe(expected);
    }
    expect(close((window) => window.count(id))).toBe(2 ** 53);
  });
});

describe('bad samples', () => {
  // Guards: HOT-13
  test('bad input - ids out of range are refused and counted, and nothing else changes', () => {
    const { slab, ids, close } = open('tally', 2);
    slab.observe(ids[0] as number, 5);
    const strangers = [3, 4, -1, 1.5, 2 ** 32, 2 ** 32 + 1, 2 ** 32 - 1, Number.NaN, 1e300];
    for (const id of strangers) slab.observe(id, 1);
    close((window) => {
      expect(window.refusedIds).toBe(strangers.length);
      expect([window.count(0), window.count(1), window.count(2)]).toEqual([0, 1, 0]);
      expect(window.sum(1)).toBe(5);
    });
  });

  // Guards: HOT-13
  test('bad input - NaN and infinities are refused, -0 and subnormals are numbers', () => {
    for (const kind of ['tally', 'summary', 'gauge', 'histogram'] as const) {
      const { slab, ids, close } = open(kind, 1);
      const [id] = ids as [number];
      for (const value of HOSTILE_NUMBERS) slab.observe(id, value);
      close((window) => {
        expect(window.refusedValues).toBe(3);
        expect(window.count(id)).toBe(HOSTILE_NUMBERS.length - 3);
        expect(Number.isFinite(window.sum(id))).toBe(true);
      });
    }
  });

  test('bad input - a bad id counts as such even when the value is bad too', () => {
    const { slab, close } = open('tally', 1);
    slab.observe(99, Number.NaN);
    expect(close((window) => [window.refusedIds, window.refusedValues])).toEqual([1, 0]);
  });

  // Guards: HOT-13
  propertyTest.prop([
    fc.array(fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constant('register' as const)), {
      maxLength: 80,
    }),
  ])('bad input - an id is refused until it is registered, whatever the batch size', (steps) => {
    for (const kind of SERIES_KINDS) {
      const results = [16, 17, 1_024].map((batchSamples) => {
        const shard = MetricShard.create({ seriesMax: { [kind]: 6 }, batchSamples });
        const slab = new MetricWriter(shard, { seriesPerMetricMax: 3 }).slab(kind);
        const counts = new Map<number, number>();
        let refused = 0;
        for (const [index, step] of steps.entries()) {
          if (step === 'register') slab.register(nameOf(index));
          else {
            slab.observe(step, 1);
            if (step >= slab.registry.inputs) refused += 1;
            else counts.set(step, (counts.get(step) ?? 0) + 1);
          }
        }
        slab.finishWindow();
        const window = shard.slabs.get(kind)?.windows[0] as WindowView;
        expect(window.refusedIds).toBe(refused);
        for (const [id, count] of counts) expect(window.count(id)).toBe(count);
        return [...window.totals];
      });
      expect(results[1]).toEqual(results[0]);
      expect(results[2]).toEqual(results[0]);
    }
  });

  // Guards: HOT-13
  test('bad input - ids of columns are refused like those of observe, in every batch', () => {
    const strangers = [2, 3, 2 ** 16, 2 ** 31, 2 ** 32 - 1];
    for (const folds of ['wasm', 'plain'] as const) {
      const { slab, ids, close } = open('summary', 1, { folds });
      const column = Array.from({ length: 50 }, () => [...ids, ...strangers]).flat();
      slab.foldColumns(Uint32Array.from(column), new Float64Array(column.length).fill(3));
      close((window) => {
        expect(window.refusedIds).toBe(50 * strangers.length);
        expect([window.count(0), window.count(1), window.sum(1)]).toEqual([0, 50, 150]);
      });
    }
  });

  test('bad input - a column of ids that are no u32 would wrap, so it is a misuse', () => {
    const { slab, close } = open('tally', 1);
    for (const column of [Float64Array.of(2 ** 32 + 1), Uint8Array.of(1), Int32Array.of(1), [1]]) {
      const call = () => slab.foldColumns(column as unknown as Uint32Array, Float64Array.of(1));
      expect(call).toThrow('RM_METRICS_OPTION');
    }
    expect(close((window) => [window.count(1), window.refusedIds])).toEqual([0, 0]);
  });

  test('bad input - columns shorter than the count are a misuse and fold nothing', () => {
    const { slab, close } = open('tally', 1);
    const ids = new Uint32Array(4);
    for (const [values, count] of [
      [3, 4],
      [4, 5],
      [4, -1],
      [4, 1.5],
      [4, Number.NaN],
    ] as const) {
      const call = () => slab.foldColumns(ids, new Float64Array(values), count);
      expect(call).toThrow('RM_METRICS_OPTION');
    }
    expect(close((window) => window.count(0))).toBe(0);
  });

  test('bad input - a sum beyond the f64 range is infinite, and the count goes on', () => {
    const { slab, ids, close } = open('tally', 1);
    const [id] = ids as [number];
    for (let i = 0; i < 3; i += 1) slab.observe(id, Number.MAX_VALUE);
    expect(close((window) => [window.sum(id), window.count(id)])).toEqual([
      Number.POSITIVE_INFINITY,
      3,
    ]);
  });
});

describe('columns and windows', () => {
  propertyTest.prop([fc.array(fc.nat(60), { maxLength: 12 })])(
    'columns - observe and foldColumns in any mixture keep arrival order and lose nothing',
    (lengths) => {
      const { slab, ids, close } = open('summary', 1);
      const [id] = ids as [number];
      let next = 0;
      for (const [turn, length] of lengths.entries()) {
        const values = Float64Array.from({ length }, () => (next += 1));
        if (turn % 2 === 0) slab.foldColumns(new Uint32Array(length).fill(id), values);
        else for (const value of values) slab.observe(id, value);
      }
      close((window) => {
        expect(window.count(id)).toBe(next);
        expect(window.last(id)).toBe(next === 0 ? undefined : next);
      });
    },
  );

  // Guards: HOT-11
  test('windows - while the reader holds one, the next only gets longer', () => {
    const { writer, reader, slab, ids } = open('tally', 1);
    const [id] = ids as [number];
    slab.observe(id, 1);
    expect(writer.tryFlip()).toBe(true);
    slab.observe(id, 10);
    expect(writer.tryFlip()).toBe(false);
    slab.observe(id, 100);
    expect(reader.acquire()).toBe(true);
    expect(reader.window('tally').sum(id)).toBe(1);
    reader.release();
    expect(reader.acquire()).toBe(false);
    expect(writer.tryFlip()).toBe(true);
    expect(reader.acquire()).toBe(true);
    expect([reader.window('tally').sum(id), reader.window('tally').count(id)]).toEqual([110, 2]);
  });

  test('windows - one flip closes the windows of all kinds at the same sample', () => {
    const shard = MetricShard.create({ seriesMax: { tally: 4, counter: 4 } });
    const writer = new MetricWriter(shard);
    const reader = new MetricReader(shard);
    const id = idOf(writer.slab('tally'), 0);
    idOf(writer.slab('counter'), 0);
    for (let i = 0; i < 5; i += 1) {
      writer.slab('tally').observe(id, 1);
      writer.slab('counter').observe(id, i);
    }
    writer.tryFlip();
    writer.slab('tally').observe(id, 1);
    reader.acquire();
    expect(reader.window('tally').count(id)).toBe(5);
    expect(reader.window('counter').sum(id)).toBe(4);
  });

  test('windows - a series registered while the reader holds a window appears in the next', () => {
    const shard = MetricShard.create({ seriesMax: { summary: 4 } });
    const writer = new MetricWriter(shard);
    const reader = new MetricReader(shard);
    const slab = writer.slab('summary');
    const early = idOf(slab, 0);
    writer.tryFlip();
    reader.acquire();
    const late = idOf(slab, 1);
    slab.observe(late, 7);
    writer.flush();
    const held = reader.window('summary');
    expect([held.series, held.inputs, held.count(late)]).toEqual([2, 2, 0]);
    reader.release();
    writer.tryFlip();
    reader.acquire();
    const next = reader.window('summary');
    expect([next.series, next.inputs]).toEqual([3, 3]);
    expect([next.count(late), next.min(late), next.count(early)]).toEqual([1, 7, 0]);
  });

  test('windows - a number that is no series of the window reads as no sample', () => {
    for (const kind of ['tally', 'summary'] as const) {
      const { slab, ids, close } = open(kind, 2);
      for (const id of [0, ...ids]) slab.observe(id, 77);
      close((window) => {
        for (const series of [0.5, 1.5, -0.5, -1, 3, 2 ** 31, 2 ** 32 + 1, Number.NaN, 1e300]) {
          expect([window.count(series), window.sum(series)]).toEqual([0, 0]);
          const extremes = [window.min(series), window.max(series), window.last(series)];
          expect(extremes).toEqual([undefined, undefined, undefined]);
        }
      });
    }
  });

  test('misuse - reading or releasing without a window, or a kind without a slab, throws', () => {
    const { writer, reader } = open('tally', 1);
    expect(() => reader.window('tally')).toThrow('RM_METRICS_STATE');
    expect(() => reader.release()).toThrow('RM_METRICS_STATE');
    expect(() => writer.slab('gauge')).toThrow('RM_METRICS_STATE');
    writer.tryFlip();
    reader.acquire();
    expect(() => reader.window('gauge')).toThrow('RM_METRICS_STATE');
  });
});
