/**
 * Processes of this machine, also those that somebody else started: who is it, does it still run,
 * which ones carry our mark in their environment. Reads /proc, so that it finds nothing but its own
 * children on a system without one; everything else works there.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** One process for ever: a pid is used again, a pid with its start time is not. */
export type Identity = { readonly pid: number; readonly startTicks: string };

/** Environment variable that names the agent a process belongs to, and its name there. */
export const AGENT_MARK = 'RINGMASTER_AGENT';
export const CHILD_MARK = 'RINGMASTER_CHILD';

/** Places in /proc/PID/stat behind the name: the state, the session, the start time. */
const STATE_FIELD = 0;
const SESSION_FIELD = 3;
const START_FIELD = 19;

/** Who has that pid now; null when nobody, or somebody who has ended and was not reaped. */
export function identityOf(pid: number): Identity | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return withoutProc(pid);
  }
  // The name is in parentheses and may hold any character.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[STATE_FIELD] === 'Z' || fields[STATE_FIELD] === 'X') return null;
  return { pid, startTicks: fields[START_FIELD] ?? '' };
}

/** Whether that very process runs. */
export function isAlive({ pid, startTicks }: Identity): boolean {
  return identityOf(pid)?.startTicks === startTicks;
}

/**
 * Processes that carry the mark of that agent, by their names there, the oldest first: what they
 * have started inherits the mark, and may lead a session of its own.
 */
export function marked(agent: string): readonly { readonly id: string; readonly who: Identity }[] {
  const found: { id: string; who: Identity }[] = [];
  for (const pid of pids()) {
    const id = markOf(pid, agent);
    const who = id === null ? null : identityOf(pid);
    if (id !== null && who !== null) found.push({ id, who });
  }
  return found.sort((a, b) => Number(a.who.startTicks) - Number(b.who.startTicks));
}

/**
 * Signals a process and all that it started in its group. @returns whether there was anybody.
 */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  return kill(-pid, signal) || kill(pid, signal);
}

/**
 * Ends what a leader that has ended has left running in its group. Not the leader: its pid may be
 * somebody else's by now; the group's number is not, while it has members.
 */
export function endGroup(pid: number): void {
  kill(-pid, 'SIGKILL');
}

/** The session of that process, named by its leader's pid; null when there is none. */
export function sessionOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[SESSION_FIELD]);
  } catch {
    return null;
  }
}

function kill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function withoutProc(pid: number): Identity | null {
  return process.platform !== 'linux' && kill(pid, 0) ? { pid, startTicks: '' } : null;
}

/** Of this machine; none where there is no /proc. */
export function pids(): readonly number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** Only leaders of sessions count: what they start inherits the mark, and is their business. */
function markOf(pid: number, agent: string): string | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return null;
  }
  const lines = text.split('\0');
  if (!lines.includes(`${AGENT_MARK}=${agent}`) || sessionOf(pid) !== pid) return null;
  const line = lines.find((one) => one.startsWith(`${CHILD_MARK}=`));
  return line?.slice(CHILD_MARK.length + 1) ?? null;
}
