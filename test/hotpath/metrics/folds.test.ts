/**
 * Kernels and fallback, compared byte by byte over whole shards and hostile samples; and that each
 * sample is counted exactly once. What the bytes mean, metric-shard.test.ts and quantile.test.ts test.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { MetricReader } from '../../../src/hotpath/metrics/metric-reader.ts';
import { MetricWriter } from '../../../src/hotpath/metrics/metric-writer.ts';
import { SERIES_KINDS, type SeriesKind } from '../../../src/hotpath/metrics/series-kind.ts';
import { MetricShard } from '../../../src/hotpath/metrics/shard.ts';
import { hasWasmFolds } from '../../../src/hotpath/metrics/wasm-folds.ts';
import { heapWindow } from '../../../src/hotpath/metrics/window-view.ts';
import { anyNumber } from './samples.ts';

const SERIES = 6;

/** One step of a run: a sample for some id, known or not, or a window that closes. */
const steps = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: fc.tuple(fc.integer({ min: -1, max: SERIES + 3 }), anyNumber) },
    { weight: 1, arbitrary: fc.constant('flip' as const) },
  ),
  { maxLength: 300 },
);

type Step = readonly [number, number] | 'flip';

/** Every byte a run leaves behind, in the shard and in each window as the reader saw it. */
function run(kind: SeriesKind, folds: 'wasm' | 'plain', input: readonly Step[]): Buffer[] {
  const shard = MetricShard.create({
    seriesMax: { [kind]: SERIES + 4 },
    histogramPagesMax: 2,
    batchSamples: 16,
  });
  const without = new Map([['m', ['pod']]]);
  const writer = new MetricWriter(shard, { folds, without, seriesPerMetricMax: 5 });
  const slab = writer.slab(kind);
  for (let i = 0; i < SERIES; i += 1) {
    // Inputs 1 and 2 share a target, the last one is an overflow input.
    const labels = [['zone', `${i >> 1}`] as const, ['pod', `${i}`] as const];
    slab.register({ tenant: 't', metric: 'm', labels });
  }
  const reader = new MetricReader(shard);
  const bytes: Buffer[] = [];
  const snapshot = () => bytes.push(Buffer.from(new Uint8Array(shard.handle.buffer.slice(0))));
  for (const step of input) {
    if (step !== 'flip') slab.observe(...step);
    else if (writer.tryFlip() && reader.acquire()) {
      snapshot();
      reader.release();
    }
  }
  writer.flush();
  snapshot();
  return bytes;
}

describe('folds', () => {
  test('folds - this engine runs the kernels', () => {
    expect(hasWasmFolds()).toBe(true);
  });

  test.each(SERIES_KINDS)('folds - %s: kernel and fallback leave identical bytes', (kind) => {
    // Guards: HOT-14
    fc.assert(
      fc.property(steps, (input) => {
        const wasm = run(kind, 'wasm', input);
        const plain = run(kind, 'plain', input);
        expect(wasm.length).toBe(plain.length);
        for (const [index, bytes] of wasm.entries()) {
          expect(bytes.equals(plain[index] ?? Buffer.alloc(0))).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  propertyTest.prop([fc.array(anyNumber, { maxLength: 100 })])(
    'folds - every sample is counted once, refused or folded',
    (values) => {
      // Guards: HOT-13
      for (const kind of SERIES_KINDS) {
        const shard = MetricShard.create({ seriesMax: { [kind]: 4 }, batchSamples: 16 });
        const writer = new MetricWriter(shard);
        const reader = new MetricReader(shard);
        for (const [index, value] of values.entries()) {
          writer.slab(kind).observe(index % 3, value);
        }
        writer.tryFlip();
        reader.acquire();
        const window = reader.window(kind);
        const taken = window.count(0) + window.refusedIds + window.refusedValues;
        expect(taken).toBe(values.length);
      }
    },
  );

  propertyTest.prop([
    fc.constantFrom(...SERIES_KINDS),
    fc.array(
      fc.oneof(
        anyNumber,
        fc.integer({ min: -20, max: 27 }).map((e) => 2 ** e),
      ),
    ),
  ])('folds - a window that was given back holds no trace of its samples', (kind, values) => {
    const shard = MetricShard.create({ seriesMax: { [kind]: 3 }, batchSamples: 16 });
    const writer = new MetricWriter(shard);
    const reader = new MetricReader(shard);
    writer.slab(kind).register({ tenant: '', metric: 'm', labels: [] });
    for (const [index, value] of values.entries()) writer.slab(kind).observe(index % 2, value);
    writer.tryFlip();
    reader.acquire();
    const returned = reader.window(kind);
    reader.release();
    expect(returned).toEqual(heapWindow(returned.layout));
  });

  test('folds - the generated module names the source it was compiled from', () => {
    const source = readFileSync('src/hotpath/metrics/kernel/fold.ts');
    const generated = readFileSync('src/hotpath/metrics/kernels.generated.ts', 'utf8');
    expect(generated).toContain(createHash('sha256').update(source).digest('hex'));
  });
});
