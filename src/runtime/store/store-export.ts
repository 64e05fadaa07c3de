/**
 * Saves what is readable of a store as lines of JSON, also of one that is damaged, and makes a new
 * store of such lines. Reads the file without LMDB. Not for a store that somebody writes to: list
 * that one.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runtimeError } from '../errors.ts';
import { LmdbFile } from './lmdb-file.ts';
import { openLmdbStore } from './lmdb-store.ts';
import {
  commitOf,
  damaged,
  entryOf,
  FORMAT_KEY,
  jsonOf,
  META_KEY,
  metaOf,
  metaRecord,
  WRITER_KEY,
} from './record-layout.ts';
import type { StoreEntry, StoreOperation } from './store.ts';
import { claimDirectory, STORE_FORMAT } from './store-directory.ts';
import { badOption } from './store-limits.ts';
import { EMPTY_META } from './tables.ts';
import { isFree, isWriterRecord } from './writer-record.ts';

/** What was saved. */
export type StoreExport = {
  /** A head, then an entry each; an import takes them as they are. */
  readonly lines: readonly string[];
  readonly entries: number;
  /** The highest revision that was seen. */
  readonly revision: number;
  /** What could not be read, in words; empty when all of it could. */
  readonly damage: readonly string[];
};

/** What was made. */
export type StoreImport = {
  readonly entries: number;
  /** Keys that had a lease: they end with it and were left out. */
  readonly leased: number;
  /** The new store's; higher than any that the old one gave. */
  readonly revision: number;
};

type Head = { readonly store: string; readonly version: number; readonly revision: number };
type Line = { readonly key: string; readonly value: string; readonly lease: number | null };

/** Steps of one transaction of an import, and bytes of it, about. */
const IMPORT_STEPS = 200;
const IMPORT_BYTES: number = 2 * 1024 * 1024;

/**
 * Reads what is readable. Nothing is changed.
 * @throws RM_STORE_OPEN when there is none or a process writes to it; RM_STORE_FORMAT when not even
 *   the heads of the file can be read
 */
export function exportStore(directory: string): StoreExport {
  const path = join(directory, 'data.mdb');
  if (!existsSync(path)) throw notThere(directory, 'there is no store in it');
  const file = new LmdbFile(path);
  try {
    const found = read(directory, file);
    if (!file.isUnchanged()) throw writtenTo(directory);
    return found;
  } finally {
    file.close();
  }
}

function read(directory: string, file: LmdbFile): StoreExport {
  const damage: string[] = [];
  const onDamage = (error: Error): void => void damage.push(error.message);
  const entries: StoreEntry[] = [];
  let revision = 0;
  file.records(
    'about',
    (key, value) => {
      const name = Buffer.from(key).toString();
      if (name === 'meta') revision = Math.max(revision, metaOf(value).meta.revision);
      else if (name === 'writer') refuseWriter(directory, jsonOf(WRITER_KEY, value));
    },
    (error) => {
      if ((error as Error & { code?: string }).code === 'RM_STORE_OPEN') throw error;
      onDamage(error);
    },
  );
  file.records(
    'history',
    (key, value) => {
      revision = Math.max(revision, commitOf(key, value).revision);
    },
    onDamage,
  );
  file.records(
    'entries',
    (key, value) => {
      const entry = entryOf(key, value);
      entries.push(entry);
      revision = Math.max(revision, entry.revision);
    },
    onDamage,
  );
  const head: Head = { ...STORE_FORMAT, revision };
  const lines = entries.map(({ key, value, lease, revision: at }) =>
    JSON.stringify({ key, value: Buffer.from(value).toString('base64'), lease, revision: at }),
  );
  return { lines: [JSON.stringify(head), ...lines], entries: entries.length, revision, damage };
}

/**
 * Makes a new store in an empty or absent directory.
 * @throws (rejects) RM_STORE_OPEN when there is a store already; RM_STORE_FORMAT for lines of another
 *   kind; as Store.transact
 */
export async function importStore(
  directory: string,
  lines: Iterable<string> | AsyncIterable<string>,
): Promise<StoreImport> {
  let steps: StoreOperation[] = [];
  let [bytes, entries, leased] = [0, 0, 0];
  let store: Awaited<ReturnType<typeof openLmdbStore>> | null = null;
  const flush = async (): Promise<void> => {
    if (steps.length > 0) await store?.transact({ success: steps });
    entries += steps.length;
    steps = [];
    bytes = 0;
  };
  try {
    for await (const line of lines) {
      if (line.trim() === '') continue;
      if (store === null) {
        await begin(directory, headOf(line));
        store = await openLmdbStore(directory);
        continue;
      }
      const { key, value, lease } = lineOf(line);
      if (lease !== null) leased++;
      else {
        const content = Uint8Array.from(Buffer.from(value, 'base64'));
        steps.push({ kind: 'put', key, value: content });
        bytes += content.length;
      }
      if (steps.length === IMPORT_STEPS || bytes > IMPORT_BYTES) await flush();
    }
    await flush();
    if (store === null) throw badOption('there is no line to import; expected an export.');
    const { revision } = await store.list('', { limit: 1 });
    return { entries, leased, revision };
  } finally {
    await store?.close();
  }
}

/** A new store whose revisions go on behind those of the old one. */
async function begin(directory: string, head: Head): Promise<void> {
  const place = claimDirectory(directory, true);
  try {
    const about = place.environment.find('about');
    if ((about?.get(FORMAT_KEY) ?? null) !== null) throw notThere(directory, 'it holds a store');
    const meta = { ...EMPTY_META, revision: head.revision, compacted: head.revision };
    await place.environment.commit(() => about?.put(META_KEY, metaRecord(meta, 0)));
  } finally {
    await place.release();
  }
}

function refuseWriter(directory: string, record: unknown): void {
  if (!isWriterRecord(record) || isFree(record)) return;
  throw writtenTo(directory);
}

function writtenTo(directory: string): Error {
  return notThere(directory, 'a process writes to it; list that store, or stop the process');
}

function headOf(line: string): Head {
  const head = parsed(line) as Partial<Head> | null;
  const { store, version, revision } = head ?? {};
  if (store === STORE_FORMAT.store && version === STORE_FORMAT.version) {
    if (Number.isSafeInteger(revision)) return { store, version, revision: revision as number };
  }
  throw damaged(`the first line is ${line.slice(0, 80)}, no head of an export of version 1`);
}

function lineOf(line: string): Line {
  const data = parsed(line) as Partial<Line> | null;
  if (typeof data?.key === 'string' && typeof data.value === 'string') {
    return { key: data.key, value: data.value, lease: data.lease ?? null };
  }
  throw damaged(`a line is ${line.slice(0, 80)}, no entry of an export`);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function notThere(directory: string, why: string): Error {
  return runtimeError('RM_STORE_OPEN', `${directory} cannot be used: ${why}.`, { directory });
}
