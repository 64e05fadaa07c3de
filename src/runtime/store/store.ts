/**
 * The store port: a small, ordered, durable map with transactions, watches and leases, on which the
 * control plane and durable actors keep what must survive the process. Implemented by memory-store.ts
 * and lmdb-store.ts; `ringmaster/testkit` has the suite that any implementation must pass. All
 * calls are asynchronous and none blocks its thread. It is no place for bulk data or for messages.
 */
import type { Duration } from '../timers/duration.ts';

/** What every call takes. */
export type StoreCallOptions = {
  /**
   * After how long the call gives up. A transaction that was being committed by then rejects with
   * RM_STORE_UNKNOWN, one that still waited with RM_STORE_TIMEOUT: it did not and will not happen.
   * Default 5 s.
   */
  readonly timeout?: Duration;
  /** Gives up earlier: RM_ABORTED in place of RM_STORE_TIMEOUT. */
  readonly signal?: AbortSignal;
};

/** One key and what it holds. What was handed out may be kept; do not write to `value`. */
export type StoreEntry = {
  readonly key: string;
  readonly value: Uint8Array;
  /** The transaction that wrote it last. Usable as a fencing token: it never decreases. */
  readonly revision: number;
  /** The transaction that created the key, after its last deletion. */
  readonly createdRevision: number;
  /** The lease with which the key will vanish; null: it stays. */
  readonly lease: number | null;
};

/** What `get` answers. `revision` is that of the whole store at the moment of the look. */
export type StoreLookup = { readonly entry: StoreEntry | null; readonly revision: number };

/** How to list. */
export type StoreListOptions = StoreCallOptions & {
  /** Entries on a page at most. Default and maximum: STORE_PAGE_ENTRIES_MAX. */
  readonly limit?: number;
  /** Starts behind this key: the `next` of the page before. */
  readonly after?: string | null;
};

/**
 * A part of a listing, in the order of the keys' UTF-8 bytes, all seen at one `revision`. Pages are
 * looked at one by one, so two of them may differ in revision. For one consistent picture list all
 * pages, then watch from the *first* page's revision: changes are told apart by their revision, so
 * applying one that a later page showed already changes nothing.
 */
export type StorePage = {
  readonly entries: readonly StoreEntry[];
  /** Pass it as `after` for the next page; null: this was the last one. */
  readonly next: string | null;
  readonly revision: number;
};

/**
 * A condition of a transaction: the key's revision (0: the key is absent), or its value (null:
 * absent).
 */
export type StoreCompare =
  | { readonly key: string; readonly revision: number }
  | { readonly key: string; readonly value: Uint8Array | null };

/** One step of a transaction. A `get` sees the steps before it. A key is written at most once. */
export type StoreOperation =
  | {
      readonly kind: 'put';
      readonly key: string;
      readonly value: Uint8Array;
      /** The key vanishes with this lease. Default null; a put always sets it anew. */
      readonly lease?: number | null;
    }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'get'; readonly key: string };

/** Steps for when all conditions hold, and for when one does not; all of them or none. */
export type StoreTransaction = {
  readonly compare?: readonly StoreCompare[];
  readonly success: readonly StoreOperation[];
  readonly failure?: readonly StoreOperation[];
};

/** What a transaction did. */
export type StoreResult = {
  /** Whether all conditions held. */
  readonly succeeded: boolean;
  /**
   * The store's revision after it. A transaction that changed something has a revision of its own,
   * one that did not (no write, deletions of what was absent) shows the one before.
   */
  readonly revision: number;
  /** What its `get`s saw, in their order. */
  readonly entries: readonly (StoreEntry | null)[];
};

/** What happened to one key. */
export type StoreChange =
  | { readonly kind: 'put'; readonly entry: StoreEntry }
  | { readonly kind: 'delete'; readonly key: string };

/**
 * `changes`: what one transaction did to the watched keys, in the order of its steps. `resync`: the
 * changes up to `revision` are no longer kept; list again, then go on with this watch, which
 * continues behind `revision`.
 */
export type StoreWatchItem =
  | {
      readonly kind: 'changes';
      readonly revision: number;
      readonly changes: readonly StoreChange[];
    }
  | { readonly kind: 'resync'; readonly revision: number };

/** How to watch. */
export type StoreWatchOptions = {
  /** Changes with a revision above this one are told. Default: the store's at the call. */
  readonly after?: number;
  /** Ends the watch: its iteration is done. */
  readonly signal?: AbortSignal;
};

/**
 * Changes in order, each transaction once and whole, without gap: what cannot be told is a
 * `resync`. It holds no backlog of its own: whoever reads slowly reads from the store's history,
 * until that no longer reaches back. An iteration ends (`done`) by its signal or `return` and by
 * nothing else; the end of the store rejects `next`.
 */
export interface StoreWatch extends AsyncIterableIterator<StoreWatchItem> {
  /** Everything up to here was told or does not concern the prefix: a later watch's `after`. */
  readonly revision: number;
}

/** A lease that was granted. */
export type StoreLease = { readonly lease: number; readonly ttlMs: number };

/**
 * A store. Thread rule: the thread that opened it. Errors of every call, by code: RM_STORE_OPTION
 * (an argument), RM_STORE_CLOSED, RM_STORE_FAILED (its owner stopped after a failed write or
 * damage), RM_STORE_UNAVAILABLE (not reached, nothing happened; try again), RM_STORE_TIMEOUT,
 * RM_ABORTED.
 */
export interface Store extends AsyncDisposable {
  /** The entry of a key. */
  get(key: string, options?: StoreCallOptions): Promise<StoreLookup>;
  /** A page of the entries whose keys begin with `prefix`; an empty one: of all. */
  list(prefix: string, options?: StoreListOptions): Promise<StorePage>;
  /**
   * Resolves when what it wrote is as durable as the store makes it.
   * @throws (rejects) RM_STORE_LIMIT (nothing happened), RM_STORE_LEASE when a put names a lease
   *   that has ended, RM_STORE_READ_ONLY and RM_STORE_FENCED when another process is the writer,
   *   RM_STORE_UNKNOWN when it may or may not have happened: read, or write with a comparison.
   */
  transact(transaction: StoreTransaction, options?: StoreCallOptions): Promise<StoreResult>;
  /** @throws RM_STORE_LIMIT when too many watch already */
  watch(prefix: string, options?: StoreWatchOptions): StoreWatch;
  /**
   * A new lease: the keys that are put with it are deleted, in one transaction, `ttl` after the last
   * `keepAlive`, by the store owner's monotonic clock. A new owner counts every lease from its start.
   * @throws (rejects) as `transact`
   */
  grant(ttl: Duration, options?: StoreCallOptions): Promise<StoreLease>;
  /**
   * The lease's time starts again.
   * @throws (rejects) RM_STORE_LEASE when it has ended; RM_STORE_READ_ONLY, RM_STORE_FENCED
   */
  keepAlive(lease: number, options?: StoreCallOptions): Promise<StoreLease>;
  /**
   * Ends a lease and deletes its keys. One that has ended already: no effect.
   * @throws (rejects) as `transact`
   */
  revoke(lease: number, options?: StoreCallOptions): Promise<void>;
  /**
   * Takes no more calls and waits for transactions that are being committed; those that wait reject
   * with RM_STORE_CLOSED. Leases stay. Again: the same promise.
   */
  close(): Promise<void>;
}
