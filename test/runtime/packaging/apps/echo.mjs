/** An actor that answers what it gets; `echo.mjs` is also what a thread loads. */
import { actor } from 'ringmaster';

export const Echo = actor(import.meta.url, {
  name: 'Echo',
  setup: () => ({
    echo: (x) => x,
    fail() {
      throw new TypeError('on request');
    },
  }),
});
