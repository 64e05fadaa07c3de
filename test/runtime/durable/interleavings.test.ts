/**
 * Incarnations of one durable actor that live at once, over a store whose calls arrive and are answered
 * in any order, or whose answers are lost: what was acknowledged is there, once, in one order.
 */
import { fc, test as property } from '@fast-check/vitest';
import {
  memoryStore,
  type PersistentEvents,
  persistEvents,
  persistState,
  type Store,
} from 'ringmaster/store';
import { describe, expect, test } from 'vitest';

type Command = { readonly events: number } | { readonly every: number };
type Scheduler = fc.Scheduler;

const ctx = { lookup: () => null };
const lost = (): Error => Object.assign(new Error('lost'), { code: 'RM_STORE_UNKNOWN' });
/** A conflict, or an answer that never came: what an incarnation may die of here. */
const MORTAL = ['RM_DURABLE_FENCED', 'RM_STORE_UNKNOWN'];

/** A store at the other end of messages. `losses`: of its calls in turn, what becomes of the answer. */
function farStore(store: Store, scheduler: Scheduler, losses: readonly boolean[]): Store {
  let calls = 0;
  const travel = async <T>(what: string, call: () => Promise<T>): Promise<T> => {
    const isLost = losses.length > 0 && losses[calls++ % losses.length] === true;
    const answer = (async (): Promise<T> => {
      await scheduler.schedule(Promise.resolve(), `${what} arrives`);
      return await call();
    })();
    // It may be given up long before it arrives.
    if (isLost) answer.catch(() => undefined);
    const result = isLost ? undefined : await answer;
    await scheduler.schedule(Promise.resolve(), `${what} is answered`);
    if (isLost) throw lost();
    return result as T;
  };
  return {
    transact: (transaction) => travel('transact', () => store.transact(transaction)),
    // Small pages: others write between them.
    list: (prefix, options) => travel('list', () => store.list(prefix, { ...options, limit: 2 })),
  } as Store;
}

/** All that was seen by those who were told that it is so. */
type Seen = { readonly acknowledged: Set<number>; readonly states: (readonly number[])[] };

/** Lives through its commands; begins again when it is told to, or has to. */
async function live(
  store: Store,
  commands: readonly Command[],
  ids: () => number,
  { acknowledged, states }: Seen,
): Promise<void> {
  let one: PersistentEvents<readonly number[], number> | null = null;
  let snapshotEvery = 3;
  for (const command of commands) {
    try {
      if ('every' in command) {
        snapshotEvery = command.every;
        one = null;
        continue;
      }
      one ??= await persistEvents<readonly number[], number>(ctx, {
        store,
        key: 'a/b',
        initial: [],
        apply: (state, id) => [...state, id],
        snapshotEvery,
      });
      states.push(one.state);
      const batch = Array.from({ length: command.events }, ids);
      states.push(await one.persist(...batch));
      for (const id of batch) acknowledged.add(id);
    } catch (error) {
      if (!MORTAL.includes((error as { code: string }).code)) throw error;
      one = null;
    }
  }
}

describe('interleavings', () => {
  const command: fc.Arbitrary<Command> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ events: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 1, arbitrary: fc.record({ every: fc.integer({ min: 1, max: 5 }) }) },
  );
  const lives = fc.array(fc.array(command, { maxLength: 8 }), { minLength: 2, maxLength: 3 });
  const losses = fc.array(
    fc.oneof(
      { weight: 5, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
    { maxLength: 12 },
  );

  property.prop([fc.scheduler(), lives, losses], { numRuns: 400 })(
    'durable - whatever overlaps or is lost, nothing acknowledged is lost, doubled or forked',
    async (scheduler, all, lostOnes) => {
      // Guards: P1.
      const store = memoryStore();
      const seen: Seen = { acknowledged: new Set(), states: [] };
      let last = 0;
      const ids = (): number => ++last;
      const ends = all.map((commands, i) =>
        live(farStore(store, scheduler, lostOnes.slice(i)), commands, ids, seen),
      );
      await scheduler.waitFor(Promise.all(ends));
      while (scheduler.count() > 0) await scheduler.waitOne();
      const final = await persistEvents<readonly number[], number>(ctx, {
        store,
        key: 'a/b',
        initial: [],
        apply: (state, id) => [...state, id],
      });
      expect(new Set(final.state).size).toBe(final.state.length);
      for (const id of seen.acknowledged) expect(final.state).toContain(id);
      // One history: whatever anybody saw is how it began.
      for (const state of seen.states) expect(final.state.slice(0, state.length)).toEqual(state);
    },
  );

  property.prop([fc.scheduler(), fc.array(fc.nat({ max: 3 }), { maxLength: 20 }), losses])(
    'durable - a state that was saved is the last one, or one that was saved after it',
    async (scheduler, turns, lostOnes) => {
      const store = memoryStore();
      let saved = 0;
      const open = (of: Store) => persistState(ctx, { store: of, key: 's', initial: { sum: 0 } });
      const live = async (of: Store, mine: readonly number[]): Promise<void> => {
        let one: Awaited<ReturnType<typeof open>> | null = null;
        for (const turn of mine) {
          try {
            if (turn === 0) one = null;
            one ??= await open(of);
            const next = { sum: one.state.sum + 1 };
            await one.save(next);
            saved++;
          } catch (error) {
            if (!MORTAL.includes((error as { code: string }).code)) throw error;
            one = null;
          }
        }
      };
      const far = (): Store => farStore(store, scheduler, lostOnes);
      await scheduler.waitFor(Promise.all([live(far(), turns), live(far(), turns.toReversed())]));
      while (scheduler.count() > 0) await scheduler.waitOne();
      // No two that were acknowledged were counted from the same state.
      expect((await open(store)).state.sum).toBeGreaterThanOrEqual(saved);
    },
  );

  test('durable - events that a crash left behind their state are deleted with the next ones', async () => {
    const store = memoryStore();
    const account = (of: Store, snapshotEvery: number) =>
      persistEvents<{ sum: number }, number>(ctx, {
        store: of,
        key: 'a/b',
        initial: { sum: 0 },
        apply: ({ sum }, amount) => ({ sum: sum + amount }),
        snapshotEvery,
      });
    const ones = (count: number): number[] => Array.from({ length: count }, () => 1);
    const dying = {
      list: (...args: Parameters<Store['list']>) => store.list(...args),
      transact: (...args: Parameters<Store['transact']>) => {
        // The second part of a long log.
        const isDeletion = args[0].success?.every(({ kind }) => kind === 'delete') === true;
        return isDeletion ? Promise.reject(lost()) : store.transact(...args);
      },
    } as Store;
    const first = await account(dying, 100);
    await first.persist(...ones(99));
    await expect(first.persist(...ones(100))).rejects.toMatchObject({ code: 'RM_STORE_UNKNOWN' });
    const second = await account(store, 1);
    expect(second.state).toEqual({ sum: 199 });
    expect(await second.persist(1)).toEqual({ sum: 200 });
    const { entries } = await store.list('actors/');
    expect(entries.map(({ key }) => key)).toEqual(['actors/a/b/snapshot']);
  });

  test('durable - an actor whose key goes on where another one has its events is another one', async () => {
    const store = memoryStore();
    const list = (key: string) =>
      persistEvents<readonly string[], string>(ctx, {
        store,
        key,
        initial: [],
        apply: (state, event) => [...state, event],
        snapshotEvery: 2,
      });
    await (await list('calendar/events')).persist('theirs');
    const own = await list('calendar');
    expect(own.state).toEqual([]);
    await own.persist('mine');
    await (await list('calendar/events')).persist('theirs, too');
    expect((await list('calendar')).state).toEqual(['mine']);
    expect((await list('calendar/events')).state).toEqual(['theirs', 'theirs, too']);
  });
});
