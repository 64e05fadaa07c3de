/**
 * What the crew needs of whatever runs its threads: start one with its task, hear of its end, end
 * it. Two implementations: a piscina pool, and plain workers for an application bundled into one
 * file.
 */
import type { Port, SeatTask } from './orders.ts';

/** One thread that runs a seat. */
export interface Thread {
  /** Resolves once when the thread's task has ended, with the error that ended it, if one did. */
  readonly ended: Promise<unknown>;
  /** Ends it by force. */
  terminate(): void;
  /** Resolves when the thread is really gone, after which its memory is its own no more. */
  readonly exited: Promise<void>;
  /** The thread has said which one it is. */
  identify(threadId: number): void;
}

/** Thread rule: the main thread. */
export interface ThreadPool {
  start(task: SeatTask, transfer: readonly Port[]): Thread;
  /** Two ends, of which one goes to a thread. */
  channel(): { readonly port1: Port; readonly port2: Port };
  /** When every thread has ended: frees what the pool itself holds. */
  close(): Promise<void>;
}
