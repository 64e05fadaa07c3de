/**
 * A leader whose process is gone leads no more: its key is taken off at once, instead of when its lease
 * ends. Gone is proven, not guessed: on this machine nobody has its pid with its start time. A leader that
 * is not known to be of this machine, or that only is silent, keeps its lease.
 */
import { isProcess, processIdentity } from '../../agent/index.ts';
import type { Store } from '../../runtime/index.ts';

const HOLDER = /^(.+), pid (\d+) started (\d+)$/;

/** What a leader of this process says of itself, so that its end can be proven. */
export function holderOf(name: string): string {
  const who = processIdentity(process.pid);
  return who === null ? name : `${name}, pid ${who.pid} started ${who.startTicks}`;
}

/** @returns whether there was one. Rejects as `transact`, when somebody else writes. */
export async function removeDeadLeader(store: Store, key: string, name: string): Promise<boolean> {
  const { entry } = await store.get(key);
  if (entry === null) return false;
  const match = HOLDER.exec(new TextDecoder().decode(entry.value));
  const [, holder, pid, startTicks = ''] = match ?? [];
  if (holder !== name || isProcess({ pid: Number(pid), startTicks })) return false;
  const { succeeded } = await store.transact({
    compare: [{ key, value: entry.value }],
    success: [{ kind: 'delete', key }],
  });
  return succeeded;
}
