/** An actor with little room, whose work takes a while; `busy.mjs` is also what a thread loads. */
import { actor } from 'ringmaster';

export const Busy = actor(import.meta.url, {
  name: 'Busy',
  mailbox: { capacity: 4 },
  setup: () => ({
    work: () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.2),
    name: () => 'busy',
    fail() {
      throw new TypeError('on request');
    },
    *count() {
      yield 1;
      yield 2;
      throw new TypeError('on request');
    },
  }),
});
