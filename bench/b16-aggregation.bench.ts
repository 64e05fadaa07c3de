/**
 * What aggregation costs when ids are resolved and samples come in columns: two worker threads,
 * each with a shard of its own, {sum, count} per series.
 * One call is many sweeps over all series, then both windows are closed, read to the last record
 * and given back: the copy into the shard, the checks of ids and values, and the reading are in.
 * Does not answer: what parsing and looking names up cost, or what other kinds of series do.
 * Seed 42: the same columns in every process. Checksum: the counts of all records, read and cleared
 * by whoever can see them: this thread, or a worker for arrays of its own. Equal for the fast ones.
 */
import { Worker } from 'node:worker_threads';
import * as hotpath from 'ringmaster/hotpath';
import type { FoldCommand, FoldTarget, FoldWorkerData } from './b16-fold-worker.ts';
import type { BenchContender, BenchRow, BenchTask } from './harness/row.ts';

const THREADS = 2;

/** Samples per thread and call of the fast contenders: about 0.1 s. */
const SAMPLES_PER_CALL = 32_000_000;

/** Samples per thread and call where each costs tens of nanoseconds. */
const SAMPLES_PER_CALL_SLOW = 4_000_000;

/** A quick run only shows that everything still works: few series, a fraction of the samples. */
const QUICK_SERIES = 1_000;
const QUICK_DIVISOR = 64;

interface Load {
  readonly series: number;
  readonly order: 'arrival' | 'random';
}

/** What a contender really runs with. */
interface Size extends Load {
  readonly samplesPerCall: number;
}

function sizeOf(load: Load, samplesPerCall: number, quick: boolean): Size {
  if (!quick) return { ...load, samplesPerCall };
  return { ...load, series: QUICK_SERIES, samplesPerCall: samplesPerCall / QUICK_DIVISOR };
}

async function start(target: FoldTarget, { series, order }: Size): Promise<Worker> {
  const workerData: FoldWorkerData = { target, series, order };
  const worker = new Worker(new URL('./b16-fold-worker.js', import.meta.url), { workerData });
  await answer(worker);
  return worker;
}

/** The worker's next message, samples that it counted itself; or the error that ended it. */
function answer(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (samples: number) => {
      worker.off('error', reject);
      resolve(samples);
    });
  });
}

/** A task that sends every worker the same command, then lets `read` look at the outcome. */
async function task(
  targets: readonly FoldTarget[],
  size: Size,
  read: () => number,
): Promise<BenchTask> {
  const workers = await Promise.all(targets.map((target) => start(target, size)));
  const sweeps = Math.max(1, Math.round(size.samplesPerCall / size.series));
  const command: FoldCommand = { kind: 'sweeps', sweeps };
  const round = async (): Promise<number> => {
    for (const worker of workers) worker.postMessage(command);
    const counted = await Promise.all(workers.map(answer));
    return counted.reduce((sum, samples) => sum + samples, read());
  };
  let last: Promise<number> = Promise.resolve(0);
  return {
    opsPerCall: targets.length * sweeps * size.series,
    // One after the other: a harness may start a call just to see that it is asynchronous.
    call: () => {
      last = last.then(round);
      return last;
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function shards(load: Load, folds: 'wasm' | 'plain'): BenchContender {
  return {
    prepare: ({ quick }) => {
      const size = sizeOf(load, SAMPLES_PER_CALL, quick);
      // One id in 16 is kept for overflow series.
      const seriesMax = { tally: (11 * size.series) / 10 };
      const all = Array.from({ length: THREADS }, () =>
        hotpath.MetricShard.create({ seriesMax, batchSamples: 16_384 }),
      );
      const readers = all.map((shard) => new hotpath.MetricReader(shard));
      const targets = all.map(({ handle }) => ({ kind: 'shard', handle, folds }) as const);
      return task(targets, size, () => readers.reduce((sum, reader) => sum + drain(reader), 0));
    },
  };
}

/** Reads every record of the closed window and gives it back. */
function drain(reader: hotpath.MetricReader): number {
  if (!reader.acquire()) throw new Error('the worker closed no window');
  const { totals, series } = reader.window('tally');
  let samples = 0;
  for (let i = 0; i < series; i += 1) samples += totals[2 * i + 1] as number;
  reader.release();
  return samples;
}

function arrays(load: Load): BenchContender {
  return {
    prepare: ({ quick }) => {
      const targets = Array.from({ length: THREADS }, () => ({ kind: 'arrays' }) as const);
      return task(targets, sizeOf(load, SAMPLES_PER_CALL, quick), () => 0);
    },
  };
}

/** One table that both threads add to; whole numbers, which is what Atomics can add. */
function atomics(load: Load, record: 'sum and count' | 'count'): BenchContender {
  return {
    prepare: ({ quick }) => {
      const size = sizeOf(load, SAMPLES_PER_CALL_SLOW, quick);
      const table = () => new Int32Array(new SharedArrayBuffer(4 * size.series));
      const sums = record === 'count' ? undefined : table();
      const counts = table();
      const target = { kind: 'atomics', counts, sums } as const;
      const targets = Array.from({ length: THREADS }, () => target);
      return task(targets, size, () => takeCounts(counts));
    },
  };
}

/** Reads and clears a table while its threads wait for their next command. */
function takeCounts(counts: Int32Array): number {
  let samples = 0;
  for (let i = 0; i < counts.length; i += 1) samples += counts[i] as number;
  counts.fill(0);
  return samples;
}

const ATOMICS = 'shared Atomics.add, sum and count';

function row(name: string, load: Load, target: BenchRow['target']): BenchRow {
  return {
    id: 'B16',
    name,
    unit: 'M ops/s',
    ours: shards(load, 'wasm'),
    peers: {
      'plain TypeScript fold': shards(load, 'plain'),
      'private float arrays, no checks': arrays(load),
      [ATOMICS]: atomics(load, 'sum and count'),
      'shared Atomics.add, count only': atomics(load, 'count'),
    },
    target,
  };
}

// Random order has no target: there the table's cache misses set the pace for everyone.
export const rows: readonly BenchRow[] = [
  row(
    '100,000 series, ids in order of arrival, 2 threads',
    { series: 100_000, order: 'arrival' },
    { perSecondAtLeast: 300_000_000, ratioAtLeast: { [ATOMICS]: 5 } },
  ),
  row(
    '1,000,000 series, ids in order of arrival, 2 threads',
    { series: 1_000_000, order: 'arrival' },
    { perSecondAtLeast: 116_000_000, ratioAtLeast: { [ATOMICS]: 5 } },
  ),
  row('100,000 series, ids in random order, 2 threads', { series: 100_000, order: 'random' }, {}),
  row(
    '1,000,000 series, ids in random order, 2 threads',
    { series: 1_000_000, order: 'random' },
    {},
  ),
];
