/**
 * A service's records in the store: read when a brain begins, written once a pass. One transaction has
 * everything that a pass changed, and happens only while this brain leads and nobody else has written
 * the service since it was read. Called by the arbiter; thread rule: its thread.
 */
import type { Store, StoreCompare, StoreOperation } from '../../runtime/index.ts';
import { recordChanges, recordFrom } from '../arbiter/record-data.ts';
import { inFormat, RECORD_FORMAT, type RecordFormat } from '../arbiter/record-migrations.ts';
import type { ServiceRecord } from '../arbiter/records.ts';
import { type GoneService, goneOf } from '../arbiter/removal.ts';
import type { DecisionEntry, DecisionPlan } from '../decisions/decision-log.ts';
import { type MigrationOutcome, migrateRecords } from './migrate-records.ts';

/** The key by whose revision a leader is known; drivers refuse a lower one. */
export type LeaderToken = { readonly key: string; readonly token: number };

/** What is there. */
export type StoredService = {
  readonly record: ServiceRecord | null;
  /** Of the head's last write; 0: there is none. */
  readonly revision: number;
};

/** Whether what was to be written is there. */
export type CommitResult =
  | { readonly kind: 'done'; readonly revision: number }
  /** Another one leads, or has written: what this brain knows is the past. */
  | { readonly kind: 'overtaken' }
  /** It may be there or not: read before anything else. */
  | { readonly kind: 'unknown' }
  /** Nothing happened; later it may. */
  | { readonly kind: 'away' }
  /** Nothing happened: it is more than one transaction may have. */
  | { readonly kind: 'tooMuch' };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Whether an error of the store is weather: whoever begins again from what is stored may succeed. */
export function isWeather(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: string };
  return WEATHER.includes(code ?? '');
}

const WEATHER: readonly string[] = ['RM_STORE_UNAVAILABLE', 'RM_STORE_TIMEOUT', 'RM_STORE_UNKNOWN'];

/** A limit of one transaction, or of one value in it. */
function isOfPass(error: unknown): boolean {
  const { data } = error as { readonly data?: { readonly limit?: unknown } };
  return / of a (transaction|value)$/.test(String(data?.limit));
}

/** Thread rule: the thread of its store. */
export class RecordStore {
  private readonly store: Store;
  private readonly prefix: string;
  private readonly leader: LeaderToken;
  private readonly format: RecordFormat;
  private clockMs = Number.NEGATIVE_INFINITY;

  /** `prefix`: of all services of a region, ends with a slash. `format`: of this build. */
  constructor(
    store: Store,
    prefix: string,
    leader: LeaderToken,
    format: RecordFormat = RECORD_FORMAT,
  ) {
    this.format = format;
    this.store = store;
    this.prefix = prefix;
    this.leader = leader;
  }

  /** Before anything is read: records of the build before this one become this one's. */
  async migrate(): Promise<MigrationOutcome> {
    const { store, prefix, leader, format } = this;
    return await migrateRecords({ store, prefix, leader }, format);
  }

  /** Names of the services that have records. Rejects as the store. */
  async names(): Promise<readonly string[]> {
    const names: string[] = [];
    for (const key of (await this.entries(this.prefix)).keys()) {
      const [name = '', rest] = key.slice(this.prefix.length).split('/');
      if (rest === 'head') names.push(name);
    }
    return names;
  }

  /** Rejects as the store, and with RM_RECORD_VERSION for what a newer build has written. */
  async read(name: string): Promise<StoredService> {
    const prefix = `${this.prefix}${name}/`;
    const found = await this.entries(prefix);
    const texts: (readonly [string, string])[] = [];
    for (const [key, { value }] of found) {
      const text = inFormat(key.slice(this.prefix.length), decoder.decode(value), this.format);
      texts.push([key.slice(prefix.length), text]);
    }
    return {
      record: recordFrom(texts),
      revision: found.get(`${prefix}head`)?.revision ?? 0,
    };
  }

  /** Where a service of that name stood when it was removed; null: there was none. Rejects as the store. */
  async gone(name: string): Promise<GoneService | null> {
    const { entry } = await this.store.get(this.prefix + GONE + name);
    if (entry === null) return null;
    const text = inFormat(GONE + name, decoder.decode(entry.value), this.format);
    return (JSON.parse(text) as { readonly value: GoneService }).value;
  }

  /**
   * Deletes all that is stored of a service that is gone, and keeps where it stood. Many routers and
   * operations go first: without them it is still one that is gone.
   */
  async remove(record: ServiceRecord, revision: number): Promise<CommitResult> {
    const prefix = `${this.prefix}${record.name}/`;
    const compare = this.compared(`${prefix}head`, revision);
    try {
      const keys = [...(await this.entries(prefix)).keys()];
      const isMany = (key: string): boolean =>
        /^(router|operation)\//.test(key.slice(prefix.length));
      const many = keys.filter(isMany);
      for (let at = 0; at < many.length; at += ERASED_MAX) {
        const success = many.slice(at, at + ERASED_MAX).map(erase);
        const { succeeded } = await this.store.transact({ compare, success });
        if (!succeeded) return { kind: 'overtaken' };
      }
      const text = JSON.stringify({ version: this.format.version, value: goneOf(record) });
      const rest = keys.filter((key) => !isMany(key)).map(erase);
      const success = [...rest, put(this.prefix + GONE + record.name, text)];
      const result = await this.store.transact({ compare, success });
      return result.succeeded ? { kind: 'done', revision: 0 } : { kind: 'overtaken' };
    } catch (error) {
      return failedCommit(error);
    }
  }

  private compared(head: string, revision: number): StoreCompare[] {
    return [
      { key: this.leader.key, revision: this.leader.token },
      { key: head, revision },
    ];
  }

  /** Decision time as it was written last; 0: never. Rejects as the store. */
  async lastMs(): Promise<number> {
    const { entry } = await this.store.get(this.prefix + CLOCK);
    return entry === null ? 0 : Number(decoder.decode(entry.value)) || 0;
  }

  /** Whether the fleet was frozen. Rejects as the store. */
  async isFrozen(): Promise<boolean> {
    const { entry } = await this.store.get(this.prefix + FROZEN);
    return entry !== null;
  }

  /** Keeps that the fleet is frozen, or not. Rejects as the store. */
  async freeze(isFrozen: boolean): Promise<void> {
    const key = this.prefix + FROZEN;
    const success = [isFrozen ? put(key, 'frozen') : erase(key)];
    const compare = [{ key: this.leader.key, revision: this.leader.token }];
    await this.store.transact({ compare, success });
  }

  /** Entries of the decision log, oldest first. Rejects as the store. */
  async decisions(): Promise<readonly DecisionEntry[]> {
    const found = await this.entries(this.prefix + DECISIONS);
    return [...found].map(([key, { value }]) => {
      const text = inFormat(key.slice(this.prefix.length), decoder.decode(value), this.format);
      return (JSON.parse(text) as { readonly value: DecisionEntry }).value;
    });
  }

  /**
   * Everything that a pass has changed. `revision`: of the head, as it was read or written last.
   */
  async commit(
    before: ServiceRecord | null,
    after: ServiceRecord,
    revision: number,
    { plan, nowMs }: { readonly plan: DecisionPlan; readonly nowMs: number },
  ): Promise<CommitResult> {
    const prefix = `${this.prefix}${after.name}/`;
    const { version } = this.format;
    const changes = recordChanges(before, after, version);
    const success: StoreOperation[] = [
      ...changes.put.map(([key, text]) => put(prefix + key, text)),
      ...plan.written.map((entry) =>
        put(this.decisionKey(entry.id), JSON.stringify({ version, value: entry })),
      ),
      ...plan.dropped.map((id) => erase(this.decisionKey(id))),
      ...changes.delete.map((key) => erase(prefix + key)),
    ];
    // Decision time goes on where it was: it is written with whatever else is, and now and then.
    const isClockDue = success.length > 0 || nowMs - this.clockMs >= CLOCK_MS;
    if (isClockDue) success.push(put(this.prefix + CLOCK, String(nowMs)));
    // Also with nothing to write: whoever does not lead any more has to hear of it.
    if (success.length === 0) success.push({ kind: 'get', key: this.leader.key });
    const compare = this.compared(`${prefix}head`, revision);
    try {
      const result = await this.store.transact({ compare, success });
      if (!result.succeeded) return { kind: 'overtaken' };
      if (isClockDue) this.clockMs = nowMs;
      const hasHead = changes.put.some(([key]) => key === 'head');
      return { kind: 'done', revision: hasHead ? result.revision : revision };
    } catch (error) {
      return failedCommit(error);
    }
  }

  private decisionKey(id: number): string {
    return `${this.prefix}${DECISIONS}${ordered(id)}`;
  }

  private async entries(
    prefix: string,
  ): Promise<Map<string, { readonly value: Uint8Array; readonly revision: number }>> {
    const found = new Map<string, { readonly value: Uint8Array; readonly revision: number }>();
    let after: string | null = null;
    do {
      const page = await this.store.list(prefix, { after });
      for (const { key, value, revision } of page.entries) found.set(key, { value, revision });
      after = page.next;
    } while (after !== null);
    return found;
  }
}

/** What a transaction came to that was not answered. Throws what is no weather. */
function failedCommit(error: unknown): CommitResult {
  const { code } = error as { readonly code?: string };
  if (code === 'RM_STORE_UNKNOWN') return { kind: 'unknown' };
  // A store that is full, or asked too often, is weather; a pass that is too large is not.
  if (code === 'RM_STORE_LIMIT') return { kind: isOfPass(error) ? 'tooMuch' : 'away' };
  if (isWeather(error)) return { kind: 'away' };
  if (code === 'RM_STORE_FENCED' || code === 'RM_STORE_READ_ONLY') return { kind: 'overtaken' };
  throw error;
}

/** Not names of services: those have no dot. */
const DECISIONS = '.decisions/';
const CLOCK = '.clock';
const FROZEN = '.frozen';
const GONE = '.gone/';
/** Keys that one transaction deletes. Range: below the store's steps of one (256 unless it was told). */
const ERASED_MAX = 100;
/** After so long without anything to write the time is written all the same. Milliseconds. */
const CLOCK_MS = 10_000;

function erase(key: string): StoreOperation {
  return { kind: 'delete', key };
}

function put(key: string, text: string): StoreOperation {
  return { kind: 'put', key, value: encoder.encode(text) };
}

/** Numbers in the order of their texts. */
function ordered(id: number): string {
  return String(id).padStart(12, '0');
}
