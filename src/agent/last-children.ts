/**
 * The children of an agent that has ended, from what it has left on disk: for whoever ends them in its
 * place, and notes it, so that the next agent knows that they have not ended by themselves. Only while no
 * agent runs in that directory.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AGENT_FILE, type ChildRecord } from './agent-state.ts';
import { isAlive } from './processes.ts';
import { replaceFile } from './replaced-file.ts';

type Left = { readonly children: readonly ChildRecord[] };

/** Those that still run. Empty where there is no such file. @throws SyntaxError for a damaged one */
export function lastChildren(directory: string): readonly ChildRecord[] {
  return read(directory)?.children.filter((one) => one.exit === null && isThere(one)) ?? [];
}

/** These were ended on purpose. @throws what the file system says */
export function noteDismissed(directory: string, ids: readonly string[]): void {
  const left = read(directory);
  if (left === null) return;
  const exit = { code: null, signal: null, isDismissed: true };
  const children = left.children.map((one) => (ids.includes(one.id) ? { ...one, exit } : one));
  replaceFile(join(directory, AGENT_FILE), `${JSON.stringify({ ...left, children })}\n`, true);
}

/** That very process: its pid may be somebody else's by now. */
export function isThere({ pid, startTicks }: ChildRecord): boolean {
  return pid !== null && isAlive({ pid, startTicks: startTicks ?? '' });
}

function read(directory: string): Left | null {
  let text: string;
  try {
    text = readFileSync(join(directory, AGENT_FILE), 'utf8');
  } catch {
    return null;
  }
  return JSON.parse(text) as Left;
}
