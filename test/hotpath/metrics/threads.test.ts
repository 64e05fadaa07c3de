/**
 * A writer and a reader on two real threads: every sample arrives once, whatever the interleaving.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
// A real thread runs the built package, since Node 20 does not run TypeScript; so does this side.
import { heapWindow, MetricReader, MetricShard, mergeWindow } from '../../../dist/hotpath/index.js';

const DOOR = new URL('../../../dist/hotpath/index.js', import.meta.url).href;
const SAMPLES = 400_000;
const SERIES = 50;
/** With room for the overflow series that a slab keeps ids for. */
const SERIES_MAX = 64;

/** Observes 1, 1, 1 … over all series, closing a window whenever it can, and at the end. */
const WRITER = `
const { workerData, parentPort } = require('node:worker_threads');
import(${JSON.stringify(DOOR)}).then(({ MetricShard, MetricWriter }) => {
  const shard = MetricShard.attach(workerData.handle);
  const writer = new MetricWriter(shard);
  const slab = writer.slab('summary');
  const ids = [];
  for (let i = 0; i < ${SERIES}; i += 1) {
    ids.push(slab.register({ tenant: 't', metric: 'm', labels: [['i', String(i)]] }).id);
  }
  let flips = 0;
  for (let i = 0; i < ${SAMPLES}; i += 1) {
    slab.observe(ids[i % ${SERIES}], 1);
    if (i % 1000 === 0 && writer.tryFlip()) flips += 1;
  }
  const pause = new Int32Array(new SharedArrayBuffer(4));
  while (!writer.tryFlip()) Atomics.wait(pause, 0, 0, 1);
  parentPort.postMessage(flips + 1);
});
`;

// Guards: HOT-10 HOT-11 HOT-13
test('threads - a writer and a reader on two threads lose and invent no sample', async () => {
  const shard = MetricShard.create({ seriesMax: { summary: SERIES_MAX }, firstEpoch: 2 ** 31 - 3 });
  const reader = new MetricReader(shard);
  const worker = new Worker(WRITER, { eval: true, workerData: { handle: shard.handle } });
  const finished = once(worker, 'message');
  let flips: number | undefined;
  finished.then(([count]) => {
    flips = count;
  });
  let total: ReturnType<typeof heapWindow> | undefined;
  let windows = 0;
  while (flips === undefined || windows < flips) {
    if (reader.acquire()) {
      const window = reader.window('summary');
      total ??= heapWindow(window.layout);
      mergeWindow(total, window);
      reader.release();
      windows += 1;
    }
    await new Promise(setImmediate);
  }
  await worker.terminate();
  expect(windows).toBe(flips);
  expect(total?.series).toBe(SERIES + 1);
  for (let series = 1; series <= SERIES; series += 1) {
    expect(total?.count(series)).toBe(SAMPLES / SERIES);
    expect(total?.sum(series)).toBe(SAMPLES / SERIES);
  }
});
