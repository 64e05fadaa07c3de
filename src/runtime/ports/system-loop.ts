/** Node's event loop: one of the few files that may touch it. */
import type { Loop } from './loop.ts';

/** Its `then` costs a third of queueMicrotask, which makes an async resource of each call. */
const SETTLED = Promise.resolve();

/** The loop that production uses. */
export const systemLoop: Loop = {
  microtask: (fn) => void SETTLED.then(fn),
  afterInput: (fn) => void setImmediate(fn),
};
