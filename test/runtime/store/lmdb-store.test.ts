/** The store on disk: what it refuses to open, what damage does, and what a file keeps. */
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  exportStore,
  importStore,
  type LmdbStore,
  openLmdbStore,
  type Store,
} from '../../../src/runtime/store/index.ts';
import { LmdbEnvironment } from '../../../src/runtime/store/lmdb-environment.ts';
import { FORMAT_KEY, jsonRecord } from '../../../src/runtime/store/record-layout.ts';
import { TransactionCounter } from '../../../src/runtime/store/transaction-counter.ts';
import { seededRandom } from '../../../src/runtime/testkit/index.ts';

let directory = '';
const file = (): string => join(directory, 'data.mdb');

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ringmaster-store-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

async function picture(store: Store): Promise<string[]> {
  const lines: string[] = [];
  let after: string | null = null;
  do {
    const page = await store.list('', { after });
    for (const { key, value, revision } of page.entries) {
      lines.push(`${key} ${revision} ${Buffer.from(value).toString('base64')}`);
    }
    after = page.next;
  } while (after !== null);
  return lines;
}

/** Some hundred transactions of all sizes. */
async function churn(store: Store, seed: number, count = 300): Promise<void> {
  const random = seededRandom(seed);
  for (let left = count; left > 0; left--) {
    const size = random.below(12) === 0 ? 9000 : random.below(300);
    const value = new Uint8Array(size).fill(left);
    const [key, other] = [`k${random.below(100)}`, `d${random.below(100)}`];
    await store.transact({
      success: [
        { kind: 'put', key, value },
        random.below(2) === 0 ? { kind: 'delete', key: other } : { kind: 'put', key: other, value },
      ],
    });
  }
}

const refusal = async (open: Promise<LmdbStore>): Promise<string> => {
  try {
    await (await open).close();
    return 'opened';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('store on disk', () => {
  test('store on disk - a process opens a directory once', async () => {
    const store = await openLmdbStore(directory);
    expect(await refusal(openLmdbStore(directory))).toBe('RM_STORE_OPEN');
    await store.close();
    expect(await refusal(openLmdbStore(directory))).toBe('opened');
  });

  test('store on disk - other threads are refused', async () => {
    const program = new URL('./programs/open-in-thread.mjs', import.meta.url);
    const worker = new Worker(program, { workerData: directory });
    const got = await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    expect(got).toBe('RM_STORE_OPEN');
    await worker.terminate();
  });

  test('store on disk - a reader needs a store that is there, and never writes', async () => {
    expect(await refusal(openLmdbStore(directory, { role: 'reader' }))).toBe('RM_STORE_OPEN');
    await (await openLmdbStore(directory)).close();
    const reader = await openLmdbStore(directory, { role: 'reader' });
    await expect(reader.transact({ success: [] })).rejects.toMatchObject({
      code: 'RM_STORE_READ_ONLY',
    });
    await expect(reader.whenWriter()).rejects.toMatchObject({ code: 'RM_STORE_OPTION' });
    await reader.close();
  });

  test('store on disk - a path that is no directory is refused with its reason', async () => {
    const path = join(directory, 'file');
    writeFileSync(path, 'x');
    await expect(openLmdbStore(path)).rejects.toThrow(/EEXIST/);
    expect(await refusal(openLmdbStore(join(path, 'below')))).toBe('RM_STORE_OPEN');
  });

  // Guards: P2
  test('store on disk - what is no store is refused and stays as it is', async () => {
    writeFileSync(file(), 'hello, this is no database');
    expect(await refusal(openLmdbStore(directory))).toBe('RM_STORE_FORMAT');
    expect(readFileSync(file(), 'utf8')).toBe('hello, this is no database');
  });

  test('store on disk - a newer format is refused and stays as it is', async () => {
    await (await openLmdbStore(directory)).close();
    const environment = new LmdbEnvironment(directory, false, new TransactionCounter(directory));
    await environment.commit(() => {
      const newer = jsonRecord(FORMAT_KEY, { store: 'ringmaster', version: 2 });
      environment.find('about')?.put(FORMAT_KEY, newer);
    });
    await environment.close();
    const before = readFileSync(file());
    await expect(openLmdbStore(directory)).rejects.toThrow(/format 2; this version reads up to 1/);
    expect(readFileSync(file()).equals(before)).toBe(true);
  });

  // Guards: P2
  test('store on disk - a file that was cut off is refused and stays as it is', async () => {
    const store = await openLmdbStore(directory);
    await churn(store, 1);
    await store.close();
    const whole = readFileSync(file());
    for (const part of [0.99, 0.5, 0.1]) {
      truncateSync(file(), Math.floor(whole.length * part));
      const before = readFileSync(file());
      expect(await refusal(openLmdbStore(directory))).toBe('RM_STORE_FORMAT');
      expect(readFileSync(file()).equals(before)).toBe(true);
      writeFileSync(file(), whole);
    }
    expect(await refusal(openLmdbStore(directory))).toBe('opened');
  });

  // Guards: P2
  test('store on disk - wherever bits flip, it is refused or answers rightly', async () => {
    const store = await openLmdbStore(directory, { limits: { historyTransactionsMax: 50 } });
    await churn(store, 2);
    const good = await picture(store);
    await store.close();
    const whole = join(directory, 'whole');
    copyFileSync(file(), whole);
    const random = seededRandom(3);
    let refused = 0;
    for (let round = 0; round < 120; round++) {
      const bytes = readFileSync(whole);
      // Every third in the heads, whose pages are few.
      const at =
        round % 3 === 0 ? random.below(2) * 4096 + random.below(176) : random.below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      writeFileSync(file(), bytes);
      let opened: LmdbStore | null = null;
      try {
        opened = await openLmdbStore(directory);
        expect(await picture(opened), `byte ${at}`).toEqual(good);
      } catch (error) {
        expect((error as { code: string }).code, `byte ${at}`).toBe('RM_STORE_FORMAT');
        expect(readFileSync(file()).equals(bytes), `byte ${at}`).toBe(true);
        refused++;
      } finally {
        await opened?.close();
      }
    }
    expect(refused).toBeGreaterThan(20);
    expect(refused).toBeLessThan(110);
  });

  test('store on disk - an export holds what is readable, an import goes on behind it', async () => {
    const store = await openLmdbStore(directory);
    await churn(store, 4);
    const { lease } = await store.grant(60_000);
    await store.transact({
      success: [{ kind: 'put', key: 'leased', value: new Uint8Array(1), lease }],
    });
    const good = await picture(store);
    expect(() => exportStore(directory)).toThrow(/a process writes to it/);
    await store.close();
    const whole = exportStore(directory);
    expect([whole.entries, whole.revision, whole.damage]).toEqual([good.length, 301, []]);

    const bytes = readFileSync(file());
    // The value of an entry: its record is lost, and no other.
    const place = bytes.indexOf(Buffer.from('k50'));
    bytes[place + 40] = (bytes[place + 40] ?? 0) ^ 1;
    writeFileSync(file(), bytes);
    const saved = exportStore(directory);
    expect(saved.entries).toBeGreaterThanOrEqual(good.length - 1);

    const made = await importStore(join(directory, 'new'), saved.lines);
    expect([made.entries, made.leased]).toEqual([saved.entries - 1, 1]);
    expect(made.revision).toBeGreaterThan(whole.revision);
    const again = await openLmdbStore(join(directory, 'new'));
    const content = (lines: readonly string[]): string[] =>
      lines.map((line) => line.replace(/ \d+ /, ' ')).filter((line) => !line.startsWith('leased'));
    const lost = content(good).filter((line) => !line.startsWith('k50 '));
    expect(content(await picture(again)).filter((line) => !line.startsWith('k50 '))).toEqual(lost);
    await again.close();
    await expect(importStore(join(directory, 'new'), saved.lines)).rejects.toThrow(/holds a store/);
  });

  // Guards: P1
  test('store on disk - after any number of openings it holds what was written', async () => {
    for (let round = 1; round <= 6; round++) {
      const store = await openLmdbStore(directory, { limits: { historyTransactionsMax: 40 } });
      expect(store.epoch).toBe(round);
      await churn(store, round, 60);
      const before = await picture(store);
      await store.close();
      const again = await openLmdbStore(directory, { role: 'reader' });
      expect(await picture(again)).toEqual(before);
      await again.close();
    }
  });

  test('store on disk - many at the same time share commits and each has its answer', async () => {
    const store = await openLmdbStore(directory);
    const results = await Promise.all(
      Array.from({ length: 500 }, (_, index) =>
        store.transact({ success: [{ kind: 'put', key: `k${index}`, value: Uint8Array.of(1) }] }),
      ),
    );
    expect(results.map(({ revision }) => revision)).toEqual(results.map((_, index) => index + 1));
    await store.close();
  });

  test('store on disk - what waits is limited, and a limit refuses before anything happens', async () => {
    const store = await openLmdbStore(directory, { limits: { queuedMax: 10 } });
    const puts = Array.from({ length: 12 }, (_, index) =>
      store.transact({ success: [{ kind: 'put', key: `k${index}`, value: new Uint8Array(1) }] }),
    );
    const settled = await Promise.allSettled(puts);
    const refused = settled.filter((one) => one.status === 'rejected');
    expect(refused.map((one) => (one.reason as { code: string }).code)).toEqual([
      'RM_STORE_LIMIT',
      'RM_STORE_LIMIT',
    ]);
    expect((await picture(store)).length).toBe(10);
    await store.close();
  });
});
