/**
 * How long to wait before a restart: the first at once, then longer and longer, with jitter so that
 * many that crashed together do not come back together. Called by the supervisor's machine. It
 * knows no clock: the failures it is given say how bad things are, see `failuresAfter`.
 */
import type { Random } from '../ports/random.ts';

/** The limits of a backoff. */
export interface BackoffLimits {
  /**
   * Longest wait before the second restart in a row, in ms; it doubles with each one. 0: no
   * waiting.
   */
  readonly initialMs: number;
  /** Longest wait of all, in ms. */
  readonly maxMs: number;
  /** `full`: from 0 to the longest wait. `equal`: from half of it. `none`: all of it. */
  readonly jitter: 'full' | 'equal' | 'none';
  /** Whether the first restart of a healthy child is made at once. */
  readonly firstAtOnce: boolean;
  /** A child that ran this long since its last restart is healthy again, in ms. */
  readonly healthyAfterMs: number;
}

/**
 * Milliseconds of the grid on which long waits end; a power of two. Range: 1 to 64. Higher: fewer
 * wakes (a thread that wakes 1,000 times a second pays more for that than for the restarts), and
 * more restarts at once, which hold the others on the thread up. Source: bench S3.
 */
const GRAIN_MS_MAX = 32;
/** How much finer than the wait the grid is at least. */
const GRAINS_PER_WAIT = 32;

/** Draws waits. Thread rule: the supervisor's thread. */
export class Backoff {
  private readonly limits: BackoffLimits;
  private readonly random: Random;

  constructor(limits: BackoffLimits, random: Random) {
    this.limits = limits;
    this.random = random;
  }

  /**
   * Failures in a row, this one included.
   * @param failures in a row before; @param restartedMs when the last restart was due, NaN for
   *   none.
   */
  failuresAfter(failures: number, restartedMs: number, nowMs: number): number {
    const isHealthy = nowMs - restartedMs >= this.limits.healthyAfterMs;
    return failures === 0 || isHealthy ? 1 : failures + 1;
  }

  /** Milliseconds to wait before the restart after so many failures in a row, 1 or more. */
  delayMs(failures: number): number {
    const { initialMs, maxMs, jitter, firstAtOnce } = this.limits;
    const doublings = firstAtOnce ? failures - 2 : failures - 1;
    if (doublings < 0 || initialMs === 0) return 0;
    let longestMs = initialMs;
    for (let count = 0; count < doublings && longestMs < maxMs; count++) longestMs *= 2;
    longestMs = Math.min(longestMs, maxMs);
    if (jitter === 'none') return longestMs;
    const drawn = this.random.nextU32() / 2 ** 32;
    return jitter === 'full' ? longestMs * drawn : longestMs * (0.5 + drawn / 2);
  }
}

/**
 * When a wait that was drawn at random ends, given when it would: up to a 32nd of the wait later, so
 * that restarts which fall close together share one wake of the thread, and of the children's.
 * Pure; times on the monotonic clock, in ms.
 */
export function sharedEndMs(endMs: number, delayMs: number): number {
  let grainMs = 1;
  while (grainMs < GRAIN_MS_MAX && grainMs * 2 * GRAINS_PER_WAIT <= delayMs) grainMs *= 2;
  return grainMs === 1 ? endMs : Math.ceil(endMs / grainMs) * grainMs;
}
