/**
 * The drivers' clock, timers and chance, for what runs outside of actors: the one file of them that
 * touches Node's.
 */
import { randomBytes, randomInt } from 'node:crypto';

/** Monotonic milliseconds of this process. */
export const monotonicMs: () => number = performance.now.bind(performance);

/** The moment by the calendar, for people. */
export const wallIso = (): string => new Date().toISOString();

/** Milliseconds by the calendar since such a moment. */
export const msSince = (iso: string): number => Math.max(0, Date.now() - Date.parse(iso));

/** To seed a generator with. */
export const chanceSeed = (): number => randomInt(2 ** 32);

/** Bytes that nobody can guess. */
export const secretBytes = (count: number): Uint8Array => new Uint8Array(randomBytes(count));

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
