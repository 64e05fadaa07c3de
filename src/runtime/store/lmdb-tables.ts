/**
 * A store's data in LMDB: records with checksums in four tables (record-layout.ts), and the sum over
 * all entries that shows a loss. Durable by LmdbEnvironment; who may write is decided elsewhere.
 */
import { assert } from '../../hotpath/index.ts';
import type { LmdbEnvironment, LmdbTable } from './lmdb-environment.ts';
import {
  behindPrefix,
  checksumOf,
  commitFacts,
  commitOf,
  commitRecord,
  damaged,
  entryFacts,
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
  type LeasedKey,
  type LeaseRecord,
  type StoreCommit,
  type StoreMeta,
  type WritableTables,
} from './tables.ts';

const FIRST: Uint8Array = new Uint8Array([0]);
const LAST_NUMBER: Uint8Array = new Uint8Array(9).fill(255);

/** A key as the commit under way leaves it. */
type Look = { readonly bytes: Uint8Array; entry: StoreEntry | null; checksum: number };

/** Thread rule: the main thread. */
export class LmdbTables implements WritableTables {
  private environment: LmdbEnvironment;
  /** As of the last refresh; null: not looked at since. */
  private numbers: StoreMeta | null;
  /** What a commit has looked at, so that it reads a key once; null between commits. */
  private looks: Map<string, Look> | null;
  /** Of the entries as the commit under way leaves them. The writer's; loaded by `verify`. */
  private sum: number;
  /** Bytes of each transaction in the history. The writer's; loaded by `verify`. */
  private readonly commitSizes: Map<number, number>;
  private leased: LeasedKey[];

  constructor(environment: LmdbEnvironment) {
    this.environment = environment;
    this.numbers = null;
    this.looks = null;
    this.sum = 0;
    this.commitSizes = new Map();
    this.leased = [];
  }

  /** From here on the same data through another environment. */
  use(environment: LmdbEnvironment): void {
    this.environment = environment;
    this.numbers = null;
  }

  /** Inside a commit: runs `write`, the only code that may write. */
  writing(write: () => void): void {
    this.looks = new Map();
    try {
      write();
    } finally {
      this.looks = null;
    }
  }

  refresh(): void {
    this.numbers = null;
    this.environment.refresh();
  }

  secure(): void {
    this.environment.secure();
  }

  meta(): StoreMeta {
    if (this.numbers === null) {
      const record = this.table('about')?.get(META_KEY) ?? null;
      this.numbers = record === null ? EMPTY_META : metaOf(record).meta;
    }
    return this.numbers;
  }

  get(key: string): StoreEntry | null {
    if (this.looks !== null) return this.look(key).entry;
    const bytes = keyBytes(key);
    const record = this.table('entries')?.get(bytes) ?? null;
    return record === null ? null : entryOf(bytes, record, key);
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

  leasedKeys(): Iterable<LeasedKey> {
    return this.leased;
  }

  put(entry: StoreEntry): void {
    const look = this.look(entry.key);
    const record = entryRecord(look.bytes, entry);
    this.sum ^= look.checksum;
    look.entry = entry;
    look.checksum = checksumOf(record);
    this.sum ^= look.checksum;
    this.table('entries')?.put(look.bytes, record);
  }

  delete(key: string): void {
    const look = this.look(key);
    this.sum ^= look.checksum;
    look.entry = null;
    look.checksum = 0;
    this.table('entries')?.remove(look.bytes);
  }

  append(commit: StoreCommit): void {
    this.commitSizes.set(commit.revision, commitBytes(commit));
    this.table('history')?.put(numberKey(commit.revision), commitRecord(commit));
  }

  forget(revision: number): number {
    const bytes = this.commitSizes.get(revision);
    if (bytes === undefined) throw damaged(`revision ${revision} is missing in the history`);
    this.commitSizes.delete(revision);
    this.table('history')?.remove(numberKey(revision));
    return bytes;
  }

  putLease(record: LeaseRecord): void {
    this.table('leases')?.put(numberKey(record.lease), leaseRecord(record));
  }

  deleteLease(lease: number): void {
    this.table('leases')?.remove(numberKey(lease));
  }

  setMeta(meta: StoreMeta): void {
    // Not before it is committed do looks see it.
    this.numbers = null;
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
    this.leased = [];
    for (const { key, value } of this.table('entries')?.range(
      FIRST,
      behindPrefix(FIRST.subarray(1)),
    ) ?? []) {
      const entry = entryFacts(key, value);
      keys++;
      bytes += entry.bytes;
      found ^= entry.checksum;
      if (entry.leased !== null) this.leased.push(entry.leased);
    }
    expect('keys', keys, meta.keys);
    expect('bytes of keys and values', bytes, meta.bytes);
    expect('sum of the entries', found >>> 0, sum >>> 0);
    let revision = meta.compacted;
    this.commitSizes.clear();
    for (const { key, value } of this.table('history')?.range(FIRST, LAST_NUMBER) ?? []) {
      const commit = commitFacts(key, value);
      expect('revision in the history', commit.revision, ++revision);
      this.commitSizes.set(revision, commit.bytes);
    }
    expect('last revision in the history', revision, meta.revision);
    this.leases();
    this.sum = found;
  }

  /** @throws RM_STORE_FORMAT when it is damaged */
  private look(key: string): Look {
    assert(this.looks !== null, 'a write outside of a commit');
    const before = this.looks.get(key);
    if (before !== undefined) return before;
    const bytes = keyBytes(key);
    const record = this.table('entries')?.get(bytes) ?? null;
    const look: Look =
      record === null
        ? { bytes, entry: null, checksum: 0 }
        : { bytes, entry: entryOf(bytes, record, key), checksum: checksumOf(record) };
    this.looks.set(key, look);
    return look;
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
