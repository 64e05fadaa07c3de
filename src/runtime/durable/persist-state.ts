/**
 * State that is stored whole: for an actor whose state is small, or changes rarely. Its next
 * incarnation, after the loss of actor, thread or process, begins with what was stored last. Called
 * in `setup`.
 */
import type { Finder } from '../receptionist/receptionist.ts';
import type { Store } from '../store/store.ts';
import { DurableLog } from './durable-log.ts';
import { checkInteger } from './persist-events.ts';
import { storeOf } from './store-view.ts';
import { storedBytes, storedValue } from './stored-value.ts';
import { type Upcasters, upcast } from './upcast.ts';

/** What to store where. */
export type PersistStateOptions<S> = {
  /** Default: that of the actor's system (`keepStore`). */
  readonly store?: Store;
  /** Names the state: one for each actor, the same for all its incarnations. */
  readonly key: string;
  /** Before anything was stored. */
  readonly initial: S;
  /** Of the state, from 1. Default 1. */
  readonly version?: number;
  readonly upcastState?: Upcasters;
};

/** The state, and the way to change it. Thread rule: the actor's thread. */
export interface PersistentState<S> {
  /** What was stored last, or the initial state. */
  readonly state: S;
  /**
   * Stores the next state; it is `state` when this resolves. After a rejection the actor has to
   * end, as it does when the handler lets it pass.
   * @throws (rejects) RM_DURABLE_FENCED, RM_DURABLE_VALUE; as `Store.transact`
   */
  save(next: S): Promise<void>;
}

/**
 * Reads the state.
 * @throws (rejects) RM_DURABLE_OPTION, RM_DURABLE_CORRUPT, RM_DURABLE_VERSION; as the store
 */
export async function persistState<S>(
  ctx: Finder,
  options: PersistStateOptions<S>,
): Promise<PersistentState<S>> {
  const { key, initial, version = 1, upcastState } = options;
  checkInteger('version', version, 1, 2 ** 31);
  const what = `the state of ${key}`;
  const log = new DurableLog(options.store ?? (await storeOf(ctx)), key);
  const { snapshot } = await log.open(false);
  const found = snapshot === null ? initial : upcast(snapshot, version, upcastState, what);
  return new SavedState(log, found as S, version, snapshot?.number ?? 0, what);
}

class SavedState<S> implements PersistentState<S> {
  state: S;
  private readonly log: DurableLog;
  private readonly version: number;
  private readonly what: string;
  private number: number;
  private failure: unknown;
  private turn: Promise<unknown>;

  constructor(log: DurableLog, state: S, version: number, number: number, what: string) {
    this.log = log;
    this.state = state;
    this.version = version;
    this.number = number;
    this.what = what;
    this.failure = null;
    this.turn = Promise.resolve();
  }

  save(next: S): Promise<void> {
    // As it is now: it may be changed while others are being stored.
    const bytes = storedBytes(next, this.what);
    const done = this.turn.then(() => this.store(storedValue(bytes, this.what) as S));
    this.turn = done.catch(() => undefined);
    return done;
  }

  private async store(value: S): Promise<void> {
    if (this.failure !== null) throw this.failure;
    const { version } = this;
    try {
      await this.log.keep({ number: ++this.number, version, value }, []);
    } catch (error) {
      this.failure = error;
      throw error;
    }
    this.state = value;
  }
}
