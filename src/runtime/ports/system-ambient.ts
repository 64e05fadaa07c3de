/**
 * Values of which a thread has one, however many copies of this package it has loaded: a bundle and
 * a dependency may each bring one. Kept under registered symbols of the global object; nothing else
 * touches it.
 */

/** The thread's value of that name; made on first use. */
export function ambient<T>(name: string, make: () => T): T {
  const key = Symbol.for(`ringmaster.${name}`);
  const place = globalThis as unknown as Record<symbol, T | undefined>;
  const found = place[key];
  if (found !== undefined) return found;
  const made = make();
  place[key] = made;
  return made;
}
