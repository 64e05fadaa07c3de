/** Two processes on one directory: one writes, the other reads and takes over. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StoreProcess } from './store-process.ts';

let directory = '';
let first: StoreProcess;
let second: StoreProcess;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ringmaster-store-'));
  first = new StoreProcess();
  second = new StoreProcess();
});

afterEach(async () => {
  first.child.kill('SIGCONT');
  await Promise.all([first.end(), second.end()]);
  rmSync(directory, { recursive: true });
});

/** Opens both; the first is the writer. */
async function openBoth(): Promise<void> {
  const options = { writerLease: 300, poll: 5 };
  expect(await first.call('open', directory, options)).toEqual([true, 1]);
  expect(await second.call('open', directory, options)).toEqual([false, 0]);
}

describe('store of two processes', () => {
  test('store of two processes - the second reads what the first writes, only', async () => {
    await openBoth();
    await second.call('watch', 'w', 'a');
    const told = second.call('next', 'w');
    await first.call('put', 'b', '1');
    await first.call('put', 'a', '2');
    expect(await second.call('get', 'a')).toBe('2');
    expect(await told).toBe(2);
    await expect(second.call('put', 'c', '3')).rejects.toThrow('RM_STORE_READ_ONLY');
    await expect(second.call('grant', 1000)).rejects.toThrow('RM_STORE_READ_ONLY');
    expect(await first.call('keys')).toEqual(['a', 'b']);
  });

  test('store of two processes - the second takes over when the first closes', async () => {
    await openBoth();
    expect(await first.call('put', 'a', '1')).toBe(1);
    await first.call('close');
    expect(await second.call('whenWriter')).toBe(2);
    expect(await second.call('put', 'a', '2')).toBe(2);
  });

  // Guards: P1
  test('store of two processes - a killed writer is followed, with all that it acknowledged', async () => {
    await openBoth();
    for (let index = 0; index < 20; index++) await first.call('put', `k${index}`, 'x');
    await first.kill();
    expect(await second.call('whenWriter')).toBe(2);
    expect(await second.call<string[]>('keys')).toHaveLength(20);
    expect(await second.call('put', 'a', '2')).toBe(21);
  });

  // Guards: R3
  test('store of two processes - a writer paused for longer than its lease is fenced', async () => {
    await openBoth();
    const lease = await first.call<number>('grant', 60_000);
    await first.call('put', 'leased', '1', lease);
    const stopped = first.call('stop');
    expect(await second.call('whenWriter')).toBe(2);
    expect(await second.call('put', 'a', 'second')).toBe(2);
    // It cannot be sure that it still writes, so it looks again.
    const seen = first.call('get', 'a');
    const late = [first.call('put', 'a', 'first'), first.call('keepAlive', lease)];
    const refused = Promise.all(
      late.map((call) => expect(call).rejects.toThrow('RM_STORE_FENCED')),
    );
    first.child.kill('SIGCONT');
    await Promise.all([refused, stopped]);
    expect(await seen).toBe('second');
    expect(await first.call('get', 'a')).toBe('second');
    expect(await second.call('put', 'b', 'second')).toBe(3);
    await second.call('close');
    expect(await first.call('whenWriter')).toBe(3);
    expect(await first.call('put', 'a', 'first')).toBe(4);
    expect(await first.call('keepAlive', lease)).toBe(60_000);
  });
});
