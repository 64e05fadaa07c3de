/**
 * A store's data in LMDB: records with checksums in four tables (record-layout.ts), and the sum over
 * all entries that shows a loss. Durable by LmdbEnvironment; who may write is decided elsewhere.
 */
import type { LmdbEnvironment, LmdbTable } from './lmdb-environment.ts';
import {
  behindPrefix,
  checksumOf,
  commitOf,
  commitRecord,
  damaged,
  entryOf,
  entryRecord,
  keyBytes,
  leaseOf,
  leaseRecord,
  META_KEY,
  metaOf,
  metaRecord,
  numberKey,
} from './record-layout.ts';
import type { StoreEntry } from './store.ts';
import { entryBytes, STORE_PAGE_BYTES } from './store-limits.ts';
import {
  commitBytes,
  EMPTY_META,
  type LeaseRecord,
  type StoreCommit,
  type StoreMeta,
  type WritableTables,
} from './tables.ts';

const FIRST: Uint8Array = new Uint8Array([0]);
const LAST_NUMBER: Uint8Array = new Uint8Array(9).fill(255);

/** Thread rule: the main thread. */
export class LmdbTables implements WritableTables {
  private environment: LmdbEnvironment;
  /** Of the entries as the commit under way leaves them. The writer's; loaded by `verify`. */
  private sum: number;

  constructor(environment: LmdbEnvironment) {
    this.environment = environment;
    this.sum = 0;
  }

  /** From here on the same data through another environment. */
  use(environment: LmdbEnvironment): void {
    this.environment = environment;
  }

  refresh(): void {
    this.environment.refresh();
  }

  meta(): StoreMeta {
    const record = this.table('about')?.get(META_KEY) ?? null;
    return record === null ? EMPTY_META : metaOf(record).meta;
  }

  get(key: string): StoreEntry | null {
    const bytes = keyBytes(key);
    const record = this.table('entries')?.get(bytes) ?? null;
    return record === null ? null : entryOf(bytes, record);
  }

  scan(prefix: string, after: string | null, limit: number): StoreEntry[] {
    const from = keyBytes(prefix);
    const behind = after === null ? null : keyBytes(after);
    const start = behind !== null && order(behind, from) >= 0 ? next(behind) : from;
    const found: StoreEntry[] = [];
    let bytes = 0;
    const records = this.table('entries')?.range(
      start.length === 0 ? FIRST : start,
      behindPrefix(from),
    );
    for (const { key, value } of records ?? []) {
      const entry = entryOf(key, value);
      found.push(entry);
      bytes += entryBytes(entry);
      if (found.length === limit || bytes >= STORE_PAGE_BYTES) break;
    }
    return found;
  }

  history(after: number, limit: number): StoreCommit[] {
    const found: StoreCommit[] = [];
    const end = numberKey(after + 1 + limit);
    for (const { key, value } of this.table('history')?.range(numberKey(after + 1), end) ?? []) {
      found.push(commitOf(key, value));
    }
    return found;
  }

  leases(): LeaseRecord[] {
    const found: LeaseRecord[] = [];
    for (const { key, value } of this.table('leases')?.range(FIRST, LAST_NUMBER) ?? []) {
      found.push(leaseOf(key, value));
    }
    return found;
  }

  put(entry: StoreEntry): void {
    const key = keyBytes(entry.key);
    const record = entryRecord(key, entry);
    this.forgetSum(key);
    this.sum ^= checksumOf(record);
    this.table('entries')?.put(key, record);
  }

  delete(key: string): void {
    const bytes = keyBytes(key);
    this.forgetSum(bytes);
    this.table('entries')?.remove(bytes);
  }

  append(commit: StoreCommit): void {
    this.table('history')?.put(numberKey(commit.revision), commitRecord(commit));
  }

  forget(revision: number): number {
    const key = numberKey(revision);
    const record = this.table('history')?.get(key) ?? null;
    if (record === null) throw damaged(`revision ${revision} is missing in the history`);
    this.table('history')?.remove(key);
    return commitBytes(commitOf(key, record));
  }

  putLease(record: LeaseRecord): void {
    this.table('leases')?.put(numberKey(record.lease), leaseRecord(record));
  }

  deleteLease(lease: number): void {
    this.table('leases')?.remove(numberKey(lease));
  }

  setMeta(meta: StoreMeta): void {
    this.table('about')?.put(META_KEY, metaRecord(meta, this.sum));
  }

  /**
   * Reads everything once, before this process writes: every checksum, the number, bytes and sum of
   * the entries, a history without a hole. @throws RM_STORE_FORMAT
   */
  verify(): void {
    const record = this.table('about')?.get(META_KEY) ?? null;
    const { meta, sum } = record === null ? { meta: EMPTY_META, sum: 0 } : metaOf(record);
    let [keys, bytes, found] = [0, 0, 0];
    for (const { key, value } of this.table('entries')?.range(
      FIRST,
      behindPrefix(FIRST.subarray(1)),
    ) ?? []) {
      keys++;
      bytes += entryBytes(entryOf(key, value));
      found ^= checksumOf(value);
    }
    expect('keys', keys, meta.keys);
    expect('bytes of keys and values', bytes, meta.bytes);
    expect('sum of the entries', found >>> 0, sum >>> 0);
    let revision = meta.compacted;
    for (const { key, value } of this.table('history')?.range(FIRST, LAST_NUMBER) ?? []) {
      expect('revision in the history', commitOf(key, value).revision, ++revision);
    }
    expect('last revision in the history', revision, meta.revision);
    this.leases();
    this.sum = found;
  }

  private forgetSum(key: Uint8Array): void {
    const before = this.table('entries')?.get(key) ?? null;
    if (before !== null) this.sum ^= checksumOf(before);
  }

  private table(name: 'about' | 'entries' | 'history' | 'leases'): LmdbTable | null {
    return this.environment.find(name);
  }
}

function expect(what: string, got: number, expected: number): void {
  if (got !== expected) throw damaged(`${what}: got ${got}, expected ${expected}`);
}

/** The first key behind this one. */
function next(key: Uint8Array): Uint8Array {
  const behind = new Uint8Array(key.length + 1);
  behind.set(key);
  return behind;
}

function order(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}
