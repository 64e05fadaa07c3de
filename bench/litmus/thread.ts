/**
 * A thread of a litmus run: production code on real threads, where the processor reorders and the
 * scheduler interrupts. It reports the first broken promise. It never sleeps: an idle side spins.
 */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { NOTHING_PUBLISHED, PublishedReader, Publisher } from 'ringmaster/hotpath';
import {
  RING_CORRUPT,
  RING_FULL,
  RING_RECORD,
  RingConsumer,
  RingProducer,
  SharedMem,
} from 'ringmaster/sharedarraybuffer-ring';
import { fillByte, payloadBytes } from './payload.ts';
import {
  type LitmusAnswer,
  type LitmusOrder,
  type LitmusReport,
  type RingOrder,
  SENT_WORD,
  STOP_WORD,
} from './protocol.ts';

if (isMainThread || parentPort === null) throw new Error('thread.js is started by run.js');
parentPort.postMessage('started' satisfies LitmusAnswer);
parentPort.postMessage(obey(workerData as LitmusOrder) satisfies LitmusAnswer);

function obey(order: LitmusOrder): LitmusReport {
  const mem = new SharedMem(order.buffer);
  switch (order.kind) {
    case 'ring.produce':
      return produce(order);
    case 'ring.consume':
      return consume(order);
    case 'publish.write':
      return writeVersions(new Publisher(mem), mem, order.versions);
    case 'publish.read':
      return readVersions(
        new PublishedReader(mem, order.reader),
        mem,
        new Int32Array(order.control),
      );
  }
}

function produce(order: RingOrder): LitmusReport {
  const mem = new SharedMem(order.buffer);
  const { data } = new RingProducer(mem, { publishEveryRecords: 32 });
  const control = new Int32Array(order.control);
  let checksum = 0;
  for (let sequence = 0; sequence < order.records; sequence++) {
    const length = payloadBytes(sequence, order.seed, order.payloadBytesMax);
    let at = data.claim(length);
    while (at === RING_FULL && Atomics.load(control, STOP_WORD) === 0) at = data.claim(length);
    // The consumer has ended, or has left an impossible head behind.
    if (at < 0) return broken(sequence, checksum, at === RING_FULL ? 'unsent' : 'corrupt head');
    mem.bytes.fill(fillByte(sequence), at, at + length);
    if (length >= 4) mem.words[at >> 2] = sequence;
    data.commit(sequence & 0x3fff, length);
    checksum += length;
    if ((sequence & 255) === 255) Atomics.store(control, SENT_WORD, sequence + 1);
  }
  data.publish();
  return { count: order.records, checksum, violation: null };
}

function consume(order: RingOrder): LitmusReport {
  const mem = new SharedMem(order.buffer);
  const { data } = new RingConsumer(mem);
  const control = new Int32Array(order.control);
  let checksum = 0;
  let sequence = 0;
  for (let isLast = false; sequence < order.records && !isLast; ) {
    // Looked at before the lane: what was published before the stop is still taken.
    isLast = Atomics.load(control, STOP_WORD) === 1;
    for (let status = data.poll(); status !== 0; status = data.poll()) {
      if (status === RING_CORRUPT) return broken(sequence, checksum, 'corrupt');
      const violation = status === RING_RECORD ? judge(mem, data, sequence, order) : null;
      if (violation !== null) return broken(sequence, checksum, violation);
      checksum += data.length;
      if ((++sequence & 31) === 0) data.release();
    }
    data.release();
  }
  return { count: sequence, checksum, violation: null };
}

function judge(
  mem: SharedMem,
  record: { readonly kind: number; readonly at: number; readonly length: number },
  sequence: number,
  order: RingOrder,
): string | null {
  const { at, length } = record;
  if (record.kind !== (sequence & 0x3fff)) return `kind ${record.kind}`;
  if (length !== payloadBytes(sequence, order.seed, order.payloadBytesMax))
    return `length ${length}`;
  if (length >= 4 && mem.words[at >> 2] !== sequence) return `sequence ${mem.words[at >> 2]}`;
  const fill = fillByte(sequence);
  for (let index = length >= 4 ? at + 4 : at; index < at + length; index++) {
    if (mem.bytes[index] !== fill) return `byte ${index - at} of ${length}`;
  }
  return null;
}

function broken(sequence: number, checksum: number, what: string): LitmusReport {
  return { count: sequence, checksum, violation: `record ${sequence}: ${what}` };
}

/** Fills every word of a version with its number. */
function writeVersions(publisher: Publisher, mem: SharedMem, versions: number): LitmusReport {
  let blocked = 0;
  for (let version = 1; version <= versions; ) {
    const at = publisher.begin();
    if (at < 0) {
      blocked++;
      continue;
    }
    mem.words.fill(version, at >> 2, (at + publisher.sizes.slotBytes) >> 2);
    publisher.publish();
    version++;
  }
  return { count: versions, checksum: blocked, violation: null };
}

function readVersions(reader: PublishedReader, mem: SharedMem, control: Int32Array): LitmusReport {
  let count = 0;
  let newest = 0;
  const words = reader.sizes.slotBytes >> 2;
  for (let isLast = false; !isLast; ) {
    // Looked at before the table: after the stop the last version is read once more.
    isLast = Atomics.load(control, STOP_WORD) === 1;
    const at = reader.pin();
    if (at === NOTHING_PUBLISHED) continue;
    if (at < 0) return { count, checksum: newest, violation: `pin answers ${at}` };
    const version = mem.words[at >> 2] as number;
    for (let word = 0; word < words; word++) {
      const found = mem.words[(at >> 2) + word];
      if (found !== version)
        return { count, checksum: newest, violation: `${version} mixed with ${found}` };
    }
    if (version < newest)
      return { count, checksum: newest, violation: `${version} after ${newest}` };
    newest = version;
    count++;
    if ((count & 7) === 0) reader.unpin();
  }
  reader.unpin();
  return { count, checksum: newest, violation: null };
}
