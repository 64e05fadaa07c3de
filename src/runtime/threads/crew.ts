/**
 * The workers of a system: starts them, connects them with each other, seats them, replaces those
 * that end or hang. Lives on the main thread; only it decides who sits where.
 *
 *   starting ──ready──▶ spare ──sit──▶ seated ──▶ lost (ended, hung)
 *       └───────────────────┴──────────────────────▲
 *
 * No lost → anything: a replaced thread may still run (a system call that never returns); it is
 * fenced by number.
 */
import type { RingOptions } from '../../hotpath/index.ts';
import { Gates } from '../host/gates.ts';
import type { Host } from '../host/host.ts';
import { SeatMemory } from '../host/seat-memory.ts';
import type { Links } from '../transport/links.ts';
import type { Peer } from '../transport/peer.ts';
import type { Port, SeatOrder, SeatReport, SeatTask } from './orders.ts';
import { nobodyRetired, type Retired, retire } from './retired.ts';
import type { Thread, ThreadPool } from './thread-pool.ts';
import { type WireFill, Wires, type Wiring } from './wires.ts';

/** Milliseconds from a seat's filling to the next spare's start. */
const SPARE_AFTER_MS = 250;

/** How a system's threads are to be. */
export type CrewOptions = {
  readonly threads: number;
  readonly actorsMax: number;
  readonly isDevelopment: boolean;
  readonly seed: number;
  /** Keep one more thread ready to replace another. */
  readonly spare: boolean;
  readonly maySpin: boolean;
  /** Milliseconds after which a terminated thread that has not ended is given up. */
  readonly fenceAfterMs: number;
  /** Sizes of the rings between two threads; default: `frame-layout.ts`. */
  readonly ring?: RingOptions;
};

/** What the crew tells the system. */
export interface CrewEvents {
  /** Places that the actors of that seat must get again. */
  reserved(seat: number): readonly (readonly [number, number])[];
  /**
   * The seat's worker is gone; its actors are to be begun again, by calls that wait for `seated`.
   */
  lost(seat: number): void;
  /** A worker sits in that seat, with that memory. */
  sits(seat: number, memory: SeatMemory): void;
}

type Worker = {
  readonly number: number;
  readonly memory: SeatMemory;
  readonly port: Port;
  readonly thread: Thread;
  peer: Peer | null;
  seat: number;
  status: 'starting' | 'spare' | 'seated' | 'lost';
  /** Since when its heartbeat has stood still, and at what. */
  quietSinceMs: number;
  lastBeat: number;
};

/** Thread rule: the main thread. */
export class Crew {
  private readonly host: Host;
  private readonly links: Links;
  private readonly pool: ThreadPool;
  private readonly options: CrewOptions;
  private readonly events: CrewEvents;
  private readonly wires: Wires;
  private readonly workers: Worker[];
  private readonly epochs: number[];
  private readonly waitingForSeat: Map<number, ((peer: Peer) => void)[]>;
  private readonly emptySeats: { readonly seat: number; readonly sinceMs: number }[];
  private readonly loaded: Map<string, { readonly url: string; readonly name: string }>;
  private numbers: number;
  private isClosing: boolean;
  /** The spare that is to be started later. */
  private callOffSpare: () => void;
  /** What workers that are gone had counted. */
  readonly retired: Retired;

  constructor(
    host: Host,
    links: Links,
    pool: ThreadPool,
    options: CrewOptions,
    events: CrewEvents,
  ) {
    this.host = host;
    this.links = links;
    this.pool = pool;
    this.options = options;
    this.events = events;
    this.wires = new Wires(options.ring);
    this.workers = [];
    this.epochs = new Array<number>(options.threads + 1).fill(0);
    this.waitingForSeat = new Map();
    this.emptySeats = [];
    this.loaded = new Map();
    this.numbers = 0;
    this.isClosing = false;
    this.callOffSpare = () => undefined;
    this.retired = nobodyRetired();
  }

  /** Starts all threads and seats them; the spare comes later by itself. */
  async open(): Promise<void> {
    const seats = Array.from({ length: this.options.threads }, (_, i) => i + 1);
    await Promise.all(
      seats.map((seat) => {
        this.emptySeats.push({ seat, sinceMs: this.now() });
        this.startWorker();
        return this.seated(seat);
      }),
    );
    this.keepSpare();
  }

  /** The worker of that seat, now or as soon as there is one. */
  seated(seat: number): Promise<Peer> {
    const peer = this.links.at(seat);
    if (peer !== null) return Promise.resolve(peer);
    return new Promise((resolve) => {
      const waiting = this.waitingForSeat.get(seat) ?? [];
      waiting.push(resolve);
      this.waitingForSeat.set(seat, waiting);
    });
  }

  /**
   * Threads load it before they need it; a spare, too, so that a replacement does not wait for an
   * import.
   */
  preload(url: string, name: string): void {
    const key = `${url}#${name}`;
    if (this.loaded.has(key)) return;
    this.loaded.set(key, { url, name });
    for (const worker of this.alive()) this.order(worker, { o: 'preload', url, name });
  }

  /** Looks for threads that hang. `isLate`: this look came late itself, and accuses nobody. */
  watchOver(hangAfterMs: number, isLate: boolean): void {
    const nowMs = this.now();
    for (const worker of this.workers.filter((one) => one.status === 'seated')) {
      const beat = worker.memory.heartbeat();
      if (isLate || beat !== worker.lastBeat || worker.memory.isParked()) {
        worker.lastBeat = beat;
        worker.quietSinceMs = nowMs;
      } else if (nowMs - worker.quietSinceMs >= hangAfterMs) {
        const quietMs = Math.round(nowMs - worker.quietSinceMs);
        this.lose(worker, 'hang', new Error(`no sign of life for ${quietMs} ms`));
      }
    }
  }

  /** Shared memory of the workers that have seats. */
  memories(): readonly { readonly seat: number; readonly memory: SeatMemory }[] {
    return this.workers
      .filter((worker) => worker.status === 'seated')
      .map(({ seat, memory }) => ({ seat, memory }));
  }

  /** How full the ways between seats are. */
  fills(): readonly WireFill[] {
    const seats = new Map(this.workers.map(({ number, seat }) => [number, seat]));
    seats.set(0, 0);
    return this.wires.fills().flatMap(({ from, to, ...fill }) => {
      const [one = -1, other = -1] = [seats.get(from), seats.get(to)];
      return one < 0 || other < 0 ? [] : [{ from: one, to: other, ...fill }];
    });
  }

  async close(deadlineMs: number): Promise<void> {
    this.isClosing = true;
    this.callOffSpare();
    const ending = [...this.alive()].map((worker) => {
      this.order(worker, { o: 'close', deadlineMs });
      return worker.thread.ended;
    });
    const isInTime = await this.within(Promise.all(ending), deadlineMs);
    if (!isInTime) for (const worker of this.alive()) worker.thread.terminate();
    for (const worker of this.workers) worker.port.close();
    await this.within(this.pool.close(), deadlineMs);
  }

  /** Ends the thread of a seat by force, as if it had hung. For tests and for operators. */
  kill(seat: number): void {
    const worker = this.workers.find((one) => one.seat === seat && one.status === 'seated');
    if (worker !== undefined) this.lose(worker, 'killed', new Error('killed on request'));
  }

  private startWorker(): void {
    const number = ++this.numbers;
    const memory = SeatMemory.create(this.options.actorsMax);
    const { port1, port2 } = this.pool.channel();
    const task: SeatTask = {
      peer: number,
      memory: memory.buffer,
      actorsMax: this.options.actorsMax,
      seed: this.options.seed + number,
      isDevelopment: this.options.isDevelopment,
      port: port2,
    };
    const thread = this.pool.start(task, [port2]);
    const worker: Worker = {
      number,
      memory,
      port: port1,
      thread,
      peer: null,
      seat: -1,
      status: 'starting',
      quietSinceMs: this.now(),
      lastBeat: -1,
    };
    port1.on('message', (report: SeatReport) => this.hear(worker, report));
    this.connect(worker);
    this.workers.push(worker);
    for (const known of this.loaded.values()) this.order(worker, { o: 'preload', ...known });
    thread.ended.then((error) => {
      if (!this.isClosing) this.lose(worker, 'exit', error);
    });
  }

  /** Rings and doorbells between a new worker and everybody who is there. */
  private connect(worker: Worker): void {
    const withMain = this.wires.between(0, worker.number);
    this.introduce(worker, 0, 0, this.host.memory, withMain, null);
    worker.peer = this.links.add(
      {
        peer: worker.number,
        seat: -1,
        memory: worker.memory.buffer,
        actorsMax: this.options.actorsMax,
        inRing: withMain.back,
        outRing: withMain.there,
      },
      { ring: () => worker.port.postMessage(0) },
    );
    for (const other of this.alive()) {
      const wiring = this.wires.between(other.number, worker.number);
      const { port1, port2 } = this.pool.channel();
      this.introduce(worker, other.number, other.seat, other.memory, wiring, port1);
      const back = { there: wiring.back, back: wiring.there };
      this.introduce(other, worker.number, -1, worker.memory, back, port2);
    }
  }

  /** `there` is the ring that `peer` writes and `to` reads. */
  private introduce(
    to: Worker,
    peer: number,
    seat: number,
    memory: SeatMemory,
    { there, back }: Wiring,
    port: Port | null,
  ): void {
    const info = {
      peer,
      seat,
      memory: memory.buffer,
      actorsMax: memory.actorsMax,
      inRing: there,
      outRing: back,
    };
    this.order(to, { o: 'peer', info, port }, port === null ? [] : [port]);
  }

  private hear(worker: Worker, report: SeatReport): void {
    if (report === 0) this.host.dispatcher.wake();
    else if (report.o === 'ready') {
      worker.thread.identify(report.threadId);
      if (worker.status === 'starting') worker.status = 'spare';
      this.fillSeat();
    } else if (report.o === 'seated') {
      worker.quietSinceMs = this.now();
    } else if (report.o === 'unhandled') {
      this.host.report({ kind: 'unhandled', thread: worker.seat, error: report.error });
    }
  }

  /** Puts a spare in the seat that has been empty the longest. */
  private fillSeat(): void {
    const spare = this.workers.find((worker) => worker.status === 'spare');
    const [empty] = this.emptySeats;
    if (spare === undefined || empty === undefined || this.isClosing) return;
    this.emptySeats.shift();
    const { seat, sinceMs } = empty;
    const epoch = this.epochs[seat] as number;
    this.epochs[seat] = epoch + 1;
    spare.status = 'seated';
    spare.seat = seat;
    const reserved = this.events.reserved(seat);
    // Before anybody may look: who comes back is full until then, not gone. The worker does not
    // write yet.
    const gates = new Gates(spare.memory.gates);
    for (const [index, generation] of reserved) {
      gates.open(index, generation);
      gates.close(index);
    }
    const { maySpin } = this.options;
    this.order(spare, { o: 'sit', seat, epoch, maySpin, reserved });
    this.links.sit(spare.number, seat);
    for (const other of this.alive()) {
      if (other !== spare) this.order(other, { o: 'moved', peer: spare.number, seat });
    }
    this.events.sits(seat, spare.memory);
    const waiting = this.waitingForSeat.get(seat) ?? [];
    this.waitingForSeat.delete(seat);
    for (const resolve of waiting) resolve(spare.peer as Peer);
    if (epoch > 0) {
      const afterMs = this.now() - sinceMs;
      this.host.report({ kind: 'thread-replaced', thread: seat, afterMs });
    }
    this.keepSpare();
  }

  /** Workers that have no seat yet. */
  private get coming(): number {
    return this.workers.filter(({ status }) => status === 'spare' || status === 'starting').length;
  }

  /** A thread that starts takes a core: not while a replaced one's actors begin again. */
  private keepSpare(): void {
    if (!this.options.spare || this.isClosing) return;
    this.callOffSpare();
    this.callOffSpare = this.host.after(SPARE_AFTER_MS, () => {
      if (this.coming === 0) this.startWorker();
    });
  }

  /** A worker has ended, or is ended: its seat is filled again. */
  private lose(worker: Worker, reason: string, error: unknown): void {
    if (worker.status === 'lost' || this.isClosing) return;
    const { seat, status } = worker;
    worker.status = 'lost';
    worker.thread.terminate();
    const isGone = reason === 'exit' ? Promise.resolve(true) : this.gone(worker);
    if (status === 'seated') this.emptySeats.push({ seat, sinceMs: this.now() });
    void isGone.then((isReal) => {
      if (!isReal) this.host.report({ kind: 'thread-fenced', thread: seat });
      this.forget(worker, status === 'seated' ? seat : -1, reason, error);
    });
  }

  private forget(worker: Worker, seat: number, reason: string, error: unknown): void {
    this.links.lose(worker.number);
    this.wires.drop(worker.number);
    for (const other of this.alive()) this.order(other, { o: 'lost', peer: worker.number });
    retire(this.retired, worker.memory);
    worker.port.close();
    this.workers.splice(this.workers.indexOf(worker), 1);
    if (seat >= 0) {
      this.host.report({ kind: 'thread-lost', thread: seat, reason, error });
      this.events.lost(seat);
      this.fillSeat();
    }
    // One for each empty seat: others may have been lost while the first one's successor starts.
    for (let coming = this.coming; coming < this.emptySeats.length; coming++) this.startWorker();
    if (seat < 0 && this.emptySeats.length === 0) this.keepSpare();
  }

  /** @returns whether the thread has really ended; false when it cannot be ended. */
  private gone(worker: Worker): Promise<boolean> {
    return this.within(worker.thread.exited, this.options.fenceAfterMs);
  }

  private within(what: Promise<unknown>, ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.host.after(ms, () => resolve(false));
      const done = (): void => {
        cancel();
        resolve(true);
      };
      what.then(done, done);
    });
  }

  private *alive(): Generator<Worker> {
    for (const worker of this.workers) if (worker.status !== 'lost') yield worker;
  }

  private order(worker: Worker, order: SeatOrder, transfer: readonly Port[] = []): void {
    worker.port.postMessage(order, [...transfer]);
  }

  private now(): number {
    return this.host.clock.monotonicMs();
  }
}
