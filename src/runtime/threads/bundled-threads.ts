/**
 * Actor threads of an application that was bundled into one file: there is no thread entry beside
 * it, so each thread imports the bundle itself and stops at `start`, which does nothing there (see
 * own-thread.ts). Plain workers, since a thread pool would need files of its own.
 */
import { MessageChannel, Worker } from 'node:worker_threads';
import { type SeatTask, THREAD_MARK } from './orders.ts';
import type { Thread, ThreadPool } from './thread-pool.ts';

/** What a thread of a bundle runs: nothing of its own but the import. */
const LOADER =
  "import { workerData } from 'node:worker_threads'; " +
  'import(workerData.bundle).catch((error) => { throw error; });';

/** Threads that import the bundle at `url`. */
export function bundledThreads(url: string): ThreadPool {
  return {
    start: (task, transfer) => startThread(url, task, transfer),
    channel: () => new MessageChannel() as never,
    close: () => Promise.resolve(),
  };
}

function startThread(url: string, task: SeatTask, transfer: readonly unknown[]): Thread {
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(LOADER)}`), {
    workerData: { ringmaster: THREAD_MARK, bundle: url, task },
    transferList: transfer as never,
  });
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const ended = new Promise<unknown>((resolve) => {
    worker.once('error', resolve);
    worker.once('exit', (code) => resolve(code === 0 ? undefined : new Error(`exit code ${code}`)));
  });
  return {
    ended,
    exited,
    terminate: () => void worker.terminate(),
    identify: () => undefined,
  };
}
