/**
 * Longer windows out of base windows, silence of series, and sums of gauges, against naive models.
 */
import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { sumGauges } from '../../../src/hotpath/metrics/gauges.ts';
import { MetricReader } from '../../../src/hotpath/metrics/metric-reader.ts';
import { MetricWriter } from '../../../src/hotpath/metrics/metric-writer.ts';
import { type Reading, readingOf } from '../../../src/hotpath/metrics/reading.ts';
import type { SeriesKind } from '../../../src/hotpath/metrics/series-kind.ts';
import { MetricShard } from '../../../src/hotpath/metrics/shard.ts';
import { windowLayout } from '../../../src/hotpath/metrics/shard-layout.ts';
import { WindowHistory } from '../../../src/hotpath/metrics/window-history.ts';
import { heapWindow } from '../../../src/hotpath/metrics/window-view.ts';
import { nameOf } from './samples.ts';

const SERIES = 4;

/** A shard whose closed windows go into a history. */
function recorder(kind: SeriesKind, windowsMax: number, without = new Map<string, string[]>()) {
  const shard = MetricShard.create({ seriesMax: { [kind]: SERIES + 1 }, batchSamples: 16 });
  const writer = new MetricWriter(shard, { without });
  const reader = new MetricReader(shard);
  const slab = writer.slab(kind);
  for (let i = 1; i <= SERIES; i += 1) slab.register(nameOf(i));
  const layout = shard.slabs.get(kind)?.windows[0].layout;
  if (layout === undefined) throw new Error('no slab');
  const history = new WindowHistory(layout, windowsMax);
  const record = (samples: readonly (readonly [number, number])[]) => {
    for (const [series, value] of samples) slab.observe(series, value);
    writer.tryFlip();
    reader.acquire();
    history.push(reader.window(kind));
    reader.release();
  };
  return { history, record, writer, reader };
}

const windows = fc.array(
  fc.array(fc.tuple(fc.integer({ min: 1, max: SERIES }), fc.integer({ min: -99, max: 99 })), {
    maxLength: 12,
  }),
  { maxLength: 12 },
);

const SOMETHING: Reading = { kind: 'value', value: 1 };

describe('window history', () => {
  propertyTest.prop([windows, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 7 })])(
    'history - a composed window is the sum of the newest ones, in order of time',
    (input, windowsMax, count) => {
      const { history, record } = recorder('summary', windowsMax);
      for (const samples of input) record(samples);
      const target = history.createTarget();
      const expected = Math.min(count, windowsMax, input.length);
      // Twice, because a target that was used before must not show.
      history.compose(1, target);
      expect(history.compose(count, target)).toBe(expected);
      const kept = expected === 0 ? [] : input.slice(-expected).flat();
      for (let series = 1; series <= SERIES; series += 1) {
        const values = kept.filter(([id]) => id === series).map(([, value]) => value);
        expect(target.count(series)).toBe(values.length);
        expect(target.sum(series)).toBe(values.reduce((sum, value) => sum + value, 0));
        expect(target.last(series)).toBe(values.at(-1));
        expect(target.max(series)).toBe(values.length === 0 ? undefined : Math.max(...values));
      }
    },
  );

  propertyTest.prop([windows, fc.integer({ min: 1, max: 4 })])(
    'history - missing, stale and fresh are those of a naive model',
    (input, staleAfter) => {
      const { history, record } = recorder('tally', 2);
      for (const samples of input) record(samples);
      for (let series = 1; series <= SERIES; series += 1) {
        const seen = input.findLastIndex((samples) => samples.some(([id]) => id === series));
        const silence = input.length - 1 - seen;
        const fresh = silence < staleAfter ? SOMETHING : { kind: 'stale', windows: silence };
        const expected = seen === -1 ? { kind: 'missing' } : fresh;
        expect(history.judge(series, staleAfter, SOMETHING)).toEqual(expected);
      }
    },
  );

  test('history - a fresh series keeps what its reading says, nan included', () => {
    const { history, record } = recorder('tally', 2);
    record([[1, 5]]);
    const nan = readingOf(Number.NaN);
    expect(history.judge(1, 1, nan)).toBe(nan);
    expect(history.judge(99, 1, SOMETHING)).toEqual({ kind: 'missing' });
  });

  test('history - histograms compose into pages of their own', () => {
    const { history, record } = recorder('histogram', 3);
    for (const value of [1, 8, 64, 512]) record([[1, value]]);
    const target = history.createTarget();
    expect(history.compose(9, target)).toBe(3);
    expect([target.count(1), target.sum(1), target.pagesUsed]).toEqual([3, 584, 3]);
  });

  test('history - a window of another layout is refused, and nothing is forgotten', () => {
    const shapes = [
      ['histogram', 5, 8, -20],
      ['histogram', 4, 9, -20],
      ['histogram', 4, 8, -21],
      ['tally', 4, 8, -20],
    ] as const;
    const layout = windowLayout('histogram', 4, 8, -20);
    const history = new WindowHistory(layout, 1);
    const window = heapWindow(layout);
    window.setSizes(2, 2);
    window.totals.set([3, 1], 2);
    history.push(window);
    for (const [kind, series, pages, exponent] of shapes) {
      const stranger = heapWindow(windowLayout(kind, series, pages, exponent));
      expect(() => history.push(stranger)).toThrow('RM_METRICS_STATE');
    }
    const target = history.createTarget();
    expect([history.windows, history.compose(1, target), target.sum(1)]).toEqual([1, 1, 3]);
    expect(history.judge(1, 1, SOMETHING)).toBe(SOMETHING);
  });

  test('history - sizes and counts out of range are misuse', () => {
    const { history } = recorder('tally', 1);
    const layout = history.createTarget().layout;
    for (const size of [0, -1, 1.5, 1_441, Number.NaN]) {
      expect(() => new WindowHistory(layout, size)).toThrow('RM_METRICS_OPTION');
    }
    for (const count of [0, 1.5, Number.NaN]) {
      expect(() => history.compose(count, history.createTarget())).toThrow('RM_METRICS_OPTION');
      expect(() => history.judge(1, count, SOMETHING)).toThrow('RM_METRICS_OPTION');
    }
  });
});

describe('gauges', () => {
  propertyTest.prop([windows, fc.integer({ min: 1, max: 3 })])(
    'gauges - a sum without a label adds the latest value of each input that is not silent',
    (input, horizon) => {
      const without = new Map([['m', ['instance']]]);
      const { history, record, reader, writer } = recorder('gauge', 3, without);
      for (const samples of input) record(samples);
      const target = history.createTarget();
      history.compose(horizon, target);
      writer.tryFlip();
      reader.acquire();
      const { sums, inputs } = sumGauges(target, reader.gaugeGroups());
      const latest = new Map(input.slice(-horizon).flat());
      // Target 0 is the overflow series, 1 the one that all inputs share.
      expect(inputs[1]).toBe(latest.size);
      expect(sums[1]).toBe([...latest.values()].reduce((sum, value) => sum + value, 0));
    },
  );

  test('gauges - another kind of window, or too few groups, is misuse', () => {
    const gauge = recorder('gauge', 1);
    gauge.record([]);
    const target = gauge.history.createTarget();
    gauge.history.compose(1, target);
    expect(() => sumGauges(target, new Uint32Array(SERIES))).toThrow('RM_METRICS_STATE');
    const tally = recorder('tally', 1).history.createTarget();
    expect(() => sumGauges(tally, new Uint32Array(9))).toThrow('RM_METRICS_STATE');
  });
});
