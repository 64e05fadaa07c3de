/**
 * Injects errors of the disk into a process that writes to a store, by strace: the n-th flush or write
 * of the file fails with EIO or ENOSPC. The store must stop, answer nothing wrong, and hold all that
 * it had acknowledged when it is opened again (P2). Called by test-system.mjs, needs the built package.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openLmdbStore } from 'ringmaster/store';

const SELF = fileURLToPath(import.meta.url);
const WRITES = 40;
const DEADLINE_MS = 20_000;

/** Writes one after the other until something fails; then what was acknowledged, and what came after. */
async function write(directory) {
  const store = await openLmdbStore(directory);
  const put = (number) =>
    store.transact({
      success: [{ kind: 'put', key: `k${number % 7}`, value: Uint8Array.of(number) }],
    });
  const code = (error) => error.code ?? String(error);
  let acknowledged = 0;
  let failure = 'none';
  while (acknowledged < WRITES && failure === 'none') {
    await put(acknowledged + 1).then(
      () => acknowledged++,
      (error) => {
        failure = code(error);
      },
    );
  }
  const later = [];
  for (const call of [() => put(99), () => store.get('k1'), () => store.list('')]) {
    later.push(await call().then(() => 'answered', code));
  }
  await store.close();
  process.stdout.write(`${JSON.stringify({ acknowledged, failure, later })}\n`);
}

async function check(directory, { acknowledged, failure, later }) {
  const expected = failure === 'none' ? 'answered' : 'RM_STORE_FAILED';
  if (!['none', 'RM_STORE_UNKNOWN'].includes(failure) || later.some((one) => one !== expected)) {
    throw new Error(`the store failed with ${failure}, then said ${later.join(', ')}`);
  }
  const store = await openLmdbStore(directory);
  const { entries } = await store.list('');
  const held = entries.map((entry) => entry.value[0]).sort((a, b) => a - b);
  const upTo = Math.max(0, ...held.filter((number) => number !== 99));
  await store.close();
  const extra = failure === 'none' ? 99 : acknowledged + 1;
  if (upTo < acknowledged || (upTo > acknowledged && upTo !== extra)) {
    throw new Error(`${acknowledged} were acknowledged; the store holds ${held.join(' ')}`);
  }
}

async function main() {
  let injected = 0;
  let ran = 0;
  for (const call of ['fdatasync', 'pwrite64', 'writev']) {
    for (const error of ['EIO', 'ENOSPC']) {
      for (const at of [2, 5, 13]) {
        // Once, as a full disk that is emptied, and from there on, as a dead one.
        for (const when of [`${at}`, `${at}+`]) {
          const directory = mkdtempSync(join(tmpdir(), 'ringmaster-disk-'));
          const inject = `inject=${call}:error=${error}:when=${when}`;
          const args = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', inject];
          const run = spawnSync('strace', [...args, process.execPath, SELF, directory], {
            encoding: 'utf8',
            timeout: DEADLINE_MS,
            // One thread writes, so that the n-th call is the store's n-th.
            env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
          });
          ran++;
          if (run.error !== undefined) throw new Error(`${inject}: ${run.error.message}`);
          const line = run.stdout.trim().split('\n').at(-1) ?? '';
          if (line.startsWith('{')) {
            const told = JSON.parse(line);
            if (told.failure !== 'none') injected++;
            await check(directory, told);
          } else if (!/RM_STORE_(OPEN|FAILED)|Input\/output|No space/.test(run.stderr)) {
            throw new Error(`${inject}: ended with ${run.status} ${run.signal}: ${run.stderr}`);
          }
          rmSync(directory, { recursive: true });
        }
      }
    }
  }
  if (injected < ran / 4) throw new Error(`only ${injected} of ${ran} runs met their error`);
  process.stdout.write(
    `${ran} runs, ${injected} with an error in a commit: all stopped, none lied\n`,
  );
}

await (process.argv[2] === undefined ? main() : write(process.argv[2]));
