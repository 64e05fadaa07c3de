/**
 * The bare record ring: records and bytes a second between two threads, by record size and batch,
 * against postMessage; and what the Mem port costs, against the same code with the port cut out.
 * Answers: is the transport's floor low enough, and is the port free? Does not answer: what waking
 * a sleeping thread costs (both threads are awake), nor what an actor's message costs.
 * Checksum: sum of all sequence numbers read, so that no record can be lost or skipped.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import * as ported from 'ringmaster/sharedarraybuffer-ring';
import type { BenchContender, BenchRow, BenchTask } from './harness/row.ts';
import { ORDER_WORD, type RingOrder } from './ring-records-order.ts';

type RingCode = Pick<typeof ported, 'createRing' | 'RingProducer' | 'RingConsumer' | 'SharedMem'>;

/** Half of a core's L2 cache here; what the default is, too. */
const DATA_BYTES = 256 * 1024;
const RECORD = ported.RING_RECORD;

function startProducer(order: Omit<RingOrder, 'orders'>): {
  readonly worker: Worker;
  readonly want: (records: number) => void;
} {
  const orders = new SharedArrayBuffer(8);
  const words = new Int32Array(orders);
  const workerData: RingOrder = { ...order, orders };
  const worker = new Worker(new URL('./ring-records-worker.js', import.meta.url), { workerData });
  return {
    worker,
    want: (records) => {
      Atomics.add(words, ORDER_WORD, records);
      Atomics.notify(words, ORDER_WORD);
    },
  };
}

/** Records from a worker thread to this one, which polls without sleeping. */
function twoThreads(payloadBytes: number, batch: number, countBytes: boolean): BenchContender {
  return {
    prepare: ({ quick }): BenchTask => {
      const records = Math.ceil((quick ? 4e6 : 16e6) / (payloadBytes + 16) / batch) * batch;
      const buffer = ported.createRing({ dataBytes: DATA_BYTES });
      const mem = new ported.SharedMem(buffer);
      const { data } = new ported.RingConsumer(mem);
      const { worker, want } = startProducer({ kind: 'ring', buffer, payloadBytes, batch });
      return {
        opsPerCall: countBytes ? records * payloadBytes : records,
        call: () => {
          want(records);
          return receive(data, mem.words, records, batch);
        },
        close: async () => void (await worker.terminate()),
      };
    },
  };
}

function receive(
  data: ported.LaneConsumer,
  words: Int32Array,
  records: number,
  batch: number,
): number {
  let sum = 0;
  let first = -1;
  for (let received = 0; received < records; ) {
    let taken = 0;
    while (taken < batch && data.poll() === RECORD) {
      const sequence = words[data.at >> 2] as number;
      if (first < 0) first = sequence;
      sum += sequence - first;
      taken++;
    }
    data.release();
    received += taken;
  }
  return sum;
}

/** The same by postMessage: a number each, the cheapest message there is. */
const postMessagePeer: BenchContender = {
  prepare: ({ quick }): BenchTask => {
    const records = quick ? 10_000 : 50_000;
    const buffer = new SharedArrayBuffer(8);
    const { worker, want } = startProducer({ kind: 'message', buffer, payloadBytes: 8, batch: 1 });
    return {
      opsPerCall: records,
      call: () =>
        new Promise<number>((resolve) => {
          let received = 0;
          let sum = 0;
          let first = -1;
          const onMessage = (sequence: number): void => {
            if (first < 0) first = sequence;
            sum += sequence - first;
            if (++received < records) return;
            worker.off('message', onMessage);
            resolve(sum);
          };
          worker.on('message', onMessage);
          want(records);
        }),
      close: async () => void (await worker.terminate()),
    };
  },
};

/**
 * Producer and consumer in one thread, 64 records there and 64 back: code only, no cache misses.
 */
function oneThread(load: () => Promise<RingCode>): BenchContender {
  return {
    prepare: async (): Promise<BenchTask> => {
      const code = await load();
      const mem = new code.SharedMem(code.createRing({ dataBytes: 65_536 }));
      const producer = new code.RingProducer(mem).data;
      const consumer = new code.RingConsumer(mem).data;
      const rounds = 2000;
      return {
        opsPerCall: rounds * 64,
        call: () => {
          let sum = 0;
          for (let round = 0; round < rounds; round++) {
            sendBatch(producer, mem.words, round);
            sum += takeBatch(consumer, mem.words);
          }
          return sum;
        },
      };
    },
  };
}

function sendBatch(producer: ported.LaneProducer, words: Int32Array, round: number): void {
  for (let index = 0; index < 64; index++) {
    const at = producer.claim(8);
    words[at >> 2] = round + index;
    producer.commit(1, 8);
  }
  producer.publish();
}

function takeBatch(consumer: ported.LaneConsumer, words: Int32Array): number {
  let sum = 0;
  while (consumer.poll() === RECORD) sum += words[consumer.at >> 2] as number;
  consumer.release();
  return sum;
}

/** The production code with every call of the port replaced by a typed-array access. */
async function withoutPort(): Promise<RingCode> {
  const from = fileURLToPath(new URL('../../dist/hotpath/', import.meta.url));
  const to = fileURLToPath(new URL('../../build/without-port/', import.meta.url));
  mkdirSync(`${to}ring`, { recursive: true });
  const files = readdirSync(`${from}ring`).map((name) => `ring/${name}`);
  for (const file of ['errors.js', 'mem.js', 'role.js', ...files]) {
    if (!file.endsWith('.js')) continue;
    let source = readFileSync(from + file, 'utf8');
    if (file.startsWith('ring/lane-')) source = inlinePort(source);
    writeFileSync(to + file, source);
  }
  return (await import(`${to}ring/index.js`)) as RingCode;
}

function inlinePort(source: string): string {
  let inlined = source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  inlined = inlined.replaceAll('this.mem', 'this.words').replaceAll('lane.mem', 'lane.mem.words');
  inlined = inlined.replaceAll(/\bconst mem\b/g, 'const words').replaceAll('(mem, ', '(words, ');
  // From here on every receiver is an Int32Array called words.
  inlined = inlined.replaceAll(/\bmem\.(get|set)\(/g, 'words.$1(');
  inlined = inlined.replaceAll(/([\w.]*words)\.(load|store)\(/g, 'Atomics.$2($1, ');
  // An argument may hold two levels of parentheses.
  const get = /([\w.]*words)\.get\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)/g;
  inlined = inlined.replaceAll(get, '$1[$2]');
  inlined = inlined.replaceAll(/([\w.]*words)\.set\(([^,]*), (.*)\);/g, '$1[$2] = $3;');
  const left = /.*(?<!Atomics)\.(get|set|load|store)\(.*/.exec(inlined);
  if (left !== null) throw new Error(`a call of the Mem port was not cut out: ${left[0]}`);
  return inlined;
}

export const rows: readonly BenchRow[] = [
  {
    id: 'RING',
    name: 'one thread, 8 bytes, batch of 64',
    unit: 'M ops/s',
    ours: oneThread(async () => ported),
    peers: { 'the same code without the Mem port': oneThread(withoutPort) },
    target: { ratioAtLeast: { 'the same code without the Mem port': 0.95 } },
    sameWork: true,
  },
  {
    id: 'RING',
    name: 'two threads, 8 bytes, batch of 64',
    unit: 'M ops/s',
    ours: twoThreads(8, 64, false),
    peers: { 'batch of 1': twoThreads(8, 1, false), postMessage: postMessagePeer },
    target: { ratioAtLeast: { postMessage: 25 } },
  },
  ...[64, 1024, 16_384].map(
    (payloadBytes): BenchRow => ({
      id: 'RING',
      name: `two threads, ${payloadBytes} bytes each, by write()`,
      unit: 'GB/s',
      ours: twoThreads(payloadBytes, 64, true),
      peers: {},
      target: {},
    }),
  ),
];
