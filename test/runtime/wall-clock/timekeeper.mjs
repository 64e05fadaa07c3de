/** An actor that counts time in every way there is; plain JavaScript, as a worker thread loads it. */
import { actor } from 'ringmaster';

const PERIOD_MS = 5;

export const Timekeeper = actor(import.meta.url, {
  name: 'Timekeeper',
  setup(_, ctx) {
    const items = [];
    const rung = [];
    let [startMs, ticks] = [0, 0];
    let wake = () => undefined;
    /** Rings as they come, so many. */
    async function* rings(count) {
      for (let told = 0; told < count; ) {
        while (rung.length > 0) {
          told++;
          yield rung.shift();
        }
        if (told < count) {
          await new Promise((resolve) => {
            wake = resolve;
          });
        }
      }
    }
    return {
      // Proof that the wall clock of this very thread leaps.
      wallMoves: () => Math.abs(Date.now() - Date.now()),
      item: (number) => void items.push(number),
      items: () => items,
      silent: () => new Promise(() => undefined),
      boom: () => {
        throw new Error('boom');
      },
      incarnation: () => ctx.incarnation,
      // The shortest comes first, though it was asked for last.
      order: () => {
        for (const ms of [30, 20, 10]) ctx.timers.once(`t${ms}`, ms, 'rang', ms);
        return rings(3);
      },
      rang: (what) => {
        rung.push(what);
        wake();
      },
      // Whether each beat was on time or later, never early.
      beats: (count) => {
        startMs = performance.now();
        ctx.timers.every('beat', PERIOD_MS, 'beat');
        return rings(count);
      },
      beat: () => {
        rung.push(performance.now() - startMs >= ++ticks * PERIOD_MS);
        wake();
      },
    };
  },
});
