/**
 * Actor threads on a piscina pool: one long task per thread, a fixed number of threads, and tasks
 * for `offload` on a pool of their own. The only file that knows piscina. It is imported when the
 * first system with threads starts, so that a bundle without the package still runs (see
 * bundled-threads.ts).
 */
import { fileURLToPath } from 'node:url';
import { MessageChannel, type Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { runtimeError } from '../errors.ts';
import { type Port, type SeatTask, THREAD_MARK } from './orders.ts';
import type { Thread, ThreadPool } from './thread-pool.ts';

/** Milliseconds an idle offload thread is kept. */
const OFFLOAD_IDLE_MS = 30_000;

/** Limits of each actor thread's heap, as Node's Worker takes them. */
export type ThreadLimits = {
  readonly maxOldGenerationSizeMb?: number;
  readonly stackSizeMb?: number;
};

/** A pool of `threads` actor threads. */
export function piscinaThreads(threads: number, limits: ThreadLimits): ThreadPool {
  const pool = new Piscina({
    filename: fileURLToPath(new URL('./thread-door.cjs', import.meta.url)),
    name: 'runSeat',
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker: 1,
    atomics: 'disabled',
    recordTiming: false,
    workerData: { ringmaster: THREAD_MARK },
    resourceLimits: limits,
  });
  // A thread that fails on its own is told through its task; this only keeps the event from being fatal.
  pool.on('error', () => undefined);
  return {
    start: (task, transfer) => startThread(pool, task, transfer),
    channel: () => new MessageChannel() as never,
    close: () => pool.destroy(),
  };
}

function startThread(pool: Piscina, task: SeatTask, transfer: readonly Port[]): Thread {
  const abort = new AbortController();
  const run = pool.run(task, { transferList: [...transfer] as never, signal: abort.signal });
  const ended = run.then(
    () => undefined,
    (error: unknown) => error ?? new Error('ended'),
  );
  let exited: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => {
    exited = resolve;
  });
  return {
    ended,
    exited: gone,
    terminate: () => abort.abort(),
    identify(threadId) {
      const worker: Worker | undefined = pool.threads.find((one) => one.threadId === threadId);
      if (worker === undefined) exited();
      else worker.once('exit', exited);
    },
  };
}

/** A pool for pure computing, with as many threads as piscina takes by itself: 1.5 for each core. */
export class OffloadPool {
  private readonly pool: Piscina;

  constructor() {
    this.pool = new Piscina({
      minThreads: 0,
      idleTimeout: OFFLOAD_IDLE_MS,
      concurrentTasksPerWorker: 1,
      recordTiming: false,
    });
  }

  /** @throws (rejects) what the function throws; RM_OFFLOAD when there is no such function */
  async run(url: string, name: string, argument: unknown): Promise<unknown> {
    if (!url.startsWith('file:')) {
      throw runtimeError('RM_OFFLOAD', `url is ${url}; expected the file: URL of a module.`);
    }
    return await this.pool.run(argument, { filename: fileURLToPath(url), name });
  }

  close(): Promise<void> {
    return this.pool.destroy();
  }
}
