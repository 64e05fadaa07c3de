/**
 * One question that this thread has asked and that is still open: its promise, its timer, its place
 * in the table by which an answer from another thread finds it. The record is its own timer (see
 * TimerNode). A look at the clock costs a seventh of a question to another thread, so its deadline
 * is fixed when somebody wants to know it, or at the end of the turn: later than asked, never early
 * (R2), and most questions to actors of the same thread are answered by then.
 */
import { runtimeError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Abortable, SignalGroup } from '../host/signal-groups.ts';
import { TimerNode } from '../timers/timer-wheel.ts';
import type { Reply } from './reply.ts';

/** A `Reply` on the asker's side. Settles once, whatever comes first. */
export class AskRecord extends TimerNode implements Reply, Abortable {
  readonly wants: 'value' | 'stream' | 'receipt';
  /** Seat of the actor that was asked. */
  readonly seat: number;
  /** Place in the host's table of asks; -1 for one that never leaves its thread. */
  slot: number;
  signals: SignalGroup | null;
  signalPlace: number;
  private readonly host: Host;
  private readonly what: string;
  private settle: ((value: unknown) => void) | null;
  private refuse: ((error: unknown) => void) | null;
  /** Milliseconds that it may take, until its deadline is fixed. */
  private timeoutMs: number;
  /** The question in whose handler this one was asked: it must be answered by then, too. */
  private within: Reply | null;
  /** The deadline; NaN until it is fixed. */
  private fixedMs: number;

  constructor(host: Host, seat: number, what: string, wants: 'value' | 'stream' | 'receipt') {
    super();
    this.host = host;
    this.seat = seat;
    this.what = what;
    this.wants = wants;
    this.timeoutMs = Number.POSITIVE_INFINITY;
    this.within = null;
    this.fixedMs = Number.NaN;
    this.slot = -1;
    this.signals = null;
    this.signalPlace = 0;
    this.settle = null;
    this.refuse = null;
  }

  /** Says what to call; exactly one of them is called, once. */
  bind(settle: (value: unknown) => void, refuse: (error: unknown) => void): void {
    this.settle = settle;
    this.refuse = refuse;
  }

  /** Says how long it may take. Once, before it is sent. */
  limit(timeoutMs: number, within: Reply | null): void {
    this.timeoutMs = timeoutMs;
    this.within = within;
  }

  /** Says until when it may take. Instead of `limit`. */
  limitAt(deadlineMs: number): void {
    this.fixedMs = deadlineMs;
  }

  get deadlineMs(): number {
    return this.deadlineAt(0);
  }

  /** Milliseconds that whoever answers has; too many rather than too few. */
  leftMs(): number {
    const { fixedMs, within } = this;
    if (!Number.isNaN(fixedMs)) return fixedMs - this.host.clock.monotonicMs();
    if (within === null) return this.timeoutMs;
    return Math.min(this.timeoutMs, within.deadlineMs - this.host.dispatcher.nowMs);
  }

  /** Starts its timer, if it is still open. `nowMs`: a look at the clock after it was asked. */
  startTimer(nowMs: number): void {
    if (this.settle === null) return;
    const deadlineMs = this.deadlineAt(nowMs);
    if (deadlineMs < Number.POSITIVE_INFINITY) this.host.timers.start(this, deadlineMs);
  }

  /** Gives up: its signal has aborted. */
  abort(signal: AbortSignal): void {
    this.reject(aborted(this.what, signal));
  }

  isOpen(): boolean {
    return this.settle !== null;
  }

  resolve(value: unknown): void {
    const { settle } = this;
    if (settle === null) return;
    this.close();
    settle(value);
  }

  reject(error: unknown): void {
    const { refuse } = this;
    if (refuse === null) return;
    this.close();
    refuse(error);
  }

  /** From now on it waits without an end. */
  stopTimer(): void {
    this.fixedMs = Number.POSITIVE_INFINITY;
    this.host.timers.cancel(this);
  }

  override fire(): void {
    this.host.asks.timeouts++;
    const message = `${this.what} got no answer in time; raise the timeout or look why its actor is late.`;
    this.reject(runtimeError('RM_ASK_TIMEOUT', message));
  }

  /** Fixes the deadline if it is not. `nowMs`: a look at the clock; 0: look if need be. */
  private deadlineAt(nowMs: number): number {
    if (Number.isNaN(this.fixedMs)) {
      const fromMs = nowMs === 0 ? this.host.clock.monotonicMs() : nowMs;
      const limitMs = this.within?.deadlineMs ?? Number.POSITIVE_INFINITY;
      this.within = null;
      this.fixedMs = Math.min(fromMs + this.timeoutMs, limitMs);
    }
    return this.fixedMs;
  }

  private close(): void {
    this.settle = null;
    this.refuse = null;
    if (this.timerNext !== this) this.host.timers.cancel(this);
    if (this.slot >= 0) this.host.asks.release(this);
    if (this.signals !== null) this.signals.leave(this);
  }
}

function aborted(what: string, signal: AbortSignal): Error {
  return runtimeError('RM_ABORTED', `${what} was called off by its signal.`, {}, signal.reason);
}
