/**
 * A store behind a bad network, around any store: late requests and answers, answers that are lost,
 * a store that is away, watches whose connection breaks, repeats itself or comes back too late. The
 * client's half of a remote watch is here, too: it drops what came twice and asks again after a
 * gap, so what faults do to a watch shows as delay and `resync` only. One seed, one run.
 */
import { runtimeError } from '../errors.ts';
import type { Alarm } from '../ports/alarm.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type {
  Store,
  StoreCallOptions,
  StoreLease,
  StoreListOptions,
  StoreLookup,
  StorePage,
  StoreResult,
  StoreTransaction,
  StoreWatch,
  StoreWatchOptions,
} from '../store/store.ts';
import { unknownResult } from '../store/store-writer.ts';
import type { Duration } from '../timers/duration.ts';
import { CallbackTimer, TimerWheel } from '../timers/timer-wheel.ts';
import { FaultyWatch } from './faulty-watch.ts';

/** What goes wrong, each with its chance per call or watch item, from 0 to 1. */
export type StoreFaults = {
  /** A request or an answer comes later by up to `delayMaxMs`. */
  readonly delay?: number;
  /** Default 50. */
  readonly delayMaxMs?: number;
  /** The store is not reached: RM_STORE_UNAVAILABLE, nothing happened. */
  readonly unavailable?: number;
  /** A call that writes has no answer: RM_STORE_UNKNOWN. Half of them happened. */
  readonly unknown?: number;
  /** A watch item is delivered twice. */
  readonly duplicate?: number;
  /** A watch loses its connection, and an item with it. */
  readonly gap?: number;
  /** A watch loses its connection for so long that the history is gone: `resync`. */
  readonly compacted?: number;
};

/** How to make one. */
export type FaultyStoreOptions = {
  readonly faults: StoreFaults;
  readonly random: Random;
  readonly clock: Clock;
  /** One alarm that nobody else sets. */
  readonly alarm: Alarm;
};

const DELAY_MAX_MS = 50;
const CHANCES = 1_000_000;

/** Draws what goes wrong; shared by a store and its watches. Thread rule: one thread. */
export class StoreWeather {
  faults: StoreFaults;
  /** Whether the store cannot be reached at all. */
  isCut: boolean;
  private readonly random: Random;
  private readonly clock: Clock;
  private readonly wheel: TimerWheel;

  constructor({ faults, random, clock, alarm }: FaultyStoreOptions) {
    this.faults = faults;
    this.isCut = false;
    this.random = random;
    this.clock = clock;
    this.wheel = new TimerWheel(clock, alarm);
  }

  strikes(fault: Exclude<keyof StoreFaults, 'delayMaxMs'>): boolean {
    const chance = this.faults[fault] ?? 0;
    return chance > 0 && this.random.below(CHANCES) < chance * CHANCES;
  }

  below(bound: number): number {
    return this.random.below(bound);
  }

  /** Waits, or not. */
  async pass(): Promise<void> {
    if (!this.strikes('delay')) return;
    const most = this.faults.delayMaxMs ?? DELAY_MAX_MS;
    const untilMs = this.clock.monotonicMs() + 1 + this.random.below(Math.max(1, most));
    await new Promise<void>((resolve) =>
      this.wheel.start(new CallbackTimer(() => resolve()), untilMs),
    );
  }
}

/** A store in bad weather. Thread rule: the inner store's. */
export class FaultyStore implements Store {
  private readonly inner: Store;
  private readonly weather: StoreWeather;

  constructor(inner: Store, options: FaultyStoreOptions) {
    this.inner = inner;
    this.weather = new StoreWeather(options);
  }

  /** From here on other faults. */
  set faults(faults: StoreFaults) {
    this.weather.faults = faults;
  }

  /** True: the store is away for this client, until false. Watches stand still. */
  set isCut(isCut: boolean) {
    this.weather.isCut = isCut;
  }

  get(key: string, options?: StoreCallOptions): Promise<StoreLookup> {
    return this.call(() => this.inner.get(key, options), false);
  }

  list(prefix: string, options?: StoreListOptions): Promise<StorePage> {
    return this.call(() => this.inner.list(prefix, options), false);
  }

  transact(transaction: StoreTransaction, options?: StoreCallOptions): Promise<StoreResult> {
    // What is on its way no longer changes with the caller's buffers.
    const sent = structuredClone(transaction);
    return this.call(() => this.inner.transact(sent, options), true);
  }

  watch(prefix: string, options: StoreWatchOptions = {}): StoreWatch {
    return new FaultyWatch(this.inner, prefix, options, this.weather);
  }

  grant(ttl: Duration, options?: StoreCallOptions): Promise<StoreLease> {
    return this.call(() => this.inner.grant(ttl, options), true);
  }

  keepAlive(lease: number, options?: StoreCallOptions): Promise<StoreLease> {
    return this.call(() => this.inner.keepAlive(lease, options), true);
  }

  revoke(lease: number, options?: StoreCallOptions): Promise<void> {
    return this.call(() => this.inner.revoke(lease, options), true);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  /** For `await using`: as `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async call<T>(run: () => Promise<T>, writes: boolean): Promise<T> {
    await this.weather.pass();
    if (this.weather.isCut || this.weather.strikes('unavailable')) throw unavailable();
    const lost = writes && this.weather.strikes('unknown');
    if (lost && this.weather.below(2) === 0) {
      await this.weather.pass();
      throw unknownResult(null);
    }
    const answer = await run();
    await this.weather.pass();
    if (lost) throw unknownResult(null);
    return answer;
  }
}

function unavailable(): Error {
  return runtimeError(
    'RM_STORE_UNAVAILABLE',
    'the store was not reached: nothing happened; try again, after a pause that grows.',
  );
}
