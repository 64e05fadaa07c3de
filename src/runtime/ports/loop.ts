/**
 * The loop port: how a dispatcher comes back after giving the thread away. The simulator runs both
 * kinds from a queue of its own.
 */

/** Ways to be called again. Thread rule: calls back on the calling thread. */
export interface Loop {
  /** Calls `fn` once, after the running code and before any socket or timer is looked at. */
  microtask(fn: () => void): void;
  /** Calls `fn` once, after sockets and timers had their turn. */
  afterInput(fn: () => void): void;
}
