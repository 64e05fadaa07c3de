/**
 * Names a process so that another can say whether it still exists: the number alone is used again.
 * On Linux it knows boot, namespace and start; elsewhere it never says that a process is gone, and
 * whoever waits for one waits for its lease.
 */
import { readFileSync, readlinkSync } from 'node:fs';

/** A process of this machine. */
export type ProcessIdentity = {
  readonly pid: number;
  /** Of the machine's start; empty where it cannot be told. */
  readonly boot: string;
  /** Within which `pid` counts; empty where it cannot be told. */
  readonly namespace: string;
  /** When it started, in ticks since boot; empty where it cannot be told. */
  readonly started: string;
};

/** This process. */
export function processIdentity(): ProcessIdentity {
  return {
    pid: process.pid,
    boot: attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    namespace: attempt(() => readlinkSync('/proc/self/ns/pid')),
    started: startOf(process.pid),
  };
}

/** True: it has ended for certain. False: it lives, or nobody can tell. */
export function isProcessGone(other: ProcessIdentity): boolean {
  const self = processIdentity();
  if (self.boot === '' || other.boot === '') return false;
  if (self.boot !== other.boot) return true;
  if (self.namespace === '' || self.namespace !== other.namespace) return false;
  if (!exists(other.pid)) return true;
  const started = startOf(other.pid);
  return started === ENDED || (started !== '' && other.started !== '' && started !== other.started);
}

/** Whether the system knows the number; one that it only hides counts. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { readonly code?: unknown }).code !== 'ESRCH';
  }
}

const ENDED = 'ended';

/** When a process started; ENDED: it only waits for its parent; empty: that cannot be told. */
function startOf(pid: number): string {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The name, in parentheses, may hold spaces and parentheses; 20 fields behind it is the start.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? ENDED : (fields[19] ?? '');
}

function attempt(look: () => string): string {
  try {
    return look();
  } catch {
    return '';
  }
}
