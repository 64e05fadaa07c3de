/** The programs in `examples/` run to their end and say what they promise. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const DEADLINE_MS = 60_000;

async function output(name: string): Promise<string> {
  const file = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
  return (await run(process.execPath, [file], { timeout: DEADLINE_MS })).stdout;
}

test('examples - carts survive a crash and the loss of their thread', async () => {
  const said = await output('carts.mjs');
  expect(said.match(/totals: 1000 1000 1000 1000/g)).toHaveLength(3);
  expect(said).toContain('RM_ACTOR_CRASHED, because ann may not buy bombs');
  expect(said).toMatch(/1 dead letters, \d+ lost, 0 in flight/);
});

test('examples - the brain gives a version up that never becomes ready, and says why', async () => {
  const said = await output('brain.mjs');
  expect(said).toContain('v1 runs: 6 slots serve, ring generation 1');
  expect(said).toMatch(/v2 is given up: no progress for \d+ ms, at most 1500/);
  expect(said).toContain('running again: v1\nring generation 1: a restart moved no key');
  expect(said).toMatch(
    /admitted {2}receiver: replace receiver\/eu\/a\/0#\d+, rollout: v2 was aborted/,
  );
});

test('examples - a fleet of actors in one program: a bad version ends in its first zone', async () => {
  const said = await output('embedded-fleet.mjs');
  expect(said).toContain('v1 serves: 9 instances, ring generation 1');
  expect(said).toMatch(
    /v2 is given up: (error_ratio is|\d of its members ended with its supervisor gave up)/,
  );
  expect(said).toContain('0 of 60 users have another owner than before');
});
