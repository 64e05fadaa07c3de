/**
 * Which process is the agent of a directory: at most one, also of many that start at the same instant.
 *
 *   agent-7.lock   who: pid and start time, or null once it has let go
 *
 * Whoever wants to be the agent makes the file with the next number, if the process that the highest
 * one names is gone. The file appears whole, and of those who make the same number one succeeds. The
 * highest one is never removed: a latecomer that judged by an older one finds a higher number than
 * its own, and looks again.
 */
import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentError } from './errors.ts';
import { type Identity, identityOf, isAlive } from './processes.ts';
import { replaceFile } from './replaced-file.ts';

const NAME = /^agent-(\d{1,15})\.lock$/;
/** Looks in vain before it gives up: each means that another process has just taken or left it. */
const LOOKS_MAX = 100;

/** The lock of this process. */
export type AgentLock = {
  /** Lets the next one in. What cannot be written says that this process has it until it ends. */
  release(): void;
};

/** @throws RM_AGENT_RUNNING naming the process that has it; what the system says */
export function takeLock(directory: string): AgentLock {
  const me = identityOf(process.pid) ?? { pid: process.pid, startTicks: '' };
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const highest = highestOf(directory);
    const owner = highest === 0 ? null : ownerOf(pathOf(directory, highest));
    if (owner !== null && isAlive(owner)) throw running(directory, owner.pid);
    const path = pathOf(directory, highest + 1);
    if (!make(directory, path, me)) continue;
    if (highestOf(directory) === highest + 1) {
      removeBelow(directory, highest + 1);
      return { release: () => release(path) };
    }
    rmSync(path, { force: true });
  }
  throw running(directory, null);
}

function release(path: string): void {
  try {
    replaceFile(path, 'null', false);
  } catch {
    // Its owner will be seen to be gone.
  }
}

/** @returns false: somebody has made it before */
function make(directory: string, path: string, me: Identity): boolean {
  const whole = join(directory, `agent-${me.pid}.lock.next`);
  try {
    writeFileSync(whole, JSON.stringify(me), { mode: 0o600 });
    linkSync(whole, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(whole, { force: true });
  }
}

/** Null: nobody, or the machine lost power before it was on disk, and whoever wrote it with it. */
function ownerOf(path: string): Identity | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Identity | null;
  } catch {
    return null;
  }
}

function numbersOf(directory: string): readonly number[] {
  return readdirSync(directory).flatMap((name) => {
    const number = NAME.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

function highestOf(directory: string): number {
  return Math.max(0, ...numbersOf(directory));
}

function removeBelow(directory: string, own: number): void {
  for (const number of numbersOf(directory)) {
    if (number < own) rmSync(pathOf(directory, number), { force: true });
  }
}

function pathOf(directory: string, number: number): string {
  return join(directory, `agent-${number}.lock`);
}

function running(directory: string, pid: number | null): Error {
  const who = pid === null ? 'another process' : `process ${pid}`;
  return agentError(
    'RM_AGENT_RUNNING',
    `${who} is the agent of ${directory}; use it, or end it first.`,
    pid === null ? {} : { pid },
  );
}
