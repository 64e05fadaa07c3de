/**
 * How an actor or a program uses the receptionist: by a typed key, from a context or from the
 * system. The receptionist must have been started.
 */

import type { ActorDefinition } from '../actor/definition.ts';
import type { Handlers } from '../actor/handlers.ts';
import type { AnyRef, Ref } from '../actor/ref.ts';
import { runtimeError } from '../errors.ts';
import type { SpawnOptions } from '../supervision/supervisor.ts';
import { ReceptionistActor, type ReceptionistHandlers } from './receptionist.actor.ts';

/** Names a service whose actors understand `H`. Equal names are one service. */
export type ServiceKey<H extends Handlers> = {
  readonly name: string;
  /** For the compiler only. */
  readonly handlers?: H;
};

/** What a subscriber is told: everybody who is registered, at each change. */
export type ServiceListing<H extends Handlers> = {
  readonly key: string;
  readonly refs: readonly Ref<H>[];
};

/** A context or a system: whoever can find an actor by its path. */
export type Finder = {
  /** The actor of that path. */
  lookup(path: string): AnyRef | null | Promise<AnyRef | null>;
};

/** A system: whoever can also spawn one. */
export type Spawner = Finder & {
  spawn<A, H extends Handlers>(
    definition: ActorDefinition<A, H>,
    options: SpawnOptions<A>,
  ): Promise<Ref<H>>;
};

const ID = 'receptionist';
const PATH = `/user/${ID}`;

/** A key. `serviceKey<HandlersOf<…>>('metrics')` */
export function serviceKey<H extends Handlers>(name: string): ServiceKey<H> {
  return { name };
}

/**
 * Starts the receptionist of a system, on its main thread; repeating is harmless. @throws (rejects)
 * as `spawn`
 */
export async function startReceptionist(system: Spawner): Promise<void> {
  if ((await system.lookup(PATH)) !== null) return;
  await system.spawn(ReceptionistActor, { id: ID, placement: 'same' });
}

/**
 * Registers an actor; it leaves when it ends. @throws (rejects) RM_RECEPTIONIST, RM_REPLY when
 * full; as `ask`
 */
export async function register<H extends Handlers>(
  from: Finder,
  { name }: ServiceKey<H>,
  ref: Ref<H>,
): Promise<void> {
  await (await receptionist(from)).ask('register', { key: name, ref: ref as unknown as AnyRef });
}

/** Takes an actor out. @throws (rejects) as `register` */
export async function deregister<H extends Handlers>(
  from: Finder,
  { name }: ServiceKey<H>,
  ref: Ref<H>,
): Promise<void> {
  await (await receptionist(from)).ask('deregister', { key: name, ref: ref as unknown as AnyRef });
}

/**
 * Everybody who is registered, in the order in which they came. @throws (rejects) RM_RECEPTIONIST;
 * as `ask`
 */
export async function find<H extends Handlers>(
  from: Finder,
  { name }: ServiceKey<H>,
): Promise<readonly Ref<H>[]> {
  return (await (await receptionist(from)).ask('find', name)) as unknown as readonly Ref<H>[];
}

/**
 * Tells `to` the message `message` with a `ServiceListing`: at once, and at each change until it
 * ends.
 * @throws (rejects) as `register`
 */
export async function subscribe<H extends Handlers, S extends Handlers>(
  from: Finder,
  { name: key }: ServiceKey<H>,
  to: Ref<S>,
  message: keyof S & string,
): Promise<void> {
  const subscription = { key, to: to as unknown as AnyRef, name: message };
  await (await receptionist(from)).ask('subscribe', subscription);
}

/** Ends a subscription. @throws (rejects) as `register` */
export async function unsubscribe<H extends Handlers, S extends Handlers>(
  from: Finder,
  { name: key }: ServiceKey<H>,
  to: Ref<S>,
  message: keyof S & string,
): Promise<void> {
  const subscription = { key, to: to as unknown as AnyRef, name: message };
  await (await receptionist(from)).ask('unsubscribe', subscription);
}

async function receptionist(from: Finder): Promise<Ref<ReceptionistHandlers>> {
  const found = await from.lookup(PATH);
  if (found !== null) return found as unknown as Ref<ReceptionistHandlers>;
  const cure = 'call startReceptionist(system) once, before anybody registers';
  throw runtimeError('RM_RECEPTIONIST', `this system has no receptionist; ${cure}.`);
}
