/**
 * The questions that one thread has asked: starts them with their deadline and finds the record
 * that an answer from another thread belongs to. A local question needs no place in the table: its
 * record travels itself.
 */

import type { BaseRef } from '../actor/actor-ref.ts';
import { AskRecord } from '../actor/ask-record.ts';
import type { Outcome } from '../actor/outcome.ts';
import type { AskOptions } from '../actor/ref.ts';
import { runtimeError } from '../errors.ts';
import { durationMs } from '../timers/duration.ts';
import { withAskersStack } from './askers-stack.ts';
import type { Host } from './host.ts';
import { SignalGroups } from './signal-groups.ts';

/** Milliseconds after which a question without a timeout of its own is given up. */
export const ASK_TIMEOUT_DEFAULT_MS = 5000;
/**
 * Questions to other threads that may be open at once, per thread: bounds the room that answers can
 * need. More are refused with RM_MAILBOX_FULL. A power of two.
 */
export const ASKS_OPEN_MAX = 65_536;
const SLOT_MASK = ASKS_OPEN_MAX - 1;

/** Where a question goes: an actor, or the queue of those who wait for room in its mailbox. */
export type Target = {
  readonly key: string;
  post(name: string, payload: unknown, record: AskRecord): Outcome;
};

/** Open questions. Thread rule: its host's thread. */
export class Asks {
  /** How many were asked, and how many of them ran out of time. */
  count: number;
  timeouts: number;
  private readonly host: Host;
  private readonly records: (AskRecord | null)[];
  /** Grows with each use of a slot: what an answer must name besides the slot. */
  private readonly uses: number[];
  private readonly free: number[];
  private readonly signals: SignalGroups;
  /** Asked since the last `startTimers`; the list keeps its length. */
  private readonly fresh: (AskRecord | null)[];
  private freshCount: number;

  constructor(host: Host) {
    this.host = host;
    this.count = 0;
    this.timeouts = 0;
    this.records = [];
    this.uses = [];
    this.free = [];
    this.signals = new SignalGroups();
    this.fresh = [];
    this.freshCount = 0;
  }

  /** Asks; the promise settles whatever happens. */
  ask(ref: BaseRef, name: string, payload: unknown, options?: AskOptions): Promise<unknown> {
    const record = new AskRecord(this.host, ref.seat, name, 'value');
    this.begin(record, options);
    const promise = new Promise((resolve, reject) => record.bind(resolve, reject));
    this.post(ref, name, payload, record, options?.signal);
    // The engine knows who awaits only inside a reaction: a hop, and a tenth of a question's cost.
    return promise.then(undefined, withAskersStack);
  }

  /**
   * Sends the question, unless its signal has aborted, and counts its time. Whatever stands in the
   * way rejects it, a payload that cannot travel, too.
   */
  post(
    to: Target,
    name: string,
    payload: unknown,
    record: AskRecord,
    signal: AbortSignal | undefined,
  ): void {
    if (signal !== undefined) {
      this.signals.join(record, signal);
      if (!record.isOpen()) return;
    }
    let outcome: Outcome;
    try {
      outcome = to.post(name, payload, record);
    } catch (error) {
      record.reject(error);
      return;
    }
    if (outcome === 'accepted') this.watchOver(record);
    else record.reject(refusal(to, name, outcome));
  }

  /** Counts a question and says how long it may take. @throws RM_TIMER_OPTION for its timeout */
  begin(record: AskRecord, options: AskOptions | undefined): void {
    const timeout = options?.timeout;
    const ms = timeout === undefined ? ASK_TIMEOUT_DEFAULT_MS : durationMs(timeout, 'timeout');
    this.count++;
    record.limit(ms, this.host.current?.reply ?? null);
  }

  /** Sees to it that the record's timer is started at the end of the turn, if it is open then. */
  watchOver(record: AskRecord): void {
    this.fresh[this.freshCount] = record;
    // What waits for room in a mailbox has made nobody ready.
    if (this.freshCount++ === 0) this.host.dispatcher.arm();
  }

  /** The end of a turn: one look at the clock serves all that were asked in it. */
  startTimers(): void {
    if (this.freshCount === 0) return;
    const nowMs = this.host.clock.monotonicMs();
    const { fresh, freshCount } = this;
    for (let i = 0; i < freshCount; i++) {
      (fresh[i] as AskRecord).startTimer(nowMs);
      fresh[i] = null;
    }
    this.freshCount = 0;
  }

  /** Gives a record a place, for an answer from another thread. @returns whether there was one. */
  place(record: AskRecord): boolean {
    let slot = this.free.pop();
    if (slot === undefined) {
      slot = this.records.length;
      if (slot > SLOT_MASK) return false;
      this.records.push(null);
      this.uses.push(0);
    }
    this.records[slot] = record;
    record.slot = slot;
    return true;
  }

  /** What an answer must carry besides the slot. */
  useOf(slot: number): number {
    return this.uses[slot] as number;
  }

  /** The open record in that slot and use; undefined for an answer that comes too late. */
  find(slot: number, use: number): AskRecord | undefined {
    if (this.uses[slot] !== use) return undefined;
    return this.records[slot] ?? undefined;
  }

  release(record: AskRecord): void {
    const { slot } = record;
    record.slot = -1;
    this.records[slot] = null;
    this.uses[slot] = ((this.uses[slot] as number) + 1) | 0;
    this.free.push(slot);
  }

  /**
   * The worker of that seat is gone, and with it every answer; or the host closes (no seat given).
   */
  failAll(seat: number | null, error: () => Error): void {
    for (const record of this.records) {
      if (record !== null && (seat === null || record.seat === seat)) record.reject(error());
    }
  }
}

/**
 * Why a message could not even be sent. Without a stack of its own: under overload there are many
 * of these, a stack costs several microseconds, and it would only show where it was asked, which
 * `withAskersStack` adds for whoever awaits it.
 */
export function refusal(ref: Pick<Target, 'key'>, name: string, outcome: Outcome): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return refusalError(ref, name, outcome);
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function refusalError(ref: Pick<Target, 'key'>, name: string, outcome: Outcome): Error {
  if (outcome === 'full') {
    return runtimeError(
      'RM_MAILBOX_FULL',
      `${ref.key} has no room for ${name}; ask less at once, or use send() with policy wait.`,
    );
  }
  return runtimeError('RM_ACTOR_STOPPED', `${ref.key} has stopped; look it up again.`);
}
