/**
 * The alarm port: the one wake-up that a thread asks of its event loop. A timer wheel multiplies
 * it; nothing else should need one of its own. The simulator's clock hands out alarms in virtual
 * time.
 */

/** One wake-up at a time. Thread rule: the thread that made it. */
export interface Alarm {
  /**
   * Calls `fire` once, from the event loop, when the monotonic clock shows `atMonotonicMs` or more:
   * never earlier, never inside this call, at the next chance for a time that has passed. Replaces
   * what was set before.
   */
  set(atMonotonicMs: number, fire: () => void): void;
  /** Forgets what was set; it will not fire. Without anything set: no effect. */
  clear(): void;
}
