/**
 * How a benchmark hears that its actors are done: an actor on the main thread that hands the result
 * to whoever waits. It works for actors of any thread.
 */
import { type ActorDefinition, type AnyRef, actor, type System } from 'ringmaster';

const waiting: ((result: number) => void)[] = [];

/** Hands over each result once. */
export const Finish: ActorDefinition<undefined, { done(result: number): void }> = actor(
  import.meta.url,
  {
    name: 'Finish',
    setup: () => ({ done: (result: number) => waiting.shift()?.(result) }),
  },
);

/** An actor of this thread to send `done` to. */
export async function spawnFinish(system: System): Promise<AnyRef> {
  return (await system.spawn(Finish, { placement: 'same' })) as AnyRef;
}

/** The next result. Thread rule: the main thread. */
export function finished(): Promise<number> {
  return new Promise((resolve) => waiting.push(resolve));
}
