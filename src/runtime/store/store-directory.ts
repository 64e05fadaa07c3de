/**
 * A directory with a store in it, claimed by this process: refuses other threads and a second claim
 * (LMDB must not be opened twice in a process), checks the file before LMDB maps it, and says in one
 * kind of error what kept it from opening.
 */
import { existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { runtimeError } from '../errors.ts';
import { ambient } from '../ports/system-ambient.ts';
import { LmdbEnvironment } from './lmdb-environment.ts';
import { LmdbFile } from './lmdb-file.ts';
import { FORMAT_KEY, jsonOf, WRITER_KEY } from './record-layout.ts';
import { codeOf } from './store-writer.ts';
import { TransactionCounter } from './transaction-counter.ts';
import { isFree, isWriterRecord } from './writer-record.ts';

/** What this version writes, and the newest that it reads. */
export const STORE_FORMAT = { store: 'ringmaster', version: 1 } as const;

/**
 * Looks at a file until one was not disturbed by a commit. Higher: opening has more patience with a
 * writer that never rests; a look is four pages.
 */
const LOOKS_MAX = 1000;

/** Directories that this process has open, however many copies of this module it has loaded. */
const claimed = (): Set<string> => ambient('store-directories', () => new Set<string>());

/** A claimed directory. Thread rule: the main thread. */
export interface StoreDirectory {
  /** The one that is open now. */
  readonly environment: LmdbEnvironment;
  /**
   * Checks every page, then opens the file for writing in place of reading; it may be so already.
   * Null: somebody has written meanwhile, so that the check says nothing.
   * @throws RM_STORE_OPEN, RM_STORE_FORMAT
   */
  openForWriting(): LmdbEnvironment | null;
  /** Closes it. Again: no effect. */
  release(): Promise<void>;
}

/**
 * Claims and opens for reading; a directory without a store in it is made and opened for writing.
 * @throws RM_STORE_OPEN, RM_STORE_FORMAT
 */
export function claimDirectory(directory: string, mayCreate: boolean): StoreDirectory {
  if (!isMainThread) {
    throw cannotOpen(
      directory,
      'this is no main thread; open it there and let other threads ask actors of that thread',
    );
  }
  const path = realDirectory(directory, mayCreate);
  if (claimed().has(path)) {
    throw cannotOpen(directory, 'this process has it open already; use that store, or close it');
  }
  const file = join(path, 'data.mdb');
  const isNew = !existsSync(file) || statSync(file).size === 0;
  if (isNew && !mayCreate) throw cannotOpen(directory, 'there is no store in it');
  const isChecked = isNew || look(file);
  const counter = new TransactionCounter(path);
  try {
    const environment = openEnvironment(path, !isNew, counter);
    claimed().add(path);
    return new Claim(path, file, environment, counter, isChecked);
  } catch (error) {
    counter.close();
    throw error;
  }
}

class Claim implements StoreDirectory {
  private readonly path: string;
  private readonly file: string;
  private readonly counter: TransactionCounter;
  private current: LmdbEnvironment;
  private isOpen: boolean;
  /** Every page was read before LMDB mapped it; whoever wrote since then was healthy. */
  private isChecked: boolean;

  constructor(
    path: string,
    file: string,
    environment: LmdbEnvironment,
    counter: TransactionCounter,
    isChecked: boolean,
  ) {
    this.path = path;
    this.file = file;
    this.counter = counter;
    this.current = environment;
    this.isOpen = true;
    this.isChecked = isChecked;
  }

  get environment(): LmdbEnvironment {
    return this.current;
  }

  openForWriting(): LmdbEnvironment | null {
    if (!this.current.isReadOnly) return this.current;
    this.isChecked ||= isSound(this.file);
    if (!this.isChecked) return null;
    // One process must not have it open twice; closing what only reads is done when this returns.
    void this.current.close();
    this.current = openEnvironment(this.path, false, this.counter);
    return this.current;
  }

  async release(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    try {
      await this.current.close();
      this.counter.close();
    } finally {
      claimed().delete(this.path);
    }
  }
}

function realDirectory(directory: string, mayCreate: boolean): string {
  try {
    if (mayCreate) mkdirSync(directory, { recursive: true });
    return realpathSync(directory);
  } catch (error) {
    throw cannotOpen(directory, reasonOf(error), error);
  }
}

function openEnvironment(
  path: string,
  isReadOnly: boolean,
  counter: TransactionCounter,
): LmdbEnvironment {
  try {
    const environment = new LmdbEnvironment(path, isReadOnly, counter);
    try {
      counter.raise();
    } catch (error) {
      void environment.close();
      throw error;
    }
    return environment;
  } catch (error) {
    throw cannotOpen(path, reasonOf(error), error);
  }
}

/**
 * What `see` returns of a data file. Null: somebody committed meanwhile, and it is of no one moment.
 * @throws RM_STORE_OPEN, RM_STORE_FORMAT
 */
function seen<T>(path: string, see: (file: LmdbFile) => T): T | null {
  let file: LmdbFile | null = null;
  try {
    file = new LmdbFile(path);
    const found = attempted(see, file);
    if (!file.isUnchanged()) return null;
    if ('error' in found) throw found.error;
    return found.value;
  } catch (error) {
    throw codeOf(error) === 'RM_STORE_FORMAT' ? error : cannotOpen(path, reasonOf(error), error);
  } finally {
    file?.close();
  }
}

function attempted<T>(
  see: (file: LmdbFile) => T,
  file: LmdbFile,
): { value: T } | { error: unknown } {
  try {
    return { value: see(file) };
  } catch (error) {
    return { error };
  }
}

/** Reads every page. False: somebody has written meanwhile. @throws as `seen` */
function isSound(path: string): boolean {
  const check = (file: LmdbFile): true => {
    file.check();
    return true;
  };
  return seen(path, check) ?? false;
}

/**
 * Reads who wrote the file, and, when nobody writes to it now, every page of it.
 * @returns whether it read every page. @throws RM_STORE_OPEN, RM_STORE_FORMAT
 */
function look(path: string): boolean {
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const isIdle = seen(path, isIdleFile);
    if (isIdle === false) return false;
    if (isIdle === true && isSound(path)) return true;
  }
  throw cannotOpen(path, `somebody wrote to it during each of ${LOOKS_MAX} looks; try again`);
}

/** Whether nobody writes to it. @throws RM_STORE_FORMAT: a newer Ringmaster wrote it */
function isIdleFile(file: LmdbFile): boolean {
  const about = new Map<string, unknown>();
  file.records(
    'about',
    (key, value) => {
      const isJson = [FORMAT_KEY, WRITER_KEY].some((name) => Buffer.compare(name, key) === 0);
      if (isJson) about.set(Buffer.from(key).toString(), jsonOf(key, value));
    },
    // Without the record of a writer every page is checked, and this is met again.
    () => undefined,
  );
  checkVersion(about.has('format') ? versionOf(about.get('format')) : STORE_FORMAT.version);
  const writer = about.get('writer');
  return !isWriterRecord(writer) || isFree(writer);
}

function checkVersion(version: unknown): void {
  if (typeof version === 'number' && version <= STORE_FORMAT.version) return;
  throw runtimeError(
    'RM_STORE_FORMAT',
    `the store has format ${String(version)}; this version reads up to ${STORE_FORMAT.version}: a newer ` +
      'Ringmaster wrote it. Nothing was changed. Open it with that one.',
    { got: String(version), expected: STORE_FORMAT.version },
  );
}

function versionOf(format: unknown): unknown {
  return typeof format === 'object' && format !== null && 'version' in format
    ? format.version
    : undefined;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** It is not opened; nothing was changed. */
function cannotOpen(directory: string, why: string, cause?: unknown): Error {
  return runtimeError(
    'RM_STORE_OPEN',
    `the store in ${directory} cannot be opened: ${why}. Nothing was changed.`,
    { directory },
    cause,
  );
}
