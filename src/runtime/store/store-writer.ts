/**
 * The writing half of a store: queues what changes it, commits in groups (whatever has gathered
 * while the last commit was made durable), and answers each caller once. Ends leases when their time
 * has come. One commit at a time; after an error of one there is no next.
 *
 *   queued ──its turn──▶ committing ──durable──▶ answered
 *      └─timeout, abort─▶ refused: it will not happen
 *                             └─timeout, abort, failed commit, one that does not settle─▶
 *                                                                    RM_STORE_UNKNOWN
 */
import { runtimeError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import { CallbackTimer, type TimerWheel } from '../timers/timer-wheel.ts';
import { RateLimit } from './rate-limit.ts';
import { overLimit, type StoreLimits } from './store-limits.ts';
import type { StoreRules } from './store-rules.ts';
import type { StoreCommitter } from './tables.ts';

/** Transactions in one commit. Higher: more a second. Lower: the first of them waits for less. */
const COMMIT_TRANSACTIONS_MAX = 1024;

/**
 * Milliseconds that a commit may take. Range: 100 to 600,000. Higher: callers of a disk that hangs are
 * told later that it does. Lower: a disk that is only slow, behind a full cache, stops the store.
 */
export const COMMIT_MS_DEFAULT = 30_000;

/** What a writer is made of. */
export type WriterParts = {
  readonly rules: StoreRules;
  readonly committer: StoreCommitter;
  readonly limits: StoreLimits;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  /** How long a commit may take. */
  readonly commitMs: number;
  /** After each commit. */
  readonly committed: () => void;
  /** A commit failed: the writer is no more. `error` is RM_STORE_FENCED or any other. */
  readonly failed: (error: unknown) => void;
};

type Work = {
  readonly run: (nowMs: number) => unknown;
  readonly bytes: number;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
  phase: 'queued' | 'committing' | 'over';
  outcome: { readonly value: unknown } | { readonly error: unknown } | null;
};

/** Lets a caller give up. */
export type GiveUp = (whyNot: Error, unknown: (cause: Error) => Error) => void;

/** Thread rule: the store's thread. */
export class StoreWriter {
  readonly rules: StoreRules;
  /** From before a commit until `committed` has returned; for ever after one that failed. */
  isCommitting: boolean;
  private readonly parts: WriterParts;
  private readonly rate: RateLimit;
  private readonly leaseTimers: Map<number, CallbackTimer>;
  private queue: Work[];
  private queuedBytes: number;
  private pumping: Promise<void> | null;
  private closed: Error | null;

  constructor(parts: WriterParts) {
    this.rules = parts.rules;
    this.isCommitting = false;
    this.parts = parts;
    this.rate = new RateLimit(parts.limits.transactionsPerSecond, parts.clock.monotonicMs());
    this.leaseTimers = new Map();
    this.queue = [];
    this.queuedBytes = 0;
    this.pumping = null;
    this.closed = null;
    for (const lease of this.rules.leases()) this.awaitEnd(lease);
  }

  /**
   * Queues what `run` does inside a commit; what it throws is the caller's alone, and must be thrown
   * before it writes. `given` gets the way to give up.
   * @throws RM_STORE_LIMIT
   */
  submit<T>(run: (nowMs: number) => T, bytes: number, given: (giveUp: GiveUp) => void): Promise<T> {
    if (this.closed !== null) throw this.closed;
    const { limits, clock } = this.parts;
    const queued = this.queue.length + 1;
    if (queued > limits.queuedMax) throw busy('transactions that wait', queued, limits.queuedMax);
    const waiting = this.queuedBytes + bytes;
    if (waiting > limits.queuedBytesMax) {
      throw busy('bytes of transactions that wait', waiting, limits.queuedBytesMax);
    }
    if (!this.rate.take(clock.monotonicMs())) {
      const max = limits.transactionsPerSecond;
      throw busy('transactions in a second', max + 1, max);
    }
    return new Promise<T>((resolve, reject) => {
      const work: Work = { run, bytes, resolve, reject, phase: 'queued', outcome: null };
      given((whyNot, unknown) => this.giveUp(work, whyNot, unknown));
      this.push(work);
    });
  }

  /** A lease was granted: ends it in its time. */
  awaitEnd(lease: number): void {
    const timer = new CallbackTimer((nowMs) => {
      const endsMs = this.rules.endsMs(lease);
      if (endsMs !== null && endsMs > nowMs) this.parts.wheel.start(timer, endsMs);
      else this.endLease(lease);
    });
    this.leaseTimers.set(lease, timer);
    this.parts.wheel.start(timer, this.rules.endsMs(lease) ?? 0);
  }

  /** Whether nothing waits and nothing is being committed. */
  get isIdle(): boolean {
    return this.pumping === null;
  }

  /** A commit without a transaction, unless one is under way: shows others that this one lives. */
  touch(): void {
    if (this.closed === null && this.pumping === null) this.push(housekeeping(() => undefined));
  }

  /** Takes no more, refuses what waits, and resolves when nothing is being committed. */
  async close(why: Error): Promise<void> {
    this.stop(why);
    await this.pumping;
  }

  private stop(why: Error): void {
    if (this.closed !== null) return;
    this.closed = why;
    for (const timer of this.leaseTimers.values()) this.parts.wheel.cancel(timer);
    this.leaseTimers.clear();
    for (const work of this.queue) this.refuse(work, why);
    this.queue = [];
    this.queuedBytes = 0;
  }

  private push(work: Work): void {
    this.queue.push(work);
    this.queuedBytes += work.bytes;
    this.pumping ??= this.pump();
  }

  private endLease(lease: number): void {
    this.leaseTimers.delete(lease);
    if (this.closed !== null || this.rules.endsMs(lease) === null) return;
    this.push(housekeeping(() => this.rules.end(lease)));
  }

  private giveUp(work: Work, whyNot: Error, unknown: (cause: Error) => Error): void {
    if (work.phase === 'queued') this.refuse(work, whyNot);
    else if (work.phase === 'committing') {
      work.phase = 'over';
      work.reject(unknown(whyNot));
    }
  }

  /** It stays in the queue, where its turn passes without effect. */
  private refuse(work: Work, why: Error): void {
    if (work.phase !== 'queued') return;
    work.phase = 'over';
    work.reject(why);
  }

  private async pump(): Promise<void> {
    // What is asked for in this turn of the event loop goes into the first commit.
    await null;
    while (this.queue.length > 0 && this.closed === null) {
      const batch = this.takeBatch();
      if (batch.length === 0) continue;
      this.isCommitting = true;
      try {
        await this.commit(batch);
      } catch (error) {
        this.breakDown(batch, error);
        break;
      }
      for (const work of batch) settle(work);
      this.parts.committed();
      this.isCommitting = false;
    }
    this.pumping = null;
  }

  /** Rejects when it has not settled in its time; what it would have written then is not written. */
  private commit(batch: readonly Work[]): Promise<void> {
    const { committer, clock, wheel, commitMs } = this.parts;
    return new Promise((resolve, reject) => {
      let isGivenUp = false;
      let dueMs = clock.monotonicMs() + commitMs;
      const timer = new CallbackTimer((nowMs) => {
        // A process that was stopped itself has not seen the answer yet, which may be there.
        if (nowMs - dueMs > commitMs / 4) {
          dueMs = nowMs + commitMs;
          wheel.start(timer, dueMs);
          return;
        }
        isGivenUp = true;
        reject(neverSettled(commitMs));
      });
      wheel.start(timer, dueMs);
      const write = (): void => {
        if (!isGivenUp) this.runAll(batch);
      };
      committer
        .commit(write)
        .finally(() => wheel.cancel(timer))
        .then(resolve, reject);
    });
  }

  private takeBatch(): Work[] {
    const taken = this.queue.splice(0, COMMIT_TRANSACTIONS_MAX);
    for (const work of taken) this.queuedBytes -= work.bytes;
    const batch = taken.filter((work) => work.phase === 'queued');
    for (const work of batch) work.phase = 'committing';
    return batch;
  }

  private runAll(batch: readonly Work[]): void {
    const nowMs = this.parts.clock.monotonicMs();
    for (const work of batch) {
      try {
        work.outcome = { value: work.run(nowMs) };
      } catch (error) {
        if (!isRefusal(error)) throw error;
        work.outcome = { error };
      }
    }
    this.rules.flush();
  }

  private breakDown(batch: readonly Work[], error: unknown): void {
    const fenced = codeOf(error) === 'RM_STORE_FENCED';
    for (const work of batch) {
      if (work.phase === 'over') continue;
      work.phase = 'over';
      work.reject(fenced ? error : unknownResult(error));
    }
    this.parts.failed(error);
  }
}

/** Whether it happened cannot be said. */
export function unknownResult(cause: unknown): Error {
  return runtimeError(
    'RM_STORE_UNKNOWN',
    'a transaction was being committed and there is no answer: it may have happened or not; look ' +
      'before you repeat it, or repeat it with a comparison that its success would break.',
    {},
    cause,
  );
}

function neverSettled(ms: number): Error {
  return runtimeError(
    'RM_STORE_UNKNOWN',
    `a commit has not settled after ${ms} ms: the disk hangs, or a process that stands still holds the ` +
      "file's lock",
    { ms },
  );
}

/** What nobody waits for. */
function housekeeping(run: Work['run']): Work {
  const nothing = (): void => undefined;
  return { run, bytes: 0, resolve: nothing, reject: nothing, phase: 'queued', outcome: null };
}

/** The `RM_` code of an error; null when it has none. */
export function codeOf(error: unknown): string | null {
  const code = error instanceof Error ? (error as Error & { code?: unknown }).code : null;
  return typeof code === 'string' ? code : null;
}

function isRefusal(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'RM_STORE_LIMIT' || code === 'RM_STORE_LEASE';
}

function settle(work: Work): void {
  if (work.phase !== 'committing') return;
  work.phase = 'over';
  const outcome = work.outcome;
  if (outcome === null) work.reject(unknownResult(null));
  else if ('error' in outcome) work.reject(outcome.error);
  else work.resolve(outcome.value as never);
}

function busy(limit: string, got: number, max: number): Error {
  return overLimit(limit, got, max, 'wait for answers before sending more');
}
