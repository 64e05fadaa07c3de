/** Moves a simulated clock whenever everything else waits, until a promise has settled. */
import type { SimClock } from '../../../src/runtime/testkit/index.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** @returns what the promise gives. */
export async function driven<T>(clock: SimClock, work: Promise<T>): Promise<T> {
  let isOpen = true;
  const done = (): void => {
    isOpen = false;
  };
  work.then(done, done);
  while (isOpen) {
    await turn();
    if (isOpen) clock.step();
  }
  return work;
}
