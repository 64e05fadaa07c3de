/**
 * The store on disk: LMDB in a directory, opened on the main thread. Of the processes that open one
 * directory one writes; the others read, watch by looking again, and take over when the writer is
 * gone or stands still for its lease. Every commit compares the writer's epoch inside LMDB's own
 * transaction (RM_STORE_FENCED). Opening checks the whole file before it writes a byte.
 */
import { type RuntimeError, runtimeError } from '../errors.ts';
import type { Alarm } from '../ports/alarm.ts';
import type { Clock } from '../ports/clock.ts';
import { SystemAlarm } from '../ports/system-alarm.ts';
import { systemClock } from '../ports/system-clock.ts';
import { type Duration, durationMs } from '../timers/duration.ts';
import { CallbackTimer } from '../timers/timer-wheel.ts';
import { LockWait } from './lock-wait.ts';
import { OpenStore } from './open-store.ts';
import type { Store } from './store.ts';
import { claimDirectory, type StoreDirectory } from './store-directory.ts';
import { badOption, type StoreLimits, storeLimits } from './store-limits.ts';
import { COMMIT_MS_DEFAULT } from './store-writer.ts';
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
  /**
   * How long a commit may take before the store stops: what was in it is RM_STORE_UNKNOWN. Range:
   * 100 ms to 10 min. Default 30 s. Shorter: a disk that is only slow stops the store.
   */
  readonly commitTimeout?: Duration;
  /**
   * Nobody can write: the writer stands still inside a commit and holds the file's lock, until it goes
   * on or ends. `data.pid` says who, for whoever may end it; until then writes are refused with
   * this error, and reads are answered. Called once each time.
   */
  readonly onStuck?: (why: RuntimeError) => void;
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
const COMMIT_MS = { default: COMMIT_MS_DEFAULT, min: 100, max: 600_000 } as const;

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
    const store = new DirectoryStore(directory, place, seat, settings);
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
  private readonly lock: LockWait;
  private taking: Promise<void> | null;

  constructor(directory: string, place: StoreDirectory, seat: WriterSeat, settings: Settings) {
    super({
      tables: seat.tables,
      limits: settings.limits,
      clock: settings.clock,
      alarm: settings.alarm,
      commitMs: settings.commitMs,
      closing: () => {
        this.wheel.cancel(this.timer);
        this.lock.end();
      },
      closed: () => this.leave(place),
      broke: () => {
        if (this.ended !== null) seat.abandon();
        this.wake();
      },
    });
    this.seat = seat;
    this.settings = settings;
    this.waiting = new Set();
    this.timer = new CallbackTimer(() => this.tick());
    const { clock } = settings;
    const { wheel } = this;
    this.lock = new LockWait({ directory, clock, wheel, held: () => this.stuck() });
    this.taking = null;
  }

  get epoch(): number {
    return this.seat.epoch;
  }

  /** The first try to become the writer. @throws as openLmdbStore */
  async begin(): Promise<void> {
    if (this.settings.role === 'writer') await this.within(this.take());
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

  private tick(): void {
    if (this.isWriter) {
      if (this.seat.isBeatDue()) this.touch();
    } else {
      this.notice();
      // Not awaited: it may have to wait for the lock, and reads go on.
      if (this.settings.role === 'writer') void this.take();
    }
    this.again();
  }

  /** Becomes the writer if nobody is; what goes wrong thereby ends the store. */
  private take(): Promise<void> {
    if (this.ended !== null) return Promise.resolve();
    this.taking ??= this.tryToTake().finally(() => {
      this.taking = null;
    });
    return this.taking;
  }

  private async tryToTake(): Promise<void> {
    try {
      const isMine = await this.seat.take(async () => {
        const isFree = await this.lock.free();
        if (this.ended !== null) return false;
        this.explain(null);
        return isFree;
      });
      if (isMine && this.ended === null) this.promote(this.seat);
      if (isMine) this.wake();
    } catch (error) {
      this.fail(error);
    }
    this.notice();
  }

  private stuck(): void {
    if (this.ended !== null) return;
    const why = lockedOut(this.seat.writerPid());
    this.explain(why);
    this.settings.onStuck?.(why);
  }

  /** Gives the seat back and closes the file; what hangs keeps it open, and nobody waits for it. */
  private async leave(place: StoreDirectory): Promise<void> {
    if (this.taking !== null) await this.within(this.taking);
    if (!place.environment.isCommitting) await this.within(this.seat.release());
    this.seat.abandon();
    const closing = place.release();
    if (!place.environment.isCommitting) await closing;
    else closing.catch(() => undefined);
  }

  /** Resolves when `work` has settled, or a commit's time is over. */
  private within(work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = new CallbackTimer(() => resolve());
      this.wheel.start(timer, this.settings.clock.monotonicMs() + this.settings.commitMs);
      work.finally(() => this.wheel.cancel(timer)).then(resolve, reject);
    });
  }
}

type Settings = {
  readonly role: 'writer' | 'reader';
  readonly limits: StoreLimits;
  readonly leaseMs: number;
  readonly pollMs: number;
  readonly commitMs: number;
  readonly onStuck: ((why: RuntimeError) => void) | null;
  readonly clock: Clock;
  readonly alarm: Alarm;
};

function settingsOf(options: LmdbStoreOptions): Settings {
  const leaseMs = ranged('writerLease', options.writerLease, WRITER_LEASE_MS);
  const commitMs = ranged('commitTimeout', options.commitTimeout, COMMIT_MS);
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
    commitMs,
    onStuck: options.onStuck ?? null,
    clock,
    alarm: options.alarm ?? new SystemAlarm({ clock }),
  };
}

/** @throws RM_STORE_OPTION */
function ranged(
  name: string,
  given: Duration | undefined,
  {
    default: usual,
    min,
    max,
  }: { readonly default: number; readonly min: number; readonly max: number },
): number {
  const ms = durationMs(given ?? usual, name);
  if (ms >= min && ms <= max) return ms;
  throw badOption(`${name} is ${ms} ms; expected ${min} to ${max} ms.`);
}

function lockedOut(pid: number | null): RuntimeError {
  const who = pid === null ? 'a process that stands still' : `process ${pid} stands still and`;
  return runtimeError(
    'RM_STORE_UNAVAILABLE',
    `${who} holds the lock of the file, inside a commit: nobody can write until it goes on or ends. ` +
      'Nothing was written. Let it go on, or kill it; whoever waits to be the writer follows at once.',
    pid === null ? {} : { pid },
  );
}
