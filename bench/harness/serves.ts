/** Whether an actor serves again after the loss of its thread; used where that is timed. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Questions that were under way are lost with the thread; one asks again. */
export function serves(answer: Promise<number>): Promise<boolean> {
  return answer.then(
    () => true,
    async () => {
      await sleep(1);
      return false;
    },
  );
}
