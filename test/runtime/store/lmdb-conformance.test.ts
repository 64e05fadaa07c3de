/** The conformance suite against the store on disk, opened once and opened again after each write. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { openLmdbStore, type Store } from '../../../src/runtime/store/index.ts';
import {
  SimClock,
  type StoreUnderTest,
  storeConformance,
} from '../../../src/runtime/testkit/index.ts';

const HISTORY = 20;

async function onDisk(): Promise<StoreUnderTest> {
  const directory = mkdtempSync(join(tmpdir(), 'ringmaster-store-'));
  const clock = new SimClock();
  const open = (): Promise<Store> =>
    openLmdbStore(directory, {
      limits: { historyTransactionsMax: HISTORY },
      clock,
      alarm: clock.alarm(),
    });
  let current = await open();
  return {
    store: current,
    wait: (ms) => void clock.advance(ms),
    historyTransactions: HISTORY,
    reopen: async () => {
      await current.close();
      current = await open();
      return current;
    },
    dispose: async () => {
      await current.close();
      rmSync(directory, { recursive: true });
    },
  };
}

describe('store on disk', () => {
  // Guards: P3, P4
  test.each(storeConformance)('store on disk - $name', async ({ run }) => {
    await run(onDisk);
  });
});
