/**
 * The demo's beginning and its end by interrupt; that all of its steps hold is shown by `npm start`, which
 * `.ci/run` calls.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pidsWith } from '../drivers/processes.ts';
import { CommandRig } from './command-rig.ts';

let rig: CommandRig;
beforeEach(() => {
  rig = new CommandRig();
});
afterEach(() => rig.end());

test('demo - interrupted under load, it ends everything that it has started', async () => {
  const directory = join(rig.folder, 'demo');
  const demo = await rig.begin(/release: a good release/, 'demo', '-C', directory);
  expect(demo.line).toMatch(/\d s {2}release: a good release of the receiver, zone by zone/);
  // Agent, brain, router, nine instances.
  expect(pidsWith(directory).length).toBeGreaterThanOrEqual(3);
  demo.child.kill('SIGINT');
  expect(await demo.code).toBe(130);
  expect(pidsWith(directory)).toEqual([]);
  // It was named, so it is kept.
  expect(existsSync(join(directory, 'agent', 'brain.log'))).toBe(true);
});

// It hears of it when it has something to say.
test('demo - its output is closed: it ends everything', { timeout: 120_000 }, async () => {
  const directory = join(rig.folder, 'demo');
  const demo = await rig.begin(/release: a good release/, 'demo', '-C', directory);
  demo.child.stdout?.destroy();
  expect(await demo.code).toBe(130);
  expect(pidsWith(directory)).toEqual([]);
});

test('demo - its load generator dies: it says so, and ends everything', async () => {
  const directory = join(rig.folder, 'demo');
  const demo = await rig.begin(/release: a good release/, 'demo', '-C', directory);
  let err = '';
  demo.child.stderr?.on('data', (piece) => {
    err += piece;
  });
  const [load] = pidsWith('load.mjs').filter((pid) => parentOf(pid) === demo.child.pid);
  process.kill(load as number, 'SIGKILL');
  expect(await demo.code).toBe(1);
  expect(err).toMatch(/the load generator has ended/);
  expect(pidsWith(directory)).toEqual([]);
});

function parentOf(pid: number): number {
  return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1]);
}

test('demo - a directory with a fleet is not taken', async () => {
  mkdirSync(join(rig.folder, 'mine', 'store'), { recursive: true });
  const { code, err } = await rig.run('demo', '-C', 'mine', '--once');
  expect(code).toBe(6);
  expect(err).toMatch(/mine is a fleet's already; name another directory, or none/);
});
