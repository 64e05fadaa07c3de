/**
 * The demo's beginning and its end by interrupt; that all of its steps hold is shown by `npm start`, which
 * `.ci/run` calls.
 */
import { existsSync, mkdirSync } from 'node:fs';
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

test('demo - a directory with a fleet is not taken', async () => {
  mkdirSync(join(rig.folder, 'mine', 'store'), { recursive: true });
  const { code, err } = await rig.run('demo', '-C', 'mine', '--once');
  expect(code).toBe(6);
  expect(err).toMatch(/mine is a fleet's already; name another directory, or none/);
});
