/**
 * Whether an instance is left out for a while because connections to it fail. It is about this router's
 * own connections only, and faster than what the healer decides by errors of all routers. Pure.
 */

/** Failures in a row, from which it is out. Lower: a restart of its listener is enough. */
const FAILURES_IN_A_ROW = 5;
/** The first time out; each further one is twice as long. Longer: it comes back late. Milliseconds. */
const OUT_MS = 1000;
const OUT_MS_MAX = 60_000;

/** Of one instance. Times are monotonic milliseconds. */
export class ConnectionEjection {
  private failures = 0;
  private times = 0;
  /** Until then it is out; in the past: it is not. */
  untilMs = 0;

  /** A connection could not be made, or was lost before a byte of the answer. */
  failed(nowMs: number): void {
    // What was under way when it went out says nothing new.
    if (nowMs < this.untilMs) return;
    this.failures += 1;
    if (this.failures < FAILURES_IN_A_ROW) return;
    this.failures = 0;
    this.untilMs = nowMs + Math.min(OUT_MS * 2 ** this.times, OUT_MS_MAX);
    this.times = Math.min(this.times + 1, 16);
  }

  /** It has answered, whatever. */
  answered(): void {
    this.failures = 0;
    this.times = 0;
    this.untilMs = 0;
  }
}
