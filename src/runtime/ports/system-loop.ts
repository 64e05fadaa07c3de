/** Node's event loop: one of the few files that may touch it. */
import type { Loop } from './loop.ts';

/** The loop that production uses. */
export const systemLoop: Loop = {
  microtask: (fn) => queueMicrotask(fn),
  afterInput: (fn) => void setImmediate(fn),
};
