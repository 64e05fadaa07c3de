/**
 * The clock of the machine: one of the few files that may touch Node's time.
 * `process.hrtime` is the kernel's monotonic clock, one for all threads; `performance.now()` starts
 * anew in each, and `performance.timeOrigin` moves with the wall clock.
 */
import type { Clock } from './clock.ts';

/** The clock that production uses. */
export const systemClock: Clock = {
  monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
  wallMs: () => Date.now(),
};
