/**
 * One question that this thread has asked and that is still open: its promise, its timer, its place
 * in the table by which an answer from another thread finds it. The record is its own timer (see
 * TimerNode).
 */
import { runtimeError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Abortable, SignalGroup } from '../host/signal-groups.ts';
import { TimerNode } from '../timers/timer-wheel.ts';
import type { Reply } from './reply.ts';

/** A `Reply` on the asker's side. Settles once, whatever comes first. */
export class AskRecord extends TimerNode implements Reply, Abortable {
  readonly deadlineMs: number;
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

  constructor(
    host: Host,
    seat: number,
    what: string,
    deadlineMs: number,
    wants: 'value' | 'stream' | 'receipt',
  ) {
    super();
    this.host = host;
    this.seat = seat;
    this.what = what;
    this.deadlineMs = deadlineMs;
    this.wants = wants;
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
    this.host.timers.cancel(this);
  }

  override fire(): void {
    this.host.asks.timeouts++;
    const message = `${this.what} got no answer in time; raise the timeout or look why its actor is late.`;
    this.reject(runtimeError('RM_ASK_TIMEOUT', message));
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
