/**
 * A leader whose process is gone leads no more: its key is taken off at once, instead of when its lease
 * ends. Gone is proven, not guessed: on this machine nobody has its pid with its start time. A leader that
 * is not known to be of this machine, or that only is silent, keeps its lease.
 */
import { isProcess, processIdentity } from '../../agent/index.ts';
import type { Store } from '../../runtime/index.ts';
import { campaign, type Leadership } from '../../runtime/store/index.ts';
import { every } from '../system-time.ts';

/** Between two looks whether a leader is dead. Longer: a standby leads later. Milliseconds. */
const LOOK_MS = 200;

const HOLDER = /^(.+), pid (\d+) started (\d+)$/;

/** What a leader of this process says of itself, so that its end can be proven. */
function holderOf(name: string): string {
  const who = processIdentity(process.pid);
  return who === null ? name : `${name}, pid ${who.pid} started ${who.startTicks}`;
}

/**
 * Waits to lead, for whoever lives. Who stands by becomes the store's writer when the other one has died,
 * and as its writer nobody else can be in the middle of anything. Rejects as `campaign`.
 */
export async function leadAfterTheDead(
  store: Store,
  key: string,
  machine: string,
): Promise<Leadership> {
  const look = (): Promise<unknown> => removeDeadLeader(store, key, machine).catch(() => false);
  await look();
  const stop = every(LOOK_MS, () => void look());
  try {
    return await campaign(store, { key, holder: holderOf(machine) });
  } finally {
    stop();
  }
}

/** @returns whether there was one. Rejects as `transact`, when somebody else writes. */
async function removeDeadLeader(store: Store, key: string, name: string): Promise<boolean> {
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
