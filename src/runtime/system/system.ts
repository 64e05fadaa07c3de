/**
 * An actor system as its user holds it: spawn, supervise, look up, stop, close. Composition only;
 * the parts are the host of the main thread, the crew of the other threads, the directory.
 */
import type { BaseRef } from '../actor/actor-ref.ts';
import type { Down } from '../actor/context.ts';
import type { ActorDefinition } from '../actor/definition.ts';
import type { Handlers } from '../actor/handlers.ts';
import type { AnyRef, Ref } from '../actor/ref.ts';
import { runtimeError } from '../errors.ts';
import type { DeadLetter, DeadLetterListener } from '../host/dead-letters.ts';
import type { EventListener } from '../host/events.ts';
import type { Host } from '../host/host.ts';
import { checkedId } from '../host/spawn-rules.ts';
import { downOf } from '../host/watches.ts';
import type { DeadLetterNote, DeadLetterNoteListener } from '../observe/letter-news.ts';
import type { MeasureListener } from '../observe/measure.ts';
import type { RosterListener } from '../observe/roster.ts';
import type { TraceBudget, TraceListener } from '../observe/trace.ts';
import { type SpawnOptions, Supervisor } from '../supervision/supervisor.ts';
import type { SupervisorOptions } from '../supervision/supervisor-options.ts';
import type { Retired } from '../threads/retired.ts';
import type { WireFill } from '../threads/wires.ts';
import { type Duration, durationMs } from '../timers/duration.ts';
import type { Directory } from './directory.ts';
import { readFigures, type SeatView, type SystemFigures } from './figures.ts';
import { Quiescence } from './quiescence.ts';

/** What a system is made of. */
export type SystemParts = {
  readonly host: Host;
  readonly directory: Directory;
  /** Actor threads. */
  readonly threads: number;
  readonly seats: () => readonly SeatView[];
  /** What threads that are gone had counted. */
  readonly retired: () => Retired | null;
  /** How full the rings between its threads are. */
  readonly rings: () => readonly WireFill[];
  readonly stop: (ref: BaseRef) => Promise<void>;
  readonly kill: (seat: number) => void;
  readonly offload: (url: string, name: string, argument: unknown) => Promise<unknown>;
  readonly closeThreads: (deadlineMs: number) => Promise<void>;
};

/** Milliseconds that closing may take when nothing else is said. */
const CLOSE_MS = 5000;
/** Milliseconds that ending the actors, and then the threads, may take in any case. */
const CLOSE_MS_MIN = 100;
/** Milliseconds between two looks whether the system is quiet. */
const QUIET_LOOK_MS = 5;

/** Made by `start`. Thread rule: the thread that started it. */
export class System {
  private readonly parts: SystemParts;
  private readonly root: Supervisor;
  private supervisors: number;
  private closing: Promise<void> | null;

  constructor(parts: SystemParts) {
    this.parts = parts;
    // Whoever spawns without a supervisor of his own wants the actor kept alive, however often it fails.
    const intensity = { restarts: Number.POSITIVE_INFINITY };
    this.root = new Supervisor(parts.host, { intensity }, '/user', null);
    this.supervisors = 0;
    this.closing = null;
  }

  /** Number of actor threads; they are numbered from 1, the calling one is 0. */
  get threads(): number {
    return this.parts.threads;
  }

  /**
   * Spawns an actor under the system's own supervisor, which restarts it for ever, with backoff.
   * @throws (rejects) as `Supervisor.spawn`
   */
  async spawn<A, H extends Handlers>(
    definition: ActorDefinition<A, H>,
    ...[options]: undefined extends A ? [options?: SpawnOptions<A>] : [options: SpawnOptions<A>]
  ): Promise<Ref<H>> {
    this.expectOpen();
    return await this.root.spawn(definition, ...([options] as never));
  }

  /**
   * A supervisor on the calling thread, whose children may live on any. @throws
   * RM_SUPERVISOR_OPTION, RM_ID_TAKEN
   */
  supervisor(options: SupervisorOptions & { readonly name?: string } = {}): Supervisor {
    this.expectOpen();
    const name = checkedId(options.name ?? `supervisor-${++this.supervisors}`);
    return new Supervisor(this.parts.host, options, `/${name}`, null);
  }

  /** The actor of that path, wherever it lives; null when there is none. */
  lookup(path: string): AnyRef | null {
    return this.parts.directory.find(path);
  }

  /** Paths of all named actors. */
  paths(): readonly string[] {
    return this.parts.directory.paths();
  }

  /**
   * Ends an actor after its current message; its supervisor forgets it. Resolves when it has ended.
   */
  stop(ref: Ref<never> | AnyRef): Promise<void> {
    return this.parts.stop(ref as BaseRef);
  }

  /**
   * Lets an actor handle what it has, refusing new messages, and ends it. Resolves when it has
   * ended.
   */
  drain(ref: Ref<never> | AnyRef): Promise<void> {
    return this.parts.host.drain(ref as BaseRef);
  }

  /** Resolves when the actor has ended for good. */
  watch(ref: Ref<never> | AnyRef): Promise<Down> {
    const target = ref as BaseRef;
    return new Promise((resolve) => {
      this.parts.host.watches.listen(target, (exit) => resolve(downOf(target, exit)));
    });
  }

  /**
   * Runs an exported function of a module (`file:` URL) on a pool of threads for computing. @throws
   * as it does
   */
  offload(url: string | URL, name: string, argument?: unknown): Promise<unknown> {
    return this.parts.offload(String(url), name, argument);
  }

  /**
   * Messages that nobody handled on the calling thread, with what they carried; those of other threads are
   * in `deadLetterNotes` and in the figures.
   */
  get deadLetters(): {
    /** The last ones, oldest first. */
    last(): readonly DeadLetter[];
    /** @returns how to stop listening */
    listen(listener: DeadLetterListener): () => void;
  } {
    return this.parts.host.deadLetters;
  }

  /**
   * Messages that nobody handled on any thread, without what they carried: told in batches, a moment later,
   * and of a storm a part.
   */
  get deadLetterNotes(): {
    /** The last ones, oldest first. */
    last(): readonly DeadLetterNote[];
    /** @returns how to stop listening */
    listen(listener: DeadLetterNoteListener): () => void;
  } {
    return this.parts.host.letterNews;
  }

  /** Tells what happens. @returns how to stop listening */
  onEvent(listener: EventListener): () => void {
    return this.parts.host.events.listen(listener);
  }

  /** Counters of every thread, as of its last turn; readable while a thread spins in a handler. */
  figures(): SystemFigures {
    const { host } = this.parts;
    host.showCounters();
    host.links.showSent();
    return readFigures(this.parts.seats(), this.parts.retired(), this.parts.rings());
  }

  /** Figures of one actor. */
  figuresOf(ref: Ref<never> | AnyRef): ReturnType<SeatView['memory']['figuresOf']> | null {
    const { seat, index, generation } = ref as BaseRef;
    const view = this.parts.seats().find((one) => one.seat === seat);
    const figures = view?.memory.figuresOf(index);
    return figures === undefined || figures.generation !== generation ? null : figures;
  }

  /**
   * For who watches from another thread: told each thread's memory and all named actors, then each change.
   * @returns how to stop listening
   */
  watchRoster(listener: RosterListener): () => void {
    for (const { seat, memory } of this.parts.seats()) {
      listener.sits(seat, memory.buffer, memory.actorsMax);
    }
    return this.parts.directory.listen(listener);
  }

  /**
   * Listens to the messages of one actor, within a budget; an actor that nobody traces pays nothing for it.
   * Every trace tells its end. @returns how to end it. @throws RM_SYSTEM_OPTION
   */
  trace(ref: Ref<never> | AnyRef, budget: TraceBudget, listener: TraceListener): () => void {
    return this.parts.host.traces.start(ref as BaseRef, checkedBudget(budget), listener);
  }

  /**
   * Measures the times of one actor's messages, in its mailbox and in its handlers, and tells them each
   * second; ends by itself after `ttlMs` milliseconds. Every measurement tells its end. While one is open its
   * thread looks whenever an actor becomes ready. @returns how to end it. @throws RM_SYSTEM_OPTION
   */
  measure(ref: Ref<never> | AnyRef, ttlMs: number, listener: MeasureListener): () => void {
    mustBePositive('ttlMs of a measurement', ttlMs);
    return this.parts.host.traces.measure(ref as BaseRef, ttlMs, listener);
  }

  /** Number of the thread that the actor lives on. */
  threadOf(ref: Ref<never> | AnyRef): number {
    return (ref as BaseRef).seat;
  }

  /**
   * Ends the thread of that number by force: what a crash of it would do. For tests and operators.
   */
  killThread(thread: number): void {
    this.parts.kill(thread);
  }

  /**
   * Resolves when no message waits or is under way, or at the deadline. @returns whether it is
   * quiet
   */
  quiet(deadline: Duration = CLOSE_MS): Promise<boolean> {
    const { host, seats } = this.parts;
    const untilMs = host.clock.monotonicMs() + durationMs(deadline, 'deadline');
    return new Promise((resolve) => {
      const figures = (): SystemFigures => this.figures();
      const quiescence = new Quiescence({ own: host.memory, seats, figures });
      const look = (): void => {
        if (quiescence.look()) resolve(true);
        else if (host.clock.monotonicMs() >= untilMs) resolve(false);
        else host.after(QUIET_LOOK_MS, look);
      };
      // Never at once: who asks in a loop lets sockets and other threads' news in.
      host.after(0, look);
    });
  }

  /**
   * Ends the system: takes no new actors, lets messages be handled until the deadline, ends all
   * actors (the youngest first), ends the threads. Repeating gives the same promise.
   */
  close(options: { readonly deadline?: Duration } = {}): Promise<void> {
    this.closing ??= this.shutdown(durationMs(options.deadline ?? CLOSE_MS, 'deadline'));
    return this.closing;
  }

  /** For `await using`: as `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async shutdown(deadlineMs: number): Promise<void> {
    const { host, closeThreads } = this.parts;
    const startMs = host.clock.monotonicMs();
    const leftMs = (): number =>
      Math.max(CLOSE_MS_MIN, deadlineMs - (host.clock.monotonicMs() - startMs));
    await this.quiet(deadlineMs);
    await host.close(leftMs());
    await closeThreads(leftMs());
    // Timers of what was answered or has ended leave an alarm that would keep the process alive.
    host.timers.rest();
  }

  private expectOpen(): void {
    if (this.closing === null) return;
    throw runtimeError('RM_SYSTEM_CLOSED', 'the system is closed or closing; start another one.');
  }
}

/** @throws RM_SYSTEM_OPTION */
function checkedBudget(budget: TraceBudget): TraceBudget {
  const { max, perSecond, ttlMs } = budget;
  for (const [name, value] of Object.entries({ max, perSecond, ttlMs })) {
    mustBePositive(`${name} of a trace`, value);
  }
  return budget;
}

/** @throws RM_SYSTEM_OPTION */
function mustBePositive(what: string, value: number): void {
  if (Number.isFinite(value) && value > 0) return;
  throw runtimeError('RM_SYSTEM_OPTION', `${what} is ${value}; expected a number above 0.`);
}
