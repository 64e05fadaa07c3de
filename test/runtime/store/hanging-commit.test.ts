/** A commit that never settles: the store says so after its time, and is never wrong later. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Alarm, Clock } from '../../../src/runtime/index.ts';
import {
  type LmdbStore,
  openLmdbStore,
  type StoreTransaction,
} from '../../../src/runtime/store/index.ts';
import { MemoryTables } from '../../../src/runtime/store/memory-tables.ts';
import { OpenStore } from '../../../src/runtime/store/open-store.ts';
import { STORE_LIMITS } from '../../../src/runtime/store/store-limits.ts';
import { SimClock } from '../../../src/runtime/testkit/index.ts';
import { driven } from './driven.ts';

const LOCK_HOLDER = fileURLToPath(new URL('./programs/lock-holder.mjs', import.meta.url));
const put = (key: string): StoreTransaction => ({
  success: [{ kind: 'put', key, value: Uint8Array.of(1) }],
});
const patient = { timeout: '10m' } as const;
const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'answered',
    (error: { code: unknown }) => error.code,
  );

/** Writes at once, and settles when it is told to. */
class HangingDisk extends MemoryTables {
  settle: () => void = () => undefined;
  isHealthy = true;

  override async commit(write: () => void): Promise<void> {
    write();
    if (this.isHealthy) return;
    await new Promise<void>((resolve) => {
      this.settle = resolve;
    });
  }
}

let disk: HangingDisk;
beforeEach(() => {
  disk = new HangingDisk();
});

function open(clock: Clock, alarm: Alarm): OpenStore {
  const store = new OpenStore({
    tables: disk,
    limits: STORE_LIMITS,
    clock,
    alarm,
    closing: () => undefined,
    closed: () => Promise.resolve(),
    broke: () => undefined,
  });
  store.promote(disk);
  return store;
}

describe('hanging commit', () => {
  // Guards: P2
  test('hanging commit - in flight is unknown, what waits is refused, then nothing', async () => {
    const clock = new SimClock();
    const store = open(clock, clock.alarm());
    await store.transact(put('before'));
    disk.isHealthy = false;
    const inFlight = codeOf(store.transact(put('a'), patient));
    await Promise.resolve();
    const waits = codeOf(store.transact(put('b'), patient));
    const told = codeOf(store.watch('').next());
    expect(await driven(clock, inFlight)).toBe('RM_STORE_UNKNOWN');
    expect(clock.monotonicMs()).toBe(30_000);
    expect(await waits).toBe('RM_STORE_FAILED');
    expect(await told).toBe('RM_STORE_FAILED');
    expect(store.isWriter).toBe(false);
    disk.settle();
    await new Promise(setImmediate);
    for (const call of [store.get('before'), store.transact(put('c')), store.list('')]) {
      await expect(call).rejects.toThrow(/RM_STORE_FAILED.*has not settled after 30000 ms/);
    }
    await store.close();
  });

  test('hanging commit - a store that is being closed waits no longer than its time', async () => {
    const clock = new SimClock();
    const store = open(clock, clock.alarm());
    disk.isHealthy = false;
    const inFlight = codeOf(store.transact(put('a'), patient));
    await Promise.resolve();
    const waits = codeOf(store.transact(put('b'), patient));
    const closed = store.close();
    expect(await waits).toBe('RM_STORE_CLOSED');
    await driven(clock, closed);
    expect([await inFlight, clock.monotonicMs()]).toEqual(['RM_STORE_UNKNOWN', 30_000]);
    expect(await codeOf(store.get('a'))).toBe('RM_STORE_CLOSED');
  });

  test('hanging commit - a process that was stopped itself gives it its time again', async () => {
    let nowMs = 0;
    let ring: () => void = () => undefined;
    const alarm: Alarm = {
      set: (_atMs, fire) => {
        ring = fire;
      },
      clear: () => undefined,
    };
    const store = open({ monotonicMs: () => nowMs, wallMs: () => 0 }, alarm);
    disk.isHealthy = false;
    const call = store.transact(put('a'), patient);
    await new Promise(setImmediate);
    nowMs = 300_000;
    ring();
    disk.settle();
    expect((await call).revision).toBe(1);
  });

  test('hanging commit - one that waits for the lock writes nothing once it was given up', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ringmaster-store-'));
    const clock = new SimClock();
    const store = await openLmdbStore(directory, { clock, alarm: clock.alarm() });
    await store.transact(put('before'));
    const holder = await holdLock(directory);
    const calls = [put('a'), put('b')].map((one) => codeOf(store.transact(one, patient)));
    expect(await driven(clock, Promise.all(calls))).toEqual([
      'RM_STORE_UNKNOWN',
      'RM_STORE_UNKNOWN',
    ]);
    expect([store.isWriter, await codeOf(store.get('a'))]).toEqual([false, 'RM_STORE_FAILED']);
    // Closing does not wait for what hangs.
    await driven(clock, store.close());
    expect(await codeOf(openLmdbStore(directory))).toBe('RM_STORE_OPEN');
    const ended = once(holder, 'exit');
    holder.kill('SIGKILL');
    await ended;
    const reader = await opened(directory);
    expect((await reader.list('')).entries.map(({ key }) => key)).toEqual(['before']);
    await reader.close();
    rmSync(directory, { recursive: true });
  });
});

/** A process that was stopped with the lock of the store. */
async function holdLock(directory: string): Promise<ChildProcess> {
  const holder = spawn(process.execPath, [LOCK_HOLDER, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: holder.stdout });
  expect(await once(lines, 'line')).toEqual(['locked']);
  return holder;
}

/** When the file was let go. */
async function opened(directory: string): Promise<LmdbStore> {
  for (;;) {
    try {
      return await openLmdbStore(directory, { role: 'reader' });
    } catch {
      await new Promise(setImmediate);
    }
  }
}
