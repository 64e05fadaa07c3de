/**
 * Names to numbers, against a naive map: density, canonical form, dropped labels, limits with their
 * overflow series, and every name that is refused.
 */
import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  LABELS_MAX,
  type Label,
  METRIC_BYTES_MAX,
  type SeriesName,
  TENANT_BYTES_MAX,
} from '../../../src/hotpath/metrics/series-name.ts';
import { type Registration, SeriesRegistry } from '../../../src/hotpath/metrics/series-registry.ts';
import { nameOf } from './samples.ts';

const UNLIMITED = { seriesMax: 1_000, seriesPerMetricMax: 1_000, without: new Map() };

function idOf(registration: Registration): number {
  if (registration.kind === 'refused') throw registration.error;
  return registration.id;
}

const text = fc.constantFrom('', 'a', 'b', 'ab', ',', '1', '0,1', 'é', '😀', '__proto__');
const names: fc.Arbitrary<SeriesName> = fc.record({
  tenant: text,
  metric: text.filter((metric) => metric !== ''),
  labels: fc.uniqueArray(
    fc.tuple(
      text.filter((name) => name !== ''),
      text,
    ),
    {
      selector: ([name]) => name,
      maxLength: 4,
    },
  ),
});

/** A naive canonical form: what must be equal for two names to be one series. */
function canonical(
  { tenant, metric, labels }: SeriesName,
  dropped: readonly string[] = [],
): string {
  const kept = labels.filter(([name, value]) => value !== '' && !dropped.includes(name));
  return JSON.stringify([tenant, metric, kept.toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

describe('series registry', () => {
  // Guards: HOT-15
  propertyTest.prop([fc.array(names, { maxLength: 60 })])(
    'registry - one canonical name, one id, dense in order of first arrival',
    (arrivals) => {
      const registry = new SeriesRegistry({ ...UNLIMITED, without: new Map([['a', ['b', 'ab']]]) });
      const ids = new Map<string, number>();
      const targets = new Map<string, number>();
      for (const name of arrivals) {
        const key = canonical(name);
        const group = canonical(name, name.metric === 'a' ? ['b', 'ab'] : []);
        const expected = ids.get(key) ?? ids.size + 1;
        const shuffled = { ...name, labels: name.labels.toReversed() };
        expect(registry.register(shuffled)).toEqual({
          kind: 'series',
          id: expected,
          created: !ids.has(key),
        });
        ids.set(key, expected);
        if (!targets.has(group)) targets.set(group, targets.size + 1);
        expect(registry.target(expected)).toBe(targets.get(group));
        expect(canonical(registry.describeInput(expected))).toBe(key);
        expect(canonical(registry.describeTarget(registry.target(expected)))).toBe(group);
      }
      expect([registry.inputs, registry.targets]).toEqual([ids.size + 1, targets.size + 1]);
    },
  );

  // Guards: HOT-15
  propertyTest.prop([
    fc.array(fc.tuple(fc.nat(3), fc.nat(5), fc.nat(12)), { maxLength: 160 }),
    fc.integer({ min: 1, max: 8 }),
    fc.integer({ min: 2, max: 80 }),
  ])(
    'registry - limits hold, and overflow is per tenant and metric',
    (arrivals, perMetric, max) => {
      const registry = new SeriesRegistry({
        seriesMax: max,
        seriesPerMetricMax: perMetric,
        without: new Map(),
      });
      const reserved = Math.floor(max / 16);
      const own = new Map<string, number>();
      const overflowOf = new Map<number, string>();
      let overflowed = 0;
      for (const [tenant, metric, instance] of arrivals) {
        const labels: Label[] = [['i', `${instance}`]];
        const name = { tenant: `t${tenant}`, metric: `m${metric}`, labels };
        const found = registry.register(name);
        const group = `${name.tenant} ${name.metric}`;
        if (found.kind === 'series' && found.created) {
          own.set(group, (own.get(group) ?? 0) + 1);
          expect(found.id).toBeLessThan(max - reserved);
        }
        if (found.kind !== 'overflow') continue;
        overflowed += 1;
        // A tenant without a share of the reserve is only turned away when nothing is left of it.
        const inReserve = [...overflowOf].filter(([id]) => id >= max - reserved);
        const held = inReserve.filter(([, of]) => of.startsWith(`${name.tenant} `)).length;
        if (found.id === 0) expect(held).toBeGreaterThanOrEqual(max - registry.inputs);
        else expect(overflowOf.get(found.id) ?? group).toBe(group);
        overflowOf.set(found.id, found.id === 0 ? '' : group);
        const { overflow, labels: none } = registry.describeInput(found.id);
        expect([overflow, none]).toEqual([true, []]);
      }
      expect(registry.overflowedCount).toBe(overflowed);
      expect(registry.inputs).toBeLessThanOrEqual(max);
      for (const count of own.values()) expect(count).toBeLessThanOrEqual(perMetric);
    },
  );

  test('registry - one tenant that fills a slab leaves overflow series to the others', () => {
    const registry = new SeriesRegistry({ ...UNLIMITED, seriesMax: 160 });
    const bare = (tenant: string, metric: string): SeriesName => ({ tenant, metric, labels: [] });
    // First stage: ordinary series, until only the reserve of 10 ids is left.
    for (let i = 1; i < 150; i += 1) {
      const expected = { kind: 'series', id: i, created: true };
      expect(registry.register(bare('greedy', `m${i}`))).toEqual(expected);
    }
    // Second stage: an overflow series per tenant and metric, and of one tenant alone half.
    const greedy = Array.from({ length: 50 }, (_, i) => registry.register(bare('greedy', `n${i}`)));
    expect(greedy.map((found) => idOf(found)).slice(0, 6)).toEqual([150, 151, 152, 153, 154, 0]);
    expect(greedy.every(({ kind }) => kind === 'overflow')).toBe(true);
    for (const [tenant, id] of [
      ['a', 155],
      ['b', 156],
      ['c', 157],
      ['a', 158],
      ['d', 159],
    ] as const) {
      const name = bare(tenant, `metric ${id}`);
      expect(registry.register(name)).toEqual({ kind: 'overflow', id, created: true });
      expect(registry.register(name)).toEqual({ kind: 'overflow', id, created: false });
      expect(registry.describeInput(id)).toEqual({ ...name, overflow: true });
    }
    // Third stage: the slab's own series, whose description names nobody.
    const late = { kind: 'overflow', id: 0, created: false };
    expect(registry.register(bare('late', 'm'))).toEqual(late);
    expect(registry.describeInput(0)).toMatchObject({ tenant: '', metric: '', overflow: true });
    expect(registry.register(bare('greedy', 'm1')).kind).toBe('series');
    expect([registry.inputs, registry.targets]).toEqual([160, 160]);
  });

  test('registry - a metric that is full when the slab is too shares its overflow series', () => {
    const registry = new SeriesRegistry({ ...UNLIMITED, seriesMax: 32, seriesPerMetricMax: 40 });
    for (let i = 1; i < 30; i += 1) registry.register(nameOf(i));
    const first = registry.register(nameOf(30));
    expect(first).toEqual({ kind: 'overflow', id: 30, created: true });
    for (let i = 31; i < 60; i += 1) expect(idOf(registry.register(nameOf(i)))).toBe(30);
  });

  test('registry - an empty label set is a series, and an empty value is no label', () => {
    const registry = new SeriesRegistry(UNLIMITED);
    const bare = idOf(registry.register({ tenant: '', metric: 'up', labels: [] }));
    const same = registry.register({ tenant: '', metric: 'up', labels: [['pod', '']] });
    expect(same).toEqual({ kind: 'series', id: bare, created: false });
    expect(registry.describeInput(bare)).toEqual({
      tenant: '',
      metric: 'up',
      labels: [],
      overflow: false,
    });
  });

  test('registry - a known series keeps its id when metric and registry are full', () => {
    const registry = new SeriesRegistry({ ...UNLIMITED, seriesMax: 3, seriesPerMetricMax: 1 });
    const first = idOf(registry.register(nameOf(1)));
    expect(registry.register(nameOf(2))).toEqual({ kind: 'overflow', id: 2, created: true });
    expect(registry.register(nameOf(3))).toEqual({ kind: 'overflow', id: 2, created: false });
    expect(registry.register(nameOf(1, 'other'))).toEqual({
      kind: 'overflow',
      id: 0,
      created: false,
    });
    expect(registry.register(nameOf(1))).toEqual({ kind: 'series', id: first, created: false });
    expect(registry.overflowedCount).toBe(3);
  });

  const long = 'x'.repeat(1 << 20);
  const refused: readonly (readonly [string, SeriesName])[] = [
    ['a metric name of 1 MiB', { tenant: '', metric: long, labels: [] }],
    ['a label name of 1 MiB', { tenant: '', metric: 'm', labels: [[long, 'v']] }],
    ['a label value of 1 MiB', { tenant: '', metric: 'm', labels: [['n', long]] }],
    ['a tenant of 1 MiB', { tenant: long, metric: 'm', labels: [] }],
    ['an empty metric name', { tenant: '', metric: '', labels: [] }],
    ['an empty label name', { tenant: '', metric: 'm', labels: [['', 'v']] }],
    [
      'a label that occurs twice',
      {
        tenant: '',
        metric: 'm',
        labels: [
          ['a', '1'],
          ['a', '1'],
        ],
      },
    ],
    ['a high surrogate alone', { tenant: '', metric: 'm\ud800', labels: [] }],
    ['a low surrogate alone', { tenant: '', metric: '\udc00m', labels: [] }],
    [
      'too many labels',
      {
        tenant: '',
        metric: 'm',
        labels: Array.from({ length: LABELS_MAX + 1 }, (_, i) => [`l${i}`, 'v'] as const),
      },
    ],
    [
      'parts in range that are too long together',
      {
        tenant: '',
        metric: 'm',
        labels: Array.from({ length: 5 }, (_, i) => [`l${i}`, 'v'.repeat(4_000)] as const),
      },
    ],
    ['no name at all', null as unknown as SeriesName],
    ['a text as a series', 'm' as unknown as SeriesName],
    ['labels that are null', { tenant: '', metric: 'm', labels: null as unknown as Label[] }],
    ['labels that are missing', { tenant: '', metric: 'm' } as unknown as SeriesName],
    ['labels by name', { tenant: '', metric: 'm', labels: { a: '1' } as unknown as Label[] }],
    ['a label that is null', { tenant: '', metric: 'm', labels: [null as unknown as Label] }],
    ['a label that is text', { tenant: '', metric: 'm', labels: ['ab' as unknown as Label] }],
    ['a hole among labels', { tenant: '', metric: 'm', labels: new Array<Label>(1) }],
    ['a label without value', { tenant: '', metric: 'm', labels: [['a'] as unknown as Label] }],
    ['a number as a name', { tenant: '', metric: 7 as unknown as string, labels: [] }],
    [
      'surrogate pairs just over the limit',
      { tenant: '', metric: `${'😀'.repeat(METRIC_BYTES_MAX / 4)}x`, labels: [] },
    ],
    [
      'bytes just over the limit',
      { tenant: `${'é'.repeat(TENANT_BYTES_MAX / 2)}x`, metric: 'm', labels: [] },
    ],
  ];

  test.each(refused)('registry - %s is refused, counted, and changes nothing', (_, name) => {
    const registry = new SeriesRegistry(UNLIMITED);
    const before = idOf(registry.register(nameOf(1)));
    const found = registry.register(name);
    if (found.kind !== 'refused') throw new Error('expected a refusal');
    expect(found.error.code).toBe('RM_METRICS_SERIES');
    expect(found.error.message).toMatch(/expected/);
    // An error about a megabyte is not a megabyte.
    expect(found.error.message.length).toBeLessThan(300);
    expect([registry.refusedCount, registry.inputs, registry.targets]).toEqual([1, 2, 2]);
    expect(idOf(registry.register(nameOf(1)))).toBe(before);
  });

  test('registry - names at their limits are accepted', () => {
    const registry = new SeriesRegistry(UNLIMITED);
    const name: SeriesName = {
      tenant: 'é'.repeat(TENANT_BYTES_MAX / 2),
      metric: '😀'.repeat(METRIC_BYTES_MAX / 4),
      labels: Array.from({ length: LABELS_MAX }, (_, i) => [`l${i}`, 'v'] as const),
    };
    expect(registry.register(name).kind).toBe('series');
  });

  test('registry - asking for a number that was never given throws', () => {
    const registry = new SeriesRegistry(UNLIMITED);
    for (const number of [1, -1, 0.5, Number.NaN]) {
      expect(() => registry.target(number)).toThrow('RM_METRICS_SERIES');
      expect(() => registry.describeInput(number)).toThrow('RM_METRICS_SERIES');
      expect(() => registry.describeTarget(number)).toThrow('RM_METRICS_SERIES');
    }
    expect(registry.describeInput(0).overflow).toBe(true);
  });
});
