/**
 * A store's data in memory: for tests and the simulator. Nothing is durable. It copies values on
 * their way in and out, as a real store would.
 */
import { compareKeys } from './key-order.ts';
import type { StoreChange, StoreEntry } from './store.ts';
import { entryBytes, STORE_PAGE_BYTES } from './store-limits.ts';
import {
  commitBytes,
  EMPTY_META,
  type LeasedKey,
  type LeaseRecord,
  type StoreCommit,
  type StoreCommitter,
  type StoreMeta,
  type WritableTables,
} from './tables.ts';

/** Thread rule: one thread. */
export class MemoryTables implements WritableTables, StoreCommitter {
  private readonly entries = new Map<string, StoreEntry>();
  /** The keys of `entries`, in order. */
  private readonly keys: string[] = [];
  private readonly commits = new Map<number, StoreCommit>();
  private readonly leaseRecords = new Map<number, LeaseRecord>();
  private numbers: StoreMeta = EMPTY_META;

  refresh(): void {
    // There is one state only.
  }

  secure(): void {
    // It never becomes an older one.
  }

  commit(write: () => void): Promise<void> {
    write();
    return Promise.resolve();
  }

  isSure(): boolean {
    return true;
  }

  meta(): StoreMeta {
    return this.numbers;
  }

  get(key: string): StoreEntry | null {
    const entry = this.entries.get(key);
    return entry === undefined ? null : copy(entry);
  }

  scan(prefix: string, after: string | null, limit: number): StoreEntry[] {
    const start = after === null || compareKeys(after, prefix) < 0 ? prefix : after;
    const found: StoreEntry[] = [];
    let bytes = 0;
    for (let index = this.place(start); index < this.keys.length; index++) {
      const key = this.keys[index] as string;
      if (key === after) continue;
      if (!key.startsWith(prefix) || found.length === limit || bytes >= STORE_PAGE_BYTES) break;
      const entry = this.entries.get(key) as StoreEntry;
      bytes += entryBytes(entry);
      found.push(copy(entry));
    }
    return found;
  }

  history(after: number, limit: number): StoreCommit[] {
    const found: StoreCommit[] = [];
    for (let revision = after + 1; found.length < limit; revision++) {
      const commit = this.commits.get(revision);
      if (commit === undefined) break;
      found.push({ revision, changes: commit.changes.map(copyChange) });
    }
    return found;
  }

  leases(): LeaseRecord[] {
    return [...this.leaseRecords.values()];
  }

  *leasedKeys(): Iterable<LeasedKey> {
    for (const { key, lease } of this.entries.values()) if (lease !== null) yield { key, lease };
  }

  put(entry: StoreEntry): void {
    if (!this.entries.has(entry.key)) this.keys.splice(this.place(entry.key), 0, entry.key);
    this.entries.set(entry.key, copy(entry));
  }

  delete(key: string): void {
    if (this.entries.delete(key)) this.keys.splice(this.place(key), 1);
  }

  append(commit: StoreCommit): void {
    this.commits.set(commit.revision, {
      revision: commit.revision,
      changes: commit.changes.map(copyChange),
    });
  }

  forget(revision: number): number {
    const commit = this.commits.get(revision);
    this.commits.delete(revision);
    return commit === undefined ? 0 : commitBytes(commit);
  }

  putLease(record: LeaseRecord): void {
    this.leaseRecords.set(record.lease, record);
  }

  deleteLease(lease: number): void {
    this.leaseRecords.delete(lease);
  }

  setMeta(meta: StoreMeta): void {
    this.numbers = meta;
  }

  /** Where `key` stands or would stand among the keys. */
  private place(key: string): number {
    let low = 0;
    let high = this.keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.keys[middle] as string, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function copy(entry: StoreEntry): StoreEntry {
  return { ...entry, value: new Uint8Array(entry.value) };
}

function copyChange(change: StoreChange): StoreChange {
  return change.kind === 'put' ? { kind: 'put', entry: copy(change.entry) } : change;
}
