/**
 * Where the state of one durable actor lies in a store, and the transactions that change it. Each
 * incarnation claims the log first; every write compares the claim, so that one that was replaced
 * (its thread hung, its process was paused) writes nothing any more.
 *
 *   actors/KEY/owner           whoever may write: the key's revision is the claim
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
  private readonly signal: AbortSignal;
  private readonly prefix: string;
  private readonly key: string;
  private claim: number;

  /** @throws RM_DURABLE_OPTION for a key that cannot be one */
  constructor(store: Store, key: string, signal: AbortSignal) {
    if (!KEY.test(key) || key.length > KEY_MAX) {
      throw runtimeError(
        'RM_DURABLE_OPTION',
        `key is ${key.slice(0, 80)}; expected up to ${KEY_MAX} letters, digits and _ . : @ = + - ` +
          'in parts between slashes.',
      );
    }
    this.store = store;
    this.signal = signal;
    this.key = key;
    this.prefix = `actors/${key}/`;
    this.claim = 0;
  }

  /**
   * Claims the log and reads it. `hasEvents`: whether anybody has ever appended to it; looking for
   * them is half of the work. @throws (rejects) RM_DURABLE_CORRUPT; as the store
   */
  async open(hasEvents: boolean): Promise<DurableContent> {
    const { store, signal, prefix } = this;
    const owner: StoreOperation = {
      kind: 'put',
      key: `${prefix}owner`,
      value: new Uint8Array(0),
    };
    const look: StoreOperation = { kind: 'get', key: `${prefix}snapshot` };
    const { revision, entries } = await store.transact({ success: [owner, look] }, { signal });
    this.claim = revision;
    const entry = entries[0] ?? null;
    const snapshot = entry === null ? null : this.read(entry);
    const events = hasEvents ? await this.events() : [];
    return { snapshot, events: this.behind(snapshot?.number ?? 0, events) };
  }

  /** Appends events, all or none. @throws (rejects) RM_DURABLE_FENCED, RM_DURABLE_VALUE */
  async append(records: readonly DurableRecord[]): Promise<void> {
    await this.write(
      records.map((record) => ({
        kind: 'put',
        key: this.eventKey(record.number),
        value: storedBytes(record, `an event of ${this.key}`),
      })),
    );
  }

  /** Keeps a state in place of the events up to its number. @throws (rejects) as `append` */
  async keep(snapshot: DurableRecord, events: readonly number[]): Promise<void> {
    const value = storedBytes(snapshot, `the state of ${this.key}`);
    const put: StoreOperation = { kind: 'put', key: `${this.prefix}snapshot`, value };
    const first = events.slice(0, EVENTS_AT_ONCE);
    await this.write([put, ...this.deletions(first)]);
    // More only when the log was longer than this definition lets it grow.
    for (let from = EVENTS_AT_ONCE; from < events.length; from += EVENTS_AT_ONCE) {
      await this.write(this.deletions(events.slice(from, from + EVENTS_AT_ONCE)));
    }
  }

  private async events(): Promise<DurableRecord[]> {
    const events: DurableRecord[] = [];
    for (let after: string | null = null; ; ) {
      const { signal } = this;
      const page = await this.store.list(`${this.prefix}events/`, { after, signal });
      events.push(...page.entries.map((one) => this.read(one)));
      after = page.next;
      if (after === null) return events;
    }
  }

  private deletions(events: readonly number[]): StoreOperation[] {
    return events.map((number) => ({ kind: 'delete', key: this.eventKey(number) }));
  }

  private async write(success: readonly StoreOperation[]): Promise<void> {
    const mine: StoreCompare = { key: `${this.prefix}owner`, revision: this.claim };
    const { signal } = this;
    const { succeeded } = await this.store.transact({ compare: [mine], success }, { signal });
    if (succeeded) return;
    throw runtimeError(
      'RM_DURABLE_FENCED',
      `another incarnation writes ${this.key}; this one was replaced and has to end.`,
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
    throw runtimeError('RM_DURABLE_CORRUPT', `${key} holds no event or state.`, { key });
  }

  /** Events that the snapshot does not hold. A deletion that was cut short leaves older ones. */
  private behind(number: number, events: readonly DurableRecord[]): readonly DurableRecord[] {
    const rest = events.filter((event) => event.number > number);
    rest.forEach((event, i) => {
      if (event.number === number + 1 + i) return;
      throw runtimeError(
        'RM_DURABLE_CORRUPT',
        `${this.key} has event ${event.number} where ${number + 1 + i} belongs; restore it from a backup.`,
        { key: this.key },
      );
    });
    return rest;
  }

  private eventKey(number: number): string {
    return `${this.prefix}events/${String(number).padStart(DIGITS, '0')}`;
  }
}
