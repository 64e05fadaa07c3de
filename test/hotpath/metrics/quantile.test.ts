/**
 * What a histogram answers, against sorted samples: inside the octaves, at the edges of the number
 * line, without free pages, and after merging.
 */
import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  bucketMiddle,
  OCTAVE_BUCKETS,
  OCTAVES,
  octaveStart,
  RELATIVE_ERROR,
} from '../../../src/hotpath/metrics/histogram-layout.ts';
import { createSketch, mergeSeries } from '../../../src/hotpath/metrics/merge.ts';
import { MetricWriter } from '../../../src/hotpath/metrics/metric-writer.ts';
import { type QuantileReading, quantile } from '../../../src/hotpath/metrics/quantile.ts';
import { MetricShard } from '../../../src/hotpath/metrics/shard.ts';
import type { WindowView } from '../../../src/hotpath/metrics/window-view.ts';
import { finiteNumber } from './samples.ts';

/** Folds samples of one series, and returns the open window. */
function histogramOf(samples: readonly number[], pagesMax: number = OCTAVES): WindowView {
  const shard = MetricShard.create({
    seriesMax: { histogram: 2 },
    histogramPagesMax: pagesMax,
    batchSamples: 16,
  });
  const writer = new MetricWriter(shard);
  const slab = writer.slab('histogram');
  slab.register({ tenant: '', metric: 'm', labels: [] });
  for (const value of samples) slab.observe(1, value);
  slab.finishWindow();
  return (shard.slabs.get('histogram')?.windows ?? [])[0] as WindowView;
}

/** The sample a quantile of k ten thousandths is about: nearest rank, in whole numbers. */
function exact(samples: readonly number[], k: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[rank(k, sorted.length) - 1] as number;
}

/** The smallest rank from 1 that at least k / 10,000 of `count` samples do not exceed. */
function rank(k: number, count: number): number {
  const most = k * count + 9_999;
  return Math.max(1, (most - (most % 10_000)) / 10_000);
}

function expectHolds(reading: QuantileReading, value: number): void {
  if (reading.kind === 'missing') throw new Error('expected a reading');
  const slack = RELATIVE_ERROR * Math.abs(value);
  const { low, high } =
    reading.kind === 'value' ? { low: reading.value, high: reading.value } : reading;
  expect(low).toBeLessThanOrEqual(value + slack);
  expect(high).toBeGreaterThanOrEqual(value - slack);
}

const inOctaves = fc.double({ min: 2 ** -20, max: 2 ** 28 - 1, noNaN: true });
/** In ten thousandths. */
const quantiles = fc.oneof(
  fc.constantFrom(0, 700, 5_000, 9_000, 9_900, 10_000),
  fc.integer({ min: 0, max: 10_000 }),
);

describe('quantile', () => {
  // Guards: HOT-16
  propertyTest.prop([fc.array(inOctaves, { minLength: 1, maxLength: 200 }), quantiles])(
    'quantile - inside the octaves a value is within 1/128 of the sample of its rank',
    (samples, k) => {
      const reading = quantile(histogramOf(samples), 1, k / 10_000);
      expect(reading.kind).toBe('value');
      expectHolds(reading, exact(samples, k));
    },
  );

  // Guards: HOT-16
  propertyTest.prop([
    fc.array(fc.oneof(finiteNumber, inOctaves), { minLength: 1, maxLength: 100 }),
    quantiles,
    fc.integer({ min: 0, max: 6 }),
  ])(
    'quantile - for any numbers and too few pages the answer holds the sample',
    (samples, k, pages) => {
      expectHolds(quantile(histogramOf(samples, pages), 1, k / 10_000), exact(samples, k));
    },
  );

  test('quantile - a decimal times a count is rounded to the rank that it means', () => {
    // Sample i lies in the middle of bucket i of [1, 2) and [2, 4), so a rank shows exactly.
    const ladder = Array.from({ length: 100 }, (_, i) =>
      bucketMiddle(0, i >= OCTAVE_BUCKETS ? 1 : 0, i % OCTAVE_BUCKETS),
    );
    for (let count = 1; count <= 100; count += 1) {
      const samples = ladder.slice(0, count);
      const window = histogramOf(samples);
      for (let percent = 0; percent <= 100; percent += 1) {
        const value = samples[rank(100 * percent, count) - 1];
        expect(quantile(window, 1, percent / 100)).toEqual({ kind: 'value', value });
      }
    }
    expect(quantile(histogramOf(ladder), 1, 0.07)).toEqual({ kind: 'value', value: ladder[6] });
    // Just above a rank by more than rounding is the next one.
    expect(quantile(histogramOf(ladder), 1, 0.0701)).toEqual({ kind: 'value', value: ladder[7] });
  });

  test('quantile - edges of the number line are ranges, zero is exact', () => {
    const unbounded = Number.POSITIVE_INFINITY;
    const cases: readonly (readonly [number, QuantileReading])[] = [
      [-3, { kind: 'range', low: -unbounded, high: 0 }],
      [0, { kind: 'value', value: 0 }],
      [-0, { kind: 'value', value: 0 }],
      [Number.MIN_VALUE, { kind: 'range', low: 0, high: 2 ** -20 }],
      [2 ** -21, { kind: 'range', low: 0, high: 2 ** -20 }],
      [2 ** 28, { kind: 'range', low: 2 ** 28, high: unbounded }],
      [Number.MAX_VALUE, { kind: 'range', low: 2 ** 28, high: unbounded }],
    ];
    for (const [value, expected] of cases) {
      expect(quantile(histogramOf([value]), 1, 0.5)).toEqual(expected);
    }
  });

  test('quantile - without samples it is missing', () => {
    expect(quantile(histogramOf([]), 1, 0.5)).toEqual({ kind: 'missing' });
    expect(quantile(histogramOf([]), 99, 0.5)).toEqual({ kind: 'missing' });
  });

  test('quantile - an empty page pool keeps sum and count exact and widens the answer', () => {
    const window = histogramOf([1, 1, 5, 100], 1);
    expect([window.count(1), window.sum(1), window.pagesUsed]).toEqual([4, 107, 1]);
    expect(quantile(window, 1, 0.5)).toEqual({ kind: 'range', low: 2 ** -20, high: 1 + 1 / 128 });
    expect(quantile(window, 1, 1).kind).toBe('range');
  });

  test('quantile - a q outside 0 to 1, or another kind of series, throws', () => {
    for (const q of [-0.1, 1.1, Number.NaN]) {
      expect(() => quantile(histogramOf([1]), 1, q)).toThrow('RM_METRICS_OPTION');
    }
    const tally = MetricShard.create({ seriesMax: { tally: 2 } }).slabs.get('tally');
    expect(() => quantile(tally?.windows[0] as WindowView, 1, 0.5)).toThrow('RM_METRICS_STATE');
  });

  test('buckets - starts and middles of the first and last octaves are exact', () => {
    expect(octaveStart(-1_022, 0)).toBe(2 ** -1_022);
    expect(octaveStart(976, OCTAVES)).toBe(Number.POSITIVE_INFINITY);
    expect(octaveStart(-20, OCTAVES)).toBe(2 ** 28);
    for (let bucket = 0; bucket < OCTAVE_BUCKETS; bucket += 1) {
      expect(bucketMiddle(0, 0, bucket)).toBe(1 + (bucket + 0.5) / OCTAVE_BUCKETS);
    }
  });
});

describe('sketch merge', () => {
  // Guards: HOT-16
  propertyTest.prop([
    fc.array(fc.array(finiteNumber, { maxLength: 40 }), { maxLength: 5 }),
    quantiles,
  ])('merge - a sketch of shards answers as one histogram of all samples', (shards, k) => {
    const q = k / 10_000;
    const sketch = createSketch(-20);
    for (const samples of shards) mergeSeries(sketch, 0, histogramOf(samples), 1);
    const all = histogramOf(shards.flat());
    expect(sketch.count(0)).toBe(all.count(1));
    expect(quantile(sketch, 0, q)).toEqual(quantile(all, 1, q));
  });

  test('merge - pages that find no room are counted as unplaced', () => {
    const target = histogramOf([1], 1);
    mergeSeries(target, 1, histogramOf([1.5, 1_000, 2_000]), 1);
    expect(target.count(1)).toBe(4);
    expect(quantile(target, 1, 1).kind).toBe('range');
    expectHolds(quantile(target, 1, 1), 2_000);
  });
});
