/**
 * How many restarts a supervisor may make in a sliding window of time (S1). Called by the
 * supervisor's machine once per restart. A restart counts for `withinMs` after it was made, the
 * last millisecond included, as Erlang/OTP's supervisor counts; but OTP counts whole seconds, this
 * one is exact.
 */

/** The limits of a window. */
export interface RestartIntensity {
  /**
   * Restarts allowed within the window: one more escalates. 0: every one does. Infinity: none does.
   */
  readonly restarts: number;
  /** The window in ms. */
  readonly withinMs: number;
}

/**
 * Counts restarts. O(1) per restart, at most `restarts` numbers. Thread rule: the supervisor's
 * thread.
 */
export class RestartWindow {
  private readonly restarts: number;
  private readonly withinMs: number;
  /**
   * When the last restarts were made, at most `restarts`; once full, a ring with the oldest at
   * `oldest`.
   */
  private timesMs: number[] | null;
  private oldest: number;

  constructor(intensity: RestartIntensity) {
    this.restarts = intensity.restarts;
    this.withinMs = intensity.withinMs;
    this.timesMs = null;
    this.oldest = 0;
  }

  /**
   * A restart is to be made at `nowMs` on the monotonic clock, never before the one of the last
   * call.
   * @returns whether it is allowed. Only allowed ones are remembered.
   */
  allows(nowMs: number): boolean {
    const { restarts } = this;
    if (restarts === Number.POSITIVE_INFINITY) return true;
    if (restarts === 0) return false;
    this.timesMs ??= [];
    const { timesMs } = this;
    if (timesMs.length < restarts) {
      timesMs.push(nowMs);
      return true;
    }
    // Full: the oldest is `restarts` ago. While it counts, this one would be one more than allowed.
    const oldestMs = timesMs[this.oldest] as number;
    if (nowMs <= oldestMs + this.withinMs) return false;
    timesMs[this.oldest] = nowMs;
    this.oldest = this.oldest + 1 === restarts ? 0 : this.oldest + 1;
    return true;
  }
}
