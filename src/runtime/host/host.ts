/**
 * Everything that one thread of the actor system holds, put together: cells, dispatcher, timers,
 * open questions, watches, links to other threads. Composition and the few acts that concern
 * several of the parts; each part has a file of its own. In the simulator several hosts share one
 * thread.
 */

import type { BaseRef } from '../actor/actor-ref.ts';
import { LocalRef, RemoteRef } from '../actor/actor-ref.ts';
import type { AnyRef } from '../actor/ref.ts';
import type { Cell } from '../cell/cell.ts';
import { beginExit } from '../cell/cell-exit.ts';
import { ACCEPTING_MAX, DRAINING, RUNNING, transition } from '../cell/cell-status.ts';
import { ChildList, type Exit, SHUTDOWN } from '../cell/child-list.ts';
import { cloneForLocal, type RefCodec } from '../codec/index.ts';
import { Dispatcher } from '../dispatcher/dispatcher.ts';
import { runtimeError } from '../errors.ts';
import { LetterNews } from '../observe/letter-news.ts';
import { Traces } from '../observe/traces.ts';
import type { Alarm } from '../ports/alarm.ts';
import type { Clock } from '../ports/clock.ts';
import type { Loop } from '../ports/loop.ts';
import type { Random } from '../ports/random.ts';
import type { PlaceChild } from '../supervision/placement.ts';
import { CallbackTimer, TimerWheel } from '../timers/timer-wheel.ts';
import type { ControlCalls } from '../transport/control-calls.ts';
import type { LinkSet } from '../transport/link-set.ts';
import { Asks } from './asks.ts';
import { CellTable } from './cell-table.ts';
import { DeadLetters } from './dead-letters.ts';
import { Events, type RuntimeEvent } from './events.ts';
import { Gates } from './gates.ts';
import { refCodec } from './ref-codec.ts';
import type { SeatMemory } from './seat-memory.ts';
import { Spawner } from './spawner.ts';
import { Watches } from './watches.ts';

/** What a host takes from outside. */
export type HostOptions = {
  readonly seat: number;
  /** How many workers have had this seat before. */
  readonly epoch: number;
  readonly clock: Clock;
  /**
   * As the dispatcher sees the time: the simulator ends slices in which time stands. Default:
   * `clock`.
   */
  readonly turnClock?: Clock | undefined;
  readonly loop: Loop;
  readonly alarm: Alarm;
  readonly random: Random;
  readonly memory: SeatMemory;
  /** Copy and freeze payloads that stay on the thread. */
  readonly isDevelopment: boolean;
  /** What only the system can do. */
  readonly services: HostServices;
};

/** What a host needs from the system it is part of. */
export type HostServices = {
  /** A named actor of this thread came or went. */
  named(path: string, cell: Cell): void;
  unnamed(path: string): void;
  /** The actor of that path, wherever it lives. */
  lookup(path: string): Promise<AnyRef | null>;
  offload(url: string, name: string, argument: unknown): Promise<unknown>;
};

/** One thread's part of an actor system. Thread rule: that thread. */
export class Host {
  readonly seat: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly memory: SeatMemory;
  readonly timers: TimerWheel;
  readonly dispatcher: Dispatcher;
  readonly table: CellTable;
  readonly gates: Gates;
  readonly asks: Asks;
  readonly watches: Watches;
  readonly deadLetters: DeadLetters;
  readonly letterNews: LetterNews;
  readonly events: Events;
  readonly spawner: Spawner;
  readonly traces: Traces;
  /** Actors that no actor of this thread is the parent of. */
  readonly orphans: ChildList;
  /** How refs travel to and from this thread. */
  readonly refs: RefCodec;
  links: LinkSet;
  /** Where children of this thread's supervisors may live; null where that is here. */
  placement: PlaceChild | null;
  /** The actor whose handler runs. */
  current: Cell | null;
  /** Messages taken in and handled here; see semantics D3. */
  accepted: number;
  handled: number;
  crashes: number;
  restarts: number;
  lateEffects: number;
  spawned: number;
  stopped: number;
  private readonly isDevelopment: boolean;
  private readonly loop: Loop;
  private readonly services: HostServices;

  constructor(options: HostOptions, links: LinkSet) {
    const { clock, memory } = options;
    this.seat = options.seat;
    this.clock = clock;
    this.random = options.random;
    this.memory = memory;
    this.timers = new TimerWheel(clock, options.alarm);
    const turnClock = options.turnClock ?? clock;
    this.dispatcher = new Dispatcher(turnClock, options.loop, () => this.turnEnded());
    this.table = new CellTable(memory.actorsMax, options.epoch);
    this.gates = new Gates(memory.gates);
    this.asks = new Asks(this);
    this.watches = new Watches(this);
    this.deadLetters = new DeadLetters();
    this.letterNews = new LetterNews(this);
    this.events = new Events();
    this.spawner = new Spawner(this);
    this.traces = new Traces(this);
    this.orphans = new ChildList({ path: '' });
    this.refs = refCodec(this);
    this.links = links;
    this.placement = null;
    this.current = null;
    this.accepted = 0;
    this.handled = 0;
    this.crashes = 0;
    this.restarts = 0;
    this.lateEffects = 0;
    this.spawned = 0;
    this.stopped = 0;
    this.isDevelopment = options.isDevelopment;
    this.loop = options.loop;
    this.services = options.services;
  }

  /** The payload as a local actor gets it: the same value, or in development a frozen copy. */
  localPayload(payload: unknown): unknown {
    return this.isDevelopment ? cloneForLocal(payload, this.refs) : payload;
  }

  /** The address of a cell. */
  refOf(cell: Cell): LocalRef {
    cell.ref ??= new LocalRef(cell);
    return cell.ref;
  }

  /** The ref of an address that came from outside. */
  refAt(seat: number, index: number, generation: number, definition: string): BaseRef {
    const cell = seat === this.seat ? this.table.find(index, generation) : null;
    if (cell !== null) return this.refOf(cell);
    return new RemoteRef(this, seat, index, generation, definition);
  }

  /** What that thread shows of itself; null while it has no worker. */
  memoryOf(seat: number): SeatMemory | null {
    return seat === this.seat ? this.memory : this.links.memoryOf(seat);
  }

  /** Ends an actor after its current message; resolves when it has ended. */
  stop(ref: BaseRef): Promise<void> {
    const cell = this.table.find(ref.index, ref.generation);
    if (ref.seat !== this.seat) return this.links.stop(ref, 'stop');
    return new Promise((resolve) => {
      if (cell === null) resolve();
      else if (cell.owner.stop === undefined) cell.end(SHUTDOWN, resolve);
      else cell.owner.stop(cell, resolve);
    });
  }

  /** Lets an actor handle what it has, refusing new messages, and ends it then. */
  drain(ref: BaseRef): Promise<void> {
    if (ref.seat !== this.seat) return this.links.stop(ref, 'drain');
    const cell = this.table.find(ref.index, ref.generation);
    return new Promise((resolve) => {
      if (cell === null) {
        resolve();
        return;
      }
      this.watches.listen(ref, () => resolve());
      if (cell.status !== RUNNING) {
        if (cell.status <= ACCEPTING_MAX) void this.stop(ref);
        return;
      }
      transition(cell, DRAINING);
      this.gates.retire(cell.index, cell.generation);
      if ((cell.mailbox?.length ?? 0) === 0 && !cell.isSuspended) {
        beginExit(cell, SHUTDOWN, { isFinal: true });
      } else cell.wake();
    });
  }

  /** A cell has stopped for good: its place is free, its watchers hear of it. */
  forget(cell: Cell, exit: Exit): void {
    this.stopped++;
    this.table.remove(cell);
    this.gates.retire(cell.index, cell.generation);
    if (cell.extras === null) return;
    this.spawner.forget(cell);
    const { watchers, tap } = cell.extras;
    tap?.stopped();
    cell.extras.watchers = null;
    watchers?.notify(exit);
  }

  /** A cell begins its next incarnation. */
  restarted(cell: Cell): void {
    this.restarts++;
    this.memory.restarted(cell.index, this.clock.monotonicMs());
  }

  named(path: string, cell: Cell): void {
    this.services.named(path, cell);
  }

  unnamed(path: string): void {
    this.services.unnamed(path);
  }

  lookup(path: string): Promise<AnyRef | null> {
    return this.services.lookup(path);
  }

  offload(url: string, name: string, argument: unknown): Promise<unknown> {
    return this.services.offload(url, name, argument);
  }

  report(event: RuntimeEvent): void {
    this.events.emit(event);
    this.links.report(event);
  }

  /** Whether anybody hears events: saves making them. */
  get isHeard(): boolean {
    return this.events.isHeard || this.links.isHeard;
  }

  /** Calls back after the running code. */
  later(fn: () => void): void {
    this.loop.microtask(fn);
  }

  /** Hears what other threads ask and tell about actors, besides their messages. */
  serve(calls: ControlCalls): void {
    this.traces.serve(calls);
    this.letterNews.serve(calls);
  }

  /** Calls back after `ms`, once. @returns how to call that off. */
  after(ms: number, fn: () => void): () => void {
    const timer = new CallbackTimer(fn);
    this.timers.start(timer, this.clock.monotonicMs() + ms);
    return () => void this.timers.cancel(timer);
  }

  /**
   * Ends every actor, the youngest first; then what was asked is answered with an error. Who has
   * not ended after `deadlineMs` is abandoned.
   */
  async close(deadlineMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.after(deadlineMs, resolve);
      this.orphans.endAll(SHUTDOWN, () => {
        cancel();
        resolve();
      });
    });
    const message = 'the system was closed before the answer came.';
    this.asks.failAll(null, () => runtimeError('RM_ACTOR_STOPPED', message));
    this.showCounters();
  }

  private turnEnded(): void {
    this.asks.startTimers();
    this.showCounters();
  }

  /** Writes the counters where other threads see them, in the order of COUNTERS. */
  showCounters(): void {
    const { counters } = this.memory;
    const dead = this.deadLetters.counts;
    counters[0] = this.accepted;
    counters[1] = this.handled;
    counters[2] = this.crashes;
    counters[3] = this.restarts;
    counters[4] = this.lateEffects;
    counters[5] = this.spawned;
    counters[6] = this.stopped;
    counters[7] = this.asks.count;
    counters[8] = this.asks.timeouts;
    counters[9] = this.dispatcher.wakes;
    counters[10] = dead.stopped;
    counters[11] = dead.crashed;
    counters[12] = dead.expired;
    counters[13] = dead.unknown;
    counters[14] = dead['dropped-newest'];
    counters[15] = dead['dropped-oldest'];
    counters[16] = dead.overflow;
    counters[17] = dead.nobody;
    counters[18] = this.dispatcher.busyMs;
    counters[19] = this.table.size;
    counters[20] = this.links.lost;
  }
}
