/** A writer that is stopped inside a commit holds the lock of the file: what the others do then. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StoreProcess } from './store-process.ts';

let directory = '';
let writer: StoreProcess;
let follower: StoreProcess;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ringmaster-store-'));
  writer = new StoreProcess();
  follower = new StoreProcess();
  const options = { writerLease: 300, poll: 5 };
  expect(await writer.call('open', directory, options)).toEqual([true, 1]);
  expect(await follower.call('open', directory, options)).toEqual([false, 0]);
  await writer.call('put', 'before', '1');
});

afterEach(async () => {
  writer.child.kill('SIGCONT');
  await Promise.all([writer.end(), follower.end()]);
  rmSync(directory, { recursive: true });
});

describe('stopped writer', () => {
  test('stopped writer - a follower says who holds the lock, and answers reads meanwhile', async () => {
    await follower.call('watch', 'w', 'during');
    const told = follower.call('next', 'w');
    await writer.call('stopInCommit');
    const put = writer.call('put', 'during', '1');
    expect(await follower.call('stuck')).toEqual(['RM_STORE_UNAVAILABLE', writer.child.pid]);
    expect(await follower.call('get', 'before')).toBe('1');
    await expect(follower.call('put', 'x', '1')).rejects.toThrow('RM_STORE_UNAVAILABLE');
    // It goes on: its commit counts, and it still is the writer.
    writer.child.kill('SIGCONT');
    expect(await put).toBe(2);
    expect(await told).toBe(2);
    const refusal = (): Promise<unknown> =>
      follower.call('put', 'x', '1').catch(({ message }) => message);
    let said = await refusal();
    // The word of the free lock may come after that of the commit.
    while (said === 'RM_STORE_UNAVAILABLE') said = await refusal();
    expect(said).toBe('RM_STORE_READ_ONLY');
    expect(await writer.call('put', 'after', '1')).toBe(3);
  });

  // Guards: P1
  test('stopped writer - killed, it is followed at once, and its commit did not happen', async () => {
    await writer.call('stopInCommit');
    const put = writer.call('put', 'during', '1').catch(({ message }) => message);
    await follower.call('stuck');
    const leads = follower.call('whenWriter');
    await writer.kill();
    expect(await put).toBe('the process has ended');
    expect(await leads).toBe(2);
    expect(await follower.call('keys')).toEqual(['before']);
    expect(await follower.call('put', 'after', '1')).toBe(2);
  });

  test('stopped writer - a follower that waits for the lock can be closed', async () => {
    await writer.call('stopInCommit');
    const put = writer.call('put', 'during', '1');
    await follower.call('stuck');
    await follower.call('close');
    writer.child.kill('SIGCONT');
    expect(await put).toBe(2);
  });
});
