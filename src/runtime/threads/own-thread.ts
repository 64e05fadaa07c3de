/**
 * Whether this is a thread of ours, and if it was started from a bundle, its task. `start` asks
 * before anything else: an application's main file that a thread imports for its definitions must
 * not start a second system.
 */
import { workerData } from 'node:worker_threads';
import { ambient } from '../ports/system-ambient.ts';
import { type SeatTask, THREAD_MARK } from './orders.ts';
import { runSeat } from './run-seat.ts';

type ThreadData = { readonly ringmaster?: string; readonly task?: SeatTask } | null | undefined;

/**
 * Recognised by a mark in the thread's data: an application may well have worker threads of its
 * own.
 */
export function isOwnThread(): boolean {
  return (workerData as ThreadData)?.ringmaster === THREAD_MARK;
}

/**
 * Runs the seat of a thread that a bundle was started in; once, however often the module is loaded.
 */
export function runBundledSeat(): void {
  const task = (workerData as ThreadData)?.task;
  if (!isOwnThread() || task === undefined) return;
  ambient('bundled-seat', () => runSeat(task));
}
