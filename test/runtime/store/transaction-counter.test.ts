/** LMDB's counter in the lock file, set back by whoever opens the directory while another commits. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LmdbStore, openLmdbStore } from '../../../src/runtime/store/index.ts';
import { LmdbFile } from '../../../src/runtime/store/lmdb-file.ts';
import { TransactionCounter } from '../../../src/runtime/store/transaction-counter.ts';
import { StoreProcess } from './store-process.ts';

const COUNTER_AT = 8;
let directory = '';
let lockFile = 0;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ringmaster-store-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Works on the lock file while a store is open; closing it earlier would give up LMDB's locks. */
async function withStore(use: (store: LmdbStore) => Promise<void>): Promise<void> {
  const store = await openLmdbStore(directory);
  lockFile = openSync(join(directory, 'lock.mdb'), 'r+');
  try {
    await use(store);
  } finally {
    await store.close();
    closeSync(lockFile);
  }
}

function counter(): bigint {
  const bytes = Buffer.alloc(8);
  readSync(lockFile, bytes, 0, 8, COUNTER_AT);
  return bytes.readBigUInt64LE();
}

/** As a process does that read the data file so many commits ago, and opens it now. */
function setBack(by: number): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(newestInFile() - BigInt(by));
  writeSync(lockFile, bytes, 0, 8, COUNTER_AT);
}

const put = (store: LmdbStore, key: string, text: string) =>
  store.transact({ success: [{ kind: 'put', key, value: Buffer.from(text) }] });

const textOf = async (store: LmdbStore, key: string): Promise<string> =>
  Buffer.from((await store.get(key)).entry?.value ?? []).toString();

const newestInFile = (): bigint => {
  const file = new LmdbFile(join(directory, 'data.mdb'));
  file.close();
  return file.transaction;
};

describe.each([1, 2, 3])('transaction counter - set back by %i', (by) => {
  // Guards: P1, P2
  test('no commit is lost, and the next follows the newest', async () => {
    await withStore(async (store) => {
      for (let each = 0; each < 8; each++) await put(store, `k${each}`, 'before');
      setBack(by);
      const { revision } = await put(store, 'last', 'after');
      expect(revision).toBe(9);
      expect((await store.list('')).entries.map(({ key }) => key)).toHaveLength(9);
      expect(counter()).toBe(newestInFile());
    });
    // Opened anew every page, sum and revision is checked.
    const store = await openLmdbStore(directory);
    expect(await textOf(store, 'k7')).toBe('before');
    expect(await textOf(store, 'last')).toBe('after');
    await store.close();
  });

  test('looks see what they saw before', async () => {
    await withStore(async (store) => {
      for (const text of ['a', 'b', 'c', 'd', 'e']) await put(store, 'k', text);
      setBack(by);
      expect(await textOf(store, 'k')).toBe('e');
      setBack(by);
      expect((await store.list('')).revision).toBe(5);
      setBack(by);
      const looked = await store.transact({ success: [{ kind: 'get', key: 'k' }] });
      expect(looked.entries[0]?.revision).toBe(5);
      setBack(by);
      const watch = store.watch('', { after: 0 });
      const told: number[] = [];
      while (told.length < 5) told.push((await watch.next()).value.revision);
      expect(told).toEqual([1, 2, 3, 4, 5]);
    });
  });
});

test('transaction counter - who has seen nothing yet follows the newest in the file, too', async () => {
  await withStore(async (store) => {
    for (const text of ['a', 'b', 'c']) await put(store, 'k', text);
    const newest = Number(newestInFile());
    const own = new TransactionCounter(directory);
    const may = [-1, 0, 1, 2].map((more) => own.mayWrite(newest + more));
    expect(may).toEqual([false, false, true, false]);
    own.close();
  });
});

test('transaction counter - set back in the middle of a commit, what was acknowledged is seen', async () => {
  await withStore(async (store) => {
    for (let each = 1; each <= 50; each++) {
      const putting = put(store, 'k', String(each));
      setBack(1);
      const before = Number(await textOf(store, 'k'));
      expect(before).toBeGreaterThanOrEqual(each - 1);
      await putting;
      setBack(1);
      expect(await textOf(store, 'k')).toBe(String(each));
    }
  });
});

// Guards: P1, P4
test('transaction counter - whoever opens while another writes disturbs nothing', async () => {
  const other = new StoreProcess();
  const store = await openLmdbStore(directory);
  let isOver = false;
  const opened = (async () => {
    let found = '';
    for (let times = 0; times < 300; times++) {
      await other.call('open', directory, { role: 'reader' });
      found = await other.call<string>('get', 'k');
      await other.call('close');
    }
    return Number(found);
  })().finally(() => {
    isOver = true;
  });
  let last = 0;
  while (!isOver) {
    await put(store, 'k', String(++last));
    expect(await textOf(store, 'k')).toBe(String(last));
  }
  expect(await opened).toBeGreaterThan(0);
  expect((await store.get('k')).revision).toBe(last);
  await Promise.all([other.end(), store.close()]);
});
