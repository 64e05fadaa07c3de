/**
 * What one `observe(id, value)` costs when samples come one call at a time, 1,000 series.
 * Answers: how many samples a second can instrumented code record, against what Node programs use.
 * Does not answer: what exposition, export, or another thread that reads meanwhile cost.
 * Peers do their usual call (labels with every sample) and, where the library has it, the cheapest
 * one (a child resolved once). Ours resolves names once, so the child is the closer counterpart.
 * Seed 42: the same ids and values in every process. Checksum: what the library says it holds.
 */
import type { Attributes } from '@opentelemetry/api';
import { DataPointType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { Counter, Histogram, Registry } from 'prom-client';
import * as hotpath from 'ringmaster/hotpath';
import type { BenchContender, BenchRow, BenchTask } from './harness/row.ts';

/** Series, as in the target. */
const SERIES = 1_000;

/** Room for them in a shard, which keeps one id in 16 for overflow series. */
const SERIES_MAX = 1_100;

/** Samples of one pass over ids and values; one call of a peer, some 50 ms for the slowest. */
const SAMPLES = 65_536;

/** Passes of one call of ours, after which a window is closed and read: some 10 ms. */
const PASSES = 32;

/** Ids 0..999 and latencies of 10 to 160 ms, five octaves, in a fixed pseudo-random order. */
const IDS = new Uint16Array(SAMPLES);
const VALUES = new Float64Array(SAMPLES);
let state = 42;
for (let i = 0; i < SAMPLES; i += 1) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  IDS[i] = (state >>> 8) % SERIES;
  VALUES[i] = 0.01 + 0.15 * ((state >>> 12) / 1_048_576);
}

/** Two labels, as a request counter has at least. */
function labelsOf(series: number): { method: string; instance: string } {
  return { method: series % 2 === 0 ? 'GET' : 'POST', instance: `instance-${series}` };
}

function ours(kind: 'tally' | 'histogram', folds: 'wasm' | 'plain'): BenchContender {
  return {
    prepare(): BenchTask {
      const shard = hotpath.MetricShard.create({ seriesMax: { [kind]: SERIES_MAX } });
      const writer = new hotpath.MetricWriter(shard, { folds });
      const reader = new hotpath.MetricReader(shard);
      const slab = writer.slab(kind);
      const ids = new Uint32Array(SAMPLES);
      const registered: number[] = [];
      for (let series = 0; series < SERIES; series += 1) {
        const labels = Object.entries(labelsOf(series));
        const found = slab.register({ tenant: '', metric: 'requests', labels });
        if (found.kind === 'refused') throw found.error;
        registered.push(found.id);
      }
      for (let i = 0; i < SAMPLES; i += 1) ids[i] = registered[IDS[i] as number] as number;
      return {
        opsPerCall: PASSES * SAMPLES,
        call: () => {
          for (let pass = 0; pass < PASSES; pass += 1) observeAll(slab, ids);
          // Closing the window is part of the cost, and the only way to see what was folded.
          writer.tryFlip();
          return drain(reader, kind);
        },
      };
    },
  };
}

function observeAll(slab: hotpath.SlabWriter, ids: Uint32Array): void {
  for (let i = 0; i < SAMPLES; i += 1) slab.observe(ids[i] as number, VALUES[i] as number);
}

function drain(reader: hotpath.MetricReader, kind: 'tally' | 'histogram'): number {
  if (!reader.acquire()) throw new Error('the window was not closed');
  const window = reader.window(kind);
  let samples = 0;
  for (let series = 0; series < window.series; series += 1) samples += window.count(series);
  reader.release();
  return samples;
}

/** What a counter holds in all its series. */
function sumOf(values: readonly { readonly value: number }[]): number {
  return values.reduce((sum, { value }) => sum + value, 0);
}

const LABEL_NAMES = ['method', 'instance'] as const;

/** `counter.labels(…)` kept per series, then `child.inc(value)`. */
const promCounterChild: BenchContender = {
  prepare: () => {
    const counter = new Counter({ name: 'c', help: 'c', labelNames: LABEL_NAMES, registers: [] });
    const children = Array.from({ length: SERIES }, (_, i) => counter.labels(labelsOf(i)));
    return {
      opsPerCall: SAMPLES,
      call: async () => {
        for (let i = 0; i < SAMPLES; i += 1) children[IDS[i] as number]?.inc(VALUES[i] as number);
        return sumOf((await counter.get()).values);
      },
    };
  },
};

/** `counter.inc(labels, value)` with label objects that exist already. */
const promCounterLabels: BenchContender = {
  prepare: () => {
    const counter = new Counter({ name: 'c', help: 'c', labelNames: LABEL_NAMES, registers: [] });
    const labels = Array.from({ length: SERIES }, (_, i) => labelsOf(i));
    return {
      opsPerCall: SAMPLES,
      call: async () => {
        for (let i = 0; i < SAMPLES; i += 1) {
          counter.inc(labels[IDS[i] as number] ?? {}, VALUES[i] as number);
        }
        return sumOf((await counter.get()).values);
      },
    };
  },
};

/** Buckets as the library's defaults; ours has 64 an octave. */
function promHistogram(): Histogram<'method' | 'instance'> {
  const registers = [new Registry()];
  return new Histogram({ name: 'h', help: 'h', labelNames: LABEL_NAMES, registers });
}

/** Reading a histogram costs as much as a call, so its samples are counted once, at the end. */
async function checkHistogram(histogram: Histogram<'method' | 'instance'>): Promise<void> {
  const { values } = await histogram.get();
  const samples = sumOf(values.filter(({ metricName }) => metricName === 'h_count'));
  if (samples === 0 || samples % SAMPLES !== 0) throw new Error(`it holds ${samples} samples`);
}

const promHistogramChild: BenchContender = {
  prepare: () => {
    const histogram = promHistogram();
    const children = Array.from({ length: SERIES }, (_, i) => histogram.labels(labelsOf(i)));
    return {
      opsPerCall: SAMPLES,
      call: () => {
        for (let i = 0; i < SAMPLES; i += 1) {
          children[IDS[i] as number]?.observe(VALUES[i] as number);
        }
        return SAMPLES;
      },
      close: () => checkHistogram(histogram),
    };
  },
};

const promHistogramLabels: BenchContender = {
  prepare: () => {
    const histogram = promHistogram();
    const labels = Array.from({ length: SERIES }, (_, i) => labelsOf(i));
    return {
      opsPerCall: SAMPLES,
      call: () => {
        for (let i = 0; i < SAMPLES; i += 1) {
          histogram.observe(labels[IDS[i] as number] ?? {}, VALUES[i] as number);
        }
        return SAMPLES;
      },
      close: () => checkHistogram(histogram),
    };
  },
};

/** A reader that only collects when asked: without one the SDK stores nothing at all. */
class PullReader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

function openTelemetry(instrument: 'counter' | 'histogram'): BenchContender {
  return {
    prepare: () => {
      const reader = new PullReader();
      const meter = new MeterProvider({ readers: [reader] }).getMeter('bench');
      const attributes: Attributes[] = Array.from({ length: SERIES }, (_, i) => labelsOf(i));
      const counter = meter.createCounter('c');
      const histogram = meter.createHistogram('h');
      const record =
        instrument === 'counter'
          ? (value: number, labels: Attributes) => counter.add(value, labels)
          : (value: number, labels: Attributes) => histogram.record(value, labels);
      return {
        opsPerCall: SAMPLES,
        call: () => {
          for (let i = 0; i < SAMPLES; i += 1) {
            record(VALUES[i] as number, attributes[IDS[i] as number] ?? {});
          }
          return SAMPLES;
        },
        close: async () => {
          const { resourceMetrics } = await reader.collect();
          const metric = resourceMetrics.scopeMetrics[0]?.metrics[0];
          const kind = instrument === 'counter' ? DataPointType.SUM : DataPointType.HISTOGRAM;
          if (metric?.dataPointType !== kind || metric.dataPoints.length !== SERIES) {
            throw new Error('the SDK does not hold one data point per series');
          }
        },
      };
    },
  };
}

export const rows: readonly BenchRow[] = [
  {
    id: 'B17',
    name: 'observe, {sum, count}, 1,000 series',
    unit: 'M ops/s',
    ours: ours('tally', 'wasm'),
    peers: {
      'plain TypeScript fold': ours('tally', 'plain'),
      'prom-client counter, labels': promCounterLabels,
      'prom-client counter, child': promCounterChild,
      'OpenTelemetry counter': openTelemetry('counter'),
    },
    target: {
      perSecondAtLeast: 125_000_000,
      ratioAtLeast: { 'prom-client counter, labels': 50, 'OpenTelemetry counter': 100 },
    },
  },
  {
    id: 'B17',
    name: 'observe, histogram, 1,000 series',
    unit: 'M ops/s',
    ours: ours('histogram', 'wasm'),
    peers: {
      'plain TypeScript fold': ours('histogram', 'plain'),
      'prom-client histogram, labels': promHistogramLabels,
      'prom-client histogram, child': promHistogramChild,
      'OpenTelemetry histogram': openTelemetry('histogram'),
    },
    // The design's ratios are for the row above; this is the floor for a much finer histogram.
    target: {
      ratioAtLeast: { 'prom-client histogram, labels': 25, 'OpenTelemetry histogram': 50 },
    },
  },
];
