/** Readings against a naive count of the same samples, and what is read where there is nothing. */
import { fc, test as property } from '@fast-check/vitest';
import type { FedInstance, MetricReading } from 'ringmaster/control-plane';
import { RELATIVE_ERROR } from 'ringmaster/hotpath';
import { describe, expect, test } from 'vitest';
import { Bench, by, STALE_MS } from './metric-bench.ts';

/** The same rank as the hot path's, from all samples. */
function exactQuantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(q * sorted.length - 1e-9)) - 1] ?? Number.NaN;
}

const sample = fc.record({
  feed: fc.integer({ min: 0, max: 1 }),
  window: fc.integer({ min: 0, max: 5 }),
  instance: fc.integer({ min: 0, max: 5 }),
  seconds: fc.double({ min: 0.0001, max: 20, noNaN: true }),
  isError: fc.boolean(),
});

const scope = fc.record(
  {
    service: fc.constant('shop'),
    revision: fc.constantFrom('r0', 'r1'),
    zone: fc.constantFrom('a', 'b', 'c'),
    instance: fc.constantFrom(...[0, 1, 2, 3, 4, 5].map((i) => by(i).instance)),
    isBaseline: fc.boolean(),
  },
  { requiredKeys: ['service'] },
);

type Sample = Parameters<typeof isCounted>[0];

function isCounted(
  one: { readonly instance: number; readonly window: number },
  where: Partial<FedInstance>,
  windows: number,
): boolean {
  const labels = by(one.instance);
  const isIn = Object.entries(where).every(
    ([key, value]) => value === undefined || labels[key as keyof FedInstance] === value,
  );
  return isIn && one.window >= 6 - windows;
}

describe('metrics', () => {
  property.prop([fc.array(sample, { maxLength: 120 }), scope, fc.integer({ min: 1, max: 6 })])(
    'metrics - every reading is what counting the samples one by one gives',
    (samples, where, windows) => {
      const bench = new Bench(2);
      for (let window = 0; window < 6; window++) {
        for (const one of samples.filter((each) => each.window === window)) {
          bench.feeds[one.feed]?.record(by(one.instance), one.seconds, one.isError);
        }
        bench.next(1000);
      }
      const isIn = (one: Sample): boolean => isCounted(one, where, windows);
      const seen = samples.filter(isIn);
      const isKnown = samples.some((one) => isCounted(one, where, 6));
      const read = (name: string, aboveMs?: number): MetricReading =>
        bench.read({
          name,
          scope: where,
          windowMs: windows * 1000,
          ...(aboveMs === undefined ? {} : { aboveMs }),
        });
      if (!isKnown) {
        for (const name of ['requests', 'errors', 'error_ratio', 'p99', 'slow']) {
          expect(read(name)).toEqual({ kind: 'missing' });
        }
        return;
      }
      const errors = seen.filter(({ isError }) => isError).length;
      const counted = { samples: seen.length, ageMs: 0 };
      expect(read('requests')).toEqual({ kind: 'value', value: seen.length, ...counted });
      expect(read('errors')).toEqual({ kind: 'value', value: errors, ...counted });
      expect(read('rate')).toMatchObject({ value: expect.closeTo(seen.length / windows, 9) });
      expect(read('error_ratio')).toEqual(
        seen.length === 0
          ? { kind: 'notANumber', ...counted }
          : { kind: 'value', value: errors / seen.length, ...counted },
      );
      const times = seen.map(({ seconds }) => seconds * 1000);
      for (const [name, q] of [
        ['p50', 0.5],
        ['p90', 0.9],
        ['p99', 0.99],
      ] as const) {
        const reading = read(name);
        expect(reading).toMatchObject({ samples: seen.length });
        if (seen.length === 0) expect(reading.kind).toBe('notANumber');
        else if (reading.kind === 'value') {
          const exact = exactQuantile(times, q);
          expect(Math.abs(reading.value - exact)).toBeLessThanOrEqual(
            exact * RELATIVE_ERROR * 1.01,
          );
        } else expect(reading).toBe('a value');
      }
      const slow = read('slow', 100);
      const above = (limit: number): number => times.filter((ms) => ms > limit).length;
      expect(slow).toMatchObject({ kind: 'value', samples: seen.length });
      if (slow.kind !== 'value') return;
      expect(slow.value).toBeGreaterThanOrEqual(above(100 * (1 + 2 * RELATIVE_ERROR)));
      expect(slow.value).toBeLessThanOrEqual(above(100 * (1 - 2 * RELATIVE_ERROR)));
    },
  );

  test('metrics - missing, stale and not a number are three things', () => {
    // Guards: A9.
    const bench = new Bench(1);
    expect(bench.read({ name: 'requests' })).toEqual({ kind: 'missing' });
    bench.next(1000);
    expect(bench.read({ name: 'error_ratio' })).toEqual({ kind: 'missing' });
    bench.feeds[0]?.record(by(1), 0.01, true);
    bench.next(1000);
    expect(bench.read({ name: 'error_ratio' })).toMatchObject({ kind: 'value', value: 1 });
    expect(bench.read({ name: 'requests', scope: { service: 'other' } }).kind).toBe('missing');
    for (let i = 0; i < 20; i++) bench.next(1000);
    // The feed is heard, and there was nothing to count.
    expect(bench.read({ name: 'requests' })).toMatchObject({ kind: 'value', value: 0 });
    expect(bench.read({ name: 'error_ratio' })).toMatchObject({ kind: 'notANumber', samples: 0 });
    expect(bench.read({ name: 'p99' })).toMatchObject({ kind: 'notANumber', samples: 0 });
    bench.nowMs += STALE_MS;
    expect(bench.read({ name: 'requests' })).toMatchObject({ kind: 'value', ageMs: STALE_MS });
    bench.nowMs += 1;
    for (const name of ['requests', 'errors', 'error_ratio', 'rate', 'p99', 'slow']) {
      expect(bench.read({ name })).toEqual({ kind: 'stale', ageMs: STALE_MS + 1 });
    }
  });

  test('metrics - a gauge that nobody repeats is stale, though its feed is heard', () => {
    const bench = new Bench(1);
    bench.feeds[0]?.gauge(by(1), 'series_per_shard', 7);
    bench.next(1000);
    expect(bench.read({ name: 'series_per_shard' })).toMatchObject({ value: 7, samples: 1 });
    for (let i = 0; i < 16; i++) bench.next(1000);
    expect(bench.read({ name: 'series_per_shard' })).toEqual({ kind: 'stale', ageMs: 16_000 });
  });

  test('metrics - gauges are averaged over the window and added up over instances', () => {
    const bench = new Bench(2);
    for (const value of [10, 20]) {
      bench.feeds[0]?.gauge(by(1), 'queue', value);
      bench.feeds[1]?.gauge(by(2), 'queue', 100);
      bench.next(1000);
    }
    expect(bench.read({ name: 'queue' })).toMatchObject({ value: 115, samples: 4 });
    const scope = { service: 'shop', instance: by(1).instance };
    expect(bench.read({ name: 'queue', scope })).toMatchObject({ value: 15, samples: 2 });
  });

  test('metrics - a counter is its increase in a second, also when it begins anew', () => {
    const bench = new Bench(1);
    for (const value of [1000, 1040, 1080, 20]) {
      bench.feeds[0]?.counter(by(1), 'samples_total', value);
      bench.next(2000);
    }
    // The first value is where counting begins: 40, 40 and 20 in eight seconds.
    expect(bench.read({ name: 'samples_total' })).toMatchObject({ value: 12.5, samples: 4 });
  });

  test('metrics - errors in a row are those of the router that has seen most', () => {
    const bench = new Bench(2);
    const scope = { service: 'shop', instance: by(1).instance };
    const record = (feed: number, isError: boolean): void =>
      bench.feeds[feed]?.record(by(1), 0.01, isError);
    for (let i = 0; i < 5; i++) record(0, true);
    for (let i = 0; i < 3; i++) record(1, true);
    bench.next(1000);
    expect(bench.read({ name: 'consecutive_errors', scope })).toMatchObject({ value: 5 });
    record(0, false);
    bench.next(1000);
    expect(bench.read({ name: 'consecutive_errors', scope })).toMatchObject({ value: 3 });
    // Nobody asks it any more: what was seen then is no news, and no ground to put it out again.
    for (let i = 0; i < 30; i++) bench.next(1000);
    expect(bench.read({ name: 'consecutive_errors', scope })).toMatchObject({ kind: 'stale' });
  });

  test('metrics - two windows that follow each other share no request', () => {
    const bench = new Bench(1);
    let total = 0;
    let recorded = 0;
    for (let i = 0; i < 60; i++) {
      // Windows of uneven length, as when the reader is late.
      for (let k = 0; k <= i % 7; k++) bench.feeds[0]?.record(by(1), 0.01, false);
      recorded += 1 + (i % 7);
      bench.next([900, 1100, 1000][i % 3] ?? 0);
      if (i % 6 !== 5) continue;
      const reading = bench.read({ name: 'requests', windowMs: 6000 });
      total += reading.kind === 'value' ? reading.value : Number.NaN;
    }
    expect(total).toBe(recorded);
  });

  test('metrics - a feed that is silent makes sums stale, until its end is known', () => {
    // Guards: A9, A11.
    const bench = new Bench(2);
    for (const feed of bench.feeds) feed.record(by(1), 0.01, true);
    bench.next(1000);
    const names = ['requests', 'rate', 'errors', 'error_ratio', 'p99', 'slow'];
    for (let i = 0; i < 14; i++) {
      bench.feeds[0]?.record(by(1), 0.01, false);
      bench.next(1000, 0);
    }
    expect(bench.read({ name: 'requests', windowMs: 60_000 })).toMatchObject({ value: 16 });
    for (let i = 0; i < 2; i++) {
      bench.feeds[0]?.record(by(1), 0.01, true);
      bench.next(1000, 0);
    }
    for (const name of names) {
      const reading = bench.read({ name });
      expect(reading).toMatchObject({ kind: 'stale', ageMs: 16_000 });
      // Ratios, quantiles and counts among counts say nothing of the whole.
      expect('atLeast' in reading).toBe(name === 'requests' || name === 'rate');
    }
    // The other one has counted one a second.
    expect(bench.read({ name: 'requests', windowMs: 4000 })).toMatchObject({ atLeast: 4 });
    expect(bench.read({ name: 'rate', windowMs: 4000 })).toMatchObject({ atLeast: 1 });
    // It may serve revisions of which it has not been heard to serve them.
    const scope = { service: 'shop', revision: 'new' };
    expect(bench.read({ name: 'requests', scope })).toEqual({ kind: 'stale', ageMs: 16_000 });
    expect(bench.read({ name: 'rate', scope: { service: 'other' } })).toEqual({ kind: 'missing' });
    // One witness of an instance that fails is enough.
    expect(bench.read({ name: 'consecutive_errors' })).toMatchObject({ value: 2 });
    bench.shards[1]?.close(bench.nowMs);
    const all = { name: 'requests', windowMs: 60_000 };
    expect(bench.read(all)).toMatchObject({ kind: 'value', value: 18, ageMs: 0 });
    expect(bench.read({ name: 'rate' })).toMatchObject({ kind: 'value', value: 1, ageMs: 0 });
    expect(bench.read({ name: 'rate', windowMs: 100_000 })).toMatchObject({
      value: expect.closeTo(17 / 17 + 1 / 100, 9),
    });
  });

  test('metrics - a gauge has one reporter: the silence of others is none of its business', () => {
    const bench = new Bench(2);
    bench.feeds[0]?.gauge(by(1), 'queue', 7);
    bench.feeds[1]?.gauge(by(2), 'queue', 3);
    bench.next(1000);
    for (let i = 0; i < 16; i++) {
      bench.feeds[0]?.gauge(by(1), 'queue', 7);
      bench.next(1000, 0);
    }
    const of = (i: number) => ({ service: 'shop', instance: by(i).instance });
    expect(bench.read({ name: 'queue', scope: of(1) })).toMatchObject({ value: 7 });
    expect(bench.read({ name: 'queue', scope: of(2) }).kind).toBe('stale');
    expect(bench.read({ name: 'queue' }).kind).toBe('stale');
  });

  test('metrics - an endless sequence of instances is counted in the memory of a few', () => {
    const bench = new Bench(1, 8, 4);
    const [feed] = bench.feeds;
    let named = 0;
    for (let i = 0; i < 5000; i++) {
      const who = by(i, { service: 'shop', revision: `v${i}` });
      const one = { service: 'shop', instance: who.instance };
      for (let k = 0; k <= i % 3; k++) feed?.record(who, 0.01, k === 1);
      feed?.gauge(who, 'queue', i);
      feed?.counter(who, 'samples_total', 1000 * i);
      feed?.counter(who, 'samples_total', 1000 * i + 5);
      if (i % 2 === 0) feed?.forget(who.instance);
      bench.next(1000);
      const counted = { value: 1 + (i % 3) };
      expect(bench.read({ name: 'requests', windowMs: 1000 })).toMatchObject(counted);
      expect(bench.read({ name: 'requests', scope: one })).toMatchObject(counted);
      // Of one that was forgotten before the window was closed nobody asks.
      const inARow = bench.read({ name: 'consecutive_errors', scope: one });
      expect(inARow.kind).toBe(i % 2 === 0 ? 'missing' : 'value');
      expect(bench.read({ name: 'queue', scope: one })).toMatchObject({ value: i, samples: 1 });
      expect(bench.read({ name: 'samples_total', scope: one })).toMatchObject({
        value: expect.closeTo((5 * 1000) / Math.min(8000, bench.nowMs), 6),
      });
      named = Math.max(named, feed?.attachment().series.length ?? 0);
    }
    expect(feed?.unnamed).toBe(0);
    expect(named).toBeLessThan(100);
    const gone = { service: 'shop', instance: by(10).instance };
    expect(bench.read({ name: 'requests', scope: gone })).toEqual({ kind: 'missing' });
  });

  test('metrics - a feed that is full never looks quiet', () => {
    // Guards: A11.
    const bench = new Bench(1, 8, 4);
    const [feed] = bench.feeds;
    feed?.record(by(1, { service: 'other' }), 0.01, false);
    for (let i = 0; i < 3; i++) feed?.record(by(i + 2), 0.01, false);
    bench.next(1000);
    expect(bench.read({ name: 'requests' })).toMatchObject({ value: 3 });
    // All of the first are quiet now, and make room; the fifth finds nobody quiet.
    for (let i = 0; i < 5; i++) feed?.record(by(i + 20), 0.01, false);
    bench.next(1000);
    expect(feed?.unnamed).toBe(1);
    expect(bench.shards[0]?.unnamed).toBe(1);
    for (const name of ['requests', 'rate', 'errors', 'error_ratio', 'p99', 'slow']) {
      expect(bench.read({ name })).toEqual({ kind: 'missing', why: 'full' });
    }
    const other = { service: 'other' };
    expect(bench.read({ name: 'requests', scope: other })).toMatchObject({ value: 1 });
    bench.next(1000);
    // It is over when no window with it is read any more.
    expect(bench.read({ name: 'requests', windowMs: 1000 })).toMatchObject({ value: 0 });
    for (let i = 0; i < 9; i++) bench.next(1000);
    expect(bench.read({ name: 'requests' })).toMatchObject({ kind: 'value' });
  });

  test('metrics - of more services than can be told apart, all are missing', () => {
    const bench = new Bench(1, 8, 4);
    const [feed] = bench.feeds;
    for (let i = 0; i < 30; i++) feed?.record(by(i, { service: `s${i}` }), 0.01, false);
    bench.next(1000);
    for (const service of ['s0', 's5', 's29']) {
      expect(bench.read({ name: 'requests', scope: { service } })).toEqual({
        kind: 'missing',
        why: 'full',
      });
    }
  });

  test('metrics - a row that changes hands while windows stay open is nobody else’s', () => {
    const bench = new Bench(1, 8, 2);
    const [feed] = bench.feeds;
    feed?.record(by(1), 0.01, false);
    feed?.forget(by(1).instance);
    // The window is open, and has something of the first one: its row is not free yet.
    feed?.record(by(2), 0.01, false);
    feed?.record(by(2), 0.01, false);
    bench.next(1000);
    feed?.record(by(3), 0.01, true);
    feed?.flip();
    // The reader has the window before it has the name.
    bench.shards[0]?.take(2000);
    bench.nowMs = 2000;
    const of = (i: number) => ({ service: 'shop', instance: by(i).instance });
    const count = (i: number) => bench.read({ name: 'requests', scope: of(i) });
    expect([count(1), count(2)]).toMatchObject([{ value: 1 }, { value: 2 }]);
    expect(bench.read({ name: 'errors' })).toMatchObject({ value: 0 });
    const { series, names } = feed?.attachment() ?? { series: [], names: 0 };
    bench.shards[0]?.name(series, names);
    expect([count(1), count(3)]).toMatchObject([{ value: 1 }, { value: 1 }]);
    expect(bench.read({ name: 'errors' })).toMatchObject({ value: 1 });
  });
});
