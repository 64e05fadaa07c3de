/**
 * Actors that do nothing, and a parent that spawns any number of them and says how long it took.
 */
import { type AnyRef, actor } from 'ringmaster';

/** Waits for messages that never come. */
export const Idle = actor(import.meta.url, {
  name: 'Idle',
  setup: () => ({ hi: () => undefined }),
});

/** Spawns children on its thread; the answer is in nanoseconds. */
export const Nursery = actor(import.meta.url, {
  name: 'Nursery',
  setup(_args: undefined, ctx) {
    const children: AnyRef[] = [];
    return {
      spawn: (count: number) => {
        const startMs = performance.now();
        for (let index = 0; index < count; index++) ctx.spawn(Idle);
        return (performance.now() - startMs) * 1e6;
      },
      /** Keeps their refs, too, and greets each of them. */
      spawnAndGreet: (count: number) => {
        for (let index = 0; index < count; index++) children.push(ctx.spawn(Idle) as AnyRef);
        for (const child of children) child.tell('hi');
        return children.length;
      },
    };
  },
});
