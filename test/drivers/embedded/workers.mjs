/** Actors that instances of the tests' fleets are. */
import { actor, reply } from 'ringmaster';

export const Worker = actor(import.meta.url, {
  name: 'Worker',
  setup({ instance, version, zone, ordinal, env }) {
    if (env.FAULT === 'setup') throw new Error('cannot be set up');
    let done = 0;
    return {
      who: () => ({ instance, version, zone, ordinal, done: ++done }),
      crash: () => {
        throw new TypeError('a bad message');
      },
      refuse: () => {
        throw reply.error('NOT_TODAY', 'closed');
      },
      hang: () => new Promise(() => undefined),
      slow: () => {
        for (const endMs = performance.now() + 100; performance.now() < endMs; );
        return instance;
      },
    };
  },
});
