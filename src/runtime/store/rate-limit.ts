/**
 * How many transactions a store takes in a second: a bucket that fills evenly and holds one second's
 * worth. Called once per transaction, before it is queued.
 */

/** Thread rule: one thread. */
export class RateLimit {
  private readonly perMs: number;
  private readonly most: number;
  private left: number;
  private atMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.perMs = perSecond / 1000;
    this.most = Math.max(1, perSecond);
    this.left = this.most;
    this.atMs = nowMs;
  }

  /** Whether one more is allowed now; it counts then. */
  take(nowMs: number): boolean {
    this.left = Math.min(this.most, this.left + (nowMs - this.atMs) * this.perMs);
    this.atMs = nowMs;
    if (this.left < 1) return false;
    this.left--;
    return true;
  }
}
