/**
 * Every benchmark of actors runs, tiny, in a process of its own, so that none rots. No figure is
 * judged. Erlang, which is no part of this installation, is left out.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { BENCH_IDS } from '../../bench/harness/rows.ts';

const TINY = fileURLToPath(new URL('../../build/bench/harness/tiny.js', import.meta.url));
/** Milliseconds; Node 20 can hang at exit. */
const DEADLINE_MS = 50_000;

const HOT_PATH = ['AA', 'RING', 'B14', 'B15', 'B16', 'B17'];

describe('bench rows', () => {
  test.each(BENCH_IDS.filter((id) => !HOT_PATH.includes(id)))(
    'bench rows - %s runs, and its contenders do the same work',
    async (id) => {
      const { stdout } = await promisify(execFile)(process.execPath, [TINY, id, '--installed'], {
        timeout: DEADLINE_MS,
        killSignal: 'SIGKILL',
      });
      expect(stdout).toMatch(/, ours: [\d.]+\n/);
    },
  );
});
