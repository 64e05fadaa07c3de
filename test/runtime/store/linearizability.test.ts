/** The history check against histories that are known, and every store against the history check. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  memoryStore,
  openLmdbStore,
  type StoreEntry,
  type StoreResult,
  type StoreTransaction,
} from '../../../src/runtime/store/index.ts';
import {
  checkHistory,
  FaultyStore,
  type HistoryCall,
  SimClock,
  seededRandom,
} from '../../../src/runtime/testkit/index.ts';
import { driven } from './driven.ts';
import { client, recording } from './recorded.ts';

const value = (text: string): Uint8Array => new TextEncoder().encode(text);
const entry = (key: string, text: string, revision: number, created = revision): StoreEntry => ({
  key,
  value: value(text),
  revision,
  createdRevision: created,
  lease: null,
});
const put = (...pairs: [string, string][]): StoreTransaction => ({
  success: pairs.map(([key, text]) => ({ kind: 'put', key, value: value(text) })),
});
const get = (...keys: string[]): StoreTransaction => ({
  success: keys.map((key) => ({ kind: 'get', key })),
});
const swap = (key: string, revision: number, text: string): StoreTransaction => ({
  ...put([key, text]),
  compare: [{ key, revision }],
});
const said = (revision: number, ...entries: (StoreEntry | null)[]): StoreResult => ({
  succeeded: true,
  revision,
  entries,
});
const no = (revision: number): StoreResult => ({ succeeded: false, revision, entries: [] });
const call = (
  beganAt: number,
  endedAt: number,
  transaction: StoreTransaction,
  result: StoreResult | null,
): HistoryCall => ({ transaction, result, beganAt, endedAt });

const good: readonly (readonly [string, readonly HistoryCall[]])[] = [
  ['nothing', []],
  [
    'one after the other',
    [call(1, 2, put(['a', '1']), said(1)), call(3, 4, get('a'), said(1, entry('a', '1', 1)))],
  ],
  [
    'a look that overlaps a write sees it or does not',
    [
      call(1, 10, put(['a', '1']), said(1)),
      call(2, 3, get('a'), said(1, entry('a', '1', 1))),
      call(2, 9, get('a'), said(0, null)),
    ],
  ],
  [
    'an unknown write that happened late',
    [
      call(1, 2, put(['a', '1']), null),
      call(3, 4, get('a'), said(0, null)),
      call(5, 6, get('a'), said(1, entry('a', '1', 1))),
    ],
  ],
  [
    'an unknown write that never happened',
    [call(1, 2, put(['a', '1']), null), call(3, 4, get('a'), said(0, null))],
  ],
  [
    'of two swaps one wins',
    [
      call(1, 9, swap('a', 0, '1'), said(1)),
      call(1, 9, swap('a', 0, '2'), no(1)),
      call(10, 11, get('a'), said(1, entry('a', '1', 1))),
    ],
  ],
];

const bad: readonly (readonly [string, readonly HistoryCall[]])[] = [
  [
    'a stale look',
    [
      call(1, 2, put(['a', '1']), said(1)),
      call(3, 4, put(['a', '2']), said(2)),
      call(5, 6, get('a'), said(1, entry('a', '1', 1))),
    ],
  ],
  [
    'a lost update: two swaps of one revision win',
    [
      call(1, 2, put(['a', '0']), said(1)),
      call(3, 9, swap('a', 1, '1'), said(2)),
      call(3, 9, swap('a', 1, '2'), said(3)),
    ],
  ],
  [
    'half of a transaction is seen',
    [
      call(1, 9, put(['a', '1'], ['b', '1']), said(1)),
      call(2, 8, get('a', 'b'), said(1, entry('a', '1', 1), null)),
    ],
  ],
  [
    'a lost write that was acknowledged',
    [call(1, 2, put(['a', '1']), said(1)), call(3, 4, get('a'), said(0, null))],
  ],
  [
    'two looks one after the other go back in time',
    [
      call(1, 20, put(['a', '1']), said(1)),
      call(2, 3, get('a'), said(1, entry('a', '1', 1))),
      call(4, 5, get('a'), said(0, null)),
    ],
  ],
  [
    'two observers see two writes in different orders',
    [
      call(1, 20, put(['a', '1']), said(1)),
      call(1, 20, put(['b', '1']), said(2)),
      call(2, 3, get('a', 'b'), said(1, entry('a', '1', 1), null)),
      call(2, 3, get('a', 'b'), said(1, null, entry('b', '1', 1))),
    ],
  ],
  [
    'an unknown write is seen and then unseen',
    [
      call(1, 2, put(['a', '1']), null),
      call(3, 4, get('a'), said(1, entry('a', '1', 1))),
      call(5, 6, get('a'), said(0, null)),
    ],
  ],
  [
    'an unknown write happens twice',
    [
      call(1, 2, put(['a', '1']), null),
      call(3, 4, get('a'), said(1, entry('a', '1', 1))),
      call(5, 6, get('a'), said(2, entry('a', '1', 2, 1))),
    ],
  ],
  [
    'the revision goes back',
    [call(1, 2, put(['a', '1']), said(1)), call(3, 4, put(['b', '1']), said(1))],
  ],
  [
    'a write from the future is seen',
    [call(1, 2, get('a'), said(1, entry('a', '1', 1))), call(3, 4, put(['a', '1']), said(1))],
  ],
];

describe('linearizability', () => {
  test.each(good)('linearizability - the check accepts %s', (_name, history) => {
    expect(checkHistory(history).linearizable).toBe(true);
  });

  test.each(bad)('linearizability - the check finds %s', (_name, history) => {
    expect(checkHistory(history).linearizable).toBe(false);
  });

  // Guards: P4
  test('linearizability - a store in memory behind all faults is', async () => {
    let unknown = 0;
    for (let seed = 1; seed <= 30; seed++) {
      const clock = new SimClock();
      const random = seededRandom(seed);
      const inner = memoryStore({ clock, alarm: clock.alarm() });
      const notes = recording();
      const clients = Array.from({ length: 6 }, () => {
        const store = new FaultyStore(inner, {
          faults: { delay: 0.6, delayMaxMs: 20, unavailable: 0.05, unknown: 0.06 },
          random: random.split(),
          clock,
          alarm: clock.alarm(),
        });
        return client(notes, store, random.split(), 30);
      });
      await driven(clock, Promise.all(clients));
      unknown += notes.calls.filter(({ result }) => result === null).length;
      expect(checkHistory(notes.calls), `seed ${seed}`).toMatchObject({ linearizable: true });
      // The same history with one answer of another time is not.
      const swapped = withAnswersSwapped(notes.calls);
      if (swapped !== null) expect(checkHistory(swapped).linearizable, `seed ${seed}`).toBe(false);
    }
    expect(unknown).toBeGreaterThan(20);
  });

  // Guards: P4
  test('linearizability - a store on disk is, opened once and again', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ringmaster-store-'));
    const random = seededRandom(9);
    const notes = recording();
    for (let round = 0; round < 4; round++) {
      const store = await openLmdbStore(directory);
      const clients = Array.from({ length: 8 }, () => client(notes, store, random.split(), 40));
      await Promise.all(clients);
      await store.close();
    }
    expect(notes.calls).toHaveLength(4 * 8 * 40);
    expect(checkHistory(notes.calls)).toMatchObject({ linearizable: true });
    rmSync(directory, { recursive: true });
  });
});

/** Two writes that follow each other say each other's revision; null: there are none. */
function withAnswersSwapped(calls: readonly HistoryCall[]): HistoryCall[] | null {
  const writes = calls
    .filter(({ result, transaction }) => result !== null && transaction.success.length === 2)
    .filter(({ transaction }) => transaction.success.every(({ kind }) => kind === 'put'));
  for (const first of writes) {
    const second = writes.find((other) => other.beganAt > first.endedAt);
    if (second === undefined) continue;
    return calls.map((one) => {
      if (one === first) return { ...one, result: second.result };
      return one === second ? { ...one, result: first.result } : one;
    });
  }
  return null;
}
