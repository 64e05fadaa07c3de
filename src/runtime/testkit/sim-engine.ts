/**
 * Runs the threads of a simulated system, one thing at a time, in an order that the seed draws;
 * between two things the promises that are settled go on. When nothing is ready it moves the clock
 * to the next alarm, if it is told to.
 *
 *   resting ──something is ready──▶ driving (at once, without moving time) ──▶ resting
 *      └──────run, idle, until─────▶ driving (time moves, too) ──────────────────▲
 *
 * No driving → driving: who comes second waits for the first.
 */
import { runtimeError } from '../errors.ts';
import type { Random } from '../ports/random.ts';
import { systemLoop } from '../ports/system-loop.ts';
import type { SimClock } from './sim-clock.ts';
import { SimThread } from './sim-thread.ts';

/** Rounds of settled promises between two things that are run, at most. */
const HOPS_MAX = 4;
/** Things that may run without time moving before that is taken for a loop without end. */
const STEPS_AT_ONCE_MAX = 1_000_000;
/** Alarms that may ring before `idle` takes them for ones that repeat. */
const RINGS_MAX = 1_000_000;

/** One simulation's. */
export class SimEngine {
  readonly clock: SimClock;
  readonly random: Random;
  /**
   * Answers what an open handler waits for, when nothing can settle it any more; null: nothing
   * does.
   */
  stuck: () => string | null;
  private readonly threads: SimThread[];
  private numbers: number;
  private steps: number;
  private isDriving: boolean;
  private isCalled: boolean;
  private last: Promise<unknown>;

  constructor(clock: SimClock, random: Random) {
    this.clock = clock;
    this.random = random;
    this.stuck = () => null;
    this.threads = [];
    this.numbers = 0;
    this.steps = 0;
    this.isDriving = false;
    this.isCalled = false;
    this.last = Promise.resolve();
  }

  thread(): SimThread {
    const thread = new SimThread(this.numbers++, this);
    this.threads.push(thread);
    return thread;
  }

  forget(thread: SimThread): void {
    thread.die();
    this.threads.splice(this.threads.indexOf(thread), 1);
  }

  /** Something is ready: unless somebody drives, it is run as soon as the caller's code rests. */
  woke(): void {
    if (this.isDriving || this.isCalled) return;
    this.isCalled = true;
    systemLoop.afterInput(() => {
      this.isCalled = false;
      if (!this.isDriving) void this.alone(() => this.settle());
    });
  }

  /**
   * Moves time by `ms`, with everything that happens on the way. @throws RM_SIM_REAL_IO,
   * RM_TIMER_ENDLESS
   */
  run(ms: number): Promise<void> {
    return this.alone(async () => {
      const untilMs = this.clock.monotonicMs() + ms;
      await this.settle();
      while (this.clock.nextAlarmMs <= untilMs) await this.ring();
      if (this.clock.nextAlarmMs === Number.POSITIVE_INFINITY) this.expectNotStuck();
      this.clock.advance(Math.max(0, untilMs - this.clock.monotonicMs()));
    });
  }

  /** Goes on until nothing is ready and no alarm is set. @throws as `run` */
  idle(): Promise<void> {
    return this.alone(async () => {
      await this.settle();
      for (let rings = 0; this.clock.nextAlarmMs < Number.POSITIVE_INFINITY; rings++) {
        if (rings > RINGS_MAX)
          throw endless(`${RINGS_MAX} alarms rang and more are set`, 'use run()');
        await this.ring();
      }
      this.expectNotStuck();
    });
  }

  /** Goes on until the promise is settled. @throws what it rejects with; as `run` */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settled = (): void => {
      isSettled = true;
    };
    promise.then(settled, settled);
    await this.alone(async () => {
      await this.settle();
      for (let rings = 0; !isSettled; rings++) {
        if (this.clock.nextAlarmMs === Number.POSITIVE_INFINITY) throw realIo('what is awaited');
        if (rings > RINGS_MAX)
          throw endless(`${RINGS_MAX} alarms rang`, 'what is awaited never comes');
        await this.ring();
      }
    });
    return await promise;
  }

  private async ring(): Promise<void> {
    this.steps = 0;
    this.clock.step();
    await this.settle();
  }

  private expectNotStuck(): void {
    const what = this.stuck();
    if (what !== null) throw realIo(what);
  }

  /** Until nothing is ready and no promise is left that could make it so. */
  private async settle(): Promise<void> {
    for (;;) {
      while (this.step()) {
        for (let hops = this.random.below(HOPS_MAX); hops > 0; hops--) await null;
      }
      await new Promise<void>((resolve) => systemLoop.afterInput(resolve));
      if (!this.threads.some((thread) => thread.isReady)) return;
    }
  }

  private step(): boolean {
    let ready = 0;
    for (const thread of this.threads) if (thread.isReady) ready++;
    if (ready === 0) return false;
    if (++this.steps > STEPS_AT_ONCE_MAX) {
      throw endless(`${STEPS_AT_ONCE_MAX} turns at one instant`, 'somebody sends without end');
    }
    let drawn = ready === 1 ? 0 : this.random.below(ready);
    for (const thread of this.threads) {
      if (thread.isReady && drawn-- === 0) {
        thread.step();
        return true;
      }
    }
    return true;
  }

  /** One driver at a time, in the order in which they come. */
  private alone<T>(drive: () => Promise<T>): Promise<T> {
    const mine = this.last.then(async () => {
      this.isDriving = true;
      this.steps = 0;
      try {
        return await drive();
      } finally {
        this.isDriving = false;
      }
    });
    this.last = mine.catch(() => undefined);
    return mine;
  }
}

function realIo(what: string): Error {
  const message =
    `${what} is not settled, nothing is ready and no alarm is set: something awaits what is no port ` +
    '(a real timer, a file, a socket). Use ctx.timers, or a gate of the simulation.';
  return runtimeError('RM_SIM_REAL_IO', message);
}

function endless(what: string, cure: string): Error {
  return runtimeError('RM_TIMER_ENDLESS', `${what}; expected an end: ${cure}.`);
}
