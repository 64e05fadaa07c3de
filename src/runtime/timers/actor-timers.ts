/**
 * The timers of one incarnation of an actor, by key: a key holds one timer, starting it again
 * replaces it. A timer that comes is a message of the actor's own, so a handler never runs beside
 * another. The end of the incarnation cancels them all, and one whose message was already waiting
 * is recognised by its number and dropped.
 */
import type { Cell } from '../cell/cell.ts';
import { PeriodicTimer } from './periodic.ts';
import { CallbackTimer } from './timer-node.ts';

/** Name of the message by which a timer reaches its actor; no user's message begins with a `$`. */
export const TIMER_MESSAGE = '$timer';

/**
 * A timer that has come: what the actor is to be told, unless the timer was cancelled meanwhile.
 */
export type DueTimer = {
  readonly key: string;
  readonly use: number;
  readonly name: string;
  readonly payload: unknown;
};

type Running = {
  readonly use: number;
  readonly cancel: () => void;
  readonly isPeriodic: boolean;
  waits: boolean;
};

/** Thread rule: its cell's thread. */
export class ActorTimers {
  private readonly cell: Cell;
  private readonly running = new Map<string, Running>();
  private uses = 0;

  constructor(cell: Cell) {
    this.cell = cell;
  }

  /** Once, `delayMs` from now at the earliest. */
  once(key: string, delayMs: number, name: string, payload: unknown): void {
    const { host } = this.cell;
    const use = this.replace(key);
    const node = new CallbackTimer(() => this.due({ key, use, name, payload }));
    const cancel = (): void => void host.timers.cancel(node);
    this.running.set(key, { use, cancel, isPeriodic: false, waits: false });
    host.timers.start(node, host.clock.monotonicMs() + delayMs);
  }

  /**
   * At every `periodMs` from now on, without drift; a tick whose message still waits is not sent
   * again.
   */
  every(key: string, periodMs: number, name: string, payload: unknown): void {
    const { host } = this.cell;
    const use = this.replace(key);
    const timer = new PeriodicTimer(host.timers, () => this.due({ key, use, name, payload }));
    this.running.set(key, { use, cancel: () => timer.cancel(), isPeriodic: true, waits: false });
    timer.start(host.clock.monotonicMs(), periodMs);
  }

  /** @returns whether there was one. */
  cancel(key: string): boolean {
    const timer = this.running.get(key);
    timer?.cancel();
    return this.running.delete(key);
  }

  cancelAll(): void {
    for (const timer of this.running.values()) timer.cancel();
    this.running.clear();
  }

  /** Whether a timer that has come is still wanted; it counts as delivered then. */
  take(due: DueTimer): boolean {
    const timer = this.running.get(due.key);
    if (timer === undefined || timer.use !== due.use) return false;
    timer.waits = false;
    if (!timer.isPeriodic) this.running.delete(due.key);
    return true;
  }

  private replace(key: string): number {
    this.cancel(key);
    return ++this.uses;
  }

  private due(due: DueTimer): void {
    const timer = this.running.get(due.key);
    if (timer === undefined || timer.waits) return;
    timer.waits = true;
    this.cell.host.accepted++;
    this.cell.enqueueReserved(TIMER_MESSAGE, due, null);
  }
}
