/**
 * Series that are watched: which they are, what they say, and since when. What may be a part, what is late
 * and what is quiet is to be seen as such by whoever reads it.
 */
import { describe, expect, test } from 'vitest';
import type { SlotViews } from '../../../src/hotpath/ingest/request-memory.ts';
import { SeriesShard } from '../../../src/hotpath/ingest/series-shard.ts';
import type { SeriesWatch } from '../../../src/hotpath/ingest/series-watches.ts';
import {
  bench,
  decode,
  literalBlock,
  request,
  STALE,
  type TestLabels,
  type TestSample,
} from './write-request.ts';

const on = bench('wasm');
const slot: SlotViews = on.slot;

const newShard = (): SeriesShard =>
  new SeriesShard({
    inputsMax: 100_000,
    inputsPerTenantMax: 100_000,
    inputsPerMetricMax: 100_000,
    nameBytesMax: 2 ** 28,
    rules: [{ metric: null, labels: ['instance', 'pod'] }],
    forgetAfterMs: 900_000,
    gaugeStaleMs: 300_000,
  });

function write(
  shard: SeriesShard,
  nowMs: number,
  list: readonly (readonly [string, TestLabels, TestSample])[],
  tenant = '',
): void {
  const all = list.map(([metric, labels, sample]) => ({
    labels: [['__name__', metric] as const, ...labels],
    samples: [sample],
  }));
  const decoding = decode(on, literalBlock(request(all)), tenant);
  if (decoding.kind === 'refused') throw new Error(decoding.fault);
  shard.take(slot, tenant, 0, nowMs);
}

const JOBS: SeriesWatch = {
  name: 'jobs',
  tenant: '',
  metrics: ['depth', 'done_total'],
  match: [['queue', 'orders']],
  by: ['instance', 'version'],
};
const queue = (more: TestLabels = []): TestLabels => [['queue', 'orders'], ...more];
const valuesOf = (shard: SeriesShard, nowMs: number) =>
  shard.watched(nowMs).series.map(({ metric, labels, value, quietMs }) => ({
    metric,
    labels: Object.fromEntries(labels),
    value,
    quietMs,
  }));

describe('watched series', () => {
  test('watched series - labels, metric and tenant say which; dropped labels tell them apart', () => {
    const shard = newShard();
    shard.watch([JOBS], 0);
    const a = queue([['instance', 'a']]);
    const b = queue([
      ['instance', 'b'],
      ['pod', 'x'],
    ]);
    write(shard, 10, [
      ['depth', a, [1000, 5]],
      ['depth', b, [1000, 7]],
      [
        'depth',
        queue([
          ['instance', 'b'],
          ['pod', 'y'],
        ]),
        [1000, 1],
      ],
      ['depth', [['queue', 'mails']], [1000, 100]],
      ['other', a, [1000, 100]],
    ]);
    write(shard, 10, [['depth', a, [1000, 100]]], 'somebody else');
    expect(valuesOf(shard, 30)).toEqual([
      { metric: 'depth', labels: { instance: 'a' }, value: 5, quietMs: 20 },
      { metric: 'depth', labels: { instance: 'b' }, value: 8, quietMs: 20 },
    ]);
    // Sums are what they were without anybody who watches.
    const sums = shard.aggregated(30).map(({ labels, tenant, value }) => [labels, tenant, value]);
    expect(sums).toContainEqual([[['queue', 'orders']], '', 13]);
  });

  test('watched series - those that were there before are met with their next sample', () => {
    const shard = newShard();
    write(shard, 0, [['done_total', queue(), [1000, 100]]]);
    shard.watch([JOBS], 5);
    expect(shard.watched(6)).toEqual({
      series: [],
      watches: [{ name: 'jobs', forMs: 1, isFull: false }],
    });
    write(shard, 10, [['done_total', queue(), [2000, 130]]]);
    expect(valuesOf(shard, 10)).toMatchObject([{ value: 30, quietMs: 0 }]);
    // A counter that begins anew has grown from zero.
    write(shard, 20, [['done_total', queue(), [3000, 4]]]);
    expect(valuesOf(shard, 20)).toMatchObject([{ value: 34 }]);
  });

  test('watched series - another list keeps what stays, and forgets what nobody watches', () => {
    const shard = newShard();
    const mails = { ...JOBS, name: 'mails', match: [['queue', 'mails'] as const] };
    shard.watch([JOBS, mails], 0);
    write(shard, 1, [
      ['done_total', queue(), [1000, 1]],
      ['depth', [['queue', 'mails']], [1000, 1]],
    ]);
    write(shard, 2, [['done_total', queue(), [2000, 6]]]);
    shard.watch([JOBS], 50);
    expect(valuesOf(shard, 50)).toMatchObject([{ metric: 'done_total', value: 5, quietMs: 48 }]);
    expect(shard.watched(50).watches).toEqual([{ name: 'jobs', forMs: 50, isFull: false }]);
    shard.watch([JOBS, { ...mails, metrics: ['done_total'] }], 60);
    write(shard, 70, [['done_total', queue(), [3000, 7]]]);
    expect(valuesOf(shard, 70)).toMatchObject([{ value: 6, quietMs: 0 }]);
    expect(shard.watched(70).watches.map(({ forMs }) => forMs)).toEqual([70, 10]);
    shard.watch([], 80);
    expect(shard.watched(80)).toEqual({ series: [], watches: [] });
  });

  test('watched series - the one of a sum that says nothing is how quiet the sum is', () => {
    const shard = newShard();
    shard.watch([JOBS], 0);
    const x = queue([['pod', 'x']]);
    const y = queue([['pod', 'y']]);
    write(shard, 0, [
      ['depth', x, [1000, 1]],
      ['depth', y, [1000, 2]],
    ]);
    write(shard, 30_000, [['depth', x, [31_000, 1]]]);
    expect(valuesOf(shard, 30_000)).toMatchObject([{ value: 3, quietMs: 30_000 }]);
    // One that says that it ends is no part of it; nor is one that was quiet for very long.
    write(shard, 31_000, [['depth', y, [32_000, STALE]]]);
    expect(valuesOf(shard, 31_000)).toMatchObject([{ value: 1, quietMs: 1000 }]);
    expect(valuesOf(shard, 330_000)).toEqual([]);
  });

  test('watched series - what is sent an hour late is an hour old until it has caught up', () => {
    const shard = newShard();
    shard.watch([JOBS], 0);
    write(shard, 100, [['depth', queue(), [1_000_000, 1]]]);
    // A failure of an hour; then all of it at once.
    write(shard, 3_600_100, [['depth', queue(), [1_015_000, 2]]]);
    expect(valuesOf(shard, 3_600_100)).toMatchObject([{ value: 2, quietMs: 3_585_000 }]);
    write(shard, 3_600_200, [['depth', queue(), [4_600_000, 3]]]);
    expect(valuesOf(shard, 3_600_200)).toMatchObject([{ value: 3, quietMs: 100 }]);
  });

  test('watched series - beyond what is kept a watch is full, and stays so for a while', () => {
    const shard = newShard();
    shard.watch([JOBS], 0);
    for (let from = 0; from < 21_000; from += 1000) {
      const list = Array.from({ length: 1000 }, (_, i) => {
        return ['depth', queue([['pod', `${from + i}`]]), [1000, 1]] as const;
      });
      write(shard, 1, list);
    }
    expect(shard.watched(2)).toMatchObject({
      series: [{ value: 20_000 }],
      watches: [{ isFull: true }],
    });
    shard.sweep(3);
    expect(shard.watched(3).watches).toMatchObject([{ isFull: true }]);
    // Nobody was met since then that found no room.
    shard.sweep(4);
    expect(shard.watched(4).watches).toMatchObject([{ isFull: false }]);
    // Whoever is forgotten makes room, and its number may be somebody else's.
    shard.sweep(2_000_000);
    expect(shard.watched(2_000_000).series).toEqual([]);
    write(shard, 2_000_001, [['depth', queue(), [2000, 9]]]);
    expect(valuesOf(shard, 2_000_001)).toMatchObject([{ value: 9 }]);
  });
});
