/**
 * One thread of a simulated system: what waits to be run on it, in the order in which Node would
 * run it. It runs one thing at a time, when the engine says so. A thread that has died runs nothing
 * any more.
 */
import type { Alarm } from '../ports/alarm.ts';
import type { Clock } from '../ports/clock.ts';
import type { Loop } from '../ports/loop.ts';
import type { Random } from '../ports/random.ts';
import type { SimClock } from './sim-clock.ts';

/** Looks at the clock in one turn before its slice is over, at most: where slices end is drawn. */
const LOOKS_MAX = 8;
/** What a look shows more, then; as long as a slice, so that it is over. */
const SLICE_MS = 1;

/** What a thread needs of the engine. */
export type Wakes = {
  readonly clock: SimClock;
  readonly random: Random;
  /** Something waits to be run. */
  woke(): void;
};

/** A queue that forgets from the front. */
class Fifo {
  private items: (() => void)[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  push(item: () => void): void {
    this.items.push(item);
  }

  take(): () => void {
    const item = this.items[this.head++] as () => void;
    if (this.head > 64 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  clear(): void {
    this.items = [];
    this.head = 0;
  }
}

/**
 * Its event loop, its alarms and its sense of time. Thread rule: one JavaScript thread has them
 * all.
 */
export class SimThread implements Loop {
  /** Names it in logs; never used again. */
  readonly number: number;
  isAlive: boolean;
  private readonly engine: Wakes;
  private readonly microtasks: Fifo;
  private readonly macrotasks: Fifo;
  private readonly alarms: Alarm[];
  private looksLeft: number;

  constructor(number: number, engine: Wakes) {
    this.number = number;
    this.isAlive = true;
    this.engine = engine;
    this.microtasks = new Fifo();
    this.macrotasks = new Fifo();
    this.alarms = [];
    this.looksLeft = LOOKS_MAX;
  }

  microtask(fn: () => void): void {
    this.wait(this.microtasks, fn);
  }

  afterInput(fn: () => void): void {
    this.wait(this.macrotasks, fn);
  }

  /** Something comes from outside: a message of another thread, an alarm. */
  post(fn: () => void): void {
    this.wait(this.macrotasks, fn);
  }

  get isReady(): boolean {
    return this.microtasks.length + this.macrotasks.length > 0;
  }

  /** Runs the next thing. */
  step(): void {
    this.looksLeft = 1 + this.engine.random.below(LOOKS_MAX);
    const queue = this.microtasks.length > 0 ? this.microtasks : this.macrotasks;
    queue.take()();
  }

  /** It has died: nothing that waits is run, nothing that it set rings. */
  die(): void {
    this.isAlive = false;
    this.microtasks.clear();
    this.macrotasks.clear();
    for (const alarm of this.alarms) alarm.clear();
  }

  /**
   * The time as its dispatcher sees it. Virtual time stands while a handler runs, so a slice would
   * never end: after a number of looks, which is drawn, it is.
   */
  readonly turnClock: Clock = {
    monotonicMs: () => {
      const nowMs = this.engine.clock.monotonicMs();
      return this.looksLeft-- > 0 ? nowMs : nowMs + SLICE_MS;
    },
    wallMs: () => this.engine.clock.wallMs(),
  };

  /** An alarm that rings on this thread, as long as it lives. */
  alarm(): Alarm {
    const inner = this.engine.clock.alarm();
    let sets = 0;
    const alarm: Alarm = {
      set: (atMs, fire) => {
        if (!this.isAlive) return;
        const use = ++sets;
        inner.set(atMs, () =>
          this.post(() => {
            if (use === sets) fire();
          }),
        );
      },
      clear: () => {
        sets++;
        inner.clear();
      },
    };
    this.alarms.push(alarm);
    return alarm;
  }

  private wait(queue: Fifo, fn: () => void): void {
    if (!this.isAlive) return;
    queue.push(fn);
    this.engine.woke();
  }
}
