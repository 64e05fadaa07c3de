/**
 * How a seat begins in a thread of ours: hears its orders, reports what nobody catches, says that
 * it is ready.
 */
import { threadId } from 'node:worker_threads';
import type { Port, SeatOrder, SeatReport, SeatTask } from './orders.ts';
import { SeatWorker } from './seat-worker.ts';
import { nodeWorld } from './world.ts';

/** Runs until the system is closed. Called by the thread pool, in a thread of ours. */
export function runSeat(task: SeatTask): Promise<void> {
  return new Promise((resolve) => {
    const worker = new SeatWorker(task, nodeWorld, resolve);
    task.port.on('message', (order: SeatOrder) => worker.obey(order));
    reportUnhandled(task.port);
    task.port.postMessage({ o: 'ready', threadId } satisfies SeatReport);
  });
}

/**
 * In a thread of ours an error that nobody catches is reported; it ends neither the thread nor its
 * actors.
 */
function reportUnhandled(port: Port): void {
  const report = (error: unknown): void => {
    try {
      port.postMessage({ o: 'unhandled', error } satisfies SeatReport);
    } catch {
      port.postMessage({ o: 'unhandled', error: String(error) } satisfies SeatReport);
    }
  };
  process.on('uncaughtException', report);
  process.on('unhandledRejection', report);
}
