/** An actor that can hang its thread. */
import { actor } from 'ringmaster';

/** `hang` never returns. */
export const Hanger = actor(import.meta.url, {
  name: 'Hanger',
  setup: () => ({
    hang: (): void => {
      for (;;);
    },
    hi: () => 1,
  }),
});
