/**
 * Threads for the crew of a simulated system: the crew's own code starts, seats, loses and replaces
 * them as it does with Node's. A thread takes a drawn time to boot. Channels deliver in order, each
 * message in a turn of its receiver.
 */
import type { Random } from '../ports/random.ts';
import type { Port, SeatOrder, SeatReport, SeatTask } from '../threads/orders.ts';
import { SeatWorker } from '../threads/seat-worker.ts';
import type { Thread, ThreadPool } from '../threads/thread-pool.ts';
import type { World } from '../threads/world.ts';
import type { SimEngine } from './sim-engine.ts';
import type { SimThread } from './sim-thread.ts';

/**
 * Milliseconds that a thread takes to boot: at least, and how many more at most. Source:
 * performance design, 40 ms.
 */
const BOOT_MIN_MS = 20;
const BOOT_SPREAD_MS = 40;

type Parcel = { readonly message: unknown; readonly transfer: readonly unknown[] };

/** One end of a channel. Messages wait until it belongs to a thread that listens. */
class SimPort implements Port {
  other: SimPort | null = null;
  private owner: SimThread | null = null;
  private listener: ((message: never) => void) | null = null;
  private waiting: Parcel[] = [];
  private isClosed = false;

  postMessage(message: unknown, transfer: readonly unknown[] = []): void {
    if (!this.isClosed) this.other?.receive({ message, transfer });
  }

  on(_event: 'message', listener: (message: never) => void): void {
    this.listener = listener;
    this.deliver();
  }

  close(): void {
    this.isClosed = true;
  }

  /** It belongs to that thread from now on. */
  adopt(owner: SimThread): void {
    this.owner = owner;
    this.deliver();
  }

  private receive(parcel: Parcel): void {
    this.waiting.push(parcel);
    this.deliver();
  }

  private deliver(): void {
    const { owner } = this;
    if (owner === null || this.listener === null) return;
    for (const { message, transfer } of this.waiting.splice(0)) {
      owner.post(() => {
        for (const port of transfer) if (port instanceof SimPort) port.adopt(owner);
        if (!this.isClosed) this.listener?.(message as never);
      });
    }
  }
}

/** What the threads take from the simulation. */
export type SimThreadsOptions = {
  readonly engine: SimEngine;
  readonly random: Random;
  readonly main: SimThread;
  /** What a thread's host is made of. */
  world(thread: SimThread): World;
  /**
   * The thread has ended; what its code still does must have no effect. `isClosed`: as it was told
   * to.
   */
  ended(thread: SimThread, isClosed: boolean): void;
};

/** Thread rule: one JavaScript thread has them all. */
export class SimThreads implements ThreadPool {
  private readonly options: SimThreadsOptions;
  /** How to end each worker's thread as a crash of it would. */
  private readonly crashes = new Map<number, (error: Error) => void>();

  constructor(options: SimThreadsOptions) {
    this.options = options;
  }

  channel(): { readonly port1: Port; readonly port2: Port } {
    const [port1, port2] = [new SimPort(), new SimPort()];
    port1.other = port2;
    port2.other = port1;
    port1.adopt(this.options.main);
    return { port1, port2 };
  }

  start(task: SeatTask): Thread {
    const { engine, random } = this.options;
    const thread = engine.thread();
    let resolveEnded: (error: unknown) => void = () => undefined;
    const ended = new Promise<unknown>((resolve) => {
      resolveEnded = resolve;
    });
    const end = (error: unknown): void => {
      if (!thread.isAlive) return;
      this.crashes.delete(task.peer);
      engine.forget(thread);
      this.options.ended(thread, error === undefined);
      resolveEnded(error);
    };
    this.crashes.set(task.peer, end);
    const bootMs = BOOT_MIN_MS + random.below(BOOT_SPREAD_MS + 1);
    thread.alarm().set(engine.clock.monotonicMs() + bootMs, () => this.boot(thread, task, end));
    return {
      ended,
      exited: ended.then(() => undefined),
      terminate: () => end(new Error('terminated')),
      identify: () => undefined,
    };
  }

  /** The worker of that number ends as if its thread had crashed. @returns whether there was one */
  crash(peer: number): boolean {
    const end = this.crashes.get(peer);
    end?.(new Error('crashed by the simulation'));
    return end !== undefined;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private boot(thread: SimThread, task: SeatTask, end: (error: unknown) => void): void {
    const world = this.options.world(thread);
    const worker = new SeatWorker(task, world, () => end(undefined));
    (task.port as SimPort).adopt(thread);
    task.port.on('message', (order: SeatOrder) => worker.obey(order));
    task.port.postMessage({ o: 'ready', threadId: thread.number } satisfies SeatReport);
  }
}
