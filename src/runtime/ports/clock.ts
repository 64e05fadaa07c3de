/**
 * The clock port. Everything above the hot path that needs the time takes one of these, so that
 * the simulator can run the same code in virtual time. It does not wait; timers are another port.
 */

/** Reads the time. Thread rule: each thread has its own; monotonic times of two threads compare. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back, whatever happens to the wall clock. */
  monotonicMs(): number;
  /** Milliseconds since 1970-01-01 UTC; may jump. For showing to people and for nothing else. */
  wallMs(): number;
}
