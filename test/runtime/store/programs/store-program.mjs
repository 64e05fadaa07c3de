/**
 * A process with a store, told what to do by lines of JSON on its input: `[id, method, ...arguments]`.
 * It answers `[id, 'ok', result]` or `[id, code]`, one line each. Ends when its input does.
 */
import { createInterface } from 'node:readline';
import { systemClock } from 'ringmaster';
import { openLmdbStore } from 'ringmaster/store';

let store = null;
let stopsInCommit = false;
let tellStuck = () => undefined;
const stuck = new Promise((resolve) => {
  tellStuck = resolve;
});
/** Inside a commit, where the writer looks at the time, the process can be stopped. */
const clock = {
  wallMs: () => systemClock.wallMs(),
  monotonicMs: () => {
    if (stopsInCommit && new Error().stack.includes('runAll')) {
      stopsInCommit = false;
      process.kill(process.pid, 'SIGSTOP');
    }
    return systemClock.monotonicMs();
  },
};
const watches = new Map();
const bytes = (text) => new TextEncoder().encode(text);
const text = (entry) => (entry === null ? null : new TextDecoder().decode(entry.value));

const methods = {
  open: async (directory, options) => {
    const onStuck = (why) => tellStuck([why.code, why.data.pid]);
    store = await openLmdbStore(directory, { ...options, clock, onStuck });
    return [store.isWriter, store.epoch];
  },
  whenWriter: async () => {
    await store.whenWriter();
    return store.epoch;
  },
  put: async (key, value, lease = null) =>
    (await store.transact({ success: [{ kind: 'put', key, value: bytes(value), lease }] }))
      .revision,
  get: async (key) => text((await store.get(key)).entry),
  keys: async () => (await store.list('')).entries.map((entry) => entry.key),
  grant: async (ttl) => (await store.grant(ttl)).lease,
  keepAlive: async (lease) => (await store.keepAlive(lease)).ttlMs,
  watch: async (name, prefix, options) => void watches.set(name, store.watch(prefix, options)),
  next: async (name) => {
    const { value } = await watches.get(name).next();
    return value.kind === 'resync' ? 'resync' : value.revision;
  },
  /** The next commit is begun and not ended. */
  stopInCommit: async () => {
    stopsInCommit = true;
  },
  stuck: () => stuck,
  /** Right after a commit: in none. */
  stop: async () => {
    await store.transact({ success: [] });
    process.kill(process.pid, 'SIGSTOP');
  },
  close: () => store.close(),
  // How far two looks at the wall clock are apart.
  wallMoves: async () => Math.abs(Date.now() - Date.now()),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [id, method, ...args] = JSON.parse(line);
  const answer = (...rest) => process.stdout.write(`${JSON.stringify([id, ...rest])}\n`);
  // Not awaited: several may be under way.
  methods[method](...args).then(
    (result) => answer('ok', result ?? null),
    (error) => answer(error.code ?? String(error)),
  );
}
await store?.close();
