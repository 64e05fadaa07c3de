/**
 * What an id may be and what a spawn fails with; for whatever spawns: actors, supervisors, the
 * system.
 */
import { runtimeError } from '../errors.ts';

/** An id: segments of a path. @throws RM_ID_INVALID */
export function checkedId(id: string): string {
  if (typeof id === 'string' && /^[\w.@:~+-]+(\/[\w.@:~+-]+)*$/.test(id) && id.length <= 200)
    return id;
  const expected =
    '1 to 200 letters, digits and any of _ . @ : ~ + - in segments between single slashes';
  throw runtimeError('RM_ID_INVALID', `id is ${JSON.stringify(id)}; expected ${expected}.`);
}

/** Somebody has that path. */
export function idTaken(path: string): Error {
  return runtimeError('RM_ID_TAKEN', `${path} exists already; take another id, or stop it first.`);
}

/** The first start of an actor failed. */
export function spawnFailed(name: string, cause: unknown): Error {
  const what = cause instanceof Error ? cause.message : String(cause);
  return runtimeError('RM_SPAWN_FAILED', `setup of ${name} failed: ${what}`, { name }, cause);
}
