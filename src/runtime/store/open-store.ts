/**
 * A store over tables, as callers see it: checks, deadlines and states in front of a reader and, when
 * this process may write, a writer. Memory and LMDB make one each; it knows neither.
 *
 *   reading ⇄ writing      (promote, demote: another process may take over and give back)
 *      └────┬────┘
 *           ├──an error of the disk, one that hangs, damage──▶ failed ──close──▶ closed
 *           └──close────────────────────────────────────────────────────────▶ closed
 *
 * No failed → reading: what a store shows after a failed write may be wrong. Open it again.
 */
import { runtimeError } from '../errors.ts';
import type { Alarm } from '../ports/alarm.ts';
import type { Clock } from '../ports/clock.ts';
import { type Duration, durationMs } from '../timers/duration.ts';
import { CallbackTimer, TimerWheel } from '../timers/timer-wheel.ts';
import type {
  Store,
  StoreCallOptions,
  StoreLease,
  StoreListOptions,
  StoreLookup,
  StoreOperation,
  StorePage,
  StoreResult,
  StoreTransaction,
  StoreWatch,
  StoreWatchOptions,
} from './store.ts';
import {
  badOption,
  checkLease,
  checkTransaction,
  STORE_LEASE_MS_MIN,
  type StoreLimits,
} from './store-limits.ts';
import { StoreReader } from './store-reader.ts';
import { StoreRules } from './store-rules.ts';
import { COMMIT_MS_DEFAULT, codeOf, StoreWriter, unknownResult } from './store-writer.ts';
import type { StoreCommitter, WritableTables } from './tables.ts';

/** How long a call may take when it says nothing. */
const TIMEOUT_MS_DEFAULT = 5000;

/** What a store is made of. */
export type StoreParts = {
  readonly tables: WritableTables;
  readonly limits: StoreLimits;
  readonly clock: Clock;
  readonly alarm: Alarm;
  /** How long a commit may take; longer, and the store stops. Default COMMIT_MS_DEFAULT. */
  readonly commitMs?: number;
  /** The store is being closed or has failed; called once, or once for each. */
  readonly closing: () => void;
  /** Frees what lies behind the tables; called once, after the last look. */
  readonly closed: () => Promise<void>;
  /** The store failed or was deposed; called before any call hears of it. */
  readonly broke: (error: unknown) => void;
};

/** Thread rule: the thread that made it. */
export class OpenStore implements Store {
  readonly wheel: TimerWheel;
  private readonly parts: StoreParts;
  private readonly reader: StoreReader;
  private writer: StoreWriter | null;
  private committer: StoreCommitter | null;
  private failure: Error | null;
  private readOnly: Error | null;
  private closing: Promise<void> | null;

  constructor(parts: StoreParts) {
    this.parts = parts;
    this.wheel = new TimerWheel(parts.clock, parts.alarm);
    this.writer = null;
    this.committer = null;
    this.reader = new StoreReader(
      parts.tables,
      parts.limits.watchesMax,
      () => this.isCurrent(),
      (error) => this.fail(error),
    );
    this.failure = null;
    this.readOnly = null;
    this.closing = null;
    this.reader.notice();
  }

  /** Whether this store writes now. */
  get isWriter(): boolean {
    return this.writer !== null;
  }

  /** Why it answers nothing more; null while it does. */
  get ended(): Error | null {
    return this.failure;
  }

  /** From here on it writes through `committer`. @throws what the tables throw */
  promote(committer: StoreCommitter): void {
    const { tables, limits, clock, commitMs = COMMIT_MS_DEFAULT } = this.parts;
    const rules = new StoreRules(tables, limits);
    tables.refresh();
    rules.load(clock.monotonicMs());
    this.committer = committer;
    this.readOnly = null;
    this.writer = new StoreWriter({
      rules,
      committer,
      limits,
      clock,
      wheel: this.wheel,
      commitMs,
      committed: () => this.notice(),
      failed: (error) => this.broken(error),
    });
  }

  /** From here on it reads only, for the reason given. */
  demote(why: Error): void {
    this.explain(why);
    const writer = this.writer;
    this.writer = null;
    void writer?.close(why);
  }

  /** Why it reads only, while it does; null: somebody else writes. */
  explain(why: Error | null): void {
    this.readOnly = why;
  }

  /** Shows others that this writer lives. */
  touch(): void {
    this.writer?.touch();
  }

  /** There may be news in the tables. */
  notice(): void {
    if (this.failure === null) this.guarded(() => this.reader.notice());
  }

  /** It stops for good: every call from here on rejects with RM_STORE_FAILED. */
  fail(cause: unknown): Error {
    if (this.failure === null) {
      this.failure = failed(cause);
      this.parts.closing();
      this.parts.broke(this.failure);
      this.demote(this.failure);
      this.reader.end(this.failure);
    }
    return this.failure;
  }

  /** A commit failed: fenced, it reads from here on; with anything else it stops. */
  broken(error: unknown): void {
    if (codeOf(error) !== 'RM_STORE_FENCED') this.fail(error);
    else {
      this.demote(error as Error);
      this.parts.broke(error);
    }
  }

  async get(key: string, options: StoreCallOptions = {}): Promise<StoreLookup> {
    this.enter(options);
    return this.guarded(() => this.reader.get(key));
  }

  async list(prefix: string, options: StoreListOptions = {}): Promise<StorePage> {
    this.enter(options);
    return this.guarded(() => this.reader.list(prefix, options));
  }

  watch(prefix: string, options: StoreWatchOptions = {}): StoreWatch {
    if (this.failure !== null) throw this.failure;
    return this.guarded(() => this.reader.watch(prefix, options));
  }

  async transact(
    transaction: StoreTransaction,
    options: StoreCallOptions = {},
  ): Promise<StoreResult> {
    this.enter(options);
    const bytes = checkTransaction(transaction, this.parts.limits);
    const own = ownCopy(transaction);
    const writer = this.mayWrite();
    // Nothing is written and nothing waits: there is no need to commit and to flush.
    if (isLook(own) && writer.isIdle && this.isCurrent()) {
      return this.guarded(() => {
        this.parts.tables.secure();
        return writer.rules.transact(own, this.parts.clock.monotonicMs());
      });
    }
    return this.write((rules, nowMs) => rules.transact(own, nowMs), bytes, options);
  }

  async grant(ttl: Duration, options: StoreCallOptions = {}): Promise<StoreLease> {
    this.enter(options);
    const ttlMs = durationMs(ttl, 'ttl');
    if (ttlMs < STORE_LEASE_MS_MIN) {
      throw badOption(`ttl is ${ttlMs} ms; expected at least ${STORE_LEASE_MS_MIN} ms.`);
    }
    const writer = this.writer;
    const lease = await this.write((rules, nowMs) => rules.grant(ttlMs, nowMs), 0, options);
    if (this.writer === writer) writer?.awaitEnd(lease);
    return { lease, ttlMs };
  }

  async keepAlive(lease: number, options: StoreCallOptions = {}): Promise<StoreLease> {
    this.enter(options);
    checkLease(lease);
    const { rules } = this.mayWrite();
    const nowMs = this.parts.clock.monotonicMs();
    // A writer that was paused may have been followed by another, which counts the leases now.
    const ttlMs = this.committer?.isSure(nowMs)
      ? rules.keepAlive(lease, nowMs)
      : await this.write((now, atMs) => now.keepAlive(lease, atMs), 0, options);
    return { lease, ttlMs };
  }

  async revoke(lease: number, options: StoreCallOptions = {}): Promise<void> {
    this.enter(options);
    checkLease(lease);
    await this.write((rules) => rules.end(lease), 0, options);
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async end(): Promise<void> {
    const why = runtimeError('RM_STORE_CLOSED', 'the store was closed; open it again to go on.');
    this.failure ??= why;
    this.parts.closing();
    const writer = this.writer;
    this.writer = null;
    await writer?.close(why);
    this.reader.end(why);
    await this.parts.closed();
    this.wheel.rest();
  }

  private enter({ signal }: StoreCallOptions): void {
    if (this.failure !== null) throw this.failure;
    if (signal?.aborted === true) throw aborted(signal);
  }

  /** Only this store writes, for sure, and it has noticed all that it has written. */
  private isCurrent(): boolean {
    if (this.writer === null || this.committer === null || this.writer.isCommitting) return false;
    return this.committer.isSure(this.parts.clock.monotonicMs());
  }

  private mayWrite(): StoreWriter {
    if (this.writer !== null) return this.writer;
    throw this.failure ?? this.readOnly ?? readOnly();
  }

  private write<T>(
    run: (rules: StoreRules, nowMs: number) => T,
    bytes: number,
    { timeout, signal }: StoreCallOptions,
  ): Promise<T> {
    const writer = this.mayWrite();
    const ms = timeout === undefined ? TIMEOUT_MS_DEFAULT : durationMs(timeout, 'timeout');
    let over = (): void => undefined;
    const result = writer.submit(
      (nowMs) => run(writer.rules, nowMs),
      bytes,
      (giveUp) => {
        const timer = new CallbackTimer(() => giveUp(late(ms), unknownResult));
        const onAbort = (): void => giveUp(aborted(signal as AbortSignal), unknownResult);
        this.wheel.start(timer, this.parts.clock.monotonicMs() + ms);
        signal?.addEventListener('abort', onAbort);
        over = () => {
          this.wheel.cancel(timer);
          signal?.removeEventListener('abort', onAbort);
          this.wheel.rest();
        };
      },
    );
    return result.finally(over);
  }

  /** What is thrown while looking and is no refusal is damage: the store stops. */
  private guarded<T>(look: () => T): T {
    try {
      return look();
    } catch (error) {
      const code = codeOf(error);
      if (code === 'RM_STORE_OPTION' || code === 'RM_STORE_LIMIT') throw error;
      throw this.fail(error);
    }
  }
}

/** Whatever its conditions say, it only gets. */
function isLook({ success, failure = [] }: StoreTransaction): boolean {
  const gets = ({ kind }: StoreOperation): boolean => kind === 'get';
  return success.every(gets) && failure.every(gets);
}

/** Values are copied now (`slice` of a Buffer would not): the caller may go on using its own. */
function ownCopy(transaction: StoreTransaction): StoreTransaction {
  const step = (operation: StoreOperation): StoreOperation =>
    operation.kind === 'put' ? { ...operation, value: new Uint8Array(operation.value) } : operation;
  return {
    compare: (transaction.compare ?? []).map((condition) =>
      'value' in condition
        ? {
            key: condition.key,
            value: condition.value === null ? null : new Uint8Array(condition.value),
          }
        : { key: condition.key, revision: condition.revision },
    ),
    success: transaction.success.map(step),
    failure: (transaction.failure ?? []).map(step),
  };
}

function late(ms: number): Error {
  return runtimeError(
    'RM_STORE_TIMEOUT',
    `a transaction still waited after ${ms} ms: it did not happen; the disk is slow or too much is ` +
      'under way.',
    { ms },
  );
}

function aborted(signal: AbortSignal): Error {
  return runtimeError('RM_ABORTED', 'the call was aborted: it did not happen.', {}, signal.reason);
}

function readOnly(): Error {
  return runtimeError(
    'RM_STORE_READ_ONLY',
    'this store reads only: another process is the writer, or it was opened so; write there.',
  );
}

function failed(cause: unknown): Error {
  return runtimeError(
    'RM_STORE_FAILED',
    `the store stopped: ${cause instanceof Error ? cause.message : String(cause)}. Its last answers ` +
      'hold; nothing more is read or written. Make room or repair the disk, then open it again; if ' +
      'it does not open, export what is readable and import it into a new directory.',
    {},
    cause,
  );
}
