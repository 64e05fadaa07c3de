/**
 * The store of a program, seen from any thread: `keepStore` on the main thread, `storeOf` in an
 * actor. A view passes calls to the keeper by messages, in order; what happens to a message that is
 * not answered is told as a store tells it. A watch without a position begins when it arrives.
 */
import type { Ref } from '../actor/ref.ts';
import { type RuntimeError, runtimeError } from '../errors.ts';
import type { Finder, Spawner } from '../receptionist/receptionist.ts';
import type {
  Store,
  StoreCallOptions,
  StoreLease,
  StoreListOptions,
  StoreLookup,
  StorePage,
  StoreResult,
  StoreTransaction,
  StoreWatch,
  StoreWatchItem,
  StoreWatchOptions,
} from '../store/store.ts';
import { unknownResult } from '../store/store-writer.ts';
import { type Duration, durationMs } from '../timers/duration.ts';
import {
  keep,
  type StoreCallAnswer,
  type StoreCallName,
  StoreKeeper,
  type StoreKeeperHandlers,
} from './store-keeper.actor.ts';

const ID = 'store';
const PATH = `/user/${ID}`;
const TIMEOUT_MS_DEFAULT = 5000;
/** What a call may take beyond the store's own time: the way there and back. */
const GRACE_MS = 1000;
const WATCH_OPENS_MS = 5000;
/** Calls that may have changed something although no answer came. */
const WRITES: readonly StoreCallName[] = ['transact', 'grant', 'keepAlive', 'revoke'];

/** The caller's own mistakes: nothing left. */
const UNSENT: readonly string[] = [
  'RM_PAYLOAD_UNSUPPORTED',
  'RM_PAYLOAD_SHAPE',
  'RM_PAYLOAD_TOO_LARGE',
  'RM_TIMER_OPTION',
];

/**
 * Gives the actors of a system this store. On the thread that opened it, once.
 * @throws (rejects) RM_ID_TAKEN when the system has one already; as `spawn`
 */
export async function keepStore(system: Spawner, store: Store): Promise<void> {
  await system.spawn(StoreKeeper, { id: ID, placement: 'same', args: keep(store) });
}

/** The store of the system that an actor lives in. @throws (rejects) RM_STORE_UNAVAILABLE */
export async function storeOf(from: Finder): Promise<Store> {
  const keeper = await from.lookup(PATH);
  if (keeper !== null) return new StoreView(keeper as unknown as Ref<StoreKeeperHandlers>);
  const message = 'this system has no store; call keepStore(system, store) before its actors ask.';
  throw runtimeError('RM_STORE_UNAVAILABLE', message);
}

/** Thread rule: the thread that made it. */
class StoreView implements Store {
  private readonly keeper: Ref<StoreKeeperHandlers>;
  /** Watches that have not ended; null once it is closed. Made when needed: actors have many views. */
  private watches: Set<WatchView> | null | undefined;

  constructor(keeper: Ref<StoreKeeperHandlers>) {
    this.keeper = keeper;
    this.watches = undefined;
  }

  get(key: string, options?: StoreCallOptions): Promise<StoreLookup> {
    return this.call('get', [key], options) as Promise<StoreLookup>;
  }

  list(prefix: string, options: StoreListOptions = {}): Promise<StorePage> {
    const { limit, after } = options;
    const page = {
      ...(limit === undefined ? {} : { limit }),
      ...(after === undefined ? {} : { after }),
    };
    return this.call('list', [prefix], options, page) as Promise<StorePage>;
  }

  transact(transaction: StoreTransaction, options?: StoreCallOptions): Promise<StoreResult> {
    return this.call('transact', [copied(transaction)], options) as Promise<StoreResult>;
  }

  grant(ttl: Duration, options?: StoreCallOptions): Promise<StoreLease> {
    return this.call('grant', [ttl], options) as Promise<StoreLease>;
  }

  keepAlive(lease: number, options?: StoreCallOptions): Promise<StoreLease> {
    return this.call('keepAlive', [lease], options) as Promise<StoreLease>;
  }

  async revoke(lease: number, options?: StoreCallOptions): Promise<void> {
    await this.call('revoke', [lease], options);
  }

  watch(prefix: string, options: StoreWatchOptions = {}): StoreWatch {
    this.expectOpen();
    // Asked now, not when it is first read: what happens from here on is told.
    const after = options.after ?? this.get('watch').then(({ revision }) => revision);
    const open = (position: number): AsyncIterableIterator<StoreWatchItem> => {
      const from = { prefix, after: position };
      // One item under way: whoever reads slowly reads from the store's history.
      const stream = this.keeper.stream('watch', from, { credit: 1, timeout: WATCH_OPENS_MS });
      return stream as AsyncIterableIterator<StoreWatchItem>;
    };
    this.watches ??= new Set();
    const { watches } = this;
    const watch = new WatchView(after, open, options.signal ?? null, (ended) =>
      watches.delete(ended),
    );
    if (!watch.isOver) watches.add(watch);
    return watch;
  }

  /** Closes this view; the store stays open. */
  close(): Promise<void> {
    const watches = this.watches ?? [];
    this.watches = null;
    for (const watch of watches) watch.close();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async call(
    name: StoreCallName,
    args: readonly unknown[],
    options: StoreCallOptions = {},
    travelling: Readonly<Record<string, unknown>> = {},
  ): Promise<unknown> {
    this.expectOpen();
    const { signal } = options;
    if (signal?.aborted === true) {
      throw runtimeError('RM_ABORTED', `${name} was called off by its signal.`, {}, signal.reason);
    }
    const timeoutMs = durationMs(options.timeout ?? TIMEOUT_MS_DEFAULT, 'timeout');
    const message = { name, args: [...args, { ...travelling, timeout: timeoutMs }] };
    let answer: StoreCallAnswer;
    try {
      answer = (await this.keeper.ask('call', message, {
        timeout: timeoutMs + GRACE_MS,
        ...(signal === undefined ? {} : { signal }),
      })) as StoreCallAnswer;
    } catch (error) {
      throw unanswered(name, error as RuntimeError);
    }
    if ('failed' in answer) throw answer.failed;
    return answer.ok ?? undefined;
  }

  private expectOpen(): void {
    if (this.watches !== null) return;
    throw viewClosed();
  }
}

/** What it means for a store's caller that a message got no answer. */
function unanswered(name: StoreCallName, error: RuntimeError): Error {
  // It never left.
  if (error.code === 'RM_MAILBOX_FULL') {
    const message = `${name}: the store's keeper has no room; ask less at once.`;
    return runtimeError('RM_STORE_UNAVAILABLE', message, {}, error);
  }
  if (UNSENT.includes(error.code)) return error;
  if (WRITES.includes(name)) return unknownResult(error);
  if (error.code === 'RM_ABORTED') return error;
  const message = `${name}: no answer of the store's keeper; try again.`;
  return runtimeError('RM_STORE_UNAVAILABLE', message, {}, error);
}

/** On its own thread a message shares what it holds; a store does not. */
function copied({ compare = [], success, failure = [] }: StoreTransaction): StoreTransaction {
  const copy = <T extends object>(one: T): T => {
    const { value } = one as { readonly value?: unknown };
    return value instanceof Uint8Array ? { ...one, value: new Uint8Array(value) } : one;
  };
  return { compare: compare.map(copy), success: success.map(copy), failure: failure.map(copy) };
}

function viewClosed(): Error {
  const message = 'this view of the store was closed; make another one.';
  return runtimeError('RM_STORE_CLOSED', message);
}

const DONE: IteratorResult<StoreWatchItem> = { done: true, value: undefined };

/** A watch whose items come by messages. Begins to pull when it is first read. */
class WatchView implements StoreWatch {
  revision: number;
  private readonly after: number | Promise<number>;
  private readonly open: (after: number) => AsyncIterableIterator<StoreWatchItem>;
  private items: AsyncIterableIterator<StoreWatchItem> | null;
  isOver: boolean;
  /** Settles when it ends without its items: done by its signal, rejected when the view closes. */
  private readonly ended: Promise<IteratorResult<StoreWatchItem>>;
  /** Ends it, once; null: as its signal and its reader do. */
  private readonly end: (error: Error | null) => void;

  constructor(
    after: number | Promise<number>,
    open: (after: number) => AsyncIterableIterator<StoreWatchItem>,
    signal: AbortSignal | null,
    onEnd: (ended: WatchView) => void,
  ) {
    this.after = after;
    this.open = open;
    this.revision = typeof after === 'number' ? after : 0;
    this.items = null;
    this.isOver = false;
    let settle: (error: Error | null) => void = () => undefined;
    this.ended = new Promise((resolve, reject) => {
      settle = (error) => (error === null ? resolve(DONE) : reject(error));
    });
    this.ended.catch(() => undefined);
    const finish = (): void => this.end(null);
    this.end = (error) => {
      if (this.isOver) return;
      this.isOver = true;
      signal?.removeEventListener('abort', finish);
      onEnd(this);
      void this.items?.return?.();
      settle(error);
    };
    if (signal?.aborted === true) finish();
    else signal?.addEventListener('abort', finish, { once: true });
    if (typeof after !== 'number') after.catch(() => undefined);
  }

  /** The view that it belongs to is closed. */
  close(): void {
    this.end(viewClosed());
  }

  async next(): Promise<IteratorResult<StoreWatchItem>> {
    if (this.isOver) return this.ended;
    const result = await Promise.race([this.pull(), this.ended]);
    if (result.done !== true) this.revision = result.value.revision;
    return result;
  }

  return(): Promise<IteratorResult<StoreWatchItem>> {
    this.end(null);
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private async pull(): Promise<IteratorResult<StoreWatchItem>> {
    if (this.items === null) {
      const after = await this.after;
      // Somebody may have been faster, or it may have ended meanwhile.
      if (this.isOver) return this.ended;
      this.items ??= this.open(after);
    }
    return this.items.next();
  }
}
