/**
 * Which thread a supervised actor lives on. Read by the system on the main thread; supervisors of
 * other threads have their children beside them.
 */
import type { AnyDefinition } from '../actor/definition.ts';
import type { SupervisorMachine } from './supervisor.machine.ts';
import type { SupervisorChild } from './supervisor-child.ts';
import type { ChildSettings } from './supervisor-options.ts';

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
