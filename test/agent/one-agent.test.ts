/** Agents that start at the same instant on one directory: one comes up, the others say who it is. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeLock } from '../../src/agent/agent-lock.ts';
import { markedBy } from './rig.ts';

const MAIN = fileURLToPath(new URL('../../dist/agent/main.js', import.meta.url));
const FOREVER = 'require("node:net").createServer().listen(0)';

let directory = '';
const children: ChildProcess[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rm-agent-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  const path = join(directory, 'agent.json');
  const { agent } = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { agent: '' };
  for (const pid of agent === '' ? [] : markedBy(agent)) process.kill(pid, 'SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

const locks = (): string[] => readdirSync(directory).filter((name) => name.includes('lock'));

type Start = { readonly child: ChildProcess; readonly word: string };

/** Starts one, and hears whether it came up. */
async function started(): Promise<Start> {
  const brain = ['--', process.execPath, '-e', FOREVER];
  const child = spawn(process.execPath, [MAIN, '--directory', directory, ...brain], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stderr });
  for await (const line of lines) {
    if (/agent of|RM_AGENT/.test(line)) return { child, word: line };
  }
  throw new Error('it ended without a word');
}

describe('one agent', () => {
  test('one agent - of many that start at once, over and over, one comes up', async () => {
    for (let round = 0; round < 4; round++) {
      const all = await Promise.all(Array.from({ length: 5 }, started));
      const up = all.filter(({ word }) => word.includes(': agent of'));
      expect(up, `round ${round}`).toHaveLength(1);
      const [{ child }] = up as [Start];
      for (const { word } of all) {
        if (!word.includes(': agent of'))
          expect(word).toContain(`process ${child.pid} is the agent`);
      }
      // Without a word: the next ones find its lock and its socket.
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    const { agent } = JSON.parse(readFileSync(join(directory, 'agent.json'), 'utf8'));
    // Each found the brain of the one before it.
    expect(markedBy(agent)).toHaveLength(1);
    expect(locks()).toEqual(['agent-4.lock']);
  });

  test('one agent - the lock is given back, and that of a process that is gone counts nothing', () => {
    const first = takeLock(directory);
    expect(() => takeLock(directory)).toThrow(`RM_AGENT_RUNNING: process ${process.pid} is`);
    first.release();
    const second = takeLock(directory);
    expect(locks()).toEqual(['agent-2.lock']);
    second.release();
    // The pid of this process, and another start: the number is used again.
    const gone = JSON.stringify({ pid: process.pid, startTicks: '1' });
    writeFileSync(join(directory, 'agent-3.lock'), gone);
    takeLock(directory).release();
    // Cut off when the machine lost power.
    writeFileSync(join(directory, 'agent-9.lock'), '');
    takeLock(directory).release();
    expect(locks()).toEqual(['agent-10.lock']);
  });
});
