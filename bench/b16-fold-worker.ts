/**
 * A worker thread of the aggregation benchmarks: folds its own columns as often as it is told.
 * Started by b16-aggregation.bench.ts and trillion.ts; it measures nothing. It answers with what
 * its own memory counted, or with 0 where the main thread can read that memory.
 */
import { parentPort, workerData } from 'node:worker_threads';
import * as hotpath from 'ringmaster/hotpath';

/** What a worker folds into. */
export type FoldTarget =
  /** A metric shard of its own. */
  | {
      readonly kind: 'shard';
      readonly handle: hotpath.MetricShardHandle;
      readonly folds: 'wasm' | 'plain';
    }
  /** Float arrays of its own: no names, no windows, no checks. */
  | { readonly kind: 'arrays' }
  /** One table for all threads, kept right by Atomics.add. */
  | {
      readonly kind: 'atomics';
      readonly counts: Int32Array;
      readonly sums: Int32Array | undefined;
    };

/** `workerData` of this file. */
export interface FoldWorkerData {
  readonly target: FoldTarget;
  /** Series, numbered by first arrival. */
  readonly series: number;
  /** Order of ids in a sweep over all series. */
  readonly order: 'arrival' | 'random';
}

/** What the worker is told. */
export type FoldCommand =
  /** Fold sweeps and close the window. */
  | { readonly kind: 'sweeps'; readonly sweeps: number }
  /** Fold exactly so many samples, closing windows on the way and at the end. */
  | { readonly kind: 'samples'; readonly samples: number };

/** Sweeps between two attempts to close a window in a long run. */
const SWEEPS_PER_WINDOW = 1_000;

/** Values are whole and below this, so that the 32-bit peer can add them too. */
const VALUE_LIMIT = 1_024;

interface Columns {
  readonly ids: Uint32Array;
  readonly values: Float64Array;
}

interface Folder {
  readonly fold: (columns: Columns, count: number) => void;
  /** Closes the window, waiting for the reader if `always`. */
  readonly close: (always: boolean) => void;
  /** Samples in memory that only this thread sees, since the last time; 0 if there is none. */
  readonly take: () => number;
}

function makeColumns({ series, order }: FoldWorkerData): Columns {
  const ids = Uint32Array.from({ length: series }, (_, i) => i);
  const values = new Float64Array(series);
  let state = 42;
  const random = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * limit);
  };
  for (let i = series - 1; i >= 0; i -= 1) {
    values[i] = random(VALUE_LIMIT);
    if (order === 'arrival') continue;
    const other = random(i + 1);
    const id = ids[i] as number;
    ids[i] = ids[other] as number;
    ids[other] = id;
  }
  return { ids, values };
}

function shardFolder(
  target: FoldTarget & { kind: 'shard' },
  series: number,
  columns: Columns,
): Folder {
  const shard = hotpath.MetricShard.attach(target.handle);
  const writer = new hotpath.MetricWriter(shard, {
    folds: target.folds,
    seriesPerMetricMax: series,
  });
  const slab = writer.slab('tally');
  const registered = new Uint32Array(series);
  for (let i = 0; i < series; i += 1) {
    const found = slab.register({ tenant: 't', metric: 'm', labels: [['instance', `${i}`]] });
    if (found.kind !== 'series') throw new Error(`series ${i} was answered with ${found.kind}`);
    registered[i] = found.id;
  }
  for (let i = 0; i < series; i += 1) {
    columns.ids[i] = registered[columns.ids[i] as number] as number;
  }
  const pause = new Int32Array(new SharedArrayBuffer(4));
  return {
    fold: ({ ids, values }, count) => slab.foldColumns(ids, values, count),
    close: (always) => {
      while (!writer.tryFlip() && always) Atomics.wait(pause, 0, 0, 1);
    },
    take: () => 0,
  };
}

function arraysFolder(series: number): Folder {
  const sums = new Float64Array(series);
  const counts = new Float64Array(series);
  return {
    fold: (columns, count) => foldArrays(columns, count, sums, counts),
    close: () => {},
    take: () => {
      const taken = sumOf(counts);
      sums.fill(0);
      counts.fill(0);
      return taken;
    },
  };
}

function sumOf(counts: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i += 1) sum += counts[i] as number;
  return sum;
}

function foldArrays(
  { ids, values }: Columns,
  count: number,
  sums: Float64Array,
  counts: Float64Array,
): void {
  for (let i = 0; i < count; i += 1) {
    const id = ids[i] as number;
    sums[id] = (sums[id] as number) + (values[i] as number);
    counts[id] = (counts[id] as number) + 1;
  }
}

function atomicsFolder({ counts, sums }: FoldTarget & { kind: 'atomics' }): Folder {
  return {
    fold: (columns, count) => {
      if (sums === undefined) countAtomics(columns, count, counts);
      else foldAtomics(columns, count, counts, sums);
    },
    close: () => {},
    take: () => 0,
  };
}

function countAtomics({ ids }: Columns, count: number, counts: Int32Array): void {
  for (let i = 0; i < count; i += 1) Atomics.add(counts, ids[i] as number, 1);
}

function foldAtomics(
  { ids, values }: Columns,
  count: number,
  counts: Int32Array,
  sums: Int32Array,
): void {
  for (let i = 0; i < count; i += 1) {
    const id = ids[i] as number;
    Atomics.add(sums, id, values[i] as number);
    Atomics.add(counts, id, 1);
  }
}

function makeFolder({ target, series }: FoldWorkerData, columns: Columns): Folder {
  if (target.kind === 'shard') return shardFolder(target, series, columns);
  return target.kind === 'arrays' ? arraysFolder(series) : atomicsFolder(target);
}

function obey(command: FoldCommand, folder: Folder, columns: Columns): number {
  const series = columns.ids.length;
  if (command.kind === 'sweeps') {
    for (let sweep = 0; sweep < command.sweeps; sweep += 1) folder.fold(columns, series);
    folder.close(true);
    return folder.take();
  }
  const sweeps = Math.floor(command.samples / series);
  for (let sweep = 1; sweep <= sweeps; sweep += 1) {
    folder.fold(columns, series);
    if (sweep % SWEEPS_PER_WINDOW === 0) folder.close(false);
  }
  folder.fold(columns, command.samples - sweeps * series);
  folder.close(true);
  return folder.take();
}

const data = workerData as FoldWorkerData;
const columns = makeColumns(data);
const folder = makeFolder(data, columns);
parentPort?.on('message', (command: FoldCommand) => {
  parentPort?.postMessage(obey(command, folder, columns));
});
parentPort?.postMessage(0);
