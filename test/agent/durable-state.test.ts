/** What has to be on disk, and in which order, before the agent obeys an epoch. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AgentState } from '../../src/agent/agent-state.ts';
import { makeFolder } from '../../src/agent/replaced-file.ts';

const steps = vi.hoisted(() => ({ seen: [] as string[], fails: '' }));

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  const names = new Map<number, string>();
  const nameOf = (path: unknown): string => String(path).split('/').at(-1) ?? '';
  const step = (what: string): void => {
    if (what === steps.fails) throw new Error(what);
    steps.seen.push(what);
  };
  return {
    ...fs,
    openSync: (...args: Parameters<typeof fs.openSync>) => {
      const fd = fs.openSync(...args);
      names.set(fd, nameOf(args[0]));
      return fd;
    },
    fsyncSync: (fd: number) => {
      step(`fsync ${names.get(fd)}`);
      fs.fsyncSync(fd);
    },
    renameSync: (...args: Parameters<typeof fs.renameSync>) => {
      step(`rename ${nameOf(args[1])}`);
      fs.renameSync(...args);
    },
  };
});

let above = '';
let folder = '';
let state: AgentState;
beforeEach(() => {
  steps.fails = '';
  above = mkdtempSync(join(tmpdir(), 'rm-agent-'));
  folder = join(above, 'one', 'two');
  makeFolder(folder);
  state = new AgentState(join(folder, 'agent.json'), () => undefined);
});
afterEach(() => rmSync(above, { recursive: true }));

const WHOLE = ['fsync agent.json.next', 'rename agent.json', 'fsync two'];

test('durable state - an epoch is on disk, with its name and folder, before it is obeyed', () => {
  steps.seen = [];
  state.pass(7);
  expect(steps.seen).toEqual(WHOLE);
  // Nothing new: nothing is written.
  state.pass(7);
  expect(steps.seen).toEqual(WHOLE);
});

test.each(WHOLE)('durable state - an epoch is not obeyed when %s fails', (what) => {
  steps.fails = what;
  expect(() => state.pass(7)).toThrow(what);
  expect(state.epoch).toBe(0);
});

test('durable state - new folders are there after a loss of power', () => {
  steps.seen = [];
  makeFolder(join(above, 'a', 'b'));
  expect(steps.seen).toEqual(['fsync a', `fsync ${above.split('/').at(-1)}`]);
  steps.seen = [];
  makeFolder(join(above, 'a', 'b'));
  expect(steps.seen).toEqual([]);
});
