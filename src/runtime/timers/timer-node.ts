/**
 * What a timer wheel holds: a link in its lists. An object that needs a timer for each of its lives
 * (an ask, say) extends the node and thereby *is* its timer, so that starting one allocates
 * nothing. Its fields belong to the wheel. Engines look fields up fast for about four shapes of
 * object, so make few subclasses; what is rare takes a CallbackTimer, which the wheel itself uses
 * too.
 */

/** A link in a wheel. Idle until `TimerWheel.start`. Thread rule: the wheel's thread. */
export abstract class TimerNode {
  /** The wheel's. Invariant: an idle node is linked to itself, and only an idle one. */
  timerNext: TimerNode;
  /** The wheel's. */
  timerPrev: TimerNode;
  /** When it is due, on the monotonic clock in ms; the last value once it is idle, NaN before. */
  timerAtMs: number;

  constructor() {
    this.timerNext = this;
    this.timerPrev = this;
    this.timerAtMs = Number.NaN;
  }

  /** Whether it waits in a wheel. */
  get isTimerStarted(): boolean {
    return this.timerNext !== this;
  }

  /**
   * The time has come: called by the wheel at most once for each start, from `run`, never after
   * `cancel`. The node is idle by then and may be started again.
   * @param nowMs the monotonic time that the wheel read: `nowMs >= timerAtMs`.
   */
  abstract fire(nowMs: number): void;
}

/** A timer that calls a function. Thread rule: the wheel's thread. */
export class CallbackTimer extends TimerNode {
  private readonly callback: (nowMs: number) => void;

  constructor(callback: (nowMs: number) => void) {
    super();
    this.callback = callback;
  }

  override fire(nowMs: number): void {
    this.callback(nowMs);
  }
}
