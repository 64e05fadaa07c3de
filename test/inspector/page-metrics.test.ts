/** A metric in the page: rates, quantiles and gaps as they were, its filter, how Prometheus is asked. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  filterOf,
  fits,
  type Labels,
  parseLabelFilter,
} from '../../src/inspector/page/place/label-filter.ts';
import { countsSince, quantileOf, sumOf } from '../../src/inspector/page/tables/buckets.ts';
import {
  MetricHistory,
  type MetricLook,
  type Series,
} from '../../src/inspector/page/tables/metric-history.ts';
import { pointText, promQlOf, valueText } from '../../src/inspector/page/views/metric-text.ts';

const look = (
  atMs: number,
  type: MetricLook['type'],
  values: Readonly<Record<string, number>>,
): MetricLook => {
  const series = Object.entries(values).map(([thread, value]): Series => {
    return { labels: { thread }, value, buckets: null };
  });
  const { length } = series;
  return { name: 'm', type, help: '', unit: null, atMs, series, matching: length, all: length };
};
/** At a moment that the calendar and the server's clock call alike. */
const take = (history: MetricHistory, taken: MetricLook) => history.take(taken, taken.atMs);
const pointsOf = (history: MetricHistory) =>
  Object.fromEntries(history.now.map(({ series, points }) => [series.labels.thread, points]));

describe('metric history', () => {
  test('metric history - a counter is what was added a second, and begins anew with its thread', () => {
    const history = new MetricHistory();
    take(history, look(1000, 'counter', { 1: 10, 2: 100 }));
    take(history, look(2000, 'counter', { 1: 15, 2: 100 }));
    take(history, look(4000, 'counter', { 1: 25, 2: 40 }));
    expect(pointsOf(history)).toEqual({ 1: [null, 5, 5], 2: [null, 0, 20] });
    expect(history.times).toEqual([1000, 2000, 4000]);
  });

  test('metric history - the same look twice is one', () => {
    const history = new MetricHistory();
    for (const atMs of [1000, 1000, 2000, 2000]) take(history, look(atMs, 'gauge', { 1: atMs }));
    expect(pointsOf(history)).toEqual({ 1: [1000, 2000] });
  });

  test('metric history - where nobody looked there is a gap, and no rate over it', () => {
    const history = new MetricHistory();
    take(history, look(1000, 'counter', { 1: 0 }));
    take(history, look(2000, 'counter', { 1: 7 }));
    take(history, look(60_000, 'counter', { 1: 5000 }));
    take(history, look(61_000, 'counter', { 1: 5001 }));
    expect(pointsOf(history)).toEqual({ 1: [null, 7, null, null, 1] });
    expect(history.times).toEqual([1000, 2000, 2001, 60_000, 61_000]);
  });

  test('metric history - another run of the server goes on by the calendar, its counters from 0', () => {
    const history = new MetricHistory();
    history.take(look(90_000, 'counter', { 1: 5000 }), 1_000_000);
    history.take(look(100, 'counter', { 1: 8 }), 1_002_000);
    expect([history.times, pointsOf(history)]).toEqual([[1_000_000, 1_002_000], { 1: [null, 4] }]);
  });

  test('metric history - a calendar that is set back begins anew', () => {
    const history = new MetricHistory();
    history.take(look(1000, 'gauge', { 1: 1 }), 9000);
    history.take(look(2000, 'gauge', { 1: 2 }), 100);
    expect([history.times, pointsOf(history)]).toEqual([[100], { 1: [2] }]);
  });

  test('metric history - series come and go, and keep their places', () => {
    const history = new MetricHistory();
    take(history, look(1000, 'gauge', { a: 9, b: 5 }));
    take(history, look(2000, 'gauge', { c: 99, b: 50 }));
    take(history, look(3000, 'gauge', { b: 1, c: 2, a: 3 }));
    expect(history.now.map(({ series }) => series.labels.thread)).toEqual(['a', 'b', 'c']);
    expect(pointsOf(history)).toEqual({ a: [9, null, 3], b: [5, 50, 1], c: [null, 99, 2] });
  });

  test('metric history - it keeps five minutes, and nothing of what is long gone', () => {
    const history = new MetricHistory();
    take(history, look(0, 'gauge', { old: 1 }));
    for (let second = 1; second <= 400; second++) {
      take(history, look(second * 1000, 'gauge', { new: second }));
    }
    const [line] = history.now;
    expect([history.times.length, line?.points.length, history.times[0]]).toEqual([
      300, 300, 101_000,
    ]);
    take(history, look(401_000, 'gauge', { old: 1, new: 1 }));
    expect(history.now.map(({ series }) => series.labels.thread)).toEqual(['new', 'old']);
  });

  test('metric history - of a histogram: p99 between two looks, and the last minute', () => {
    const history = new MetricHistory();
    const at = (atMs: number, counts: number[]): MetricLook => {
      const buckets = { bounds: [1, 2], counts, sum: 1 };
      const series = [{ labels: {}, value: sumOf(counts), buckets }];
      return { ...look(atMs, 'histogram', {}), series };
    };
    take(history, at(0, [100, 0, 0]));
    take(history, at(1000, [100, 100, 0]));
    take(history, at(2000, [100, 100, 0]));
    const [line] = history.now;
    expect(line?.points).toEqual([null, 1.99, null]);
    for (let second = 3; second <= 62; second++)
      take(history, at(second * 1000, [100, 100, second]));
    // The first two seconds are longer ago than a minute.
    expect(history.distribution(line as never)).toEqual({
      counts: [0, 0, 62],
      perSecond: 62 / 60,
      p50: 2,
      p99: 2,
    });
  });
});

test('metric history - a histogram that has other buckets now begins anew', () => {
  const history = new MetricHistory();
  const at = (atMs: number, bounds: number[], counts: number[]): MetricLook => {
    const series = [{ labels: {}, value: sumOf(counts), buckets: { bounds, counts, sum: 1 } }];
    return { ...look(atMs, 'histogram', {}), series };
  };
  take(history, at(0, [1, 2], [1, 1, 1]));
  take(history, at(1000, [1, 2], [1, 2, 1]));
  take(history, at(2000, [10, 20], [50, 2, 1]));
  take(history, at(3000, [10, 20], [50, 3, 1]));
  const [line] = history.now;
  expect(line?.points).toEqual([null, 1.99, null, 19.9]);
  expect(history.distribution(line as never).counts).toEqual([0, 1, 0]);
});

describe('buckets', () => {
  test('buckets - what has fewer than before has begun anew', () => {
    expect(countsSince([5, 9], [3, 9])).toEqual([2, 0]);
    expect(countsSince([5, 1], [3, 9])).toEqual([5, 1]);
  });

  test('buckets - a quantile is within its bucket, the highest bound beyond, none of nothing', () => {
    expect(quantileOf([10, 20], [10, 10, 0], 0.25)).toBe(5);
    expect(quantileOf([10, 20], [10, 10, 0], 0.75)).toBe(15);
    expect(quantileOf([10, 20], [0, 0, 3], 0.5)).toBe(20);
    expect(quantileOf([10, 20], [0, 0, 0], 0.5)).toBeNull();
  });

  property.prop([
    fc.array(fc.nat(20), { minLength: 2, maxLength: 8 }),
    fc.double({ min: 0.01, max: 1, noNaN: true }),
    fc.double({ min: 0.01, max: 1, noNaN: true }),
  ])('buckets - a larger share has no smaller quantile', (counts, one, other) => {
    const bounds = counts.slice(1).map((_, i) => 2 ** i);
    const [low, high] = [Math.min(one, other), Math.max(one, other)];
    const [small, large] = [quantileOf(bounds, counts, low), quantileOf(bounds, counts, high)];
    if (sumOf(counts) === 0) expect([small, large]).toEqual([null, null]);
    else expect((small as number) <= (large as number) + 1e-9).toBe(true);
  });
});

describe('label filter', () => {
  test.each([
    ['', {}, []],
    ['thread=1', { thread: '1' }, []],
    ['thread= 1', {}, ['thread=', '1']],
    ['version="v1 b" Gate', { version: 'v1 b' }, ['gate']],
    ['"two words', {}, ['two words']],
    ['thread=', {}, ['thread=']],
    ['__proto__=x', {}, ['__proto__=x']],
    ['zone="" x', { zone: '' }, ['x']],
    ['version="v\\"1\\n\\\\n"', { version: 'v"1\n\\n' }, []],
    ['path=C:\\new', { path: 'C:\\new' }, []],
  ])('label filter - %j', (text, exact, words) => {
    expect(parseLabelFilter(text)).toEqual({ exact, words });
  });

  test('label filter - words hold of names and values', () => {
    const labels = { service: 'gateway', zone: 'eu-a' };
    expect(fits(labels, parseLabelFilter('GATE eu'))).toBe(true);
    expect(fits(labels, parseLabelFilter('gate us'))).toBe(false);
    expect(fits(labels, parseLabelFilter('zone=eu-a gate'))).toBe(true);
    expect(fits(labels, parseLabelFilter('zone=eu'))).toBe(false);
  });

  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('"', '\\', '\n', ' ', 'n', '=') }),
  );
  property.prop([fc.dictionary(fc.constantFrom('a', 'b_c', 'zone'), value)])(
    'label filter - the filter of some labels says them all',
    (labels) => {
      expect(parseLabelFilter(filterOf(labels as Labels)).exact).toEqual({ ...labels });
    },
  );
});

describe('metric text', () => {
  test.each([
    ['seconds', 0.0015, '1.50 ms'],
    ['bytes', 12.5 * 2 ** 20, '12.5 MiB'],
    ['bytes', 0, '0 B'],
    ['ratio', 0.456, '46 %'],
    ['seconds', -5.5, '-5.50 s'],
    ['seconds', 300_000, '3.5 d'],
    [null, 1 / 60, '0.017'],
    [null, 0, '0'],
    [null, 1234, '1,234'],
    [null, null, '–'],
  ] as const)('metric text - %s %d', (unit, number, text) => {
    expect(valueText(unit, number)).toBe(text);
  });

  test('metric text - a counter is told by the second', () => {
    expect(pointText({ name: 'm', type: 'counter', unit: 'seconds' }, 0.5)).toBe('500 ms/s');
  });

  test('metric text - the question to Prometheus names the labels, escaped', () => {
    const [name, unit] = ['m_total', null];
    expect(promQlOf({ name, unit, type: 'gauge' }, {})).toBe('m_total');
    expect(promQlOf({ name, unit, type: 'counter' }, { thread: '1', x: 'a"\\\n' })).toBe(
      'rate(m_total{thread="1",x="a\\"\\\\\\n"}[1m])',
    );
    expect(promQlOf({ name: 'd', unit, type: 'histogram' }, { zone: 'a' })).toBe(
      'histogram_quantile(0.99, sum by (le) (rate(d_bucket{zone="a"}[1m])))',
    );
  });
});
