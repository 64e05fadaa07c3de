/**
 * LMDB's counter of transactions, in its lock file, watched by a process that has the directory open.
 * Opening a directory sets it to what the data file said a moment before, without LMDB's lock; when
 * another process commits in that moment, the counter falls behind, and whoever begins the next
 * transaction begins it at an old state: acknowledged commits would be lost. (OpenLDAP ITS#9496,
 * mended there in 2021, not in what the package `lmdb` has up to 3.5.6.) So every look and every
 * commit compares: what is older than what was seen is not used, and the counter is put back to the
 * newest transaction in the data file. Whoever opens looks at once whether it has set it back.
 *
 *   lock file   0 magic u32 │ 4 format u32 │ 8 transaction u64 …  (little endian)
 *
 * Whoever puts back may be late itself, and then the next one puts back again: nothing is lost, since
 * no commit begins before its state was compared.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { LmdbFile, newestTransaction } from './lmdb-file.ts';
import { damaged } from './record-layout.ts';

const MAGIC = 0xbeefc0de;
const COUNTER_AT = 8;

/**
 * Times in a row that a counter is put back. Higher: more patience with processes that open the
 * directory just then; two in a row are rare already.
 */
const PUT_BACKS_MAX = 100;

/** Of one directory. Thread rule: the main thread. */
export class TransactionCounter {
  private readonly directory: string;
  /** The newest transaction that this process has seen, modulo 2^32; null: none. */
  private newest: number | null;
  /** Opened after LMDB has made the file, closed last: closing it gives up LMDB's locks of this process. */
  private fd: number | null;
  /** Of the data file, on which LMDB has no locks. */
  private dataFd: number | null;
  private putBacks: number;

  constructor(directory: string) {
    this.directory = directory;
    this.newest = null;
    this.fd = null;
    this.dataFd = null;
    this.putBacks = 0;
  }

  /** A look saw the state that this transaction left. @returns whether that is not too old */
  mayRead(transaction: number): boolean {
    if (this.newest !== null && distance(this.newest, transaction) < 0) return false;
    this.newest = transaction >>> 0;
    this.putBacks = 0;
    return true;
  }

  /**
   * Inside a write transaction, where nobody else's can be committed. @returns whether it follows the newest
   * in the data file. @throws what the file system throws
   */
  mayWrite(transaction: number): boolean {
    this.dataFd ??= openSync(join(this.directory, 'data.mdb'), 'r');
    return transaction === newestTransaction(this.dataFd) + 1;
  }

  /**
   * What was looked at or begun was too old. @throws RM_STORE_FORMAT: that is so time and again, or the
   * lock file is none
   */
  putBack(): void {
    if (++this.putBacks > PUT_BACKS_MAX) {
      throw damaged(
        `LMDB's counter was put back ${PUT_BACKS_MAX} times in a row and fell each time`,
      );
    }
    this.raise();
  }

  /** To the newest transaction in the data file, if it is behind: right after opening it may be. */
  raise(): void {
    this.fd ??= lockFileOf(this.directory);
    if (this.fd === null) return;
    const head = Buffer.alloc(COUNTER_AT + 8);
    readSync(this.fd, head, 0, head.length, 0);
    if (head.readUInt32LE(0) !== MAGIC) throw damaged('lock.mdb is no lock file of LMDB');
    const newest = newestIn(join(this.directory, 'data.mdb'));
    if (head.readBigUInt64LE(COUNTER_AT) >= newest) return;
    head.writeBigUInt64LE(newest, COUNTER_AT);
    writeSync(this.fd, head, COUNTER_AT, 8, COUNTER_AT);
  }

  /** After LMDB's own file is closed. */
  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
    if (this.dataFd !== null) closeSync(this.dataFd);
    this.dataFd = null;
  }
}

/** Null: it may not be written, or made, and LMDB reads without a counter then. */
function lockFileOf(directory: string): number | null {
  try {
    return openSync(join(directory, 'lock.mdb'), 'r+');
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code === 'EACCES' || code === 'EROFS' || code === 'ENOENT') return null;
    throw error;
  }
}

function newestIn(path: string): bigint {
  const file = new LmdbFile(path);
  file.close();
  return file.transaction;
}

/** From one number modulo 2^32 to another, the shorter way round. */
function distance(from: number, to: number): number {
  return (to - from) | 0;
}
