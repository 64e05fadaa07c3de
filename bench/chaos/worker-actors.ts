/** The actor of the overload runs: every request costs some processor time, and few may wait. */
import { actor } from 'ringmaster';

/** Requests that may wait: at 0.2 ms each, 13 ms of work. */
const CAPACITY = 64;

/** Works for about as long as it is told. */
export const Service = actor(import.meta.url, {
  name: 'Service',
  mailbox: { capacity: CAPACITY },
  setup() {
    let state = 1;
    let handled = 0;
    return {
      work(rounds: number) {
        for (let i = 0; i < rounds; i++) state = Math.imul(state ^ i, 0x9e3779b1) >>> 1;
        handled++;
        return state;
      },
      handled: () => handled,
    };
  },
});
