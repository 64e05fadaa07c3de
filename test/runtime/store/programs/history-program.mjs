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
/** What a Buffer says of itself comes before this: looked at is what it was. */
function plain(key, value) {
  return this[key] instanceof Uint8Array ? { bytes: [...this[key]] } : value;
}
const say = (line) => process.stdout.write(`${JSON.stringify(line, plain)}\n`);
/** The same clock in all processes of a machine. In ns, exact for three months after its start. */
const now = () => Number(process.hrtime.bigint());

const store = await openLmdbStore(directory, { role, writerLease: 1000, poll: 2 });
const quit = new AbortController();
/** Ends a reader's pause: there is news, it may write from now on, or this is over. */
let goOn = () => undefined;
let pause = Promise.resolve();
let ids = 0;

function renewPause() {
  const end = goOn;
  pause = new Promise((resolve) => {
    goOn = resolve;
  });
  end();
  // From now on nobody pauses.
  if (quit.signal.aborted || store.isWriter) goOn();
}

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
  await pause;
}

async function client() {
  const seen = new Map();
  while (!quit.signal.aborted) await call(seen);
}

async function watch() {
  for await (const { kind, revision } of store.watch('', { after: 0, signal: quit.signal })) {
    say({ told: revision, kind });
    renewPause();
  }
}

say({ up: process.pid });
renewPause();
quit.signal.addEventListener('abort', renewPause);
if (role === 'writer') store.whenWriter({ signal: quit.signal }).then(renewPause, () => undefined);
const work = [watch(), ...Array.from({ length: CLIENTS }, client)];
for await (const line of createInterface({ input: process.stdin })) say({ heard: line });
quit.abort();
await Promise.all(work);
await store.close();
