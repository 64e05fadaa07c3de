/**
 * One long run with a known end: folds exactly N samples (10^12 unless told otherwise) with two
 * threads into two shards of 100,000 series, reads every window that closes, and compares the
 * counts of all series at the end with N, series by series.
 *
 *   npm run trillion -- [samples] [--save]
 *
 * Answers: are counts still exact after a trillion samples, window by window, on real threads?
 * Prints a line of JSON every few seconds and one at the end; exits 1 when a count is off.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import * as hotpath from 'ringmaster/hotpath';
import type { FoldCommand, FoldWorkerData } from './b16-fold-worker.ts';
import { machineBlock } from './harness/machine.ts';

const SAMPLES_DEFAULT = 1_000_000_000_000;
const SERIES = 100_000;
/** One id in 16 is kept for overflow series. */
const SERIES_MAX = 110_000;
const THREADS = 2;
const PROGRESS_EVERY_MS = 5_000;
/** How often the reader looks for closed windows; a writer never waits for it. */
const DRAIN_EVERY_MS = 20;

/** One shard, its thread, and all that was read from it. */
interface Side {
  readonly reader: hotpath.MetricReader;
  readonly worker: Worker;
  readonly samples: number;
  total: hotpath.WindowView | undefined;
  windows: number;
  finished: boolean;
}

function print(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Starts a thread; resolves when its columns and series are ready. */
async function start(samples: number): Promise<Side> {
  const shard = hotpath.MetricShard.create({
    seriesMax: { tally: SERIES_MAX },
    batchSamples: 16_384,
  });
  const workerData: FoldWorkerData = {
    target: { kind: 'shard', handle: shard.handle, folds: 'wasm' },
    series: SERIES,
    order: 'arrival',
  };
  const worker = new Worker(new URL('./b16-fold-worker.js', import.meta.url), { workerData });
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  const reader = new hotpath.MetricReader(shard);
  return { reader, worker, samples, total: undefined, windows: 0, finished: false };
}

function command(side: Side): void {
  const samples: FoldCommand = { kind: 'samples', samples: side.samples };
  side.worker.once('message', () => {
    side.finished = true;
  });
  side.worker.postMessage(samples);
}

/** Adds the closed window, if there is one, to the side's total. */
function drain(side: Side): void {
  if (!side.reader.acquire()) return;
  const window = side.reader.window('tally');
  side.total ??= hotpath.heapWindow(window.layout);
  hotpath.mergeWindow(side.total, window);
  side.reader.release();
  side.windows += 1;
}

function countOf(sides: readonly Side[]): number {
  let count = 0;
  for (const { total } of sides) {
    for (let series = 0; series <= SERIES; series += 1) count += total?.count(series) ?? 0;
  }
  return count;
}

/** Series whose count is not what an even sweep over all of them leaves behind. */
function wrongSeries({ total, samples }: Side): number {
  let wrong = 0;
  for (let i = 0; i < SERIES; i += 1) {
    const expected = Math.floor(samples / SERIES) + (i < samples % SERIES ? 1 : 0);
    // Series 0 of a slab is its overflow series; ours follow in order of arrival.
    if (total?.count(i + 1) !== expected) wrong += 1;
  }
  return wrong;
}

async function run(samples: number, isSaved: boolean): Promise<boolean> {
  const half = Math.floor(samples / THREADS);
  const sides = await Promise.all([start(half), start(samples - half)]);
  const startedMs = performance.now();
  const seconds = () => (performance.now() - startedMs) / 1_000;
  let printedMs = startedMs;
  for (const side of sides) command(side);
  // A thread says that it is done after its last window closed, so drain once more after that.
  for (let open = true; open; ) {
    open = !sides.every(({ finished }) => finished);
    for (const side of sides) drain(side);
    if (performance.now() - printedMs >= PROGRESS_EVERY_MS) {
      printedMs = performance.now();
      const count = countOf(sides);
      print({ seconds: seconds(), count, perSecond: count / seconds() });
    }
    if (open) await new Promise((resolve) => setTimeout(resolve, DRAIN_EVERY_MS));
  }
  const count = countOf(sides);
  const wrong = sides.reduce((sum, side) => sum + wrongSeries(side), 0);
  const exact = count === samples && wrong === 0;
  const windows = sides.map((side) => side.windows);
  const speed = { seconds: seconds(), perSecond: count / seconds() };
  const shape = { series: SERIES, threads: THREADS, windows };
  const report = { samples, count, exact, wrongSeries: wrong, ...shape, ...speed };
  print({ done: true, ...report });
  if (isSaved) save(report);
  await Promise.all(sides.map(({ worker }) => worker.terminate()));
  return exact;
}

function save(report: Readonly<Record<string, unknown>>): void {
  const file = new URL('../../bench/results/trillion.json', import.meta.url);
  const head = { id: 'trillion', takenAt: new Date().toISOString(), machine: machineBlock() };
  writeFileSync(file, `${JSON.stringify({ ...head, ...report }, null, 2)}\n`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { save: { type: 'boolean', default: false } },
});
const samples = Number(positionals[0] ?? SAMPLES_DEFAULT);
if (!Number.isSafeInteger(samples) || samples < 0) {
  process.stderr.write(`samples is ${positionals[0]}, expected a whole number up to 2^53 - 1.\n`);
  process.exit(2);
}
process.exit((await run(samples, values.save)) ? 0 : 1);
