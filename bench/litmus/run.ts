/**
 * Litmus runs on real threads: a ring between two threads, a ring whose producer is killed, a table
 * with one writer and two readers. Called by the test with small numbers and by `main.ts` with
 * 10^8.
 */
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { formatPublished, publishBytes } from 'ringmaster/hotpath';
import { createRing, SharedMem } from 'ringmaster/sharedarraybuffer-ring';
import {
  CONTROL_BYTES,
  type LitmusAnswer,
  type LitmusOrder,
  type LitmusReport,
  type RingOrder,
  SENT_WORD,
  STOP_WORD,
} from './protocol.ts';

export interface RingRun {
  readonly records: number;
  readonly payloadBytesMax: number;
  readonly dataBytes: number;
  readonly seed: number;
  readonly payloadCheck?: boolean;
}

interface Thread {
  readonly worker: Worker;
  readonly started: Promise<void>;
  /** Rejects when the thread ended without a report: it threw, or was terminated. */
  readonly report: Promise<LitmusReport>;
}

function startThread(order: LitmusOrder): Thread {
  const worker = new Worker(new URL('./thread.js', import.meta.url), { workerData: order });
  const started = new Promise<void>((resolve) => {
    worker.on('message', (answer: LitmusAnswer) => answer === 'started' && resolve());
  });
  const report = new Promise<LitmusReport>((resolve, reject) => {
    worker.on('message', (answer: LitmusAnswer) => answer !== 'started' && resolve(answer));
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`thread ended with ${code}, no report`)));
  });
  // A killed thread reports nothing; nobody waits for it then.
  report.catch(() => undefined);
  return { worker, started, report };
}

function ringOrder(run: RingRun): Omit<RingOrder, 'kind'> {
  const { records, payloadBytesMax, seed, dataBytes, payloadCheck = false } = run;
  // Close to the wrap of the 32-bit positions, so that every run crosses it.
  const buffer = createRing({ dataBytes, payloadCheck, firstPosition: -65_536 });
  return { buffer, records, payloadBytesMax, seed, control: new SharedArrayBuffer(CONTROL_BYTES) };
}

/** Sends and checks every record. @returns what both sides saw. */
export async function ringLitmus(run: RingRun): Promise<readonly [LitmusReport, LitmusReport]> {
  const order = ringOrder(run);
  const control = new Int32Array(order.control);
  const consumer = startThread({ kind: 'ring.consume', ...order });
  const producer = startThread({ kind: 'ring.produce', ...order });
  // A consumer that has ended, well or not, takes no more: the producer must not wait for it.
  const stop = (): void => void Atomics.store(control, STOP_WORD, 1);
  consumer.report.then(stop, stop);
  return await Promise.all([producer.report, consumer.report]);
}

/** Kills the producer when it has sent about `after` records. @returns the consumer's report. */
export async function killedProducerLitmus(run: RingRun, after: number): Promise<LitmusReport> {
  const order = ringOrder(run);
  const control = new Int32Array(order.control);
  const consumer = startThread({ kind: 'ring.consume', ...order });
  const producer = startThread({ kind: 'ring.produce', ...order });
  await producer.started;
  let isOver = false;
  const end = (): void => {
    isOver = true;
  };
  consumer.report.then(end, end);
  producer.report.then(end, end);
  while (Atomics.load(control, SENT_WORD) < after && !isOver) await setImmediate();
  await producer.worker.terminate();
  Atomics.store(control, STOP_WORD, 1);
  return await consumer.report;
}

export interface PublishRun {
  readonly versions: number;
  readonly slotBytes: number;
  readonly slots: number;
}

/** One writer, two readers. @returns the writer's report, then the readers'. */
export async function publishLitmus(run: PublishRun): Promise<readonly LitmusReport[]> {
  const sizes = { slotBytes: run.slotBytes, slots: run.slots, readers: 2 };
  const buffer = new SharedArrayBuffer(publishBytes(sizes));
  formatPublished(new SharedMem(buffer), { ...sizes, firstVersion: 2 ** 27 - 100 });
  const control = new SharedArrayBuffer(CONTROL_BYTES);
  const readers = [0, 1].map((reader) =>
    startThread({ kind: 'publish.read', buffer, reader, control }),
  );
  await Promise.all(readers.map((reader) => reader.started));
  const writer = startThread({ kind: 'publish.write', buffer, versions: run.versions, control });
  const written = await writer.report;
  Atomics.store(new Int32Array(control), STOP_WORD, 1);
  return [written, ...(await Promise.all(readers.map((reader) => reader.report)))];
}
