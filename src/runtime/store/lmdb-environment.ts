/**
 * LMDB as the store uses it, and the only file that knows the package `lmdb`: byte keys, byte
 * values, one writing thread inside the library, commits that are on disk when they resolve
 * (`overlappingSync: false`: a commit writes its pages, flushes them, then writes and flushes the page
 * that makes them count). Opened on the main thread only: ending a thread inside a transaction would
 * lock every later writer out.
 */
import { createRequire } from 'node:module';
import { type Database, getLastTxnId, open, type RootDatabase } from 'lmdb';
import { awaitsCallback } from './exit-guard.ts';
import { WRITER_KEY } from './record-layout.ts';
import type { TransactionCounter } from './transaction-counter.ts';

declare module 'lmdb' {
  /** Of the page from which the last value was read: the transaction that wrote it, modulo 2^32. */
  export function getLastTxnId(): number;
}

/** One ordered table of bytes. Throws what LMDB throws. */
export interface LmdbTable {
  /** A copy; null when absent. */
  get(key: Uint8Array): Uint8Array | null;
  /** From `start` on, before `end`, copies. */
  range(start: Uint8Array, end: Uint8Array): Iterable<LmdbRecord>;
  /** In a commit only. */
  put(key: Uint8Array, value: Uint8Array): void;
  /** In a commit only. */
  remove(key: Uint8Array): void;
}

/** A key and its value. */
export type LmdbRecord = { readonly key: Uint8Array; readonly value: Uint8Array };

/** Names of the tables. */
export const LMDB_TABLES = ['about', 'entries', 'history', 'leases'] as const;
/** One of them. */
export type LmdbTableName = (typeof LMDB_TABLES)[number];

/**
 * Address space for the file. Range: 1 GiB to 1 TiB, on 64 bits. It costs nothing until it is used;
 * fixed, so that no process has to map anew while another grows the file. A file that reaches it
 * fails the commit, and long before that a disk is full.
 */
const MAP_BYTES: number = 64 * 1024 ** 3;

/**
 * Processes and transactions that read at a time. Range: 1 to 4,096. Lower: the table of readers is
 * scanned faster at each commit.
 */
const READERS_MAX = 126;

/** An opened data file. Thread rule: the main thread. */
export class LmdbEnvironment {
  readonly isReadOnly: boolean;
  private readonly root: RootDatabase<Uint8Array, Uint8Array>;
  private readonly tables: ReadonlyMap<LmdbTableName, LmdbTable>;
  private readonly counter: TransactionCounter;
  /** Holds the record that every commit writes. */
  private readonly about: Database<Uint8Array, Uint8Array> | null;
  /** Why a commit failed; there is no other after it. */
  private failure: Error | null;
  private open: number;
  /** Whether the commit under way has written something. */
  private isWritten: boolean;

  /**
   * @throws what LMDB throws: the directory, the file, its format. Opening for writing takes LMDB's
   *   lock for a moment, and waits for whoever holds it.
   */
  constructor(directory: string, isReadOnly: boolean, counter: TransactionCounter) {
    this.isReadOnly = isReadOnly;
    this.counter = counter;
    this.failure = null;
    this.open = 0;
    this.isWritten = false;
    const bytes = { encoding: 'binary', keyEncoding: 'binary' } as const;
    this.root = open<Uint8Array, Uint8Array>({
      ...bytes,
      path: directory,
      noSubdir: false,
      readOnly: isReadOnly,
      overlappingSync: false,
      // With it the library keeps a promise of its own that rejects unheard when a commit fails.
      eventTurnBatching: false,
      mapSize: MAP_BYTES,
      maxReaders: READERS_MAX,
      maxDbs: LMDB_TABLES.length,
      compression: false,
    });
    const tables = new Map<LmdbTableName, LmdbTable>();
    let about: Database<Uint8Array, Uint8Array> | null = null;
    for (const name of LMDB_TABLES) {
      const table: Database<Uint8Array, Uint8Array> | undefined = this.root.openDB({
        ...bytes,
        name,
      });
      if (table === undefined) continue;
      tables.set(
        name,
        new ByteTable(table, () => {
          this.isWritten = true;
        }),
      );
      if (name === 'about') about = table;
    }
    this.tables = tables;
    this.about = about;
  }

  /** Null: a reader has found a file in which it was never made. */
  find(name: LmdbTableName): LmdbTable | null {
    return this.tables.get(name) ?? null;
  }

  /**
   * The looks that follow in this turn see what is committed now, and no less than looks before.
   * Outside of commits. @throws as `secure`
   */
  refresh(): void {
    this.root.resetReadTxn();
    this.secure();
  }

  /**
   * The looks that follow in this turn see no less than looks before. Outside of commits.
   * @throws RM_STORE_FORMAT: the counter cannot be put back
   */
  secure(): void {
    // Nobody has written yet, or what is seen is not too old.
    while (this.about?.getBinaryFast(WRITER_KEY) !== undefined) {
      if (this.counter.mayRead(getLastTxnId())) return;
      this.counter.putBack();
      this.root.resetReadTxn();
    }
  }

  /**
   * Runs `write` in a write transaction on this thread and resolves when it is on disk. What `write`
   * throws undoes it and rejects; so does a failed commit, whose result is not known.
   * @throws (rejects) RM_STORE_FORMAT: the counter cannot be put back
   */
  async commit(write: () => void): Promise<void> {
    while (!(await this.tryToCommit(write))) this.counter.putBack();
  }

  /** @returns whether `write` was called: it is not where its state would be too old. */
  private async tryToCommit(write: () => void): Promise<boolean> {
    // Beginning another transaction may never be answered: the library keeps its lock then.
    if (this.failure !== null) throw this.failure;
    this.open++;
    this.isWritten = false;
    const called = awaitsCallback();
    try {
      let transaction = 0;
      const mayWrite = await this.root.childTransaction(() => {
        transaction = this.root.getWriteTxnId();
        const may = this.counter.mayWrite(transaction);
        if (may) write();
        called();
        return may;
      });
      // One without a write leaves no transaction behind.
      if (this.isWritten) this.counter.mayRead(transaction);
      return mayWrite;
    } catch (error) {
      const cause = await causeOf(error);
      this.failure ??= cause instanceof Error ? cause : new Error(String(cause));
      throw cause;
    } finally {
      called();
      this.open--;
    }
  }

  /** Whether a commit has not settled. */
  get isCommitting(): boolean {
    return this.open > 0;
  }

  /** Reader entries of processes that are gone are taken off; they would keep old pages. */
  forgetDeadReaders(): void {
    this.root.readerCheck();
  }

  /** After the last commit has settled. */
  async close(): Promise<void> {
    await this.root.close();
  }
}

class ByteTable implements LmdbTable {
  private readonly table: Database<Uint8Array, Uint8Array>;
  private readonly written: () => void;

  constructor(table: Database<Uint8Array, Uint8Array>, written: () => void) {
    this.table = table;
    this.written = written;
  }

  get(key: Uint8Array): Uint8Array | null {
    return this.table.getBinary(key) ?? null;
  }

  *range(start: Uint8Array, end: Uint8Array): Iterable<LmdbRecord> {
    for (const { key, value } of this.table.getRange({ start, end })) {
      yield { key: new Uint8Array(key), value: new Uint8Array(value) };
    }
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.written();
    // Inside a commit the write is done when the call returns; its promise is settled.
    void this.table.put(key, value);
  }

  remove(key: Uint8Array): void {
    this.written();
    void this.table.remove(key);
  }
}

/**
 * Arguments of a Node that asks for the lock of a directory, says so with one byte on its standard
 * output, and ends once it has had it. Throws when the package cannot be found.
 */
export function lockProgram(directory: string): readonly string[] {
  const program =
    "const { open } = require(process.argv[1]); require('node:fs').writeSync(1, '.'); " +
    'open({ path: process.argv[2], noSubdir: false, overlappingSync: false, compression: false, ' +
    `mapSize: ${MAP_BYTES} }); process.exit(0);`;
  return ['-e', program, createRequire(import.meta.url).resolve('lmdb'), directory];
}

/** The library rejects with "Commit failed" and hides the reason in a promise. */
async function causeOf(error: unknown): Promise<unknown> {
  const hidden = (error as { readonly commitError?: Promise<never> }).commitError;
  if (hidden === undefined) return error;
  return hidden.then(
    () => error,
    (reason: unknown) => reason,
  );
}
