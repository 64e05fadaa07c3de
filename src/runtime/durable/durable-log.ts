/**
 * Where the state of one durable actor lies in a store, and the transactions that change it. Every
 * write compares what its incarnation knows with what is there: of two that live at once (a thread
 * hung, a process was paused) whoever writes first goes on, and the other writes nothing any more. So
 * opening costs one read, also when ten thousand actors come back at once.
 *
 *   actors/KEY/snapshot        state as of an event's number
 *   actors/KEY/events/NUMBER   events after it, one a key, without a gap
 */
import { runtimeError } from '../errors.ts';
import type { Store, StoreCompare, StoreEntry, StoreOperation } from '../store/store.ts';
import { storedBytes, storedValue } from './stored-value.ts';

/** One event or state as it was stored. `number` of a snapshot: that of the last event in it. */
export type DurableRecord = {
  readonly number: number;
  /** Version of the definition that wrote it. */
  readonly version: number;
  readonly value: unknown;
};

/** What was found. */
export type DurableContent = {
  readonly snapshot: DurableRecord | null;
  readonly events: readonly DurableRecord[];
  /** Of all events that lie there: some may be in the snapshot and wait to be deleted. */
  readonly numbers: readonly number[];
};

/** Events of one transaction, and events deleted by one. Below a store's limit of operations. */
export const EVENTS_AT_ONCE = 100;
/** Digits of an event's number in its key: they sort as the numbers do. */
const DIGITS = 16;
const KEY = /^[\w.:@=+-]+(\/[\w.:@=+-]+)*$/;
const KEY_MAX = 500;

/** Thread rule: the actor's thread. */
export class DurableLog {
  private readonly store: Store;
  private readonly prefix: string;
  private readonly key: string;
  /** Revision of the snapshot that this incarnation knows; 0: none. */
  private base: number;

  /** @throws RM_DURABLE_OPTION for a key that cannot be one */
  constructor(store: Store, key: string) {
    if (!KEY.test(key) || key.length > KEY_MAX) {
      throw runtimeError(
        'RM_DURABLE_OPTION',
        `key is ${key.slice(0, 80)}; expected up to ${KEY_MAX} letters, digits and _ . : @ = + - ` +
          'in parts between slashes.',
      );
    }
    this.store = store;
    this.key = key;
    this.prefix = `actors/${key}/`;
    this.base = 0;
  }

  /**
   * Reads the log. `hasEvents`: whether anybody has ever appended to it; looking for them is half of
   * the work. @throws (rejects) RM_DURABLE_CORRUPT; as the store
   */
  async open(hasEvents: boolean): Promise<DurableContent> {
    for (;;) {
      const snapshot = await this.snapshot();
      const events = hasEvents ? await this.events() : [];
      const last = snapshot?.number ?? 0;
      const rest = events.filter(({ number }) => number > last);
      const gap = rest.findIndex(({ number }, i) => number !== last + 1 + i);
      if (gap < 0) return { snapshot, events: rest, numbers: events.map(({ number }) => number) };
      // Another incarnation may have put a state in place of events between the two looks.
      const known = this.base;
      await this.snapshot();
      if (known === this.base) throw this.gapAt((rest[gap] as DurableRecord).number);
    }
  }

  /** Appends events, all or none. @throws (rejects) RM_DURABLE_FENCED, RM_DURABLE_VALUE */
  async append(records: readonly DurableRecord[]): Promise<void> {
    const puts = records.map((record) => ({
      kind: 'put' as const,
      key: this.eventKey(record.number),
      value: storedBytes(record, `an event of ${this.key}`),
    }));
    const first = records[0]?.number ?? 0;
    await this.write(puts, [{ key: this.eventKey(first), revision: 0 }]);
  }

  /** Keeps a state in place of the events up to its number. @throws (rejects) as `append` */
  async keep(snapshot: DurableRecord, events: readonly number[]): Promise<void> {
    const value = storedBytes(snapshot, `the state of ${this.key}`);
    const put: StoreOperation = { kind: 'put', key: this.snapshotKey(), value };
    const first = this.deletions(events.slice(0, EVENTS_AT_ONCE));
    // Whoever was overtaken is told here, and not one event later.
    const last: StoreCompare = { key: this.eventKey(snapshot.number + 1), revision: 0 };
    this.base = await this.write([put, ...first], events.length > 0 ? [last] : []);
    // More only when the log was longer than this definition lets it grow.
    for (let from = EVENTS_AT_ONCE; from < events.length; from += EVENTS_AT_ONCE) {
      await this.write(this.deletions(events.slice(from, from + EVENTS_AT_ONCE)), []);
    }
  }

  /** As a transaction: it waits for what a former incarnation has still under way here. */
  private async snapshot(): Promise<DurableRecord | null> {
    const look: StoreOperation = { kind: 'get', key: this.snapshotKey() };
    const { entries } = await this.store.transact({ success: [look] });
    const entry = entries[0] ?? null;
    this.base = entry?.revision ?? 0;
    return entry === null ? null : this.read(entry);
  }

  private async events(): Promise<DurableRecord[]> {
    const events: DurableRecord[] = [];
    const prefix = `${this.prefix}events/`;
    for (let after: string | null = null; ; ) {
      const page = await this.store.list(prefix, { after });
      for (const entry of page.entries) {
        // Of an actor whose key is this one and `/events` more.
        if (entry.key.length !== prefix.length + DIGITS) continue;
        const event = this.read(entry);
        if (this.eventKey(event.number) !== entry.key) throw this.noRecord(entry.key);
        events.push(event);
      }
      after = page.next;
      if (after === null) return events;
    }
  }

  private deletions(events: readonly number[]): StoreOperation[] {
    return events.map((number) => ({ kind: 'delete', key: this.eventKey(number) }));
  }

  /** @returns the revision of the write */
  private async write(
    success: readonly StoreOperation[],
    more: readonly StoreCompare[],
  ): Promise<number> {
    const known: StoreCompare = { key: this.snapshotKey(), revision: this.base };
    const result = await this.store.transact({ compare: [known, ...more], success });
    if (result.succeeded) return result.revision;
    throw runtimeError(
      'RM_DURABLE_FENCED',
      `another incarnation has written ${this.key} since this one read it; this one has to end.`,
      { key: this.key },
    );
  }

  private read({ key, value }: StoreEntry): DurableRecord {
    const record = storedValue(value, key) as Partial<DurableRecord> | null;
    if (
      typeof record === 'object' &&
      record !== null &&
      Number.isSafeInteger(record.number) &&
      Number.isSafeInteger(record.version)
    ) {
      return record as DurableRecord;
    }
    throw this.noRecord(key);
  }

  private noRecord(key: string): Error {
    const message = `${key} holds no event or state of its name; restore it from a backup.`;
    return runtimeError('RM_DURABLE_CORRUPT', message, { key });
  }

  private gapAt(number: number): Error {
    return runtimeError(
      'RM_DURABLE_CORRUPT',
      `${this.key} has event ${number} where an earlier one belongs; restore it from a backup.`,
      { key: this.key, number },
    );
  }

  private snapshotKey(): string {
    return `${this.prefix}snapshot`;
  }

  private eventKey(number: number): string {
    return `${this.prefix}events/${String(number).padStart(DIGITS, '0')}`;
  }
}
