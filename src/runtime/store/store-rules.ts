/**
 * The rules of every store that has one writer: conditions, revisions, history, leases and limits,
 * over tables that lie anywhere. The writer calls it inside commits. Everything that can be refused
 * is refused before the first write, so no transaction is half done. No clock and no I/O of its own.
 */
import { runtimeError } from '../errors.ts';
import type {
  StoreChange,
  StoreCompare,
  StoreEntry,
  StoreOperation,
  StoreResult,
  StoreTransaction,
} from './store.ts';
import { entryBytes, overLimit, type StoreLimits } from './store-limits.ts';
import { commitBytes, EMPTY_META, type StoreMeta, type WritableTables } from './tables.ts';

type Lease = { readonly lease: number; readonly ttlMs: number; endsMs: number };
type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** Thread rule: the writer's. All times are monotonic milliseconds of one clock. */
export class StoreRules {
  private readonly tables: WritableTables;
  private readonly limits: StoreLimits;
  private readonly open = new Map<number, Lease>();
  /** The keys of each lease that has any. */
  private readonly keysOf = new Map<number, Set<string>>();
  private numbers: Mutable<StoreMeta>;

  constructor(tables: WritableTables, limits: StoreLimits) {
    this.tables = tables;
    this.limits = limits;
    this.numbers = { ...EMPTY_META };
  }

  /** Takes over what the tables hold; every lease begins anew. @throws what the tables throw */
  load(nowMs: number): void {
    this.numbers = { ...this.tables.meta() };
    for (const { lease, ttlMs } of this.tables.leases()) {
      this.open.set(lease, { lease, ttlMs, endsMs: nowMs + ttlMs });
    }
    for (const { lease, key } of this.tables.leasedKeys()) this.attach(lease, key);
  }

  /** Leases that have not been ended. */
  leases(): number[] {
    return [...this.open.keys()];
  }

  /** When a lease ends; null: it was ended. */
  endsMs(lease: number): number | null {
    return this.open.get(lease)?.endsMs ?? null;
  }

  /**
   * Inside a commit. The transaction was checked (`checkTransaction`).
   * @throws RM_STORE_LIMIT, RM_STORE_LEASE, before anything is written
   */
  transact(transaction: StoreTransaction, nowMs: number): StoreResult {
    const succeeded = (transaction.compare ?? []).every((condition) => this.holds(condition));
    const steps = (succeeded ? transaction.success : transaction.failure) ?? [];
    this.refuse(steps, nowMs);
    const entries: (StoreEntry | null)[] = [];
    const changes: StoreChange[] = [];
    const revision = this.numbers.revision + 1;
    for (const step of steps) {
      if (step.kind === 'get') entries.push(handedOut(this.tables.get(step.key)));
      else if (step.kind === 'put') changes.push(this.put(step, revision));
      else if (this.remove(step.key)) changes.push({ kind: 'delete', key: step.key });
    }
    this.record(changes);
    return { succeeded, revision: this.numbers.revision, entries };
  }

  /** Inside a commit. @throws RM_STORE_LIMIT */
  grant(ttlMs: number, nowMs: number): number {
    if (this.open.size >= this.limits.leasesMax) {
      throw overLimit('leases', this.open.size + 1, this.limits.leasesMax, 'revoke some');
    }
    const lease = ++this.numbers.lastLease;
    this.open.set(lease, { lease, ttlMs, endsMs: nowMs + ttlMs });
    this.tables.putLease({ lease, ttlMs });
    return lease;
  }

  /** Outside of commits, too. @returns its time to live. @throws RM_STORE_LEASE */
  keepAlive(lease: number, nowMs: number): number {
    const found = this.living(lease, nowMs);
    found.endsMs = nowMs + found.ttlMs;
    return found.ttlMs;
  }

  /** Inside a commit: the lease ends and its keys go. One that has ended: no effect. */
  end(lease: number): void {
    if (!this.open.delete(lease)) return;
    const changes: StoreChange[] = [];
    for (const key of [...(this.keysOf.get(lease) ?? [])]) {
      if (this.remove(key)) changes.push({ kind: 'delete', key });
    }
    this.keysOf.delete(lease);
    this.tables.deleteLease(lease);
    this.record(changes);
  }

  /** Inside a commit, as its end. */
  flush(): void {
    this.tables.setMeta({ ...this.numbers });
  }

  private holds(condition: StoreCompare): boolean {
    const entry = this.tables.get(condition.key);
    if ('revision' in condition) return (entry?.revision ?? 0) === condition.revision;
    if (entry === null || condition.value === null) return entry === condition.value;
    return equalBytes(entry.value, condition.value);
  }

  private refuse(steps: readonly StoreOperation[], nowMs: number): void {
    let bytes = this.numbers.bytes;
    const joining = new Map<number, number>();
    for (const step of steps) {
      if (step.kind !== 'put') continue;
      const before = this.tables.get(step.key);
      bytes += entryBytes(step) - (before === null ? 0 : entryBytes(before));
      if (step.lease === null || step.lease === undefined) continue;
      this.living(step.lease, nowMs);
      if (before?.lease === step.lease) continue;
      joining.set(step.lease, (joining.get(step.lease) ?? 0) + 1);
    }
    if (bytes > this.limits.totalBytesMax && bytes > this.numbers.bytes) {
      throw overLimit('bytes in the store', bytes, this.limits.totalBytesMax, 'delete some keys');
    }
    for (const [lease, count] of joining) {
      const keys = (this.keysOf.get(lease)?.size ?? 0) + count;
      const max = this.limits.leaseKeysMax;
      if (keys > max) throw overLimit('keys of a lease', keys, max, 'use another lease');
    }
  }

  private living(lease: number, nowMs: number): Lease {
    const found = this.open.get(lease);
    // One whose time has passed is over, even if its keys are still being deleted.
    if (found !== undefined && found.endsMs > nowMs) return found;
    throw runtimeError(
      'RM_STORE_LEASE',
      `lease ${lease} has ended or never was; expected one that is kept alive: grant another.`,
      { lease },
    );
  }

  private put(step: StoreOperation & { kind: 'put' }, revision: number): StoreChange {
    const before = this.tables.get(step.key);
    const entry: StoreEntry = {
      key: step.key,
      value: step.value,
      revision,
      createdRevision: before?.createdRevision ?? revision,
      lease: step.lease ?? null,
    };
    if (before === null) this.numbers.keys++;
    else this.forget(before);
    this.numbers.bytes += entryBytes(entry);
    if (entry.lease !== null) this.attach(entry.lease, entry.key);
    this.tables.put(entry);
    return { kind: 'put', entry };
  }

  private remove(key: string): boolean {
    const before = this.tables.get(key);
    if (before === null) return false;
    this.numbers.keys--;
    this.forget(before);
    this.tables.delete(key);
    return true;
  }

  /** The entry no longer counts. */
  private forget(entry: StoreEntry): void {
    this.numbers.bytes -= entryBytes(entry);
    if (entry.lease !== null) this.keysOf.get(entry.lease)?.delete(entry.key);
  }

  private attach(lease: number, key: string): void {
    const keys = this.keysOf.get(lease);
    if (keys === undefined) this.keysOf.set(lease, new Set([key]));
    else keys.add(key);
  }

  /** One revision for what a transaction changed; none for nothing. */
  private record(changes: readonly StoreChange[]): void {
    if (changes.length === 0) return;
    const commit = { revision: ++this.numbers.revision, changes };
    this.tables.append(commit);
    this.numbers.historyBytes += commitBytes(commit);
    const { historyTransactionsMax, historyBytesMax } = this.limits;
    const numbers = this.numbers;
    while (
      numbers.revision - numbers.compacted > historyTransactionsMax ||
      (numbers.historyBytes > historyBytesMax && numbers.revision - numbers.compacted > 1)
    ) {
      numbers.historyBytes -= this.tables.forget(++numbers.compacted);
    }
  }
}

/** Looks of one commit share an entry; whoever asked for it may change its value. */
function handedOut(entry: StoreEntry | null): StoreEntry | null {
  return entry === null ? null : { ...entry, value: new Uint8Array(entry.value) };
}

/** Whether two values are the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
