/**
 * All timers of one thread behind one alarm: start and cancel cost a few pointer stores, whatever
 * the number of timers. Used by asks, actors' timers, supervisors. It does not repeat
 * (periodic.ts).
 *
 *   32 slots of 1 ms │ 32 of 32 ms │ 32 of 1,024 ms │ … │ level 6: 4 of 12 days │ beyond
 *
 * A timer lies on the level of the highest group of 5 bits in which its millisecond differs from
 * the wheel's, so every slot that is not empty lies ahead, on any level, and the first one on the
 * lowest level is the next. When time reaches a slot of a higher level, its timers move down; they
 * keep their order. What lies in a later span of 2^32 ms waits in `beyond`.
 *
 *   idle ──start──▶ in a slot ──its millisecond has come──▶ due ──run──▶ idle, fires
 *                      └──────────cancel──────────┴─────────────────────▶ idle
 *
 * Invariant: a timer never fires before its exact time (R2): slots only say where to look.
 */
import { assert } from '../../hotpath/index.ts';
import { runtimeError } from '../errors.ts';
import type { Alarm } from '../ports/alarm.ts';
import type { Clock } from '../ports/clock.ts';
import { earliestMs, emptyList, moveAll } from './timer-list.ts';
import type { CallbackTimer, TimerNode } from './timer-node.ts';

export { CallbackTimer, TimerNode } from './timer-node.ts';

/**
 * Timers fired by one run, before the thread gets its turn back. Range: 1 and up.
 * Higher: a storm of expiries is over sooner. Lower: it holds up the thread's messages less:
 * a run of 1,024 takes about 0.3 ms where 100,000 lie in cold memory, less where few do.
 */
export const TIMER_FIRES_MAX_DEFAULT = 1024;

/**
 * Timers that one run moves from level to level, at most, and takes from one millisecond. Higher:
 * more order (deadlines are sorted within what is taken together). Lower: shorter runs, of which
 * 4,096 moves through cold memory take about 0.5 ms.
 */
const MOVES_MAX = 4096;

const LEVELS = 7;
const SPAN_MS = 2 ** 32;
/** Milliseconds are whole numbers up to here. */
const AT_MS_MAX = 2 ** 52;
const NEVER = Number.POSITIVE_INFINITY;

/** Many timers, one alarm. Thread rule: one thread. */
export class TimerWheel {
  private readonly clock: Clock;
  private readonly alarm: Alarm;
  private readonly firesMax: number;
  private readonly onAlarm: () => void;
  /** Ring lists by level * 32 + slot; a list's own node is its end. */
  private readonly slots: CallbackTimer[];
  /** A bit for each slot, by level. A clear bit: empty. A set one: look (cancel leaves it). */
  private readonly occupied: Int32Array;
  private readonly due: CallbackTimer;
  private readonly beyond: CallbackTimer;
  /** What was beyond when its span began, and moves down. */
  private readonly entering: CallbackTimer;
  /** The wheel's millisecond; no timer lies in a slot before it. */
  private hereMs: number;
  /** Its low 32 bits, signed. */
  private here: number;
  /** Where the span of 2^32 ms that `here` counts in ends. */
  private spanEndMs: number;
  /** A list of a higher level that a run began to move down; nothing fires before it is empty. */
  private unfinished: CallbackTimer | null;
  private count: number;
  /**
   * Nothing is due before: exact, or too early after a cancel or for what lies on a higher level.
   */
  private nextMs: number;
  /** What the alarm is set to; NEVER when it is not. */
  private alarmMs: number;
  private running: boolean;

  /** @param firesMax fires per run, see TIMER_FIRES_MAX_DEFAULT. */
  constructor(clock: Clock, alarm: Alarm, firesMax: number = TIMER_FIRES_MAX_DEFAULT) {
    if (!(firesMax >= 1)) throw badFiresMax(firesMax);
    this.clock = clock;
    this.alarm = alarm;
    this.firesMax = firesMax;
    this.onAlarm = () => {
      this.alarmMs = NEVER;
      this.run();
    };
    this.slots = Array.from({ length: LEVELS * 32 }, emptyList);
    this.occupied = new Int32Array(LEVELS);
    this.due = emptyList();
    this.beyond = emptyList();
    this.entering = emptyList();
    this.hereMs = Math.floor(clock.monotonicMs());
    this.here = this.hereMs | 0;
    this.spanEndMs = spanEnd(this.hereMs);
    this.unfinished = null;
    this.count = 0;
    this.nextMs = NEVER;
    this.alarmMs = NEVER;
    this.running = false;
  }

  /** Timers that wait. */
  get size(): number {
    return this.count;
  }

  /**
   * Monotonic ms before which no timer is due; Infinity when none waits. May be too early, never
   * late.
   */
  get nextAtMs(): number {
    return this.count === 0 ? NEVER : this.nextMs;
  }

  /**
   * Fires `node` once, in the first run at or after `atMs` on the monotonic clock; a time that has
   * passed means the next run. A node that waits already is moved.
   * @throws RM_TIMER_OPTION when `atMs` is no number below 2^52.
   */
  start(node: TimerNode, atMs: number): void {
    if (!(atMs < AT_MS_MAX)) throw badDeadline(atMs);
    if (node.timerNext === node) this.count++;
    else unlink(node);
    node.timerAtMs = atMs;
    this.place(node, atMs);
    if (atMs < this.nextMs) {
      this.nextMs = atMs;
      if (!this.running) this.armAlarm();
    }
  }

  /**
   * Takes `node` out, so that it will not fire. The alarm stays where it is, since asks start and
   * cancel millions of times a second; it finds nothing, or `rest` takes it back.
   * @returns whether it waited.
   */
  cancel(node: TimerNode): boolean {
    if (node.timerNext === node) return false;
    unlink(node);
    this.count--;
    return true;
  }

  /**
   * Fires what is due, at most `firesMax`; the rest goes first next time. Deadlines fire in order,
   * equal ones in the order of their starts; only among thousands of one millisecond is the order
   * that in which they are found. What is started meanwhile waits for the next run. The alarm calls
   * it; a pump may, once a turn. Without anything due it costs a look at the clock. What a timer
   * throws comes out of here; the others stay in order. Inside a run: no effect.
   * @returns how many fired.
   */
  run(): number {
    const nowMs = this.clock.monotonicMs();
    if (nowMs < this.nextMs || this.running) {
      if (!this.running) this.armAlarm();
      return 0;
    }
    this.running = true;
    let fired = 0;
    try {
      const due = this.due;
      if (due.timerNext === due) this.collect(nowMs);
      while (fired < this.firesMax && due.timerNext !== due) {
        const node = due.timerNext;
        unlink(node);
        this.count--;
        fired++;
        node.fire(nowMs);
      }
    } finally {
      this.running = false;
      this.nextMs = this.findNextMs(nowMs);
      this.armAlarm();
    }
    return fired;
  }

  /** The thread is about to sleep: gives the alarm back when no timer waits. */
  rest(): void {
    if (this.count > 0 || this.alarmMs === NEVER) return;
    this.alarm.clear();
    this.alarmMs = NEVER;
    this.nextMs = NEVER;
  }

  private place(node: TimerNode, atMs: number): void {
    if (atMs >= this.spanEndMs) {
      append(this.beyond, node);
      return;
    }
    const here = this.here;
    const low = atMs > this.hereMs ? Math.floor(atMs) | 0 : here;
    // 31 - clz32 is the highest bit that differs; * 13 >> 6 divides numbers up to 31 by 5.
    const level = ((31 - Math.clz32((low ^ here) | 1)) * 13) >> 6;
    const slot = (low >>> (level * 5)) & 31;
    // The indices are in range by construction; the array is full.
    this.occupied[level] = (this.occupied[level] as number) | (1 << slot);
    append(this.slots[level * 32 + slot] as CallbackTimer, node);
  }

  /** Only ever earlier: a later deadline is found when the alarm that is set has come. */
  private armAlarm(): void {
    if (this.nextMs >= this.alarmMs) return;
    this.alarmMs = this.nextMs;
    this.alarm.set(this.nextMs, this.onAlarm);
  }

  /** The first slot with timers, as level * 32 + slot; -1 when all are empty. */
  private firstSlot(): number {
    for (let level = 0; level < LEVELS; level++) {
      let bits = this.occupied[level] as number;
      while (bits !== 0) {
        const slot = 31 - Math.clz32(bits & -bits);
        const list = this.slots[level * 32 + slot] as CallbackTimer;
        if (list.timerNext !== list) return level * 32 + slot;
        bits &= bits - 1;
        this.occupied[level] = bits;
      }
    }
    return -1;
  }

  /** The millisecond at which a slot begins that lies ahead of `here`. */
  private slotStartMs(index: number): number {
    const level = index >>> 5;
    const kept = level === LEVELS - 1 ? 0 : -1 << (level * 5 + 5);
    const low = (this.here & kept) | ((index & 31) << (level * 5));
    return this.spanEndMs - SPAN_MS + (low >>> 0);
  }

  /** Moves what is due at `nowMs` into `due` until a run has enough to do. */
  private collect(nowMs: number): void {
    const untilMs = Math.floor(nowMs);
    let enough = this.firesMax;
    let moves = this.moveDown(MOVES_MAX);
    while (enough > 0 && moves > 0) {
      const index = this.firstSlot();
      if (index < 0) {
        if (!this.enterSpan(untilMs)) return;
        moves = this.moveDown(moves);
        continue;
      }
      const startMs = this.slotStartMs(index);
      if (startMs > untilMs) {
        // Every slot that is left begins later.
        this.moveTo(untilMs);
        return;
      }
      assert(startMs >= this.hereMs, 'a timer lies in a slot that has passed');
      this.moveTo(startMs);
      const list = this.slots[index] as CallbackTimer;
      if (index >= 32) {
        this.unfinished = list;
        moves = this.moveDown(moves);
      } else {
        enough -= this.takeDue(list, nowMs);
        if (list.timerNext !== list) return;
      }
    }
  }

  private moveTo(ms: number): void {
    this.hereMs = ms;
    this.here = ms | 0;
  }

  /**
   * All slots are empty: on to the next span if `untilMs` reaches it. Answers whether one might not
   * be.
   */
  private enterSpan(untilMs: number): boolean {
    const isBeyond = this.beyond.timerNext !== this.beyond;
    const ms = isBeyond ? Math.min(untilMs, this.spanEndMs) : untilMs;
    const entered = ms >= this.spanEndMs;
    this.moveTo(Math.max(ms, this.hereMs));
    if (!entered) return false;
    this.spanEndMs = spanEnd(ms);
    if (!isBeyond) return false;
    moveAll(this.beyond, this.entering);
    this.unfinished = this.entering;
    return true;
  }

  /**
   * Places the timers of the unfinished list anew, in order, at most `moves`.
   * @returns how many moves are left; 0 when the list has more.
   */
  private moveDown(moves: number): number {
    const list = this.unfinished;
    if (list === null) return moves;
    let left = moves;
    for (let node = list.timerNext; node !== list && left > 0; node = list.timerNext) {
      unlink(node);
      this.place(node, node.timerAtMs);
      left--;
    }
    if (list.timerNext === list) this.unfinished = null;
    return this.unfinished === null ? left : 0;
  }

  /**
   * Moves the timers of one millisecond that are due to the end of `due`, in order of deadlines.
   */
  private takeDue(list: CallbackTimer, nowMs: number): number {
    let taken = 0;
    let latestMs = Number.NEGATIVE_INFINITY;
    let ordered = true;
    const before = this.due.timerPrev;
    for (let node = list.timerNext; node !== list && taken < MOVES_MAX; ) {
      const next = node.timerNext;
      if (node.timerAtMs <= nowMs) {
        unlink(node);
        append(this.due, node);
        taken++;
        if (node.timerAtMs < latestMs) ordered = false;
        else latestMs = node.timerAtMs;
      }
      node = next;
    }
    if (!ordered) this.sortDue(before);
    return taken;
  }

  /** Sorts what lies in `due` behind `before`; equal deadlines keep their order. */
  private sortDue(before: TimerNode): void {
    const nodes: TimerNode[] = [];
    while (before.timerNext !== this.due) {
      nodes.push(before.timerNext);
      unlink(before.timerNext);
    }
    nodes.sort((a, b) => a.timerAtMs - b.timerAtMs);
    for (const node of nodes) append(this.due, node);
  }

  private findNextMs(nowMs: number): number {
    if (this.due.timerNext !== this.due || this.unfinished !== null) return nowMs;
    const index = this.firstSlot();
    if (index < 0) return this.beyond.timerNext === this.beyond ? NEVER : this.spanEndMs;
    return index < 32
      ? earliestMs(this.slots[index] as CallbackTimer, nowMs)
      : this.slotStartMs(index);
  }
}

function append(list: TimerNode, node: TimerNode): void {
  const last = list.timerPrev;
  node.timerNext = list;
  node.timerPrev = last;
  last.timerNext = node;
  list.timerPrev = node;
}

function unlink(node: TimerNode): void {
  const next = node.timerNext;
  const prev = node.timerPrev;
  prev.timerNext = next;
  next.timerPrev = prev;
  // Not timerPrev: it costs a third of a cancel, and keeps alive but what was started before, here.
  node.timerNext = node;
}

function spanEnd(ms: number): number {
  return (Math.floor(ms / SPAN_MS) + 1) * SPAN_MS;
}

function badDeadline(atMs: number): Error {
  return runtimeError(
    'RM_TIMER_OPTION',
    `a timer was started for ${atMs}; expected a time on the monotonic clock, in ms, below 2^52.`,
    { atMs },
  );
}

function badFiresMax(firesMax: number): Error {
  return runtimeError('RM_TIMER_OPTION', `firesMax is ${firesMax}; expected 1 or more.`, {
    firesMax,
  });
}
