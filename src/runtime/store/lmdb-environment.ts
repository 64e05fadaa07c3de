/**
 * LMDB as the store uses it, and the only file that knows the package `lmdb`: byte keys, byte
 * values, one writing thread inside the library, commits that are on disk when they resolve
 * (`overlappingSync: false`: a commit writes its pages, flushes them, then writes and flushes the page
 * that makes them count). Opened on the main thread only: ending a thread inside a transaction would
 * lock every later writer out.
 */
import { createRequire } from 'node:module';
import { type Database, open, type RootDatabase } from 'lmdb';
import { awaitsCallback } from './exit-guard.ts';

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
  /** Why a commit failed; there is no other after it. */
  private failure: Error | null;
  private open: number;

  /**
   * @throws what LMDB throws: the directory, the file, its format. Opening for writing takes LMDB's
   *   lock for a moment, and waits for whoever holds it.
   */
  constructor(directory: string, isReadOnly: boolean) {
    this.isReadOnly = isReadOnly;
    this.failure = null;
    this.open = 0;
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
    for (const name of LMDB_TABLES) {
      const table: Database<Uint8Array, Uint8Array> | undefined = this.root.openDB({
        ...bytes,
        name,
      });
      if (table !== undefined) tables.set(name, new ByteTable(table));
    }
    this.tables = tables;
  }

  /** Null: a reader has found a file in which it was never made. */
  find(name: LmdbTableName): LmdbTable | null {
    return this.tables.get(name) ?? null;
  }

  /** The next look sees what is committed now. */
  refresh(): void {
    this.root.resetReadTxn();
  }

  /**
   * Runs `write` in a write transaction on this thread and resolves when it is on disk. What `write`
   * throws undoes it and rejects; so does a failed commit, whose result is not known.
   */
  async commit(write: () => void): Promise<void> {
    // Beginning another transaction may never be answered: the library keeps its lock then.
    if (this.failure !== null) throw this.failure;
    this.open++;
    const called = awaitsCallback();
    try {
      await this.root.childTransaction(() => {
        write();
        called();
        return true;
      });
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

  constructor(table: Database<Uint8Array, Uint8Array>) {
    this.table = table;
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
    // Inside a commit the write is done when the call returns; its promise is settled.
    void this.table.put(key, value);
  }

  remove(key: Uint8Array): void {
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
