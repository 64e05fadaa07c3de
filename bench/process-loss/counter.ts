/** A durable actor that counts: what it has answered must be there after any loss. */
import { actor } from 'ringmaster';
import { persistState } from 'ringmaster/store';

/** One of many. */
export const Counter = actor(import.meta.url, {
  name: 'Counter',
  async setup({ key }: { readonly key: string }, ctx) {
    const count = await persistState(ctx, { key, initial: 0 });
    return {
      add: async () => {
        await count.save(count.state + 1);
        return count.state;
      },
      count: () => count.state,
    };
  },
});
