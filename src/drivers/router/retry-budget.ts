/**
 * How many requests of a service may be asked again: a share of those that came, and a few more, so that
 * a service with few requests is helped as well. When everything fails, load grows by that share and no
 * more. Pure: it is told the time.
 */

/** Repeats that are always possible, and how many of them come back in a second. */
const RESERVE = 10;
const RESERVE_PER_SECOND = 1;
/** Repeats that can be saved up. Higher: a longer wave of failures is bridged, with more load. */
const SAVED_MAX = 100;

/** Of one service at one router. */
export class RetryBudget {
  /** Of the requests, a share of 1. */
  private readonly share: number;
  private saved: number = RESERVE;
  private sinceMs: number;

  constructor(share: number, nowMs: number) {
    this.share = share;
    this.sinceMs = nowMs;
  }

  /** A request has come. */
  came(): void {
    this.saved = Math.min(SAVED_MAX, this.saved + this.share);
  }

  /** Whether one may be asked again; it counts as one that was. */
  take(nowMs: number): boolean {
    const back = (Math.max(0, nowMs - this.sinceMs) / 1000) * RESERVE_PER_SECOND;
    this.sinceMs = nowMs;
    if (this.saved < RESERVE) this.saved = Math.min(RESERVE, this.saved + back);
    if (this.saved < 1) return false;
    this.saved -= 1;
    return true;
  }
}
