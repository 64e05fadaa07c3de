/**
 * Every option out of range, and every memory that is no shard.
 */
import { describe, expect, test } from 'vitest';
import { MetricWriter } from '../../../src/hotpath/metrics/metric-writer.ts';
import { MetricShard } from '../../../src/hotpath/metrics/shard.ts';
import type { MetricShardOptions } from '../../../src/hotpath/metrics/shard-options.ts';

const GOOD: MetricShardOptions = { seriesMax: { tally: 4, histogram: 4 } };

describe('shard options', () => {
  test.each([
    ['no kind at all', { seriesMax: {} }],
    ['one series', { seriesMax: { tally: 1 } }],
    ['a fraction of a series', { seriesMax: { tally: 2.5 } }],
    ['negative series', { seriesMax: { tally: -2 } }],
    ['too many series', { seriesMax: { tally: 16_777_217 } }],
    ['more than 32 bits can address', { seriesMax: { histogram: 16_777_216 } }],
    ['negative pages', { ...GOOD, histogramPagesMax: -1 }],
    ['too many pages', { ...GOOD, histogramPagesMax: 2_097_153 }],
    ['an exponent below the normal numbers', { ...GOOD, histogramLowestExponent: -1_023 }],
    ['octaves beyond the largest number', { ...GOOD, histogramLowestExponent: 977 }],
    ['a tiny batch', { ...GOOD, batchSamples: 15 }],
    ['a huge batch', { ...GOOD, batchSamples: 1_048_577 }],
    ['NaN as a batch', { ...GOOD, batchSamples: Number.NaN }],
    ['an epoch beyond 32 bits', { ...GOOD, firstEpoch: 2 ** 31 }],
  ] as const)('options - %s is refused with its name and range', (_, options) => {
    expect(() => MetricShard.create(options)).toThrow(/RM_METRICS_OPTION: .*expected/);
  });

  test('options - the extremes of a range are accepted', () => {
    for (const histogramLowestExponent of [-1_022, 976]) {
      const { layout } = MetricShard.create({ ...GOOD, histogramLowestExponent, firstEpoch: -1 });
      expect(layout.shape.lowestExponent).toBe(histogramLowestExponent);
    }
  });

  test.each([0, -1, 1.5, Number.NaN])('options - seriesPerMetricMax %d is refused', (limit) => {
    const shard = MetricShard.create(GOOD);
    expect(() => new MetricWriter(shard, { seriesPerMetricMax: limit })).toThrow(
      'RM_METRICS_OPTION',
    );
  });

  test('options - Wasm folds over a bare shared buffer are refused, plain ones work', () => {
    const shard = MetricShard.create(GOOD);
    const copy = new SharedArrayBuffer(shard.handle.buffer.byteLength);
    new Uint8Array(copy).set(new Uint8Array(shard.handle.buffer));
    const bare = MetricShard.attach({ buffer: copy });
    expect(() => new MetricWriter(bare, { folds: 'wasm' })).toThrow('RM_METRICS_OPTION');
    const slab = new MetricWriter(bare).slab('tally');
    slab.observe(0, 3);
    slab.flush();
    expect(bare.slabs.get('tally')?.windows[0].sum(0)).toBe(3);
  });
});

describe('shard memory', () => {
  // Guards: HOT-12
  test('shard - its memory cannot grow, so that views stay valid', () => {
    const { handle, layout } = MetricShard.create(GOOD);
    expect(handle.buffer.byteLength).toBe(layout.byteLength);
    const memory = handle as unknown as { grow(pages: number): number };
    expect(() => memory.grow(1)).toThrow(RangeError);
  });
});

describe('attach', () => {
  test('attach - the other side sees the same layout', () => {
    const shard = MetricShard.create({ ...GOOD, histogramLowestExponent: -30 });
    expect(MetricShard.attach(shard.handle).layout).toEqual(shard.layout);
  });

  test('attach - any option word far out of range is refused', () => {
    const { handle } = MetricShard.create(GOOD);
    const words = new Int32Array(handle.buffer);
    // Magic, version, bytes, batch, pages, exponent, and series of five kinds.
    for (let word = 0; word < 11; word += 1) {
      const before = words[word] as number;
      for (const damaged of [before ^ 0x4000_0000, 2_000_000_000, -2_000_000_000]) {
        words[word] = damaged;
        expect(() => MetricShard.attach(handle)).toThrow('RM_METRICS_INVALID');
      }
      words[word] = before;
    }
    expect(MetricShard.attach(handle).layout.slabs.length).toBe(2);
  });

  test('attach - a foreign, empty or unshared buffer is refused', () => {
    for (const buffer of [
      new SharedArrayBuffer(0),
      new SharedArrayBuffer(65_536),
      new ArrayBuffer(65_536) as unknown as SharedArrayBuffer,
    ]) {
      expect(() => MetricShard.attach({ buffer })).toThrow('RM_METRICS_INVALID');
    }
  });
});
