/**
 * The producing thread of the ring benchmark: sends as many records as the consumer orders, through
 * the ring or by postMessage, then waits for the next order. It ends when it is terminated.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { RingProducer, SharedMem } from 'ringmaster/sharedarraybuffer-ring';
import { ORDER_WORD, type RingOrder, SENT_WORD } from './ring-records-order.ts';

const order = workerData as RingOrder;
const orders = new Int32Array(order.orders);
if (parentPort === null) throw new Error('ring-records-worker.js is started as a worker thread');
const port = parentPort;

let sent = 0;
const send = order.kind === 'ring' ? ringSender(order) : messageSender;
for (;;) {
  Atomics.wait(orders, ORDER_WORD, sent);
  const wanted = Atomics.load(orders, ORDER_WORD);
  send(sent, wanted);
  sent = wanted;
  Atomics.store(orders, SENT_WORD, sent);
}

function messageSender(from: number, to: number): void {
  for (let sequence = from; sequence < to; sequence++) port.postMessage(sequence);
}

function ringSender(ring: RingOrder): (from: number, to: number) => void {
  const mem = new SharedMem(ring.buffer);
  const { data } = new RingProducer(mem, { publishEveryRecords: ring.batch });
  const payload = new Uint8Array(ring.payloadBytes);
  const words = mem.words;
  if (ring.payloadBytes <= 8) {
    return (from, to) => {
      for (let sequence = from; sequence < to; ) {
        const at = data.claim(8);
        if (at < 0) continue;
        words[at >> 2] = sequence;
        words[(at >> 2) + 1] = ~sequence;
        data.commit(1, 8);
        sequence++;
      }
      data.publish();
    };
  }
  const sequenceOf = new Int32Array(payload.buffer);
  return (from, to) => {
    for (let sequence = from; sequence < to; ) {
      sequenceOf[0] = sequence;
      if (data.write(1, payload)) sequence++;
    }
    data.publish();
  };
}
