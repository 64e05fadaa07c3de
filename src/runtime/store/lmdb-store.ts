/**
 * The store on disk: LMDB in a directory, opened on the main thread. Of the processes that open one
 * directory one writes; the others read, watch by looking again, and take over when the writer is
 * gone or stands still for its lease. Every commit compares the writer's epoch inside LMDB's own
 * transaction (RM_STORE_FENCED). Opening checks the whole file before it writes a byte.
 */
import { runtimeError } from '../errors.ts';
import type { Alarm } from '../ports/alarm.ts';
import type { Clock } from '../ports/clock.ts';
import { SystemAlarm } from '../ports/system-alarm.ts';
import { systemClock } from '../ports/system-clock.ts';
import { type Duration, durationMs } from '../timers/duration.ts';
import { CallbackTimer } from '../timers/timer-wheel.ts';
import { OpenStore } from './open-store.ts';
import type { Store } from './store.ts';
import { claimDirectory, type StoreDirectory } from './store-directory.ts';
import { badOption, type StoreLimits, storeLimits } from './store-limits.ts';
import { WriterSeat } from './writer-seat.ts';

/** How to open a store on disk. */
export type LmdbStoreOptions = {
  /**
   * `writer`: writes as soon as no other process does, and reads until then. `reader`: reads only.
   * Default `writer`.
   */
  readonly role?: 'writer' | 'reader';
  readonly limits?: Partial<StoreLimits>;
  /**
   * How long the writer may stand still before another process takes over: its heartbeat comes
   * three times in it. Range: 100 ms to 10 min. Default 5 s. Shorter: a faster take-over from a
   * process that hangs (one that has ended is seen at once, on Linux); a busy machine may depose a
   * healthy writer.
   */
  readonly writerLease?: Duration;
  /**
   * How often a process that does not write looks for news. Range: 1 ms and up. Default 100 ms.
   * Shorter: its watches are fresher; each look costs some microseconds.
   */
  readonly poll?: Duration;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** One alarm that nobody else sets. Default: Node's. */
  readonly alarm?: Alarm;
};

/** A store on disk. Thread rule: the main thread. */
export interface LmdbStore extends Store {
  /** Whether this process writes now. */
  readonly isWriter: boolean;
  /** Of this process as the writer, growing from writer to writer; 0: it never was. */
  readonly epoch: number;
  /**
   * Resolves when this process writes; at once if it does.
   * @throws (rejects) RM_ABORTED; why the store ended; RM_STORE_OPTION for a reader
   */
  whenWriter(options?: { readonly signal?: AbortSignal }): Promise<void>;
}

const WRITER_LEASE_MS = { default: 5000, min: 100, max: 600_000 } as const;
const POLL_MS_DEFAULT = 100;

/**
 * Opens the store in `directory`, which is made when it is absent. It resolves as soon as the store
 * answers: as the writer, or, while another process writes, as a reader. Close it: an open store has
 * a heartbeat, which keeps its process alive.
 * @throws (rejects) RM_STORE_OPEN (thread, directory, permission, disk), RM_STORE_FORMAT (no store,
 *   a newer one, or damage; nothing was changed), RM_STORE_OPTION
 */
export async function openLmdbStore(
  directory: string,
  options: LmdbStoreOptions = {},
): Promise<LmdbStore> {
  const settings = settingsOf(options);
  const place = claimDirectory(directory, settings.role === 'writer');
  try {
    const seat = new WriterSeat(place, settings.clock, settings.leaseMs);
    const store = new DirectoryStore(place, seat, settings);
    await store.begin();
    return store;
  } catch (error) {
    await place.release();
    throw error;
  }
}

class DirectoryStore extends OpenStore implements LmdbStore {
  private readonly seat: WriterSeat;
  private readonly settings: Settings;
  private readonly waiting: Set<() => void>;
  private readonly timer: CallbackTimer;
  private isTaking: boolean;

  constructor(place: StoreDirectory, seat: WriterSeat, settings: Settings) {
    super({
      tables: seat.tables,
      limits: settings.limits,
      clock: settings.clock,
      alarm: settings.alarm,
      closing: () => this.wheel.cancel(this.timer),
      closed: async () => {
        await seat.release();
        await place.release();
      },
      broke: () => this.wake(),
    });
    this.seat = seat;
    this.settings = settings;
    this.waiting = new Set();
    this.timer = new CallbackTimer(() => void this.tick());
    this.isTaking = false;
  }

  get epoch(): number {
    return this.seat.epoch;
  }

  /** The first try to become the writer. @throws as openLmdbStore */
  async begin(): Promise<void> {
    if (this.settings.role === 'writer') await this.take();
    if (this.ended !== null) throw this.ended.cause ?? this.ended;
    this.again();
  }

  async whenWriter({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (this.settings.role === 'reader') {
      throw badOption('a store that was opened as a reader never writes; open it as a writer.');
    }
    while (!this.isWriter) {
      if (this.ended !== null) throw this.ended;
      if (signal?.aborted === true) {
        throw runtimeError('RM_ABORTED', 'the wait for the writer was aborted.', {}, signal.reason);
      }
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.waiting.delete(wake);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        this.waiting.add(wake);
        signal?.addEventListener('abort', wake);
      });
    }
  }

  private wake(): void {
    for (const wake of [...this.waiting]) wake();
  }

  private again(): void {
    if (this.ended !== null) return;
    const ms = this.isWriter ? this.settings.leaseMs / 3 : this.settings.pollMs;
    this.wheel.start(this.timer, this.settings.clock.monotonicMs() + ms);
  }

  private async tick(): Promise<void> {
    if (this.isWriter) await this.beat();
    else {
      this.notice();
      if (this.settings.role === 'writer') await this.take();
    }
    this.again();
  }

  private async beat(): Promise<void> {
    try {
      await this.seat.beat();
    } catch (error) {
      this.broken(error);
    }
  }

  /** Becomes the writer if nobody is; what goes wrong thereby ends the store. */
  private async take(): Promise<void> {
    if (this.isTaking || this.ended !== null) return;
    this.isTaking = true;
    try {
      if (await this.seat.take()) {
        if (this.ended === null) this.promote(this.seat);
        this.wake();
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.isTaking = false;
    }
    this.notice();
  }
}

type Settings = {
  readonly role: 'writer' | 'reader';
  readonly limits: StoreLimits;
  readonly leaseMs: number;
  readonly pollMs: number;
  readonly clock: Clock;
  readonly alarm: Alarm;
};

function settingsOf(options: LmdbStoreOptions): Settings {
  const leaseMs = durationMs(options.writerLease ?? WRITER_LEASE_MS.default, 'writerLease');
  if (leaseMs < WRITER_LEASE_MS.min || leaseMs > WRITER_LEASE_MS.max) {
    const { min, max } = WRITER_LEASE_MS;
    throw badOption(`writerLease is ${leaseMs} ms; expected ${min} to ${max} ms.`);
  }
  const role = options.role ?? 'writer';
  if (role !== 'writer' && role !== 'reader') {
    throw badOption(`role is ${JSON.stringify(role)}; expected 'writer' or 'reader'.`);
  }
  const clock = options.clock ?? systemClock;
  return {
    role,
    limits: storeLimits(options.limits),
    leaseMs,
    pollMs: Math.max(1, durationMs(options.poll ?? POLL_MS_DEFAULT, 'poll')),
    clock,
    alarm: options.alarm ?? new SystemAlarm({ clock }),
  };
}
