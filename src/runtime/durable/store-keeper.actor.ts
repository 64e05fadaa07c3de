/**
 * Serves the store of a program's main thread to actors of all threads. An ordinary actor; each call
 * is made by a child of its own, so that calls run beside each other as they would on main. An error
 * of the store is an answer, not a crash.
 */
import type { Context } from '../actor/context.ts';
import { type ActorDefinition, actor } from '../actor/definition.ts';
import { runtimeError } from '../errors.ts';
import type { Store, StoreWatchItem } from '../store/store.ts';

/** Calls that a view of a store makes, by the names of the store's methods. */
export type StoreCallName = 'get' | 'list' | 'transact' | 'grant' | 'keepAlive' | 'revoke';
/** One call. The last argument, the options, holds what can travel. */
export type StoreCallMessage = { readonly name: StoreCallName; readonly args: readonly unknown[] };
/** What came of it. */
export type StoreCallAnswer = { readonly ok: unknown } | { readonly failed: unknown };
/** Where to watch. */
export type StoreWatchMessage = { readonly prefix: string; readonly after: number | null };

/** Vocabulary of the keeper and of those who make its calls. */
export type StoreKeeperHandlers = {
  call(message: StoreCallMessage): Promise<StoreCallAnswer>;
  watch(message: StoreWatchMessage): AsyncIterable<StoreWatchItem>;
};

/** Stores by number: an argument that is no data cannot travel, not even to the same thread. */
const kept = new Map<number, Store>();
let numbers = 0;

/** Makes a store known to this thread's keepers. @returns its number */
export function keep(store: Store): number {
  kept.set(++numbers, store);
  return numbers;
}

function storeOf(number: number): Store {
  const store = kept.get(number);
  if (store !== undefined) return store;
  const message = 'the store of this system is on another thread; its keeper has to live there.';
  throw runtimeError('RM_STORE_CLOSED', message);
}

type Call = (...args: unknown[]) => Promise<unknown>;

const StoreCaller: ActorDefinition<number, StoreKeeperHandlers> = actor(import.meta.url, {
  name: 'StoreCaller',
  setup: (number: number, ctx: Context) => ({
    call: async ({ name, args }: StoreCallMessage) => {
      ctx.exit();
      const store = storeOf(number);
      try {
        return { ok: (await (store[name] as Call).apply(store, [...args])) ?? null };
      } catch (failed) {
        return { failed };
      }
    },
    watch: async function* ({ prefix, after }: StoreWatchMessage) {
      const { signal } = ctx;
      const position = after === null ? {} : { after };
      try {
        yield* storeOf(number).watch(prefix, { signal, ...position });
      } finally {
        ctx.exit();
      }
    },
  }),
});

/** The keeper. Its argument is what `keep` returned. */
export const StoreKeeper: ActorDefinition<
  number,
  { call(message: StoreCallMessage): void; watch(message: StoreWatchMessage): void }
> = actor(import.meta.url, {
  name: 'StoreKeeper',
  setup: (number: number, ctx: Context) => {
    const passOn = (name: string) => (message: StoreCallMessage | StoreWatchMessage) =>
      void ctx.forward(ctx.spawn(StoreCaller, { args: number }), name, message);
    return { call: passOn('call'), watch: passOn('watch') };
  },
});
