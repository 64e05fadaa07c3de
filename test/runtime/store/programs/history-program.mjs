/**
 * A process with clients of a store, which write while the process is the writer and read while it is
 * not, and write down each call when it begins and when it ends, by the machine's monotonic clock.
 * Its watch tells each revision. Arguments: directory, role, seed. Ends when its input does.
 */
import { createInterface } from 'node:readline';
import { openLmdbStore } from 'ringmaster/store';
import { seededRandom } from 'ringmaster/testkit';
import { drawTransaction } from '../draws.mjs';

const CLIENTS = 3;
const [, , directory, role, seed] = process.argv;
const random = seededRandom(Number(seed));
const plain = (_key, value) => (value instanceof Uint8Array ? { bytes: [...value] } : value);
const say = (line) => process.stdout.write(`${JSON.stringify(line, plain)}\n`);
/** The same clock in all processes of a machine. In ns, exact for three months after its start. */
const now = () => Number(process.hrtime.bigint());

const store = await openLmdbStore(directory, { role, writerLease: 1000, poll: 2 });
const quit = new AbortController();
let ids = 0;

async function call(seen) {
  const id = ++ids;
  if (store.isWriter) {
    const transaction = drawTransaction(random, seen);
    say({ began: id, transaction, at: now() });
    const result = await store.transact(transaction);
    say({ ended: id, result, at: now() });
    for (const entry of result.entries) if (entry !== null) seen.set(entry.key, entry.revision);
    return;
  }
  const key = `k${random.below(3)}`;
  say({ began: id, transaction: { success: [{ kind: 'get', key }] }, at: now() });
  const { entry, revision } = await store.get(key);
  say({ ended: id, result: { succeeded: true, revision, entries: [entry] }, at: now() });
  // Reads are quick: others get a turn, and the poll its time.
  await new Promise(setImmediate);
}

async function client() {
  const seen = new Map();
  while (!quit.signal.aborted) await call(seen);
}

async function watch() {
  for await (const { kind, revision } of store.watch('', { after: 0, signal: quit.signal })) {
    say({ told: revision, kind });
  }
}

say({ up: process.pid });
const work = [watch(), ...Array.from({ length: CLIENTS }, client)];
for await (const line of createInterface({ input: process.stdin })) say({ heard: line });
quit.abort();
await Promise.all(work);
await store.close();
