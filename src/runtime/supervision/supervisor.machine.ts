/**
 * Decides which children a supervisor starts and stops, in which order, and when it gives up (S1,
 * S2). Deterministic: no clock, no I/O; its methods are what happened, its effects what is to be
 * done. The supervisor's shell calls it and keeps the deadlines of starts and stops: what misses
 * one it kills and reports as a failed start or an exit. An effect may be answered at once, from
 * inside the call.
 *
 *   idle ──a child of a group fails──▶ stopping ──▶ waiting ──▶ starting ──▶ idle
 *                                        ▲  └─────no wait──────▲ │
 *                                        └───────another fails───┴─┘ (from waiting, too)
 *   any ──too many restarts, stopAll──▶ closing ──▶ closed
 *
 * The phases belong to one_for_all and rest_for_one, which restart all children from `from` on:
 * stopped one by one from the last, then started one by one. A child of one_for_one has its own
 * status and the phase stays idle.
 * No closing → idle: children that were stopped are gone.
 */
import type { Backoff } from './backoff.ts';
import type { RestartWindow } from './restart-window.ts';
import type { SupervisedChild } from './supervised-child.ts';
import type { SupervisorStrategy } from './supervisor-options.ts';

/** How an incarnation ended. `lost`: its thread or process ended under it. */
export type ChildExit = 'normal' | 'shutdown' | 'crash' | 'killed' | 'lost';

/**
 * Why a child is gone: how it ended, when that was the end of it; `start-failed`: its first start
 * did; `removed`: by `remove`; `sibling`: a temporary child that others' restart stopped; `closed`:
 * the supervisor ended.
 */
export type GoneReason = ChildExit | 'start-failed' | 'removed' | 'sibling' | 'closed';

/** Why a supervisor ended. */
export type ClosedReason = 'shutdown' | 'intensity';

/**
 * What the machine wants done. Must not throw. Thread rule: called on the machine's thread, inside
 * its methods.
 */
export interface SupervisorEffects<Child extends SupervisedChild> {
  /**
   * Starts incarnation `child.incarnation`; answered once by `started`, `startFailed` or `exited`.
   */
  start(child: Child, kind: 'first' | 'restart'): void;
  /**
   * Stops a child that starts or runs; answered once by `exited` (or `startFailed`), unless that
   * was on its way already. `sibling`: it will be started again, or is temporary.
   */
  stop(child: Child, why: 'shutdown' | 'sibling'): void;
  /**
   * Calls `waited` after `delayMs`; replaces an earlier wait for the same child. Null: for the
   * group.
   */
  wait(child: Child | null, delayMs: number): void;
  /** The child is off the list; called exactly once for each that was added. */
  gone(child: Child, reason: GoneReason): void;
  /** Every child is gone; called once. With `intensity` the supervisor has failed: tell its own. */
  closed(reason: ClosedReason): void;
}

type Phase = 'idle' | 'stopping' | 'waiting' | 'starting' | 'closing' | 'closed';

/** One supervisor. Thread rule: one thread. Times are monotonic ms and never go back. */
export class SupervisorMachine<Child extends SupervisedChild> {
  private readonly isOneForOne: boolean;
  private readonly isOneForAll: boolean;
  private readonly window: RestartWindow;
  private readonly backoff: Backoff;
  private readonly effects: SupervisorEffects<Child>;
  private first: Child | null;
  private last: Child | null;
  private count: number;
  private nextOrder: number;
  private phase: Phase;
  /** First child of the group that restarts; null outside of a group's phases. */
  private from: Child | null;
  /**
   * The child that the phase has come to: backwards in stopping and closing, forwards in starting.
   */
  private cursor: Child | null;
  private groupDelayMs: number;
  private closedReason: ClosedReason;
  private isDriving: boolean;
  /** The child whose start effect is being called. */
  private launching: Child | null;

  constructor(
    strategy: SupervisorStrategy,
    policy: { readonly window: RestartWindow; readonly backoff: Backoff },
    effects: SupervisorEffects<Child>,
  ) {
    this.isOneForOne = strategy === 'one_for_one';
    this.isOneForAll = strategy === 'one_for_all';
    this.window = policy.window;
    this.backoff = policy.backoff;
    this.effects = effects;
    this.first = null;
    this.last = null;
    this.count = 0;
    this.nextOrder = 0;
    this.phase = 'idle';
    this.from = null;
    this.cursor = null;
    this.groupDelayMs = 0;
    this.closedReason = 'shutdown';
    this.isDriving = false;
    this.launching = null;
  }

  /** Children on the list, whatever their status. */
  get size(): number {
    return this.count;
  }

  /** Whether one failure restarts others, too. */
  get restartsGroups(): boolean {
    return !this.isOneForOne;
  }

  /** Whether it has ended or is about to: it takes no more children. */
  get isClosing(): boolean {
    return this.phase === 'closing' || this.phase === 'closed';
  }

  /**
   * Adds a new child at the end and starts it: at once, or in its turn when a group is being
   * restarted.
   * @returns false when the supervisor is closing; nothing is called for the child then.
   */
  add(child: Child): boolean {
    if (this.isClosing) return false;
    child.order = this.nextOrder++;
    child.startedBefore = this.last;
    if (this.last === null) this.first = child;
    else this.last.startedAfter = child;
    this.last = child;
    this.count++;
    if (this.phase === 'idle') this.launch(child);
    else {
      // It is the whole rest of a group whose last child has just been removed.
      this.from ??= child;
      if (this.phase === 'starting') this.cursor ??= child;
    }
    return true;
  }

  /**
   * Adds a new child in the place of one that ran before the supervisor was restarted: if its start
   * fails, it is tried again within the limits. @returns as `add`
   */
  addAgain(child: Child): boolean {
    child.hasRun = true;
    return this.add(child);
  }

  /**
   * Stops a child for good, without touching the others; when the supervisor is closing, in its
   * turn.
   * @returns false when it is gone already.
   */
  remove(child: Child): boolean {
    const { status } = child;
    if (status === 'gone') return false;
    if (this.isClosing) return true;
    child.isRemoved = true;
    if (status === 'starting' || status === 'running') this.stop(child, 'shutdown');
    else if (status !== 'stopping') this.retire(child, 'removed');
    this.drive();
    return true;
  }

  /** Stops all children, from the last to the first, and ends the supervisor. Again: no effect. */
  stopAll(): void {
    if (!this.isClosing) this.close('shutdown');
  }

  /** A start has succeeded. */
  started(child: Child, incarnation: number): void {
    if (child.incarnation !== incarnation || child.status !== 'starting') return;
    child.move('running');
    child.hasRun = true;
    this.drive();
  }

  /**
   * A start has failed, missed its deadline, or was stopped; nothing of the incarnation is left.
   */
  startFailed(child: Child, incarnation: number, nowMs: number): void {
    if (child.incarnation !== incarnation) return;
    if (child.status === 'stopping') this.stopped(child);
    else if (child.status === 'starting') this.notStarted(child, nowMs);
  }

  /** An incarnation has ended, by itself or because it was to stop; nothing of it is left. */
  exited(child: Child, incarnation: number, reason: ChildExit, nowMs: number): void {
    if (child.incarnation !== incarnation) return;
    if (child.status === 'stopping') this.stopped(child);
    else if (child.status === 'starting') this.notStarted(child, nowMs);
    else if (child.status === 'running') this.endedByItself(child, reason, nowMs);
  }

  /** A wait is over. One that is not waited for any more is ignored. */
  waited(child: Child | null): void {
    if (child !== null) {
      if (child.status === 'waiting') this.launch(child);
      return;
    }
    if (this.phase !== 'waiting') return;
    this.phase = 'starting';
    this.cursor = this.from;
    this.drive();
  }

  private stopped(child: Child): void {
    child.move('down');
    if (child.isRemoved) this.retire(child, 'removed');
    this.drive();
  }

  private notStarted(child: Child, nowMs: number): void {
    child.move('down');
    if (!this.isClosing) {
      if (child.hasRun) this.failed(child, nowMs);
      else this.retire(child, 'start-failed');
    }
    this.drive();
  }

  private endedByItself(child: Child, reason: ChildExit, nowMs: number): void {
    child.move('down');
    // While all are being stopped, one that ends before its turn is simply down.
    if (!this.isClosing) {
      const { restart } = child;
      const isWanted = reason === 'normal' || reason === 'shutdown';
      if (restart === 'temporary' || (restart === 'transient' && isWanted)) {
        this.retire(child, reason);
      } else if (!this.isStoppedAnyway(child)) this.failed(child, nowMs);
    }
    this.drive();
  }

  /** Whether the group is about to stop it: then its end is no other restart. */
  private isStoppedAnyway(child: Child): boolean {
    return this.phase === 'stopping' && this.from !== null && child.order >= this.from.order;
  }

  /** A child that ran before is down and wants a restart. */
  private failed(child: Child, nowMs: number): void {
    if (!this.window.allows(nowMs)) {
      this.close('intensity');
      return;
    }
    child.failures = this.backoff.failuresAfter(child.failures, child.restartedMs, nowMs);
    const delayMs = this.backoff.delayMs(child.failures);
    child.restartedMs = nowMs + delayMs;
    if (!this.isOneForOne) this.restartGroup(child, delayMs);
    else if (this.launching === child) this.startAgain(child, delayMs);
    else if (delayMs === 0) this.launch(child);
    else this.wait(child, delayMs);
  }

  /** Its start effect has not returned yet: a loop there instead of a recursion here. */
  private startAgain(child: Child, delayMs: number): void {
    if (delayMs > 0) this.wait(child, delayMs);
    else child.startsAgain = true;
  }

  private wait(child: Child, delayMs: number): void {
    child.move('waiting');
    this.effects.wait(child, delayMs);
  }

  private launch(child: Child): void {
    const outer = this.launching;
    this.launching = child;
    do {
      child.startsAgain = false;
      child.move('starting');
      child.incarnation++;
      this.effects.start(child, child.hasRun ? 'restart' : 'first');
      // Its removal or the supervisor's end may have come from inside the call.
    } while (child.startsAgain && child.status === 'down' && !this.isClosing);
    this.launching = outer;
  }

  private stop(child: Child, why: 'shutdown' | 'sibling'): void {
    child.move('stopping');
    this.effects.stop(child, why);
  }

  private restartGroup(child: Child, delayMs: number): void {
    const first = this.isOneForAll ? this.first : child;
    // A group that is not started yet grows to the front; one that is being started runs before
    // `child`.
    const keeps = this.phase === 'stopping' || this.phase === 'waiting';
    if (!keeps || this.from === null || (first !== null && first.order < this.from.order)) {
      this.from = first;
    }
    this.groupDelayMs = delayMs;
    this.phase = 'stopping';
    this.cursor = this.last;
  }

  private close(reason: ClosedReason): void {
    this.phase = 'closing';
    this.closedReason = reason;
    this.from = null;
    this.cursor = this.last;
    this.drive();
  }

  /**
   * Takes the phases as far as they go without an answer. A loop, since answers may come at once.
   */
  private drive(): void {
    if (this.phase === 'idle' || this.isDriving) return;
    this.isDriving = true;
    while (this.step());
    this.isDriving = false;
  }

  /** One step of the phase. @returns whether there may be another. */
  private step(): boolean {
    if (this.phase === 'stopping') return this.stepStopping();
    if (this.phase === 'starting') return this.stepStarting();
    if (this.phase === 'closing') return this.stepClosing();
    return false;
  }

  private stepStopping(): boolean {
    const child = this.cursor;
    if (child === null || this.from === null || child.order < this.from.order) {
      this.beginStarting();
      return true;
    }
    if (child.status === 'stopping') return false;
    if (child.status === 'starting' || child.status === 'running') {
      this.stop(child, 'sibling');
      return true;
    }
    this.cursor = child.startedBefore as Child | null;
    // One that was added meanwhile and never started only waits for its turn.
    if (child.restart === 'temporary' && child.incarnation > 0) this.retire(child, 'sibling');
    return true;
  }

  private beginStarting(): void {
    this.cursor = this.from;
    this.phase = this.groupDelayMs > 0 ? 'waiting' : 'starting';
    if (this.phase === 'waiting') this.effects.wait(null, this.groupDelayMs);
  }

  private stepStarting(): boolean {
    const child = this.cursor;
    if (child === null) {
      this.phase = 'idle';
      this.from = null;
      return false;
    }
    if (child.status === 'starting') return false;
    if (child.status === 'down') this.launch(child);
    // It runs, or is being removed; the next one waits for neither.
    else this.cursor = child.startedAfter as Child | null;
    return true;
  }

  private stepClosing(): boolean {
    const child = this.cursor;
    if (child === null) {
      this.phase = 'closed';
      this.effects.closed(this.closedReason);
      return false;
    }
    if (child.status === 'stopping') return false;
    if (child.status === 'starting' || child.status === 'running') this.stop(child, 'shutdown');
    else this.retire(child, 'closed');
    return true;
  }

  /** Takes a child off the list for good. */
  private retire(child: Child, reason: GoneReason): void {
    if (child.status === 'waiting') child.move('down');
    const before = child.startedBefore as Child | null;
    const after = child.startedAfter as Child | null;
    if (before === null) this.first = after;
    else before.startedAfter = after;
    if (after === null) this.last = before;
    else after.startedBefore = before;
    child.startedBefore = null;
    child.startedAfter = null;
    this.count--;
    if (this.cursor === child) this.cursor = this.phase === 'starting' ? after : before;
    if (this.from === child) this.from = after;
    child.move('gone');
    this.effects.gone(child, reason);
  }
}
