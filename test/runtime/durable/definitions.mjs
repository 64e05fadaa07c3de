/** Actors whose state survives. */
import { actor } from 'ringmaster';
import { persistEvents, persistState } from 'ringmaster/store';

/** Sums what it is told; each addition is an event. */
export const Account = actor(import.meta.url, {
  name: 'Account',
  async setup({ key }, ctx) {
    const account = await persistEvents(ctx, {
      key,
      initial: { sum: 0, count: 0 },
      apply: (state, event) => ({ sum: state.sum + event.amount, count: state.count + 1 }),
      snapshotEvery: 10,
    });
    return {
      add: async (amount) => (await account.persist({ amount })).sum,
      state: () => account.state,
      fail: () => {
        throw new Error('a bug');
      },
      spin: () => {
        for (;;);
      },
    };
  },
});

/** Keeps the last thing that it was told. */
export const Note = actor(import.meta.url, {
  name: 'Note',
  async setup({ key }, ctx) {
    const note = await persistState(ctx, { key, initial: { text: '' } });
    return {
      write: (text) => note.save({ text }),
      read: () => note.state.text,
      fail: () => {
        throw new Error('a bug');
      },
    };
  },
});
