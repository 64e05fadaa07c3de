/**
 * The tenure of one leader: a key of a store that is held with a lease. Its token, the key's
 * revision, is greater than that of every leader before it; whoever acts shows it, and agent and
 * store refuse a lower one. The leader counts its lease from before it asked for it, the store from
 * when it heard: so the leader stops first, also when its process was paused and hears of nothing.
 *
 *   leading ──renewed──▶ leading
 *      ├──its time is over, the store says so, the key is another's──▶ deposed
 *      └──resign──▶ deposed
 *
 * No deposed → leading: whoever wants to lead again campaigns, and gets a greater token.
 */
import { type RuntimeError, runtimeError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type {
  Store,
  StoreCallOptions,
  StoreCompare,
  StoreEntry,
  StoreResult,
  StoreTransaction,
} from '../store/store.ts';
import { CallbackTimer, type TimerWheel } from '../timers/timer-wheel.ts';

/** Renewals within the time of a lease. Higher: more writes. Lower: one lost renewal deposes. */
const RENEWALS = 3;
/** Parts of the lease's time after which a renewal that failed is tried again. */
const RETRIES = 10;

/** What a tenure begins with. */
export type TenureParts = {
  readonly store: Store;
  readonly key: string;
  readonly holder: string;
  readonly lease: number;
  readonly ttlMs: number;
  /** The key's revision. */
  readonly token: number;
  /** When the lease was asked for. */
  readonly askedAtMs: number;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
};

/** A tenure, for people; milliseconds. */
export type Tenure = {
  /** Of its lease. */
  readonly ttlMs: number;
  readonly ledForMs: number;
  /** Since its lease was renewed last, or taken. */
  readonly renewedAgoMs: number;
  /** Until it leads no more, unless it is renewed before. */
  readonly leftMs: number;
};

/** Thread rule: the thread that campaigned. */
export class Leadership {
  /** Greater than that of every leader of this key before. Shown with every act. */
  readonly token: number;
  readonly key: string;
  readonly holder: string;
  /** Settles, once, when this tenure is over; the value says why. */
  readonly deposed: Promise<RuntimeError>;
  private readonly parts: TenureParts;
  private readonly timer: CallbackTimer;
  private untilMs: number;
  private end: RuntimeError | null;
  private tellEnd: (why: RuntimeError) => void;

  constructor(parts: TenureParts) {
    this.parts = parts;
    this.token = parts.token;
    this.key = parts.key;
    this.holder = parts.holder;
    this.untilMs = parts.askedAtMs + parts.ttlMs;
    this.end = null;
    this.tellEnd = () => undefined;
    this.deposed = new Promise((resolve) => {
      this.tellEnd = resolve;
    });
    this.timer = new CallbackTimer(() => void this.renew());
    this.rest(parts.ttlMs / RENEWALS);
  }

  /** Whether it leads at this moment, by this process's monotonic clock. */
  get isLeading(): boolean {
    if (this.end === null && this.parts.clock.monotonicMs() >= this.untilMs) {
      this.depose(`its lease of ${this.parts.ttlMs} ms was not renewed in time`);
    }
    return this.end === null;
  }

  /** How it stands, by this process's clock; all in milliseconds. */
  get tenure(): Tenure {
    const { clock, ttlMs, askedAtMs } = this.parts;
    const nowMs = clock.monotonicMs();
    return {
      ttlMs,
      ledForMs: nowMs - askedAtMs,
      renewedAgoMs: nowMs - (this.untilMs - ttlMs),
      leftMs: Math.max(0, this.untilMs - nowMs),
    };
  }

  /**
   * To be called right before each act that others see. @returns the token, to show with it
   * @throws RM_LEADER_DEPOSED when this is no leader any more
   */
  check(): number {
    if (!this.isLeading && this.end !== null) throw this.end;
    return this.token;
  }

  /**
   * A transaction that happens only if this leader still leads at that moment. Otherwise as
   * `Store.transact`.
   * @throws (rejects) RM_LEADER_DEPOSED: nothing happened
   */
  async transact(transaction: StoreTransaction, options?: StoreCallOptions): Promise<StoreResult> {
    this.check();
    const { compare = [], success, failure = [] } = transaction;
    const mine: StoreCompare = { key: this.key, revision: this.token };
    const guarded: StoreTransaction = {
      compare: [mine, ...compare],
      success,
      // Whose the key is tells a deposed leader from a condition of the caller's that failed.
      failure: [{ kind: 'get', key: this.key }, ...failure],
    };
    const { succeeded, revision, entries } = await this.parts.store.transact(guarded, options);
    if (succeeded) return { succeeded, revision, entries };
    const [leader, ...rest] = entries as readonly [StoreEntry | null, ...(StoreEntry | null)[]];
    if (leader?.revision === this.token) return { succeeded, revision, entries: rest };
    this.depose(leader === null ? 'its lease has ended' : `revision ${leader.revision} leads`);
    throw this.end;
  }

  /** Gives the leadership back, so that nobody has to wait for the lease to end. */
  async resign(): Promise<void> {
    if (this.end !== null) return;
    this.depose('it resigned');
    await this.parts.store.revoke(this.parts.lease);
  }

  private rest(ms: number): void {
    const { clock, wheel } = this.parts;
    wheel.start(this.timer, Math.min(clock.monotonicMs() + ms, this.untilMs));
  }

  private async renew(): Promise<void> {
    if (!this.isLeading) return;
    const { store, lease, ttlMs, clock } = this.parts;
    const askedAtMs = clock.monotonicMs();
    // What comes after the lease is of no use, and the next attempt must not wait for it.
    const timeout = Math.max(1, Math.min(ttlMs / RENEWALS, this.untilMs - askedAtMs));
    try {
      await store.keepAlive(lease, { timeout });
      this.untilMs = askedAtMs + ttlMs;
      if (this.isLeading) this.rest(ttlMs / RENEWALS);
    } catch (error) {
      const { code } = error as { readonly code?: string };
      if (code === 'RM_STORE_LEASE') this.depose('its lease has ended', error);
      else if (code === 'RM_STORE_CLOSED') this.depose('its store was closed', error);
      else if (this.isLeading) this.rest(ttlMs / RETRIES);
    }
  }

  private depose(why: string, cause?: unknown): void {
    if (this.end !== null) return;
    this.parts.wheel.cancel(this.timer);
    const message = `${this.holder} leads ${this.key} no more: ${why}; campaign again.`;
    this.end = runtimeError('RM_LEADER_DEPOSED', message, { token: this.token }, cause);
    this.tellEnd(this.end);
  }
}
