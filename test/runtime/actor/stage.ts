/**
 * A system of one thread in virtual time, for tests of what needs no second thread: the real host
 * and the real system over a clock that the test moves. Microtasks are Node's own; `settle` waits
 * until none is left.
 */
import type { Context } from '../../../src/runtime/actor/context.ts';
import { type ActorDefinition, actor } from '../../../src/runtime/actor/definition.ts';
import type { Handlers } from '../../../src/runtime/actor/handlers.ts';
import { Host } from '../../../src/runtime/host/host.ts';
import { SeatMemory } from '../../../src/runtime/host/seat-memory.ts';
import type { MailboxOptions } from '../../../src/runtime/mailbox/mailbox-options.ts';
import { seededRandom } from '../../../src/runtime/ports/random.ts';
import { systemLoop } from '../../../src/runtime/ports/system-loop.ts';
import { Directory } from '../../../src/runtime/system/directory.ts';
import { System } from '../../../src/runtime/system/system.ts';
import { SimClock } from '../../../src/runtime/testkit/sim-clock.ts';
import { NO_LINKS } from '../../../src/runtime/transport/link-set.ts';

let defined = 0;

/** A definition of its own for each call. */
export function define<A, H extends Handlers>(
  setup: (args: A, ctx: Context) => H | Promise<H>,
  options: { mailbox?: MailboxOptions; attempts?: number; name?: string } = {},
): ActorDefinition<A, H> {
  return actor(import.meta.url, { name: `Test${++defined}`, setup, ...options });
}

/** A promise that the test settles. */
export class Gate<T = void> {
  readonly promise: Promise<T>;
  open: (value: T) => void = () => undefined;
  fail: (error: unknown) => void = () => undefined;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.open = resolve;
      this.fail = reject;
    });
  }
}

/** How to make a stage. */
export type StageOptions = { readonly development?: boolean; readonly actorsMax?: number };

/** One thread, one clock. */
export class Stage {
  readonly clock: SimClock;
  readonly host: Host;
  readonly system: System;

  constructor({ development = false, actorsMax = 1024 }: StageOptions = {}) {
    this.clock = new SimClock();
    const directory = new Directory(() => this.host);
    this.host = new Host(
      {
        seat: 0,
        epoch: 0,
        clock: this.clock,
        loop: systemLoop,
        alarm: this.clock.alarm(),
        random: seededRandom(1),
        memory: SeatMemory.create(actorsMax),
        isDevelopment: development,
        services: {
          named: (path, cell) => directory.named(path, 0, cell.index, cell.generation),
          unnamed: (path) => directory.unnamed(path, 0),
          lookup: (path) => Promise.resolve(directory.find(path)),
          offload: () => Promise.reject(new Error('no offload here')),
        },
      },
      NO_LINKS,
    );
    this.system = new System({
      host: this.host,
      directory,
      threads: 0,
      seats: () => [{ seat: 0, memory: this.host.memory }],
      retired: () => null,
      rings: () => [],
      stop: (ref) => this.host.stop(ref),
      kill: () => undefined,
      offload: () => Promise.reject(new Error('no offload here')),
      closeThreads: () => Promise.resolve(),
    });
  }

  /** Until no microtask is left. */
  settle(): Promise<void> {
    // Twice: the dispatcher itself waits for the loop's turn when its slice is over.
    const { afterInput } = systemLoop;
    return new Promise((resolve) => afterInput(() => afterInput(resolve)));
  }

  /** Moves time by `ms`, alarm by alarm, with all that follows from each. */
  async advance(ms: number): Promise<void> {
    await this.settle();
    const untilMs = this.clock.monotonicMs() + ms;
    while (this.clock.nextAlarmMs <= untilMs) {
      this.clock.step();
      await this.settle();
    }
    this.clock.advance(untilMs - this.clock.monotonicMs());
    await this.settle();
  }

  /** Messages that are neither handled nor dead. */
  get inFlight(): number {
    return this.system.figures().inFlight;
  }
}

/** What a promise has come to: its value, the code of its error, or that it is open. */
export async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  const open = Symbol('open');
  const first = await Promise.race([
    promise.then(
      (value) => ({ value }),
      (error: unknown) => ({ code: codeOfError(error) }),
    ),
    new Promise<symbol>((resolve) => systemLoop.afterInput(() => resolve(open))),
  ]);
  return first === open ? 'open' : first;
}

/** The code of an error, or its message. */
export function codeOfError(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return code ?? message ?? String(error);
}
