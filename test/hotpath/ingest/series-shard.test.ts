/**
 * What a shard makes of samples: sums that never reset, ends, duplicates and late ones, limits, and that
 * every sample is counted once. Against a naive model, for any order of any samples.
 */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import type { SlotViews } from '../../../src/hotpath/ingest/request-memory.ts';
import {
  SeriesShard,
  type SeriesShardOptions,
  type TakeCounts,
} from '../../../src/hotpath/ingest/series-shard.ts';
import {
  bench,
  decode,
  literalBlock,
  request,
  STALE,
  type TestLabels,
  type TestSeries,
  varint,
} from './write-request.ts';

const on = bench('wasm');
const slot: SlotViews = on.slot;

const OPTIONS: SeriesShardOptions = {
  inputsMax: 1000,
  inputsPerTenantMax: 1000,
  inputsPerMetricMax: 1000,
  nameBytesMax: 2 ** 28,
  rules: [{ metric: null, labels: ['pod'] }],
  forgetAfterMs: 900_000,
  gaugeStaleMs: 300_000,
};

const shardWith = (options: Partial<SeriesShardOptions> = {}) =>
  new SeriesShard({ ...OPTIONS, ...options });

function take(shard: SeriesShard, list: readonly TestSeries[], nowMs = 0, tenant = ''): TakeCounts {
  const decoding = decode(on, literalBlock(request(list)), tenant);
  if (decoding.kind === 'refused') throw new Error(decoding.fault);
  return shard.take(slot, tenant, 0, nowMs);
}

const named = (metric: string, labels: TestLabels = []): TestLabels => [
  ['__name__', metric],
  ...labels,
];
const pod = (metric: string, name: string): TestLabels => named(metric, [['pod', name]]);
const valuesOf = (shard: SeriesShard, nowMs = 0) =>
  Object.fromEntries(shard.aggregated(nowMs).map(({ metric, value }) => [metric, value]));
const totalOf = ({ created, resets, refusedSeries, problem, ...samples }: TakeCounts): number =>
  Object.values(samples).reduce((a, b) => a + b, 0);

describe('sums', () => {
  test('ingest - a counter of many pods grows by what each has grown, over resets and new pods', () => {
    const shard = shardWith();
    const each = (time: number, values: Record<string, number>) =>
      take(
        shard,
        Object.entries(values).map(([name, value]) => ({
          labels: pod('hits_total', name),
          samples: [[time, value]],
        })),
      );
    each(1, { a: 100, b: 50 });
    expect(valuesOf(shard)).toEqual({ hits_total: 0 });
    each(2, { a: 110, b: 55 });
    expect(valuesOf(shard)).toEqual({ hits_total: 15 });
    // One begins anew, another one comes.
    expect(each(3, { a: 3, b: 56, c: 1000 })).toMatchObject({ resets: 1, created: 1, accepted: 3 });
    expect(valuesOf(shard)).toEqual({ hits_total: 19 });
    each(4, { c: 1001 });
    expect(valuesOf(shard)).toEqual({ hits_total: 20 });
  });

  test('ingest - a gauge is the sum of those that live', () => {
    const shard = shardWith();
    take(shard, [
      { labels: pod('depth', 'a'), samples: [[1, 5]] },
      { labels: pod('depth', 'b'), samples: [[1, -7.5]] },
    ]);
    expect(valuesOf(shard)).toEqual({ depth: -2.5 });
    const ended = take(shard, [{ labels: pod('depth', 'a'), samples: [[2, STALE]] }], 1000);
    expect(ended).toMatchObject({ ended: 1, accepted: 0 });
    expect(valuesOf(shard, 1000)).toEqual({ depth: -7.5 });
    // Any other NaN is a value.
    take(shard, [{ labels: pod('depth', 'a'), samples: [[3, Number.NaN]] }], 1000);
    expect(valuesOf(shard, 1000)).toEqual({ depth: Number.NaN });
    take(shard, [{ labels: pod('depth', 'a'), samples: [[4, 1]] }], 1000);
    expect(valuesOf(shard, 1000)).toEqual({ depth: -6.5 });
    // b has been quiet for as long as a gauge may.
    expect(valuesOf(shard, 300_000)).toEqual({ depth: 1 });
  });

  test('ingest - a counter that has ended goes on where it was', () => {
    const shard = shardWith();
    const say = (time: number, value: number | typeof STALE) =>
      take(shard, [{ labels: pod('hits_total', 'a'), samples: [[time, value]] }]);
    say(1, 10);
    say(2, STALE);
    say(3, 12);
    expect(valuesOf(shard)).toEqual({ hits_total: 2 });
  });

  test('ingest - of one time the first stays, and what is older is late', () => {
    const shard = shardWith();
    const counts = take(shard, [
      {
        labels: pod('depth', 'a'),
        samples: [
          [5, 1],
          [5, 1],
          [5, 2],
          [4, 3],
          [6, 4],
        ],
      },
    ]);
    expect(counts).toMatchObject({ accepted: 2, duplicates: 2, late: 1 });
    expect(valuesOf(shard)).toEqual({ depth: 4 });
  });

  test('ingest - counters take no negative, infinite or missing number; gauges take any', () => {
    const shard = shardWith();
    const samples = [-1, Number.NaN, Number.POSITIVE_INFINITY].map(
      (value, i) => [i, value] as const,
    );
    expect(take(shard, [{ labels: named('a_total'), samples }])).toMatchObject({ notNumbers: 3 });
    expect(take(shard, [{ labels: named('a'), samples }])).toMatchObject({ accepted: 3 });
    const far = [[2 ** 60, 1]] as const;
    expect(take(shard, [{ labels: named('a'), samples: far }])).toMatchObject({ notNumbers: 1 });
    expect(valuesOf(shard)).toEqual({ a_total: 0, a: Number.POSITIVE_INFINITY });
  });
});

describe('names', () => {
  test('ingest - order of labels, empty ones and their spelling make no other series', () => {
    const shard = shardWith();
    const spellings: readonly TestLabels[] = [
      named('a', [
        ['x', '1'],
        ['y', '2'],
      ]),
      [
        ['y', '2'],
        ['__name__', 'a'],
        ['x', '1'],
      ],
      named('a', [
        ['x', '1'],
        ['y', '2'],
        ['z', ''],
      ]),
    ];
    const counts = spellings.map((labels, i) => take(shard, [{ labels, samples: [[i, i]] }]));
    expect(counts.map(({ created }) => created)).toEqual([1, 0, 0]);
    expect(shard.sizes().inputs).toBe(1);
    // Known by their own hashes now; and any number of other spellings costs no more memory.
    const names = 'abcdefgh'.split('');
    for (let turn = 0; turn < 8; turn += 1) {
      const turned = [...names.slice(turn), ...names.slice(0, turn)].map((n) => [n, 'v'] as const);
      take(shard, [{ labels: [...turned, ['__name__', 'b']], samples: [[turn, 1]] }]);
    }
    expect(shard.sizes().inputs).toBe(2);
  });

  test('ingest - what is no name is refused, with its samples counted, and costs no other', () => {
    const good = { labels: named('good'), samples: [[1, 1]] } as const;
    const bad: readonly (readonly [TestLabels, string])[] = [
      [[['a', 'b']], 'noMetric'],
      [named(''), 'noMetric'],
      [named('0a'), 'metricName'],
      [named('a b'), 'metricName'],
      [named('a', [['b-c', 'd']]), 'labelName'],
      [named('a', [['', 'd']]), 'labelName'],
      [
        named('a', [
          ['b', 'c'],
          ['b', 'c'],
        ]),
        'labelTwice',
      ],
      [
        named('a', [
          ['b', ''],
          ['b', 'c'],
        ]),
        'labelTwice',
      ],
      [named('a', [['__name__', 'b']]), 'labelTwice'],
      [[], 'noMetric'],
    ];
    for (const [labels, fault] of bad) {
      const shard = shardWith();
      const counts = take(shard, [
        {
          labels,
          samples: [
            [1, 1],
            [2, 2],
          ],
        },
        good,
      ]);
      expect(counts.problem?.fault, JSON.stringify(labels)).toBe(fault);
      expect(counts).toMatchObject({
        refusedSeries: 1,
        refusedSamples: 2,
        accepted: 1,
        created: 1,
      });
    }
  });

  test('ingest - bytes that are no UTF-8', () => {
    const wrong = [
      [0x80],
      [0xc0, 0x80],
      [0xc3],
      [0xe0, 0x80, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xf8],
      [0xff],
    ];
    const right = ['é', '€', '\u{10ffff}', '\ud7ff', '\ue000'].map((text) => [
      ...new TextEncoder().encode(text),
    ]);
    const outcome = (value: readonly number[]) => {
      const inner = [0x0a, 1, 120, 0x12, value.length, ...value];
      const name = [0x0a, 8, ...new TextEncoder().encode('__name__'), 0x12, 1, 97];
      const labels = [0x0a, name.length, ...name, 0x0a, inner.length, ...inner, 0x12, 2, 0x10, 1];
      const bytes = Uint8Array.from([0x0a, ...varint(labels.length), ...labels]);
      expect(decode(on, literalBlock(bytes)).kind).toBe('decoded');
      return shardWith().take(slot, '', 0, 0).problem?.fault;
    };
    for (const bytes of wrong) expect(outcome(bytes), String(bytes)).toBe('notUtf8');
    for (const bytes of right) expect(outcome(bytes), String(bytes)).toBeUndefined();
  });

  test('ingest - one name of two tenants is two series', () => {
    const shard = shardWith();
    take(shard, [{ labels: named('a'), samples: [[1, 1]] }], 0, 'me');
    take(shard, [{ labels: named('a'), samples: [[1, 2]] }], 0, 'you');
    const list = shard.aggregated(0).map(({ tenant, value }) => [tenant, value]);
    expect(list).toEqual([
      ['me', 1],
      ['you', 2],
    ]);
  });
});

describe('limits', () => {
  const many = (metric: string, count: number, time = 1): readonly TestSeries[] =>
    Array.from({ length: count }, (_, i) => ({
      labels: pod(metric, `p${i}`),
      samples: [[time, 1]],
    }));

  test('ingest - beyond a limit samples are counted, by tenant and metric, and what is known goes on', () => {
    const shard = shardWith({ inputsPerMetricMax: 3, inputsPerTenantMax: 5, inputsMax: 7 });
    expect(take(shard, many('a', 5), 0, 'me')).toMatchObject({ created: 3, overflowed: 2 });
    expect(take(shard, many('b', 5), 0, 'me')).toMatchObject({ created: 2, overflowed: 3 });
    expect(take(shard, many('a', 5), 0, 'you')).toMatchObject({ created: 2, overflowed: 3 });
    expect(take(shard, many('a', 5, 2), 0, 'me')).toMatchObject({ accepted: 3, overflowed: 2 });
    expect(shard.overflowed()).toEqual([
      { tenant: 'me', metric: 'a', samples: 4 },
      { tenant: 'me', metric: 'b', samples: 3 },
      { tenant: 'you', metric: 'a', samples: 3 },
    ]);
  });

  test('ingest - names that take too much are overflow, and room comes back with those that end', () => {
    const shard = shardWith({ nameBytesMax: 20_000, rules: [] });
    const long = (from: number): readonly TestSeries[] =>
      Array.from({ length: 3 }, (_, i) => ({
        labels: pod('a', `${from + i}${'x'.repeat(7000)}`),
        samples: [[1, 1]],
      }));
    expect(take(shard, long(0))).toMatchObject({ created: 2, overflowed: 1 });
    expect(shard.shownSize('a').nameBytes).toBe(shard.shownSize(null).nameBytes);
    expect(take(shard, many('b', 1))).toMatchObject({ created: 1 });
    // Two bytes a character.
    const wide = { labels: pod('w', '\u4e00'.repeat(3000)), samples: [[1, 1] as const] };
    expect(take(shard, [wide])).toMatchObject({ created: 0, overflowed: 1 });
    shard.sweep(900_000);
    expect(shard.shownSize(null)).toEqual({ series: 0, nameBytes: 0 });
    expect(take(shard, long(9), 900_000)).toMatchObject({ created: 2, overflowed: 1 });
    expect(shard.aggregated(900_000, 'b')).toEqual([]);
  });

  test('ingest - names beyond all counting share one', () => {
    const shard = shardWith({ inputsMax: 1 });
    for (let from = 0; from < 2000; from += 500) {
      const list = Array.from({ length: 500 }, (_, i) => many(`m${from + i}`, 1)).flat();
      take(shard, list);
    }
    const list = shard.overflowed();
    expect(list).toHaveLength(1025);
    expect(list.at(-1)).toEqual({ tenant: '', metric: '', samples: 1999 - 1024 });
  });

  test('ingest - who is quiet makes room: ended ones sooner, and their numbers are given again', () => {
    const shard = shardWith({ inputsPerMetricMax: 3 });
    take(shard, many('a', 3), 0);
    take(shard, [{ labels: pod('a', 'p0'), samples: [[2, STALE]] }], 1000);
    shard.sweep(300_000);
    expect(shard.sizes()).toEqual({ inputs: 3, series: 1, forgotten: 0 });
    shard.sweep(301_000);
    expect(shard.sizes()).toEqual({ inputs: 2, series: 1, forgotten: 1 });
    take(shard, [{ labels: pod('a', 'p1'), samples: [[3, 1]] }], 800_000);
    shard.sweep(900_000);
    expect(shard.sizes()).toEqual({ inputs: 1, series: 1, forgotten: 2 });
    expect(take(shard, many('a', 3, 9), 900_000)).toMatchObject({ created: 2, accepted: 3 });
    shard.sweep(9_000_000);
    expect(shard.sizes()).toEqual({ inputs: 0, series: 0, forgotten: 5 });
    expect(shard.aggregated(9_000_000)).toEqual([]);
  });
});

// Guards: HOT-21
describe('model', () => {
  const anyLabels = fc.tuple(
    fc.constantFrom('a_total', 'b', 'c_total'),
    fc.constantFrom('p', 'q', 'r'),
    fc.constantFrom('', '1'),
  );
  const anyValue = fc.oneof(
    fc.integer({ min: 0, max: 50 }),
    fc.constantFrom(-1, STALE, Number.POSITIVE_INFINITY),
  );
  const anyStep = fc.array(
    fc.record({
      labels: anyLabels.map(([metric, name, x]) =>
        named(metric, [
          ['pod', name],
          ['x', x],
        ]),
      ),
      samples: fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), anyValue), { maxLength: 4 }),
    }),
    { maxLength: 6 },
  );

  property.prop([fc.array(anyStep, { maxLength: 12 })])(
    'ingest - the sums of a naive model, and every sample counted once',
    (steps) => {
      const shard = shardWith();
      const model = new Map<string, { time: number; last: number | null; isLive: boolean }>();
      const totals = new Map<string, number>();
      for (const step of steps) {
        const counts = take(shard, step);
        const samples = step.reduce((sum, one) => sum + one.samples.length, 0);
        expect(totalOf(counts)).toBe(samples);
        for (const one of step) {
          if (one.samples.length === 0) continue;
          const [[, metric = ''] = [], [, name] = [], [, x] = []] = one.labels;
          const key = JSON.stringify([metric, name, x]);
          const target = JSON.stringify([metric, x]);
          const isCounter = metric.endsWith('_total');
          const input = model.get(key) ?? {
            time: Number.NEGATIVE_INFINITY,
            last: null,
            isLive: true,
          };
          model.set(key, input);
          totals.set(target, totals.get(target) ?? 0);
          for (const [time, value] of one.samples) {
            if (time <= input.time) continue;
            if (value === STALE) {
              input.time = time;
              input.isLive = false;
              continue;
            }
            if (isCounter && !(value >= 0 && Number.isFinite(value))) continue;
            const { last } = input;
            if (isCounter && last !== null) {
              totals.set(target, (totals.get(target) ?? 0) + (value < last ? value : value - last));
            }
            Object.assign(input, { time, last: value, isLive: true });
          }
        }
      }
      for (const { metric, labels, value } of shard.aggregated(0)) {
        const x = labels.find(([name]) => name === 'x')?.[1] ?? '';
        let wanted = totals.get(JSON.stringify([metric, x]));
        if (!metric.endsWith('_total')) {
          wanted = [...model].reduce((sum, [key, { last, isLive }]) => {
            const [m, , other] = JSON.parse(key) as string[];
            return m === metric && other === x && isLive && last !== null ? sum + last : sum;
          }, 0);
        }
        expect(value).toBe(wanted);
      }
    },
  );
});
