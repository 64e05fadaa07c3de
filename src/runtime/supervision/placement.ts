/**
 * Which thread a supervised actor lives on. Read by the system on the main thread; the supervisors
 * of actors have their children beside them, as has every supervisor where there is one thread.
 */
import type { AnyDefinition } from '../actor/definition.ts';
import type { SupervisorMachine } from './supervisor.machine.ts';
import type { SupervisorChild } from './supervisor-child.ts';
import { badOption, type ChildSettings } from './supervisor-options.ts';

/**
 * `same`: the supervisor's thread. `spread`: the actor threads in turn. `{ key }`: the thread that
 * the key hashes to, the same for equal keys. `{ thread }`: that one; 0 is the main thread.
 */
export type Placement = 'same' | 'spread' | { readonly key: string } | { readonly thread: number };

/** Makes a child elsewhere. */
export type MakeRemote = (
  machine: SupervisorMachine<SupervisorChild>,
  what: { readonly path: string; readonly args: unknown },
  settings: ChildSettings,
) => SupervisorChild;

/** How to make a child that is to live elsewhere; null: it lives here. */
export type PlaceChild = (
  placement: Placement | undefined,
  path: string,
  definition: AnyDefinition,
) => MakeRemote | null;

const WORDS: readonly unknown[] = ['same', 'spread'];
const KINDS = "'same', 'spread', { key: string } or { thread: integer }";

/** What a user gave as placement, if it is one. @throws RM_SUPERVISOR_OPTION */
export function checkedPlacement(got: unknown): Placement {
  if (WORDS.includes(got)) return got as Placement;
  if (typeof got !== 'object' || got === null) throw badOption('placement', got, KINDS);
  const { key, thread } = got as { readonly key?: unknown; readonly thread?: unknown };
  if (typeof key === 'string' && thread === undefined) return { key };
  if (key !== undefined) throw badOption('placement.key', key, `a string, or ${KINDS}`);
  if (Number.isInteger(thread)) return { thread: thread as number };
  throw badOption('placement.thread', thread, `an integer, or ${KINDS}`);
}

/**
 * Accepts a placement that means the supervisor's own thread, `seat`. `isBound`: children of an
 * actor's supervisor, which live beside it; otherwise there is no other thread, and the one that
 * there is serves any key. @throws RM_SUPERVISOR_OPTION
 */
export function expectHere(placement: unknown, seat: number, isBound: boolean): void {
  if (placement === undefined) return;
  const checked = checkedPlacement(placement);
  if (checked === 'same') return;
  if (typeof checked === 'object' && 'thread' in checked) {
    if (checked.thread === seat) return;
    throw badOption('placement.thread', checked.thread, isBound ? `${seat}, ${BOUND}` : ALONE);
  }
  if (!isBound) return;
  const got = typeof checked === 'string' ? checked : `{ key: ${checked.key} }`;
  throw badOption('placement', got, `'same', ${BOUND}`);
}

const BOUND =
  "the thread of the actor that owns the supervisor; take the system's supervisors for others";
const ALONE = '0, the only thread; start the system with more threads';
