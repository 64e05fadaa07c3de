/**
 * The clock of the machine: one of the few files that may touch Node's time.
 * `performance.now()` is the cheapest look at the kernel's monotonic clock, but it starts anew in
 * each thread. `process.hrtime` is one for all threads, so its distance, taken once at load, makes
 * monotonic times of all threads compare, to within a microsecond.
 */
import type { Clock } from './clock.ts';

/**
 * Looks at both clocks, of which the narrowest pair counts. More: a narrower bound, a slower start.
 * 32 take some 10 us and bound the distance to well below a microsecond on an idle machine.
 */
const OFFSET_LOOKS = 32;

/** Milliseconds between the start of `performance.now()` and that of `process.hrtime`. */
function measureOffsetMs(): number {
  // Each look bounds the distance from both sides; it is constant, so bounds of all looks hold.
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  for (let look = 0; look < OFFSET_LOOKS; look++) {
    const before = process.hrtime.bigint();
    const now = performance.now();
    const after = process.hrtime.bigint();
    low = Math.max(low, Number(before) / 1e6 - now);
    high = Math.min(high, Number(after) / 1e6 - now);
  }
  return (low + high) / 2;
}

const offsetMs = measureOffsetMs();
// Bound once: the global is a getter in Node, and a look at the clock is on the way of every question.
const now = performance.now.bind(performance);

/** The clock that production uses. */
export const systemClock: Clock = {
  monotonicMs: () => now() + offsetMs,
  wallMs: () => Date.now(),
};
