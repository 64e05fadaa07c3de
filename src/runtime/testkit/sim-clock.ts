/**
 * Virtual time for tests: a clock that stands until it is moved, and alarms that ring on the way,
 * each with the clock at its exact time. It counts whole microseconds, so sums do not drift. It
 * runs synchronously: who awaits things between two alarms moves it with `step`.
 */
import { runtimeError } from '../errors.ts';
import type { Alarm } from '../ports/alarm.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';

/** Alarms that may ring without time moving, before that is taken for a loop without end. */
const RINGS_AT_ONCE_MAX = 100_000;

/** How to make a simulated clock. */
export interface SimClockOptions {
  /** What the monotonic clock shows at first, in ms, 0 or more. Default 0. */
  readonly startMs?: number;
  /** What the wall clock shows at first, in ms since 1970. Default 2020-01-01. */
  readonly wallMs?: number;
  /**
   * Draws the order of alarms of one instant. Without it they ring in the order in which they were
   * set.
   */
  readonly random?: Random;
}

/** A clock that a test moves. Thread rule: one thread. */
export class SimClock implements Clock {
  private readonly random: Random | null;
  /** Set alarms, in the order in which they were set. */
  private readonly waiting: SimAlarm[];
  private nowUs: number;
  private wallAheadUs: number;
  private moving: boolean;

  constructor(options: SimClockOptions = {}) {
    this.random = options.random ?? null;
    this.waiting = [];
    this.nowUs = microseconds(options.startMs ?? 0);
    this.wallAheadUs = Math.round((options.wallMs ?? 1_577_836_800_000) * 1000) - this.nowUs;
    this.moving = false;
  }

  monotonicMs(): number {
    return this.nowUs / 1000;
  }

  wallMs(): number {
    return (this.nowUs + this.wallAheadUs) / 1000;
  }

  /** The wall clock jumps by `ms`, either way; the monotonic clock does not notice. */
  jumpWall(ms: number): void {
    this.wallAheadUs += Math.round(ms * 1000);
  }

  /** A new alarm, for one timer wheel. */
  alarm(): Alarm {
    return new SimAlarm(this.waiting);
  }

  /** When the next alarm rings, on the monotonic clock in ms; Infinity when none is set. */
  get nextAlarmMs(): number {
    let nextUs = Number.POSITIVE_INFINITY;
    for (const alarm of this.waiting) if (alarm.atUs < nextUs) nextUs = alarm.atUs;
    return Math.max(this.nowUs, nextUs) / 1000;
  }

  /**
   * Moves time to the next alarm and rings it; alarms whose time has passed ring now.
   * @returns whether there was one.
   * @throws RM_TIMER_OPTION from inside an alarm; and what the alarm throws.
   */
  step(): boolean {
    return this.ringUntil(Number.POSITIVE_INFINITY, 1) > 0;
  }

  /**
   * Moves time by `ms`, ringing each alarm on the way at its time, in order.
   * @returns how many rang.
   * @throws RM_TIMER_OPTION when `ms` is negative or no number, or from inside an alarm;
   *   RM_TIMER_ENDLESS when alarms keep ringing at one instant. What an alarm throws leaves time
   *   where it rang.
   */
  advance(ms: number): number {
    const untilUs = this.nowUs + microseconds(ms);
    const rang = this.ringUntil(untilUs, Number.POSITIVE_INFINITY);
    this.nowUs = untilUs;
    return rang;
  }

  /**
   * Moves time from alarm to alarm until none is set.
   * @returns how many rang.
   * @throws RM_TIMER_ENDLESS after `ringsMax`: something repeats; use `advance`.
   */
  runUntilIdle(ringsMax = 1_000_000): number {
    const rang = this.ringUntil(Number.POSITIVE_INFINITY, ringsMax);
    if (this.waiting.length > 0) throw endless(ringsMax);
    return rang;
  }

  private ringUntil(untilUs: number, ringsMax: number): number {
    if (this.moving) throw movedInside();
    this.moving = true;
    let rang = 0;
    let atOnce = 0;
    try {
      while (rang < ringsMax) {
        const next = this.next(untilUs);
        if (next === null) break;
        atOnce = next.atUs > this.nowUs ? 1 : atOnce + 1;
        if (atOnce > RINGS_AT_ONCE_MAX) throw endless(RINGS_AT_ONCE_MAX);
        this.nowUs = Math.max(this.nowUs, next.atUs);
        rang++;
        next.ring();
      }
    } finally {
      this.moving = false;
    }
    return rang;
  }

  /** Of the alarms that are first, the one set first, or one drawn. */
  private next(untilUs: number): SimAlarm | null {
    let first: SimAlarm | null = null;
    let firstUs = Number.POSITIVE_INFINITY;
    let equals = 0;
    for (const alarm of this.waiting) {
      const atUs = Math.max(alarm.atUs, this.nowUs);
      if (atUs > untilUs || atUs > firstUs) continue;
      equals = atUs < firstUs ? 1 : equals + 1;
      // The n-th of equals replaces the one kept with a chance of 1 in n: each is as likely.
      if (equals === 1 || this.random?.below(equals) === 0) first = alarm;
      firstUs = atUs;
    }
    return first;
  }
}

class SimAlarm implements Alarm {
  /** When it rings. Belongs to the clock while it is set. */
  atUs: number;
  private readonly waiting: SimAlarm[];
  private fire: (() => void) | null;

  constructor(waiting: SimAlarm[]) {
    this.atUs = Number.POSITIVE_INFINITY;
    this.waiting = waiting;
    this.fire = null;
  }

  set(atMonotonicMs: number, fire: () => void): void {
    this.clear();
    this.atUs = notBefore(atMonotonicMs);
    this.fire = fire;
    this.waiting.push(this);
  }

  clear(): void {
    if (this.fire === null) return;
    this.fire = null;
    this.waiting.splice(this.waiting.indexOf(this), 1);
  }

  ring(): void {
    const fire = this.fire;
    this.clear();
    fire?.();
  }
}

/** The first whole microsecond at which the clock shows `ms` or more. */
function notBefore(ms: number): number {
  const us = Math.round(ms * 1000);
  return us / 1000 >= ms ? us : us + 1;
}

function microseconds(ms: number): number {
  if (ms >= 0 && ms * 1000 <= Number.MAX_SAFE_INTEGER) return Math.round(ms * 1000);
  throw runtimeError('RM_TIMER_OPTION', `time is to move by ${ms} ms; expected 0 or more.`, { ms });
}

function movedInside(): Error {
  return runtimeError(
    'RM_TIMER_OPTION',
    'the simulated clock was moved by one of its alarms; set another alarm instead.',
  );
}

function endless(ringsMax: number): Error {
  return runtimeError(
    'RM_TIMER_ENDLESS',
    `${ringsMax} alarms rang and more are set; expected them to end: cancel what repeats, or advance().`,
    { ringsMax },
  );
}
