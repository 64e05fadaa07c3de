/** Durable actors on threads: their state outlives actor, thread and system. */
import { type AnyRef, start } from 'ringmaster';
import { keepStore, memoryStore, storeOf } from 'ringmaster/store';
import { SimClock, type StoreUnderTest, storeConformance } from 'ringmaster/testkit';
import { describe, expect, test } from 'vitest';
import { Account, Note } from './definitions.mjs';

const spawn = (system: Awaited<ReturnType<typeof start>>, definition: unknown, key: string) =>
  system.spawn(
    definition as never,
    { id: key, placement: { thread: 1 }, args: { key } } as never,
  ) as unknown as Promise<AnyRef>;

describe('durable actors', () => {
  test('durable - state survives a crash, the loss of the thread, and the system', async () => {
    // Guards: S5.
    const store = memoryStore();
    const system = await start({ threads: 1, hangAfter: '200ms' });
    await keepStore(system, store);
    const account = await spawn(system, Account, 'ann');
    const note = await spawn(system, Note, 'note');
    for (let i = 1; i <= 25; i++) expect(await account.ask('add', i)).toBe((i * (i + 1)) / 2);
    await note.ask('write', 'hello');
    // A crash of the actor.
    await expect(account.ask('fail')).rejects.toMatchObject({ code: 'RM_ACTOR_CRASHED' });
    await expect(note.ask('fail')).rejects.toMatchObject({ code: 'RM_ACTOR_CRASHED' });
    expect(await account.ask('state')).toEqual({ sum: 325, count: 25 });
    expect(await note.ask('read')).toBe('hello');
    // A thread that hangs and is replaced.
    await expect(account.ask('spin', undefined, { timeout: '20s' })).rejects.toMatchObject({
      code: 'RM_THREAD_LOST',
    });
    const again = await asked(() => account.ask('add', 5));
    expect(again).toBe(330);
    expect(await asked(() => note.ask('read'))).toBe('hello');
    await system.close();
    // Another system on the same store.
    const next = await start({ threads: 1, spare: false });
    await keepStore(next, store);
    const later = await spawn(next, Account, 'ann');
    expect(await later.ask('state')).toEqual({ sum: 330, count: 26 });
    await next.close();
  });

  test('durable - a system without a store says so', async () => {
    const system = await start({ threads: 0 });
    await expect(storeOf(system)).rejects.toMatchObject({ code: 'RM_STORE_UNAVAILABLE' });
    await system.close();
  });
});

/** A store as actors see it: through messages. */
async function viewed(): Promise<StoreUnderTest> {
  const clock = new SimClock();
  const historyTransactions = 20;
  const limits = { historyTransactionsMax: historyTransactions };
  const inner = memoryStore({ clock, alarm: clock.alarm(), limits });
  const system = await start({ threads: 0 });
  await keepStore(system, inner);
  const store = await storeOf(system);
  return {
    store,
    // What was called before has arrived by then: calls travel as messages.
    wait: async (ms) => {
      await store.get('wait');
      clock.advance(ms);
    },
    historyTransactions,
    reopen: null,
    dispose: async () => {
      await system.close();
      await inner.close();
    },
  };
}

describe('store seen from an actor', () => {
  // Guards: P3, P4.
  test.each(storeConformance)('store seen from an actor - $name', async ({ run }) => {
    await run(viewed);
  });
});

/** Asks until the actor is there again: refs stay, but a thread that is being replaced is full. */
async function asked(ask: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const { code } = error as { code: string };
      if (code !== 'RM_MAILBOX_FULL' && code !== 'RM_THREAD_LOST') throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
