/**
 * What the rules of a store need from where its data lies: synchronous looks at one consistent
 * state, and writes inside a commit. Memory and LMDB implement it; nothing else of an
 * implementation is known to the rules.
 */
import type { StoreChange, StoreEntry } from './store.ts';
import { entryBytes, utf8Bytes } from './store-limits.ts';

/** One transaction in the history. */
export type StoreCommit = { readonly revision: number; readonly changes: readonly StoreChange[] };

/** Numbers of the whole store, written with each commit. */
export type StoreMeta = {
  /** Of the last transaction that changed something; 0 before the first. */
  readonly revision: number;
  /** The history holds the revisions above this one, all of them. */
  readonly compacted: number;
  /** The last lease that was granted; numbers are never used twice. */
  readonly lastLease: number;
  readonly keys: number;
  /** Of all keys and values. */
  readonly bytes: number;
  /** As `commitBytes` counts them. */
  readonly historyBytes: number;
};

/** A store without anything in it. */
export const EMPTY_META: StoreMeta = {
  revision: 0,
  compacted: 0,
  lastLease: 0,
  keys: 0,
  bytes: 0,
  historyBytes: 0,
};

/** A lease as it is kept: when it ends is known to the writer alone. */
export type LeaseRecord = { readonly lease: number; readonly ttlMs: number };

/**
 * Looks. Each throws when what is there cannot be read or is damaged; the store stops then. Values
 * that are handed out are the caller's, but inside a commit, where looks may share them.
 */
export interface StoreTables {
  /** From here on looks see all that is committed now, and nothing that follows in this turn. */
  refresh(): void;
  /** Looks see what they saw before, or more; needed in each turn, and cheaper than `refresh`. */
  secure(): void;
  meta(): StoreMeta;
  get(key: string): StoreEntry | null;
  /** Entries in order, behind `after` when that is not null, until `limit` or the page's bytes. */
  scan(prefix: string, after: string | null, limit: number): StoreEntry[];
  /** Transactions with revisions above `after`, ascending; none when that was compacted. */
  history(after: number, limit: number): StoreCommit[];
  leases(): LeaseRecord[];
}

/** A key that goes with a lease. */
export type LeasedKey = { readonly lease: number; readonly key: string };

/** Writes; inside a commit only, where looks see them at once. */
export interface WritableTables extends StoreTables {
  /** All keys that have a lease; outside of commits, by a new writer, before it writes. */
  leasedKeys(): Iterable<LeasedKey>;
  put(entry: StoreEntry): void;
  delete(key: string): void;
  append(commit: StoreCommit): void;
  /** Takes one transaction off the history. @returns its bytes, as `commitBytes` counts them. */
  forget(revision: number): number;
  putLease(record: LeaseRecord): void;
  deleteLease(lease: number): void;
  setMeta(meta: StoreMeta): void;
}

/** Makes what `write` does to the tables durable, all of it or nothing. One at a time. */
export interface StoreCommitter {
  /**
   * Calls `write` at most once, synchronously, and resolves when it is durable. Rejects with
   * RM_STORE_FENCED when nothing was written because another writer is in charge, and with anything
   * else when the result is not known.
   */
  commit(write: () => void): Promise<void>;
  /** Whether nobody else can be the writer at that time; if not, only a commit tells. */
  isSure(nowMs: number): boolean;
}

/** What a transaction counts for in the history's limit: a little for itself, and its changes. */
export function commitBytes({ changes }: StoreCommit): number {
  let bytes = 32;
  for (const change of changes) {
    bytes += 32 + (change.kind === 'put' ? entryBytes(change.entry) : utf8Bytes(change.key));
  }
  return bytes;
}
