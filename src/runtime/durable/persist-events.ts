/**
 * State as the sum of its events: an actor persists what happened, and its next incarnation, after
 * the loss of actor, thread or process, applies the same events again. The log is bounded: each
 * `snapshotEvery` events it is replaced by the state. Called in `setup`.
 */
import { runtimeError } from '../errors.ts';
import type { Finder } from '../receptionist/receptionist.ts';
import type { Store } from '../store/store.ts';
import { DurableLog, EVENTS_AT_ONCE } from './durable-log.ts';
import { storeOf } from './store-view.ts';
import { isStoredEqual, storedBytes, storedValue } from './stored-value.ts';
import { type Upcasters, upcast } from './upcast.ts';

/** How an actor's state comes of its events. */
export type PersistEventsOptions<S, E> = {
  /** Default: that of the actor's system (`keepStore`). */
  readonly store?: Store;
  /** Names the log: one for each actor, the same for all its incarnations. */
  readonly key: string;
  /** Before the first event. */
  readonly initial: S;
  /** Pure: the same state and event give the same state, today and when they are read again. */
  readonly apply: (state: S, event: E) => S;
  /** Of the events and of the state, from 1. Default 1. */
  readonly version?: number;
  readonly upcastEvent?: Upcasters;
  readonly upcastState?: Upcasters;
  /**
   * Events after which the state is stored and they are deleted; 1 to 100. Default 100. Higher:
   * fewer writes, a longer start.
   */
  readonly snapshotEvery?: number;
};

/** The state, and the way to change it. Thread rule: the actor's thread. */
export interface PersistentEvents<S, E> {
  /** Changes by `persist` only. */
  readonly state: S;
  /**
   * Stores events, all or none, then applies them. After a rejection the actor has to end, as it
   * does when the handler lets it pass: the next incarnation reads what was really stored.
   * @throws (rejects) RM_DURABLE_FENCED, RM_DURABLE_VALUE, RM_DURABLE_REPLAY; as `Store.transact`
   */
  persist(...events: readonly E[]): Promise<S>;
}

/**
 * Reads the log and applies it.
 * @throws (rejects) RM_DURABLE_OPTION, RM_DURABLE_CORRUPT, RM_DURABLE_VERSION; as the store
 */
export async function persistEvents<S, E>(
  ctx: Finder,
  options: PersistEventsOptions<S, E>,
): Promise<PersistentEvents<S, E>> {
  const store = options.store ?? (await storeOf(ctx));
  const events = new EventSourced(store, options);
  await events.open();
  return events;
}

class EventSourced<S, E> implements PersistentEvents<S, E> {
  state: S;
  private readonly options: PersistEventsOptions<S, E>;
  private readonly version: number;
  private readonly snapshotEvery: number;
  private readonly log: DurableLog;
  /** What is stored: the state at the last snapshot, as bytes, and the events after it. */
  private base: Uint8Array;
  private tail: E[];
  private last: number;
  /** Numbers of the events that are in the store. */
  private stored: number[];
  private failure: unknown;
  private turn: Promise<unknown>;

  constructor(store: Store, options: PersistEventsOptions<S, E>) {
    const { version = 1, snapshotEvery = EVENTS_AT_ONCE } = options;
    checkInteger('version', version, 1, 2 ** 31);
    checkInteger('snapshotEvery', snapshotEvery, 1, EVENTS_AT_ONCE);
    this.options = options;
    this.version = version;
    this.snapshotEvery = snapshotEvery;
    this.log = new DurableLog(store, options.key);
    this.base = storedBytes(options.initial, `the first state of ${options.key}`);
    this.state = this.baseState();
    this.tail = [];
    this.last = 0;
    this.stored = [];
    this.failure = null;
    this.turn = Promise.resolve();
  }

  async open(): Promise<void> {
    const { key, upcastEvent, upcastState } = this.options;
    const { snapshot, events, numbers } = await this.log.open(true);
    if (snapshot !== null) {
      const state = upcast(snapshot, this.version, upcastState, `the state of ${key}`);
      this.base = storedBytes(state, `the state of ${key}`);
      this.last = snapshot.number;
    }
    const what = `an event of ${key}`;
    this.tail = events.map((event) => upcast(event, this.version, upcastEvent, what) as E);
    this.stored = [...numbers];
    this.last += events.length;
    this.state = this.replayed();
    if (this.tail.length >= this.snapshotEvery) await this.shorten();
  }

  persist(...events: readonly E[]): Promise<S> {
    if (events.length > EVENTS_AT_ONCE) return Promise.reject(tooMany(events.length));
    // One after the other, also when a handler does not wait.
    const done = this.turn.then(() => this.store(events));
    this.turn = done.catch(() => undefined);
    return done;
  }

  private async store(events: readonly E[]): Promise<S> {
    if (this.failure !== null) throw this.failure;
    try {
      if (events.length > 0) await this.append(events);
    } catch (error) {
      this.failure = error;
      throw error;
    }
    return this.state;
  }

  private async append(events: readonly E[]): Promise<void> {
    const { version, options } = this;
    const what = `an event of ${options.key}`;
    // What is stored is what is applied: who made the events may change them while they are stored.
    const kept = storedValue(storedBytes(events, what), what) as readonly E[];
    const records = kept.map((value, i) => ({ number: this.last + 1 + i, version, value }));
    await this.log.append(records);
    for (const { number, value } of records) {
      this.last = number;
      this.stored.push(number);
      this.tail.push(value);
      this.state = options.apply(this.state, value);
    }
    if (this.tail.length >= this.snapshotEvery) await this.shorten();
  }

  /** Stores the state in place of its events, if they really give it. */
  private async shorten(): Promise<void> {
    const { key } = this.options;
    if (!isStoredEqual(this.replayed(), this.state)) {
      throw runtimeError(
        'RM_DURABLE_REPLAY',
        `the events of ${key} give another state than the actor has: apply is not pure, or the ` +
          'state was changed without an event.',
        { key },
      );
    }
    const { last: number, version } = this;
    await this.log.keep({ number, version, value: this.state }, this.stored);
    this.base = storedBytes(this.state, `the state of ${key}`);
    this.tail = [];
    this.stored = [];
  }

  private baseState(): S {
    return storedValue(this.base, `the state of ${this.options.key}`) as S;
  }

  private replayed(): S {
    return this.tail.reduce((state, event) => this.options.apply(state, event), this.baseState());
  }
}

function tooMany(got: number): Error {
  const message = `${got} events at once; persist at most ${EVENTS_AT_ONCE} together.`;
  return runtimeError('RM_DURABLE_OPTION', message, { got, max: EVENTS_AT_ONCE });
}

/** @throws RM_DURABLE_OPTION */
export function checkInteger(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  const message = `${name} is ${value}; expected an integer from ${min} to ${max}.`;
  throw runtimeError('RM_DURABLE_OPTION', message, { name, value });
}
