/**
 * Doing something again and again, and waiting until something is so: the command line's only timers and
 * its only clock.
 */
import { performance as clock } from 'node:perf_hooks';
import { setTimeout as after } from 'node:timers/promises';

/** Does it, waits, does it again; until it throws, or the process is interrupted. */
export async function every(ms: number, what: () => Promise<void>): Promise<never> {
  for (;;) {
    await what();
    await after(ms);
  }
}

/** Asks until the answer is not null. @returns null when it took longer than `withinMs` */
export async function until<T>(
  ms: number,
  withinMs: number,
  ask: () => Promise<T | null>,
): Promise<T | null> {
  for (let waitedMs = 0; waitedMs <= withinMs; waitedMs += ms) {
    const answer = await ask();
    if (answer !== null) return answer;
    await after(ms);
  }
  return null;
}

/** Monotonic, since some point in the past. */
export function elapsedMs(): number {
  return clock.now();
}
