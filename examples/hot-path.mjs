/**
 * The hot path in three seconds: a router thread looks up keys in a ring table in shared memory and
 * counts every look-up; the main thread takes a member away and publishes the next table; nobody
 * waits, nothing is misrouted, and both threads agree on the count to the last look-up.
 * Run by `npm start`. It needs nothing but the package itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import {
  createRing,
  formatPublished,
  MetricReader,
  MetricShard,
  MetricWriter,
  movement,
  openTable,
  PublishedReader,
  Publisher,
  publishBytes,
  quantile,
  RendezvousBuilder,
  RING_RECORD,
  RingConsumer,
  RingProducer,
  SharedMem,
} from 'ringmaster/hotpath';

const MEMBERS = 12;
const ZONES = ['eu-a', 'eu-b', 'eu-c'];
const BATCH = 4096;
/** Kinds of the records that the router sends back. */
const REACHED = 1;
const DONE = 2;

if (isMainThread) await main();
else route(workerData);

async function main() {
  const members = Array.from({ length: MEMBERS }, (_, index) => ({
    name: `cart-${index}`,
    zone: ZONES[index % ZONES.length],
  }));
  const builder = new RendezvousBuilder(members);
  const sizes = { slotBytes: builder.image().byteLength, slots: 3, readers: 1 };
  const tables = new SharedArrayBuffer(publishBytes(sizes));
  formatPublished(new SharedMem(tables), sizes);
  const publisher = new Publisher(new SharedMem(tables));
  const before = publishTable(publisher, tables, builder.image(), 1);
  say(
    `published ring 1: ${MEMBERS} members in ${ZONES.length} zones, ${before.header.entries} slots`,
  );

  const shard = MetricShard.create({ seriesMax: { tally: 64, histogram: 4 } });
  const answers = createRing();
  const stop = new SharedArrayBuffer(4);
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { tables, shard: shard.handle, answers, stop },
  });
  const failed = new Promise((_, reject) => worker.once('error', reject));
  const totals = { lookups: 0, batches: 0, slowestNs: 0 };
  const watching = watch(new MetricReader(shard), totals, stop);
  await Promise.race([sleep(1000), failed]);

  builder.leave('cart-7');
  const started = performance.now();
  const after = publishTable(publisher, tables, builder.image(), 2);
  while (!publisher.allReached(publisher.version)) await Promise.race([sleep(0), failed]);
  const barrierMs = (performance.now() - started).toFixed(1);
  const report = movement(before, after);
  say(`cart-7 left; the router is on ring 2 after ${barrierMs} ms`);
  say(
    `moved ${(report.movedShare * 100).toFixed(2)} % of the keys; ` +
      `the least possible is ${(report.minimumShare * 100).toFixed(2)} %`,
  );

  await Promise.race([sleep(1000), failed]);
  Atomics.store(new Int32Array(stop), 0, 1);
  await Promise.race([new Promise((resolve) => worker.once('exit', resolve)), failed]);
  await watching;
  const counted = readAnswers(answers);
  say(
    `look-ups: the router made ${counted.toLocaleString('en')}, the windows hold the same number`,
  );
  say(`99 % of the batches took at most ${(totals.slowestNs / BATCH).toFixed(1)} ns per look-up`);
  if (totals.lookups !== counted) throw new Error(`windows hold ${totals.lookups} look-ups`);
}

function publishTable(publisher, buffer, image, generation) {
  const byteOffset = publisher.begin();
  image.writeTo({ buffer, byteOffset, generation });
  publisher.publish();
  return openTable(buffer, byteOffset);
}

/** Takes every window that the router closes, until the router has ended and the last one is read. */
async function watch(reader, totals, stop) {
  const stopped = new Int32Array(stop);
  for (let idle = 0; idle < 20; ) {
    await sleep(20);
    if (!reader.acquire()) {
      idle = Atomics.load(stopped, 0) === 1 ? idle + 1 : 0;
      continue;
    }
    const lookups = reader.window('tally');
    for (let series = 0; series < lookups.series; series++) totals.lookups += lookups.count(series);
    const latency = quantile(reader.window('histogram'), 1, 0.99);
    if (latency.kind === 'value') totals.slowestNs = Math.max(totals.slowestNs, latency.value);
    reader.release();
  }
}

function readAnswers(buffer) {
  const mem = new SharedMem(buffer);
  const { data } = new RingConsumer(mem);
  let lookups = 0;
  while (data.poll() === RING_RECORD) {
    if (data.kind === DONE) lookups = new Float64Array(buffer, data.at, 1)[0];
  }
  return lookups;
}

/** The router thread: pin, look up a batch, count, unpin; until it is told to stop. */
function route({ tables, shard, answers, stop }) {
  const reader = new PublishedReader(new SharedMem(tables), 0);
  const writer = new MetricWriter(MetricShard.attach(shard));
  const lookups = writer.slab('tally');
  const latencies = writer.slab('histogram');
  const latency = latencies.register({ tenant: 'demo', metric: 'batch_ns', labels: [] }).id;
  const producer = new RingProducer(new SharedMem(answers)).data;
  const seriesOf = new Map();
  const hashes = new Uint32Array(BATCH);
  const owners = new Uint16Array(BATCH);
  const stopped = new Int32Array(stop);
  let hash = 1;
  let total = 0;
  let version = -1;
  let series = [];
  while (Atomics.load(stopped, 0) === 0) {
    const at = reader.pin();
    const table = openTable(tables, at);
    if (reader.version !== version) {
      version = reader.version;
      series = seriesFor(table, lookups, seriesOf);
      producer.write(REACHED, new Uint8Array(0));
    }
    for (let index = 0; index < BATCH; index++) {
      hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
      hashes[index] = hash;
    }
    const started = process.hrtime.bigint();
    table.primaries(hashes, owners);
    latencies.observe(latency, Number(process.hrtime.bigint() - started));
    for (let index = 0; index < BATCH; index++) lookups.observe(series[owners[index]], 1);
    total += BATCH;
    reader.unpin();
    if (total % (BATCH * 256) === 0) flip(writer);
  }
  const at = producer.claim(8);
  new Float64Array(answers, at, 1)[0] = total;
  producer.commit(DONE, 8);
  producer.publish();
  // The last window must be handed over, too: wait until the reader has given the one before back.
  while (!flip(writer)) Atomics.wait(stopped, 0, 1, 1);
}

function flip(writer) {
  writer.flush();
  return writer.tryFlip();
}

/** One series per member, registered when the member is first seen. */
function seriesFor(table, slab, known) {
  const count = table.header.members;
  return Array.from({ length: count }, (_, member) => {
    const name = table.members.name(member);
    if (!known.has(name)) {
      const labels = [['member', name]];
      known.set(name, slab.register({ tenant: 'demo', metric: 'lookups', labels }).id);
    }
    return known.get(name);
  });
}

function say(line) {
  process.stdout.write(`${line}\n`);
}
