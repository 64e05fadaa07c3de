/** An actor for traces: handlers of every kind, in an object that cannot be changed. */
import { actor } from 'ringmaster';

export const Talker = actor(import.meta.url, {
  name: 'Talker',
  setup(_args, ctx) {
    let said = 0;
    const share = () => said;
    const handlers = {
      say: (_text) => {
        said++;
      },
      count: () => said,
      later: async (text) => {
        await new Promise((resolve) => setImmediate(resolve));
        return text;
      },
      twice() {
        // Not a message: called by a handler of its own.
        this.say('inner');
        this.say('inner');
      },
      fail: (text) => {
        throw new TypeError(`told ${text}`);
      },
      again: share,
      over: share,
      other: () => ctx.become({ say: () => undefined, count: () => -1 }),
    };
    return Object.freeze(handlers);
  },
});
