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
import { isFree, isWriterRecord } from './writer-record.ts';

/** What this version writes, and the newest that it reads. */
export const STORE_FORMAT = { store: 'ringmaster', version: 1 } as const;

/** Directories that this process has open, however many copies of this module it has loaded. */
const claimed = (): Set<string> => ambient('store-directories', () => new Set<string>());

/** A claimed directory. Thread rule: the main thread. */
export interface StoreDirectory {
  /** The one that is open now. */
  readonly environment: LmdbEnvironment;
  /**
   * Checks every page, then opens the file for writing in place of reading; it may be so already.
   * @throws RM_STORE_OPEN, RM_STORE_FORMAT
   */
  openForWriting(): LmdbEnvironment;
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
  const claim = new Claim(path, file, openEnvironment(path, !isNew), isChecked);
  claimed().add(path);
  return claim;
}

class Claim implements StoreDirectory {
  private readonly path: string;
  private readonly file: string;
  private current: LmdbEnvironment;
  private isOpen: boolean;
  /** Every page was read before LMDB mapped it; whoever wrote since then was healthy. */
  private isChecked: boolean;

  constructor(path: string, file: string, environment: LmdbEnvironment, isChecked: boolean) {
    this.path = path;
    this.file = file;
    this.current = environment;
    this.isOpen = true;
    this.isChecked = isChecked;
  }

  get environment(): LmdbEnvironment {
    return this.current;
  }

  openForWriting(): LmdbEnvironment {
    if (!this.current.isReadOnly) return this.current;
    if (!this.isChecked) checkFile(this.file, (data) => data.check());
    this.isChecked = true;
    // One process must not have it open twice; closing what only reads is done when this returns.
    void this.current.close();
    this.current = openEnvironment(this.path, false);
    return this.current;
  }

  async release(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    try {
      await this.current.close();
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

function openEnvironment(path: string, isReadOnly: boolean): LmdbEnvironment {
  try {
    return new LmdbEnvironment(path, isReadOnly);
  } catch (error) {
    throw cannotOpen(path, reasonOf(error), error);
  }
}

/** @throws RM_STORE_OPEN, RM_STORE_FORMAT */
function checkFile(path: string, check: (file: LmdbFile) => void): void {
  let file: LmdbFile | null = null;
  try {
    file = new LmdbFile(path);
    check(file);
  } catch (error) {
    throw codeOf(error) === 'RM_STORE_FORMAT' ? error : cannotOpen(path, reasonOf(error), error);
  } finally {
    file?.close();
  }
}

/**
 * Reads who wrote the file, and, when nobody writes to it now, every page of it.
 * @returns whether it read every page. @throws RM_STORE_OPEN, RM_STORE_FORMAT
 */
function look(path: string): boolean {
  let isIdle = true;
  checkFile(path, (file) => {
    const about = new Map<string, unknown>();
    file.records(
      'about',
      (key, value) => {
        const isJson = [FORMAT_KEY, WRITER_KEY].some((name) => Buffer.compare(name, key) === 0);
        if (isJson) about.set(Buffer.from(key).toString(), jsonOf(key, value));
      },
      // A writer may be at work, and pages change while they are read.
      () => undefined,
    );
    checkVersion(about.has('format') ? versionOf(about.get('format')) : STORE_FORMAT.version);
    const writer = about.get('writer');
    isIdle = !isWriterRecord(writer) || isFree(writer);
    if (isIdle) file.check();
  });
  return isIdle;
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
