/** The agent's clock, timers and chance: the one file of it that touches Node's. */

/** Monotonic milliseconds. A suspended machine or a stopped process may make them jump ahead. */
export const monotonicMs = (): number => performance.now();

/** The wall's time, for people and file names only: nothing is decided by it. */
export const wallTime = (): string => new Date().toISOString();

/** In [0, 1); for jitter. */
export const chance = (): number => Math.random();

/** Calls back each `ms`, until the returned function is called. */
export function every(ms: number, callback: () => void): () => void {
  const timer = setInterval(callback, ms);
  return () => clearInterval(timer);
}

/** Calls back once after `ms`, unless the returned function is called before. */
export function after(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}
