/** An actor that crashes again and again once it has begun, and one that answers beside it. */
import { actor } from 'ringmaster';

/** After its first crash every incarnation crashes by a message of its own. */
export const Looper = actor(import.meta.url, {
  name: 'Looper',
  setup(_args: undefined, ctx) {
    const boom = (): never => {
      throw new Error('again');
    };
    if (ctx.incarnation > 0) ctx.self.tell('boom');
    return { boom };
  },
});

/** Answers at once. */
export const Neighbour = actor(import.meta.url, {
  name: 'Neighbour',
  setup: () => ({ hi: () => 1 }),
});
