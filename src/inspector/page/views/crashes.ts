/** Actors that crashed of late, each once: how often, with what, and whether it was given up. Pure. */
import type { RowOf } from '../../protocol/topics.ts';
import { type Happened, loopsOf } from './causes.ts';

/** How far back "of late" goes. Milliseconds. */
export const LATE_MS = 10 * 60_000;
/** Restarts in a minute from which the server's verdict asks for somebody: RESTARTS_ALARM there. */
export const RESTARTS_LIMIT = 10;
const MINUTE = 60;

/** One actor. */
export type Crashed = {
  readonly path: string;
  readonly crashes: number;
  /** Of them, in the last minute. */
  readonly lastMinute: number;
  readonly last: Happened;
  /** It crashes again and again. */
  readonly isLoop: boolean;
  /** Its supervisor has given up: nobody starts it again. */
  readonly isGivenUp: boolean;
};

/** The given up first, then those that crashed most. `nowMs`: clock of the server. */
export function crashedOf(events: readonly Happened[], nowMs: number): Crashed[] {
  const loops = new Set(loopsOf(events, nowMs).map(({ path }) => path));
  const found = new Map<string, Crashed>();
  for (const event of events) {
    const { path, kind, failure, atMs } = event;
    if (path === null || nowMs - atMs > LATE_MS) continue;
    const isCrash = kind === 'actor-crashed';
    if (!isCrash && kind !== 'escalated') continue;
    const known = found.get(path);
    // Why it crashed says more than that it was given up.
    const isNewer = known === undefined || (failure !== null && known.last.atMs <= atMs);
    found.set(path, {
      path,
      crashes: (known?.crashes ?? 0) + (isCrash ? 1 : 0),
      lastMinute: (known?.lastMinute ?? 0) + (isCrash && nowMs - atMs < 60_000 ? 1 : 0),
      last: isNewer ? event : known.last,
      isLoop: loops.has(path),
      isGivenUp: known?.isGivenUp === true || kind === 'escalated',
    });
  }
  return [...found.values()].sort(
    (a, b) => Number(b.isGivenUp) - Number(a.isGivenUp) || b.crashes - a.crashes,
  );
}

/** Threads that were lost, replaced or given up, the newest first. */
export function threadEvents(events: Iterable<Happened>): Happened[] {
  return [...events].filter(({ kind }) => kind.startsWith('thread-')).reverse();
}

/** Of each second, the restarts of the minute that ends with it. */
export function restartsPerMinute(seconds: readonly RowOf<'pulse'>[]): number[] {
  let sum = 0;
  return seconds.map(({ restarts }, index) => {
    sum += restarts - (seconds[index - MINUTE]?.restarts ?? 0);
    return sum;
  });
}
