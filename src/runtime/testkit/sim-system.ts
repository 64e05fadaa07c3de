/**
 * A whole actor system on one JavaScript thread, in virtual time, in an order that a seed draws:
 * hosts, dispatchers, rings, codec, crew and supervisors are the real ones; clock, loop, threads
 * and chance are the simulation's. One seed, one run: the same hash on every machine and version of
 * Node. Handlers may await anything that goes through a port; a real timer or file is
 * RM_SIM_REAL_IO.
 */
import type { RingOptions } from '../../hotpath/index.ts';
import type { AnyRef } from '../actor/ref.ts';
import { runtimeError } from '../errors.ts';
import type { EventListener } from '../host/events.ts';
import type { Host } from '../host/host.ts';
import type { Alarm } from '../ports/alarm.ts';
import type { Clock } from '../ports/clock.ts';
import { type Random, seededRandom } from '../ports/random.ts';
import { assemble, assembleAlone } from '../system/assembly.ts';
import type { StartSettings } from '../system/start-options.ts';
import { System, type SystemParts } from '../system/system.ts';
import type { World } from '../threads/world.ts';
import { type Duration, durationMs } from '../timers/duration.ts';
import { Probe, ProbeActor, probeArguments } from './probe.ts';
import { SimClock } from './sim-clock.ts';
import { SimEngine } from './sim-engine.ts';
import { type SimFaults, SimLinks } from './sim-links.ts';
import type { SimThread } from './sim-thread.ts';
import { SimThreads } from './sim-threads.ts';
import { LOG_LINES_DEFAULT, SimTrace } from './sim-trace.ts';

/** How to make a simulated system. */
export type SimOptions = {
  /** Draws everything. Default 1. */
  readonly seed?: number;
  /** Actor threads besides main; 0: none. Default 2. */
  readonly threads?: number;
  /** Whether one more thread waits to replace another. Default true. */
  readonly spare?: boolean;
  /** Actors per thread; a power of two. Default 4,096. */
  readonly actorsMax?: number;
  /** Copies and freezes payloads that stay on a thread, as if they had travelled. Default false. */
  readonly development?: boolean;
  /** What goes wrong between threads. Default: nothing. */
  readonly faults?: SimFaults;
  /**
   * Sizes of the rings between threads. Default: as in production, with a checksum for each record.
   */
  readonly ring?: RingOptions;
  /** Runs what actors offload. Default: RM_SIM_REAL_IO. */
  readonly offload?: (url: string, name: string, argument: unknown) => unknown;
  /** Lines of the log that are kept. Default 10,000. */
  readonly logLines?: number;
  readonly onEvent?: EventListener;
};

/** A promise that the test settles and that handlers may await. */
export type SimGate<T> = {
  readonly promise: Promise<T>;
  /** Settles it. */
  open(value: T): void;
  /** Rejects it. */
  fail(error: unknown): void;
};

/** What a simulation is made of. */
class Stage {
  readonly clock: SimClock;
  readonly random: Random;
  readonly engine: SimEngine;
  readonly trace: SimTrace;
  readonly hosts: Map<SimThread, Host>;
  readonly links: Map<SimThread, SimLinks>;
  readonly gates: Set<object>;
  faults: SimFaults;
  private readonly faultRandom: Random;

  constructor(seed: number, faults: SimFaults, logLines: number) {
    this.random = seededRandom(seed);
    this.clock = new SimClock({ random: this.random.split() });
    this.engine = new SimEngine(this.clock, this.random.split());
    this.engine.stuck = () => this.openHandler();
    this.trace = new SimTrace(this.clock, logLines);
    this.hosts = new Map();
    this.links = new Map();
    this.gates = new Set();
    this.faults = faults;
    this.faultRandom = this.random.split();
  }

  world(thread: SimThread): World {
    let seat = 0;
    return {
      clock: this.clock,
      turnClock: thread.turnClock,
      loop: thread,
      alarm: () => thread.alarm(),
      links: () => {
        const links = new SimLinks({
          faults: () => this.faults,
          random: this.faultRandom,
          after: (ms, fn) => thread.alarm().set(this.clock.monotonicMs() + ms, fn),
          told: (what, from, name) => this.trace.add(seat, what, `from ${from}`, name),
        });
        this.links.set(thread, links);
        return links;
      },
      hosted: (host) => {
        seat = host.seat;
        this.hosts.set(thread, host);
        this.trace.follow(host);
      },
    };
  }

  /**
   * Its code may go on, since nothing can end a promise; but nothing that it does has an effect any
   * more.
   */
  ended(thread: SimThread, isClosed: boolean): void {
    this.links.get(thread)?.cut();
    const host = this.hosts.get(thread);
    if (host !== undefined) for (const cell of host.table.all()) cell.incarnation++;
    // The crew counts what a thread that was lost had taken, but not one that it closed.
    if (!isClosed) this.links.delete(thread);
    this.hosts.delete(thread);
  }

  /**
   * Messages that faults have taken away on threads that live; the crew counts those of the dead.
   */
  takenAway(): number {
    let sum = 0;
    for (const links of this.links.values()) sum += links.takenAway;
    return sum;
  }

  private openHandler(): string | null {
    if (this.gates.size > 0) return null;
    for (const host of this.hosts.values()) {
      for (const cell of host.table.all()) {
        if (cell.isSuspended) return `the promise of a handler of ${cell.path}`;
      }
    }
    return null;
  }
}

/** Made by `SimSystem.start`. Thread rule: one thread; one caller at a time moves time. */
export class SimSystem extends System {
  private readonly stage: Stage;
  private readonly threadsOf: SimThreads;
  private readonly host: Host;
  private readonly crashSeat: (seat: number) => boolean;

  private constructor(parts: SystemParts, stage: Stage, threads: SimThreads) {
    super(parts);
    this.stage = stage;
    this.threadsOf = threads;
    this.host = parts.host;
    this.crashSeat = (seat) => {
      const { links } = parts.host;
      const peer = links instanceof SimLinks ? links.at(seat) : null;
      return peer !== null && this.threadsOf.crash(peer.number);
    };
  }

  /** Resolves when its threads have booted, in virtual time. */
  static async start(options: SimOptions = {}): Promise<SimSystem> {
    const { seed = 1, faults = {}, logLines = LOG_LINES_DEFAULT } = options;
    const stage = new Stage(seed, faults, logLines);
    const main = stage.engine.thread();
    const threads = new SimThreads({
      engine: stage.engine,
      random: stage.random.split(),
      main,
      world: (thread) => stage.world(thread),
      ended: (thread, isClosed) => stage.ended(thread, isClosed),
    });
    const { offload = noOffload } = options;
    const parts = {
      world: stage.world(main),
      offloader: {
        run: async (url: string, name: string, argument: unknown) =>
          await offload(url, name, argument),
        close: () => Promise.resolve(),
      },
      ring: { payloadCheck: true, ...options.ring },
    };
    const settings = settingsOf(options, stage.random.nextU32());
    const made =
      settings.threads === 0
        ? assembleAlone(settings, parts)
        : await stage.engine.until(assemble(settings, parts, threads));
    const retired = (): ReturnType<SystemParts['retired']> => {
      const before = made.retired();
      if (before === null) return null;
      return { ...before, lost: before.lost + stage.takenAway() };
    };
    return new SimSystem({ ...made, retired }, stage, threads);
  }

  /**
   * Moves time by `duration`, with everything that happens on the way. @throws RM_SIM_REAL_IO,
   * RM_TIMER_ENDLESS
   */
  run(duration: Duration): Promise<void> {
    return this.stage.engine.run(durationMs(duration, 'duration'));
  }

  /**
   * Moves time until nothing happens any more. @throws (rejects) as `run`; where something repeats,
   * use `run`
   */
  idle(): Promise<void> {
    return this.stage.engine.idle();
  }

  /**
   * Moves time until the promise is settled. @throws (rejects) as `run`; what the promise rejects
   * with
   */
  until<T>(promise: Promise<T>): Promise<T> {
    return this.stage.engine.until(promise);
  }

  /** Virtual milliseconds. */
  now(): number {
    return this.stage.clock.monotonicMs();
  }

  /** Its clock, for what runs beside the system in the same virtual time, such as a store. */
  get clock(): Clock {
    return this.stage.clock;
  }

  /** A new alarm of that clock; whoever takes it sets it alone. */
  alarm(): Alarm {
    return this.stage.clock.alarm();
  }

  /** The wall clock jumps; nothing but people should notice. */
  jumpWall(ms: number): void {
    this.stage.clock.jumpWall(ms);
  }

  /** What goes wrong between threads from now on. */
  setFaults(faults: SimFaults): void {
    this.stage.faults = faults;
  }

  /**
   * The thread of that number dies in between two turns, by itself. @returns whether there was one
   */
  crashThread(thread: number): boolean {
    this.stage.trace.add(thread, 'thread-crash', '');
    return this.crashSeat(thread);
  }

  /** A recording actor on the main thread. */
  probe(): Probe {
    const { args, inside } = probeArguments();
    const ref = this.host.spawner.child(null, ProbeActor, { args });
    return new Probe(ref as unknown as AnyRef, inside(), (promise) => this.until(promise));
  }

  /** Something that handlers may wait for until the test opens it. */
  gate<T = void>(): SimGate<T> {
    const { gates } = this.stage;
    const key = {};
    gates.add(key);
    let open: (value: T) => void = () => undefined;
    let fail: (error: unknown) => void = () => undefined;
    const promise = new Promise<T>((resolve, reject) => {
      open = resolve;
      fail = reject;
    });
    return {
      promise,
      open: (value) => {
        gates.delete(key);
        open(value);
      },
      fail: (error) => {
        gates.delete(key);
        fail(error);
      },
    };
  }

  /** Of everything that has happened: the same for the same seed. */
  get hash(): string {
    return this.stage.trace.hash;
  }

  /** The last events: virtual microseconds, thread, event, actor, detail. */
  get log(): readonly string[] {
    return this.stage.trace.log;
  }

  override quiet(deadline?: Duration): Promise<boolean> {
    return this.until(super.quiet(deadline));
  }

  override close(options: { readonly deadline?: Duration } = {}): Promise<void> {
    return this.until(super.close(options));
  }
}

function settingsOf(options: SimOptions, seed: number): StartSettings {
  const { threads = 2, actorsMax = 4096, spare = true, development = false } = options;
  return {
    threads,
    actorsMax,
    isDevelopment: development,
    // Virtual time stands while a handler runs: no thread can hang.
    hangAfterMs: Number.POSITIVE_INFINITY,
    spare,
    seed,
    threadHeapMb: null,
    onEvent: options.onEvent ?? null,
    maySpin: false,
  };
}

function noOffload(url: string): never {
  const message = `offload of ${url}: a simulation has no threads for computing; give it { offload }.`;
  throw runtimeError('RM_SIM_REAL_IO', message);
}
