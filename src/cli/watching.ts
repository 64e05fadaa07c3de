/**
 * Doing something again and again, and waiting until something is so: the command line's only timers and
 * its only clock.
 */
import { performance as clock } from 'node:perf_hooks';
import { setTimeout as after } from 'node:timers/promises';

/** Without anything to see for so long a person wonders; milliseconds. */
const SIGN_MS = 2000;

/** A host that was there may be away for so long, in milliseconds. */
export const AWAY_MS = 30_000;

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
  const begun = elapsedMs();
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (elapsedMs() - begun >= withinMs) return null;
    await after(ms);
  }
}

/** Monotonic, since some point in the past. */
export function elapsedMs(): number {
  return clock.now();
}

/** Tells who waits what is waited for: not at once, and only when it is something else than before. */
export class SignsOfWaiting {
  private readonly say: (text: string) => void;
  private saidMs: number = elapsedMs();
  private said = '';

  constructor(say: (text: string) => void) {
    this.say = say;
  }

  show(what: string): void {
    if (what === this.said || elapsedMs() - this.saidMs < SIGN_MS) return;
    this.said = what;
    this.saidMs = elapsedMs();
    this.say(what);
  }
}
