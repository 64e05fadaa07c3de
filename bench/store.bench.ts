/**
 * STORE, what the store on disk costs: durable puts, looks, watches, and opening again. Answers: how
 * far above one flush of the same bytes, what our layer adds to LMDB, how SQLite does. On the disk
 * of this checkout, its file in the page cache. Does not answer: another disk, a cold cache. Every
 * map holds its keys already and our history is full. Checksum: a sum over what was read back.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { memoryStore, openLmdbStore, type Store } from 'ringmaster/store';
import type { BenchContender, BenchRow } from './harness/row.ts';
import { whyNoSqlite } from './peers/better-sqlite3.ts';
import { drawKeys, type Item, itemOf, itemsOf, scratch } from './store/durable-map.ts';
import { MAPS, type MapName } from './store/maps.ts';

const KEYS = 10_000;
const QUICK_KEYS = 500;

const script = (name: string): string =>
  fileURLToPath(new URL(`./store/${name}.js`, import.meta.url));

/** SQLite is left out where it is not installed. */
const among = (name: MapName, contender: BenchContender): BenchContender =>
  name === 'better-sqlite3' ? { ...contender, skip: whyNoSqlite } : contender;

/** Puts in waves of so many; what they cost is timed, reading back is not. */
function putter(name: MapName, inFlight: number): BenchContender {
  return among(name, {
    prepare: async ({ quick }) => {
      const items = itemsOf(quick ? QUICK_KEYS : KEYS);
      const place = scratch();
      const map = await MAPS[name](place.path);
      // One by one, so that our history is as long as it gets.
      for (let at = 0; at < items.length; at += 500) await map.putAll(items.slice(at, at + 500));
      const waves = Math.ceil((quick ? 64 : inFlight === 1 ? 64 : 4096) / inFlight);
      let [next, own] = [items.length, 0];
      const another = (): Item => {
        const index = next++;
        return itemOf(index % items.length, Math.floor(index / items.length));
      };
      const wave = (): Item[] => Array.from({ length: inFlight }, another);
      return {
        opsPerCall: waves * inFlight,
        call: async () => {
          const all = Array.from({ length: waves }, wave);
          const startMs = performance.now();
          for (const some of all) await map.putAll(some);
          own = ((performance.now() - startMs) * 1e6) / (waves * inFlight);
          return map.sumOf(all.flat().map(({ key }) => key));
        },
        own: () => own,
        close: async () => {
          await map.close();
          place.remove();
        },
      };
    },
  });
}

function reader(name: MapName, count: number): BenchContender {
  return among(name, {
    prepare: async ({ quick }) => {
      const items = itemsOf(quick ? QUICK_KEYS : count);
      const place = scratch();
      const map = await MAPS[name](place.path);
      await map.fill(items);
      const keys = drawKeys(quick ? 500 : 5000, items);
      return {
        opsPerCall: keys.length,
        call: () => map.sumOf(keys),
        close: async () => {
          await map.close();
          place.remove();
        },
      };
    },
  });
}

/** From when to when a watched put is timed. */
type Span = 'called to seen' | 'acknowledged to seen' | 'called to acknowledged';

/** One put at a time, and a watch of the same store. Cases below 10 ns count as that. */
function watcher(open: (path: string) => Promise<Store>, span: Span): BenchContender {
  return {
    prepare: async ({ quick }) => {
      const items = itemsOf(quick ? 16 : 128);
      const place = scratch();
      const store = await open(place.path);
      const watch = store.watch('bench/');
      let cases: number[] = [];
      return {
        opsPerCall: items.length,
        call: async () => {
          cases = [];
          let revisions = 0;
          for (const { key, value } of items) {
            let [ackMs, seenMs] = [0, 0];
            const seen = watch.next().then(({ value: item }) => {
              seenMs = performance.now();
              return item.revision as number;
            });
            const calledMs = performance.now();
            const ack = store.transact({ success: [{ kind: 'put', key, value }] }).then((done) => {
              ackMs = performance.now();
              return done.revision;
            });
            // Each is seen as what was acknowledged.
            revisions += (await seen) === (await ack) ? 1 : Number.NaN;
            const from = span === 'acknowledged to seen' ? ackMs : calledMs;
            const to = span === 'called to acknowledged' ? ackMs : seenMs;
            cases.push(Math.max(10, (to - from) * 1e6));
          }
          return revisions;
        },
        cases: () => cases,
        close: async () => {
          await watch.return?.();
          await store.close();
          place.remove();
        },
      };
    },
  };
}

/** Milliseconds between two looks of the other process. */
const POLL_MS = 10;

/** Puts at any moment between two looks of another process. */
function watchedFromOutside(): BenchContender {
  return {
    prepare: async ({ quick }) => {
      const items = itemsOf(quick ? 4 : 20);
      const place = scratch();
      const store = await openLmdbStore(place.path);
      const child = spawn(process.execPath, [script('watch-process'), place.path, `${POLL_MS}`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      await lines.next();
      let cases: number[] = [];
      return {
        opsPerCall: items.length,
        call: async () => {
          cases = [];
          let revisions = 0;
          for (const [index, { key, value }] of items.entries()) {
            await sleep((index * 7) % POLL_MS);
            const { revision } = await store.transact({ success: [{ kind: 'put', key, value }] });
            const acknowledged = process.hrtime.bigint();
            const [told, seen] = String((await lines.next()).value).split(' ');
            revisions += Number(told) === revision ? 1 : Number.NaN;
            cases.push(Math.max(10, Number(BigInt(seen ?? '0') - acknowledged)));
          }
          return revisions;
        },
        cases: () => cases,
        close: async () => {
          await killed(child);
          await store.close();
          place.remove();
        },
      };
    },
  };
}

async function killed(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Runs one of map-process.ts. @returns its first line, and the process. */
async function mapProcess(
  ...args: readonly string[]
): Promise<{ readonly line: string; readonly child: ChildProcess }> {
  const child = spawn(process.execPath, [script('map-process'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { line: String(line), child };
}

/** Opens a map that was closed, or whose process was killed while it wrote, in a fresh process. */
function opener(name: MapName, count: number, how: 'fill' | 'kill'): BenchContender {
  return among(name, {
    prepare: async ({ quick }) => {
      const keys = String(quick ? QUICK_KEYS : count);
      const made = scratch();
      const { child } = await mapProcess(how, name, made.path, keys);
      if (how === 'fill') await once(child, 'exit');
      else {
        await sleep(50);
        await killed(child);
      }
      let cases: number[] = [];
      return {
        opsPerCall: 1,
        call: async () => {
          const copy = scratch();
          cpSync(made.path, copy.path, { recursive: true });
          const opened = await mapProcess('open', name, copy.path, keys);
          const { ms, sum } = JSON.parse(opened.line) as { ms: number; sum: number };
          if (opened.child.exitCode === null) await once(opened.child, 'exit');
          copy.remove();
          cases = [ms * 1e6];
          return sum;
        },
        cases: () => cases,
        close: () => made.remove(),
      };
    },
  });
}

const PUT_PEERS = ['append + fdatasync', 'lmdb', 'better-sqlite3'] as const;
const PEERS = ['lmdb', 'better-sqlite3'] as const;

const peersOf = (
  names: readonly MapName[],
  make: (name: MapName) => BenchContender,
): Record<string, BenchContender> => Object.fromEntries(names.map((name) => [name, make(name)]));

/**
 * Two flushes in place of one, a tree and a history: a third of an append. What the layer adds must
 * not cost more than LMDB itself, alone, and not more than four times that in a crowd.
 */
function putRow(inFlight: number): BenchRow {
  return {
    id: 'STORE',
    name: `durable puts, ${inFlight} in flight`,
    unit: 'k ops/s',
    ours: putter('ours', inFlight),
    peers: peersOf(PUT_PEERS, (name) => putter(name, inFlight)),
    target: {
      ratioAtLeast: inFlight === 1 ? { 'append + fdatasync': 0.33, lmdb: 0.5 } : { lmdb: 0.2 },
    },
    sameWork: true,
  };
}

function readRow(count: number): BenchRow {
  return {
    id: 'STORE',
    name: `get of random keys, ${count.toLocaleString('en')} in the store`,
    unit: 'k ops/s',
    ours: reader('ours', count),
    peers: peersOf(PEERS, (name) => reader(name, count)),
    target: { ratioAtLeast: { lmdb: 0.33, 'better-sqlite3': 1 } },
    sameWork: true,
  };
}

/** A process that was lost serves again after 1.5 s (S5); the store may take a third of that. */
const OPEN_MS_AT_MOST: Readonly<Record<number, number>> = { 10000: 500, 100000: 1500 };

function openRow(count: number, how: 'fill' | 'kill'): BenchRow {
  const state = how === 'fill' ? 'closed' : 'killed while writing';
  return {
    id: 'STORE',
    name: `opening ${count.toLocaleString('en')} keys, ${state}`,
    unit: 'ms/op',
    ours: opener('ours', count, how),
    peers: peersOf(PEERS, (name) => opener(name, count, how)),
    target: { p99AtMost: OPEN_MS_AT_MOST[count] ?? Number.NaN },
    warmupMs: 0,
    sameWork: true,
  };
}

const openDisk = (path: string): Promise<Store> => openLmdbStore(path);
// A quick machine puts more than fifty thousand of them in a second.
const openMemory = async (): Promise<Store> =>
  memoryStore({ limits: { transactionsPerSecond: 10_000_000 } });

export const rows: readonly BenchRow[] = [
  putRow(1),
  putRow(256),
  readRow(10_000),
  readRow(100_000),
  {
    id: 'STORE',
    name: 'watch: a put is called, until it is seen',
    unit: 'µs/op',
    ours: watcher(openDisk, 'called to seen'),
    peers: {
      'until it is acknowledged': watcher(openDisk, 'called to acknowledged'),
      memoryStore: watcher(openMemory, 'called to seen'),
    },
    target: { ratioAtLeast: { 'until it is acknowledged': 0.9 } },
    sameWork: true,
  },
  {
    id: 'STORE',
    name: 'watch: a put is acknowledged, until it is seen (0.01: not later)',
    unit: 'µs/op',
    ours: watcher(openDisk, 'acknowledged to seen'),
    peers: { memoryStore: watcher(openMemory, 'acknowledged to seen') },
    target: { p99AtMost: 1000 },
    sameWork: true,
  },
  {
    id: 'STORE',
    name: `watch in another process, looks each ${POLL_MS} ms`,
    unit: 'ms/op',
    ours: watchedFromOutside(),
    peers: {},
    target: { p99AtMost: 2 * POLL_MS },
  },
  openRow(10_000, 'fill'),
  openRow(10_000, 'kill'),
  openRow(100_000, 'fill'),
  openRow(100_000, 'kill'),
];
