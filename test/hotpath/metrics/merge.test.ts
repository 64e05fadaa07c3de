/**
 * Adding windows and series up: in order of time, across shards, and what does not fit together.
 * Sketches are merged in quantile.test.ts, where their answers can be judged.
 */
import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { createSketch, mergeSeries, mergeWindow } from '../../../src/hotpath/metrics/merge.ts';
import { MetricWriter } from '../../../src/hotpath/metrics/metric-writer.ts';
import { SERIES_KINDS, type SeriesKind } from '../../../src/hotpath/metrics/series-kind.ts';
import { MetricShard } from '../../../src/hotpath/metrics/shard.ts';
import { windowLayout } from '../../../src/hotpath/metrics/shard-layout.ts';
import { heapWindow, type WindowView } from '../../../src/hotpath/metrics/window-view.ts';
import { anyNumber, nameOf } from './samples.ts';

type Sample = readonly [series: number, value: number];

/** A window with five series and these samples in it, refused ones included. */
function windowOf(kind: SeriesKind, samples: readonly Sample[]): WindowView {
  const shard = MetricShard.create({ seriesMax: { [kind]: 6 }, batchSamples: 16 });
  const slab = new MetricWriter(shard).slab(kind);
  for (let i = 1; i < 6; i += 1) slab.register(nameOf(i));
  for (const [series, value] of samples) slab.observe(series, value);
  slab.finishWindow();
  return shard.slabs.get(kind)?.windows[0] as WindowView;
}

/** Whole numbers, so that sums do not depend on the order of addition; some are refused. */
const sample = fc.tuple(
  fc.integer({ min: 0, max: 7 }),
  fc.oneof(fc.integer({ min: -1_000, max: 1_000 }), fc.constant(Number.NaN)),
);
const samples = fc.array(sample, { maxLength: 60 });

function contents(window: WindowView): unknown {
  const series = Array.from({ length: window.series }, (_, i) => [
    window.count(i),
    window.sum(i),
    window.min(i),
    window.max(i),
    window.last(i),
  ]);
  return [series, window.refusedIds, window.refusedValues, window.inputs];
}

describe('merge', () => {
  test.each(['tally', 'summary', 'gauge', 'histogram'] as const)(
    'merge - windows of %s in order of time equal one long window',
    (kind) => {
      fc.assert(
        fc.property(fc.array(samples, { maxLength: 4 }), (windows) => {
          const all = windowOf(kind, windows.flat());
          const merged = heapWindow(all.layout);
          for (const part of windows) mergeWindow(merged, windowOf(kind, part));
          if (windows.length > 0) expect(contents(merged)).toEqual(contents(all));
        }),
      );
    },
  );

  test("merge - shards with other numbers meet through the caller's map", () => {
    const a = windowOf('summary', [
      [1, 5],
      [2, 7],
    ]);
    const b = windowOf('summary', [
      [4, -3],
      [4, 9],
    ]);
    const total = heapWindow(a.layout);
    total.setSizes(1, 1);
    mergeSeries(total, 0, a, 1);
    mergeSeries(total, 0, b, 4);
    mergeSeries(total, 0, a, 3);
    expect(contents(total)).toEqual([[[3, 11, -3, 9, 9]], 0, 0, 1]);
  });

  propertyTest.prop([fc.array(fc.tuple(fc.nat(4), anyNumber))])(
    'merge - merging an empty window changes nothing',
    (input) => {
      for (const kind of SERIES_KINDS) {
        const window = windowOf(kind, input);
        const merged = heapWindow(window.layout);
        mergeWindow(merged, window);
        mergeWindow(merged, windowOf(kind, []));
        expect(contents(merged)).toEqual(contents(window));
      }
    },
  );

  test('merge - counts stay exact: ten trillion and ten trillion and one', () => {
    const merged = windowOf('tally', []);
    const more = windowOf('tally', [[1, 1]]);
    merged.totals[3] = 10_000_000_000_000;
    more.totals[3] = 10_000_000_000_001;
    mergeWindow(merged, more);
    expect(merged.count(1)).toBe(20_000_000_000_001);
  });

  test('merge - kinds, octaves, room and numbers that do not fit are misuse', () => {
    const tally = windowOf('tally', []);
    const cramped = heapWindow(windowLayout('tally', 2, 0, -20));
    const elsewhere = heapWindow(windowLayout('histogram', 6, 4, -30));
    const cases = [
      () => mergeWindow(tally, windowOf('summary', [])),
      () => mergeWindow(elsewhere, windowOf('histogram', [])),
      () => mergeWindow(cramped, tally),
      () => mergeWindow(tally, tally),
      () => mergeSeries(createSketch(-20), 0, elsewhere, 0),
      () => mergeSeries(tally, 6, windowOf('tally', []), 0),
      () => mergeSeries(tally, 0, windowOf('tally', []), -1),
      () => mergeSeries(tally, 0, windowOf('tally', []), 0.5),
    ];
    for (const call of cases) expect(call).toThrow('RM_METRICS_STATE');
  });
});
