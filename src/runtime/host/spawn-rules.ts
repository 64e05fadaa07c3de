/**
 * What an id may be and what a spawn fails with; for whatever spawns: actors, supervisors, the
 * system.
 */
import type { Exit } from '../cell/child-list.ts';
import { runtimeError } from '../errors.ts';

/** An id: segments of a path. @throws RM_ID_INVALID */
export function checkedId(id: string): string {
  if (
    typeof id === 'string' &&
    /^(?!\.{1,2}(\/|$))[\w.@:~+-]+(\/(?!\.{1,2}(\/|$))[\w.@:~+-]+)*$/.test(id) &&
    id.length <= 200
  )
    return id;
  const expected =
    '1 to 200 letters, digits and any of _ . @ : ~ + - in segments between single slashes';
  throw runtimeError('RM_ID_INVALID', `id is ${JSON.stringify(id)}; expected ${expected}.`);
}

/** Somebody has that path. */
export function idTaken(path: string): Error {
  return runtimeError('RM_ID_TAKEN', `${path} exists already; take another id, or stop it first.`);
}

/** The first start of an actor failed, or the actor has ended itself in it. */
export function spawnFailed(name: string, { reason, error }: Exit): Error {
  const isOwnEnd = reason === 'normal';
  const what = error instanceof Error ? error.message : String(error);
  const message = isOwnEnd
    ? `${name} ended itself in its setup; call exit() in a handler, or throw what went wrong.`
    : `setup of ${name} failed: ${what}`;
  return runtimeError('RM_SPAWN_FAILED', message, { name }, error);
}
