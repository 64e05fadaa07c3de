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
import type { SlabWriter } from '../../../src/hotpath/metrics/slab-writer.ts';
import { hasWasmFolds } from '../../../src/hotpath/metrics/wasm-folds.ts';
import { heapWindow } from '../../../src/hotpath/metrics/window-view.ts';
import { anyNumber } from './samples.ts';

const SERIES = 6;

/** An id, known or not: just outside, and as far outside as a u32 can be. */
const anyId = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: -1, max: SERIES + 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 16, 2 ** 28, 2 ** 31, 2 ** 32 - 1) },
);

/** One step of a run: a sample, a column of them, or a window that closes. */
const steps = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: fc.tuple(anyId, anyNumber) },
    { weight: 1, arbitrary: fc.array(fc.tuple(anyId, anyNumber), { maxLength: 40 }) },
    { weight: 1, arbitrary: fc.constant('flip' as const) },
  ),
  { maxLength: 300 },
);

type Sample = readonly [number, number];
type Step = Sample | readonly Sample[] | 'flip';

/** All kinds, so that a write outside of a slab shows in its neighbours. */
const ALL_KINDS = Object.fromEntries(SERIES_KINDS.map((kind) => [kind, SERIES + 4]));

function take(slab: SlabWriter, step: Sample | readonly Sample[]): void {
  if (isSample(step)) slab.observe(...step);
  else {
    const ids = Uint32Array.from(step, ([id]) => id);
    slab.foldColumns(
      ids,
      Float64Array.from(step, ([, value]) => value),
    );
  }
}

function isSample(step: Sample | readonly Sample[]): step is Sample {
  return typeof step[0] === 'number';
}

/**
 * Every byte a run leaves behind, in the shard and in each window as the reader saw it. All slabs
 * have series; the samples are of one kind.
 */
function run(kind: SeriesKind, folds: 'wasm' | 'plain', input: readonly Step[]): Buffer[] {
  const shard = MetricShard.create({
    seriesMax: ALL_KINDS,
    histogramPagesMax: 2,
    batchSamples: 16,
  });
  const without = new Map([['m', ['pod']]]);
  const writer = new MetricWriter(shard, { folds, without, seriesPerMetricMax: 5 });
  for (const each of SERIES_KINDS) registerAll(writer.slab(each));
  const slab = writer.slab(kind);
  const reader = new MetricReader(shard);
  const bytes: Buffer[] = [];
  const snapshot = () => bytes.push(Buffer.from(new Uint8Array(shard.handle.buffer.slice(0))));
  for (const step of input) {
    if (step !== 'flip') take(slab, step);
    else if (writer.tryFlip() && reader.acquire()) {
      snapshot();
      reader.release();
    }
  }
  writer.flush();
  snapshot();
  return bytes;
}

function registerAll(slab: SlabWriter): void {
  for (let i = 0; i < SERIES; i += 1) {
    // Inputs 1 and 2 share a target, the last one is an overflow input.
    const labels = [['zone', `${i >> 1}`] as const, ['pod', `${i}`] as const];
    slab.register({ tenant: 't', metric: 'm', labels });
  }
}

/** The bytes of all slabs but one: what a run of that kind must leave as it found them. */
function neighbours(kind: SeriesKind, bytes: Buffer): Buffer {
  const shard = MetricShard.create({
    seriesMax: ALL_KINDS,
    histogramPagesMax: 2,
    batchSamples: 16,
  });
  const { slabs, byteLength } = shard.layout;
  const at = slabs.findIndex((slab) => slab.kind === kind);
  const first = slabs[0]?.idsAt ?? 0;
  const end = slabs[at + 1]?.idsAt ?? byteLength;
  const parts = [bytes.subarray(first, slabs[at]?.idsAt), bytes.subarray(end)];
  return Buffer.concat(parts);
}

describe('folds', () => {
  test('folds - this engine runs the kernels', () => {
    expect(hasWasmFolds()).toBe(true);
  });

  test.each(SERIES_KINDS)('folds - %s: kernel and fallback leave identical bytes', (kind) => {
    // Guards: HOT-14
    const [untouched = Buffer.alloc(0)] = run(kind, 'plain', []);
    fc.assert(
      fc.property(steps, (input) => {
        const wasm = run(kind, 'wasm', input);
        const plain = run(kind, 'plain', input);
        expect(wasm.length).toBe(plain.length);
        for (const [index, bytes] of wasm.entries()) {
          expect(bytes.equals(plain[index] ?? Buffer.alloc(0))).toBe(true);
        }
        const last = wasm.at(-1) ?? Buffer.alloc(0);
        expect(neighbours(kind, last).equals(neighbours(kind, untouched))).toBe(true);
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
