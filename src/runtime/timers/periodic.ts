/**
 * A timer that repeats on a grid: tick k is due at start + k * period, however late ticks were
 * before it. Ticks that were missed while the thread was busy come as one, with their number (R2).
 */
import { runtimeError } from '../errors.ts';
import { DURATION_MS_MAX } from './duration.ts';
import { CallbackTimer } from './timer-node.ts';
import type { TimerWheel } from './timer-wheel.ts';

/** Shortest period: what an event loop can keep at all. Below, every tick would be a late one. */
export const PERIOD_MS_MIN = 1;

/**
 * What a periodic timer calls, from the wheel's run, at most once per tick and never after
 * `cancel`.
 * @param tick the number of the tick, the first is 1: it was due at start + tick * period.
 * @param missed ticks before it that were due and never came.
 */
export type Tick = (tick: number, missed: number, nowMs: number) => void;

/** Repeats until it is cancelled. Thread rule: the wheel's thread. */
export class PeriodicTimer {
  private readonly wheel: TimerWheel;
  private readonly tick: Tick;
  private readonly node: CallbackTimer;
  private startMs: number;
  private periodMs: number;
  /** The last tick that came; 0 before the first. */
  private last: number;

  constructor(wheel: TimerWheel, tick: Tick) {
    this.wheel = wheel;
    this.tick = tick;
    this.node = new CallbackTimer((nowMs) => this.fire(nowMs));
    this.startMs = Number.NaN;
    this.periodMs = Number.NaN;
    this.last = 0;
  }

  /**
   * Begins a new grid at `startMs` on the monotonic clock; the first tick is due one period later.
   * @throws RM_TIMER_OPTION when the period is not between PERIOD_MS_MIN and DURATION_MS_MAX.
   */
  start(startMs: number, periodMs: number): void {
    if (!(periodMs >= PERIOD_MS_MIN && periodMs <= DURATION_MS_MAX)) throw badPeriod(periodMs);
    this.startMs = startMs;
    this.periodMs = periodMs;
    this.last = 0;
    this.wheel.start(this.node, startMs + periodMs);
  }

  /** Ends it. Without a start: no effect. */
  cancel(): void {
    this.wheel.cancel(this.node);
  }

  private fire(nowMs: number): void {
    const tick = this.ticksDue(nowMs);
    const missed = tick - this.last - 1;
    this.last = tick;
    // Before the call: it may cancel or start anew, and what it throws must not end the series.
    this.wheel.start(this.node, this.dueMs(tick + 1));
    this.tick(tick, missed, nowMs);
  }

  private dueMs(tick: number): number {
    return this.startMs + tick * this.periodMs;
  }

  /** The last tick that is due. The quotient may be off by rounding; the sum decides. */
  private ticksDue(nowMs: number): number {
    let tick = Math.max(this.last + 1, Math.floor((nowMs - this.startMs) / this.periodMs));
    while (tick > this.last + 1 && this.dueMs(tick) > nowMs) tick--;
    while (this.dueMs(tick + 1) <= nowMs) tick++;
    return tick;
  }
}

function badPeriod(periodMs: number): Error {
  return runtimeError(
    'RM_TIMER_OPTION',
    `a period is ${periodMs} ms; expected ${PERIOD_MS_MIN} to ${DURATION_MS_MAX}.`,
    { periodMs },
  );
}
