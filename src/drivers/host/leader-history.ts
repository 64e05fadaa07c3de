/**
 * Who has led a fleet of late, the newest first: written by each leader when it begins, so that it outlives
 * all of them. For people; nothing is decided by it.
 */
import type { Store } from '../../runtime/index.ts';
import type { Leadership } from '../../runtime/store/index.ts';

/** One of them. */
export type Leader = {
  readonly machine: string;
  readonly pid: number;
  /** Greater than that of every leader before. */
  readonly token: number;
  /** By the calendar of its machine. */
  readonly sinceIso: string;
};

/** The last of them; `count`: all that there were. */
export type LeaderHistory = { readonly count: number; readonly leaders: readonly Leader[] };

const KEY = 'fleet/leaders';
/** Remembered. Higher: longer back, in a value that each leader writes once. */
const LEADERS_MAX = 20;

/** Adds the one that leads now. Rejects as `Leadership.transact`. */
export async function noteLeader(
  store: Store,
  leadership: Leadership,
  who: Omit<Leader, 'token'>,
): Promise<LeaderHistory> {
  const { entry } = await store.get(KEY);
  const before: LeaderHistory =
    entry === null
      ? { count: 0, leaders: [] }
      : (JSON.parse(new TextDecoder().decode(entry.value)) as LeaderHistory);
  const leader = { ...who, token: leadership.token };
  const leaders = [leader, ...before.leaders].slice(0, LEADERS_MAX);
  const after = { count: before.count + 1, leaders };
  const value = new TextEncoder().encode(JSON.stringify(after));
  await leadership.transact({ success: [{ kind: 'put', key: KEY, value }] });
  return after;
}
