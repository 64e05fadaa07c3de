/** The inspector's clock, timers and chance: its one file that touches Node's. */
import { randomBytes } from 'node:crypto';

/** Monotonic milliseconds of this process. */
export const monotonicMs: () => number = performance.now.bind(performance);

/** For people: when something was done. Never to count time with. */
export const wallIso = (): string => new Date().toISOString();

/** A text of hexadecimal digits that nobody can guess: 256 bits of chance. */
export const secretText = (): string => randomBytes(32).toString('hex');

/** Calls back once after `ms`, unless the returned function is called before. */
export function after(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}

/** Calls back each `ms`, until the returned function is called. */
export function every(ms: number, callback: () => void): () => void {
  const timer = setInterval(callback, ms);
  return () => clearInterval(timer);
}
