/**
 * Campaigning for a key of a store: waits until nobody has it, takes it with a lease, begins a
 * tenure. Any number of candidates, in any number of processes that share the store; a candidate
 * whose store is read-only for now (another process writes) waits as well.
 */
import { type RuntimeError, runtimeError } from '../errors.ts';
import type { Alarm } from '../ports/alarm.ts';
import type { Clock } from '../ports/clock.ts';
import { SystemAlarm } from '../ports/system-alarm.ts';
import { systemClock } from '../ports/system-clock.ts';
import type { Store } from '../store/store.ts';
import { type Duration, durationMs } from '../timers/duration.ts';
import { CallbackTimer, TimerWheel } from '../timers/timer-wheel.ts';
import { Leadership } from './leadership.ts';

/** How to campaign. */
export type CampaignOptions = {
  /** The key to hold; nobody else writes it. */
  readonly key: string;
  /** Who campaigns, for people: the key's value. */
  readonly holder: string;
  /**
   * A leader that gives no sign for so long is deposed. Default 10 s. Lower: a new one comes
   * sooner, and a pause of the process deposes earlier.
   */
  readonly ttl?: Duration;
  /** Gives up: RM_ABORTED. */
  readonly signal?: AbortSignal;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** One alarm that nobody else sets. Default: Node's, which does not keep the process alive. */
  readonly alarm?: Alarm;
};

const TTL_MS_DEFAULT = 10_000;
/** Parts of the lease's time between two attempts to reach a store that is away. */
const RETRIES = 10;
/** What campaigning again cannot cure. */
const FOR_GOOD = ['RM_STORE_CLOSED', 'RM_STORE_FAILED', 'RM_STORE_OPTION', 'RM_TIMER_OPTION'];

/**
 * Resolves when this candidate leads.
 * @throws (rejects) RM_ABORTED by its signal; RM_STORE_CLOSED, RM_STORE_FAILED, RM_STORE_OPTION of
 *   the store. A store that is away, or read-only for now, is waited for.
 */
export function campaign(store: Store, options: CampaignOptions): Promise<Leadership> {
  return new Campaign(store, options).run();
}

class Campaign {
  private readonly store: Store;
  private readonly options: CampaignOptions;
  private readonly clock: Clock;
  private readonly wheel: TimerWheel;
  private readonly ttlMs: number;

  constructor(store: Store, options: CampaignOptions) {
    const { clock = systemClock, ttl = TTL_MS_DEFAULT } = options;
    this.store = store;
    this.options = options;
    this.clock = clock;
    this.wheel = new TimerWheel(
      clock,
      options.alarm ?? new SystemAlarm({ clock, keepsAlive: false }),
    );
    this.ttlMs = durationMs(ttl, 'ttl');
  }

  async run(): Promise<Leadership> {
    const { key } = this.options;
    for (;;) {
      this.expectWanted();
      try {
        const { entry, revision } = await this.store.get(key);
        const tenure = entry === null ? await this.stand() : null;
        if (tenure !== null) return tenure;
        if (entry !== null) await this.vacancy(revision);
      } catch (error) {
        if (FOR_GOOD.includes((error as RuntimeError).code)) throw error;
        this.expectWanted();
        await this.rest();
      }
    }
  }

  /** Takes the key if nobody has it. @returns null when somebody was faster */
  private async stand(): Promise<Leadership | null> {
    const askedAtMs = this.clock.monotonicMs();
    const { lease } = await this.store.grant(this.ttlMs);
    let token: number | null = null;
    try {
      token = await this.take(lease);
    } finally {
      // Also when it is not known whether the key was taken: then it is not kept.
      if (token === null) await this.store.revoke(lease).catch(() => undefined);
    }
    if (token === null) return null;
    const { store, clock, wheel, ttlMs } = this;
    const { key, holder } = this.options;
    return new Leadership({ store, key, holder, lease, ttlMs, token, askedAtMs, clock, wheel });
  }

  private async take(lease: number): Promise<number | null> {
    const { key, holder } = this.options;
    const value = new TextEncoder().encode(holder);
    const { succeeded, revision } = await this.store.transact({
      compare: [{ key, revision: 0 }],
      success: [{ kind: 'put', key, value, lease }],
    });
    return succeeded ? revision : null;
  }

  /** Until the key is gone, or was looked away from for too long to know. */
  private async vacancy(revision: number): Promise<void> {
    const { key, signal } = this.options;
    const watch = this.store.watch(key, {
      after: revision,
      ...(signal === undefined ? {} : { signal }),
    });
    for await (const item of watch) {
      if (item.kind === 'resync') return;
      for (const change of item.changes) {
        if (change.kind === 'delete' && change.key === key) return;
      }
    }
  }

  private expectWanted(): void {
    const { signal, key } = this.options;
    if (signal?.aborted !== true) return;
    const message = `the campaign for ${key} was called off by its signal.`;
    throw runtimeError('RM_ABORTED', message, {}, signal.reason);
  }

  private rest(): Promise<void> {
    const untilMs = this.clock.monotonicMs() + this.ttlMs / RETRIES;
    return new Promise((resolve) => {
      this.wheel.start(new CallbackTimer(() => resolve()), untilMs);
    });
  }
}
