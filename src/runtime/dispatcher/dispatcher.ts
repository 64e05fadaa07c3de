/**
 * Decides who runs next on one thread. Actors that have messages stand in a queue; each gets a turn
 * of a limited number of messages; after a slice of time the thread goes back to its event loop, so
 * that sockets and timers wait at most a slice and the longest single handler. Between turns it
 * takes in what other threads have sent.
 *
 *   idle ──ready──▶ armed ──▶ pumping ──▶ armed (by microtask, or behind the loop's input after a slice)
 *    ▲                          │
 *    └── parked ◀── spinning ◀──┘ nothing to do
 *
 * No pumping → pumping: a handler that makes an actor ready only puts it in the queue.
 * No parked → pumping without unparking: or other threads would ring for nothing.
 */
import type { Cell } from '../cell/cell.ts';
import type { Clock } from '../ports/clock.ts';
import type { Loop } from '../ports/loop.ts';

/** What a dispatcher takes in from other threads; absent in a system of one thread. */
export interface Inputs {
  /** Delivers what has arrived, up to a turn's worth. @returns how much that was. */
  poll(): number;
  /** Whether something has arrived. */
  hasInput(): boolean;
  /** Makes visible what this thread has sent, and wakes those who sleep. */
  publish(): void;
  /** The same, and shows that this thread is alive and how much it has sent. */
  flush(): void;
  /**
   * Says that this thread sleeps unless something has arrived meanwhile. @returns whether it
   * sleeps.
   */
  park(): boolean;
  /** Says that it is awake. */
  unpark(): void;
}

/**
 * Messages that one actor may handle before the next one's turn. Range: 1..4096. Higher: fewer
 * switches, and a chatty actor keeps its neighbours waiting. Lower: the queue becomes the cost.
 * Source: performance design, 64 measured best between 16 and 256.
 */
const TURN_MESSAGES_MAX = 64;
/**
 * Milliseconds after which the event loop gets its turn. Higher: sockets wait longer. Lower: more
 * switches.
 */
const SLICE_MS = 1;
/**
 * Messages between two looks at the clock when handlers are fast: a look costs about four messages.
 */
const CHECK_MESSAGES_MAX = 512;
/**
 * Empty rounds through the microtask queue before a thread spins: what a promise of a handler's
 * caller does next is most often another message, and it runs in between.
 */
const HOPS_MAX = 3;
/**
 * Milliseconds to look for input before sleeping. A spin shorter than a wake (35 to 60 us) is worse
 * than none. Source: performance design, about 100 us measured best.
 */
const SPIN_MS = 0.1;
/** One in so many of the times that an actor becomes ready is timed; a power of two, less 1. */
const SAMPLE_MASK = 127;
/** Spins in vain after which spinning pauses, and rounds that it pauses for. */
const SPIN_MISSES_MAX = 8;
const SPIN_PAUSE_ROUNDS = 32;

/** The dispatcher of one thread. */
export class Dispatcher {
  /** Time of the last look at the clock: for what need not be exact. */
  nowMs: number;
  /** Milliseconds spent in pumps that had something to do, and doorbells heard. */
  busyMs: number;
  wakes: number;
  private readonly clock: Clock;
  private readonly loop: Loop;
  private readonly afterTurn: () => void;
  private inputs: Inputs | null;
  private mayWait: boolean;
  private maySpin: boolean;
  private queue: (Cell | null)[];
  private mask: number;
  private head: number;
  private length: number;
  private isArmed: boolean;
  private isPumping: boolean;
  private isParked: boolean;
  private sliceStartMs: number;
  private checkEvery: number;
  private hops: number;
  private misses: number;
  private readies: number;
  /** 0: each time is looked at. */
  private sampleMask: number;
  private timedAll: number;
  private sampled: Cell | null;
  private sampledAtMs: number;
  private readonly pumpAgain: () => void;
  private readonly pumpAfterInput: () => void;

  /** `afterTurn` is called after each pump that had something to do, and before sleeping. */
  constructor(clock: Clock, loop: Loop, afterTurn: () => void) {
    this.busyMs = 0;
    this.wakes = 0;
    this.clock = clock;
    this.loop = loop;
    this.afterTurn = afterTurn;
    this.inputs = null;
    this.mayWait = false;
    this.maySpin = false;
    this.queue = new Array<Cell | null>(16).fill(null);
    this.mask = 15;
    this.head = 0;
    this.length = 0;
    this.isArmed = false;
    this.isPumping = false;
    this.isParked = false;
    this.nowMs = clock.monotonicMs();
    this.sliceStartMs = this.nowMs;
    this.checkEvery = 16;
    this.hops = 0;
    this.misses = 0;
    this.readies = 0;
    this.sampleMask = SAMPLE_MASK;
    this.timedAll = 0;
    this.sampled = null;
    this.sampledAtMs = 0;
    this.pumpAgain = () => this.pump(false);
    this.pumpAfterInput = () => this.pump(true);
  }

  /** Connects it to other threads. `maySpin`: whether a core is there to spin on. */
  connect(inputs: Inputs, maySpin: boolean): void {
    this.inputs = inputs;
    this.mayWait = true;
    this.maySpin = maySpin;
    this.arm();
  }

  /** Puts a cell that has something to do in the queue. */
  ready(cell: Cell): void {
    cell.isQueued = true;
    if (this.length > this.mask) this.grow();
    this.queue[(this.head + this.length) & this.mask] = cell;
    this.length++;
    if ((++this.readies & this.sampleMask) === 0) this.looked(cell);
    if (!this.isArmed) this.arm();
  }

  /** Whoever measures an actor wants to know when it becomes ready, or no more; each is to end it. */
  timesAll(isOn: boolean): void {
    this.timedAll += isOn ? 1 : -1;
    this.sampleMask = this.timedAll > 0 ? 0 : SAMPLE_MASK;
  }

  /**
   * Sees to it that the pump runs soon; for those who have sent or changed something outside a
   * turn. @returns whether that was news: nothing else would have made it run.
   */
  arm(): boolean {
    if (this.isArmed || this.isPumping) return false;
    this.isArmed = true;
    // Now, not in the pump: what is sent before it would be seen elsewhere, and this thread asleep.
    if (this.isParked) this.wakeUp();
    this.loop.microtask(this.pumpAgain);
    return true;
  }

  /** Called by the doorbell, from the event loop. */
  wake(): void {
    this.wakes++;
    this.pump(true);
  }

  /** Actors that wait for their turn. */
  get waiting(): number {
    return this.length;
  }

  private pump(isFromLoop: boolean): void {
    if (this.isPumping) return;
    this.isPumping = true;
    // Armed all the while, so that `ready` does not ask for another microtask.
    this.isArmed = true;
    if (this.isParked) this.wakeUp();
    // An empty hop takes microseconds: the last look is as good, and would be most of its cost.
    if (this.hops === 0 || isFromLoop) this.nowMs = this.clock.monotonicMs();
    if (isFromLoop) this.sliceStartMs = this.nowMs;
    const startMs = this.nowMs;
    let isOver = true;
    try {
      isOver = this.work();
    } finally {
      // A bug that throws out of here is reported by whoever hears uncaught errors; the thread goes on.
      this.isPumping = false;
      if (isOver) this.loop.afterInput(this.pumpAfterInput);
    }
    this.isPumping = true;
    if (this.hops === 0) {
      this.nowMs = this.clock.monotonicMs();
      this.busyMs += this.nowMs - startMs;
      this.endTurn();
    } else this.inputs?.publish();
    this.isPumping = false;
    if (!isOver) this.nothingToDo();
  }

  private endTurn(): void {
    this.afterTurn();
    this.inputs?.flush();
  }

  /** @returns whether the slice was used up; otherwise there is nothing more to do. */
  private work(): boolean {
    const { inputs } = this;
    let left = this.checkEvery;
    for (;;) {
      const arrived = inputs === null ? 0 : inputs.poll();
      if (this.length === 0 && arrived === 0) return false;
      if (arrived > 0 || this.length > 0) this.hops = 0;
      // One round: those who are in the queue now. Whom they make ready waits for the next look.
      for (let round = this.length; round > 0; round--) {
        left -= this.turn(left) + 1;
        if (left <= 0) {
          if (this.isSliceOver()) return true;
          left = this.checkEvery;
        }
      }
      left -= 1;
      if (left <= 0) {
        if (this.isSliceOver()) return true;
        left = this.checkEvery;
      }
    }
  }

  private turn(left: number): number {
    const cell = this.queue[this.head] as Cell;
    this.queue[this.head] = null;
    this.head = (this.head + 1) & this.mask;
    this.length--;
    cell.isQueued = false;
    if (cell === this.sampled) this.sample(cell);
    const handled = cell.run(left < TURN_MESSAGES_MAX ? left : TURN_MESSAGES_MAX);
    const box = cell.mailbox;
    if (box !== null && box.length > 0 && cell.canRun && !cell.isQueued) this.ready(cell);
    return handled;
  }

  /** A cell has become ready whose wait is looked at. */
  private looked(cell: Cell): void {
    cell.extras?.tap?.arrived();
    if ((this.readies & SAMPLE_MASK) !== 0) return;
    this.sampled = cell;
    this.sampledAtMs = this.clock.monotonicMs();
  }

  /** The oldest message of a cell has waited since the cell became ready. */
  private sample(cell: Cell): void {
    this.sampled = null;
    const waitMs = this.clock.monotonicMs() - this.sampledAtMs;
    cell.host.memory.waited(cell.index, waitMs * 1000);
  }

  /** Looks at the clock, and decides when to look again: slow handlers are watched more closely. */
  private isSliceOver(): boolean {
    const now = this.clock.monotonicMs();
    const spentMs = now - this.nowMs;
    this.nowMs = now;
    if (spentMs > SLICE_MS / 2) this.checkEvery = 1;
    else if (spentMs < SLICE_MS / 8) {
      this.checkEvery = Math.min(this.checkEvery * 2, CHECK_MESSAGES_MAX);
    }
    return now - this.sliceStartMs >= SLICE_MS;
  }

  private nothingToDo(): void {
    // First: who asks again in the reaction to each answer would keep the loop from its turn for ever.
    if (this.nowMs - this.sliceStartMs >= SLICE_MS) {
      this.hops = 0;
      this.loop.afterInput(this.pumpAfterInput);
      return;
    }
    if (!this.mayWait) {
      this.isArmed = false;
      return;
    }
    if (this.hops < HOPS_MAX) {
      this.hops++;
      this.loop.microtask(this.pumpAgain);
      return;
    }
    if (this.maySpin && this.spin()) this.loop.microtask(this.pumpAgain);
    else this.park();
  }

  /** @returns whether input came. */
  private spin(): boolean {
    if (this.misses >= SPIN_MISSES_MAX) {
      this.misses++;
      if (this.misses < SPIN_MISSES_MAX + SPIN_PAUSE_ROUNDS) return false;
      this.misses = SPIN_MISSES_MAX - 1;
    }
    const inputs = this.inputs as Inputs;
    const startMs = this.clock.monotonicMs();
    this.nowMs = startMs;
    do {
      for (let look = 0; look < 16; look++) {
        if (inputs.hasInput()) {
          this.misses = 0;
          return true;
        }
      }
      this.nowMs = this.clock.monotonicMs();
    } while (this.nowMs - startMs < SPIN_MS);
    this.misses++;
    return false;
  }

  private park(): void {
    this.hops = 0;
    // What microtasks did between the hops: nobody else shows it while this thread sleeps.
    this.endTurn();
    if (this.inputs?.park() === true) {
      this.isParked = true;
      this.isArmed = false;
    } else this.loop.afterInput(this.pumpAfterInput);
  }

  private wakeUp(): void {
    this.isParked = false;
    this.inputs?.unpark();
  }

  private grow(): void {
    const grown = new Array<Cell | null>((this.mask + 1) * 2).fill(null);
    for (let i = 0; i < this.length; i++) {
      grown[i] = this.queue[(this.head + i) & this.mask] as Cell;
    }
    this.queue = grown;
    this.mask = grown.length - 1;
    this.head = 0;
  }
}
