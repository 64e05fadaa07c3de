/**
 * The ways in which a program may hold the runtime: bundled into one file, from TypeScript sources,
 * beside code of its own. Each runs as a process of its own, as a user would start it.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const DEADLINE_MS = 30_000;
const app = (name: string): string => fileURLToPath(new URL(`./apps/${name}`, import.meta.url));
const node = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  run(process.execPath, args, { timeout: DEADLINE_MS });

test('packaging - an application bundled into one file runs its actors on threads', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ringmaster-bundle-'));
  try {
    const outfile = join(folder, 'app.mjs');
    await build({
      entryPoints: [app('single.mjs')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
    });
    const { stdout } = await node(outfile);
    expect(stdout).toBe('42 on thread 1\n');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('packaging - the same module runs unbundled, and its threads start no second system', async () => {
  const { stdout } = await node(app('single.mjs'));
  expect(stdout).toBe('42 on thread 1\n');
});

test('packaging - definitions load in threads from TypeScript sources', async () => {
  const { stdout } = await node('--import', 'tsx', app('shop.ts'));
  expect(stdout).toBe('5 for ann on thread 1\n');
});

test('packaging - a guest in a program installs no handler and does not keep it alive', async () => {
  const { stdout } = await node(app('guest.mjs'));
  const { before, during, after, answers, late, stack } = JSON.parse(stdout);
  expect(during).toEqual(before);
  expect(after).toEqual(before);
  expect(answers).toEqual([1, 2, 3]);
  expect(late).toBe('RM_SYSTEM_CLOSED');
  // Guards: D9. Whoever awaits stands below.
  expect(stack).toMatch(/--- asked by ---[\s\S]*at async shopping/);
});

test('packaging - whoever awaits an ask, a send or a stream stands in the stack of its failure', async () => {
  // Guards: D9.
  const { stdout } = await node(app('askers.mjs'));
  const stacks = JSON.parse(stdout) as Record<string, string>;
  expect(Object.keys(stacks)).toHaveLength(14);
  for (const [name, stack] of Object.entries(stacks)) {
    const waits = name.split(' ')[1] as string;
    expect(stack, name).toMatch(new RegExp(`at (async )?(Object\\.)?${waits} `));
    expect(stack.split('--- asked by ---').length, name).toBe(waits.endsWith('Full') ? 1 : 2);
    if (waits.endsWith('Full')) expect(stack, name).toMatch(/^RM_MAILBOX_FULL /);
    else expect(stack, name).toMatch(/^RM_ACTOR_(CRASHED|STOPPED) |TypeError: on request/);
  }
});
