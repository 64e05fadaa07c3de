/**
 * Measures one prepared task in this process: warm-up, then windows of calls until time is up.
 * Answers: operations per second of each window. Does not answer: how long a single call takes.
 */
import type { BenchContender } from './row.ts';

export interface MeasureOptions {
  readonly quick: boolean;
  readonly warmupMs: number;
  readonly measureMs: number;
}

export interface Measurement {
  /** Operations per second of each window. */
  readonly windows: readonly number[];
  /** Operations per second over all windows. */
  readonly perSecond: number;
  /** Result of the first call: equal in every process that does the same work. */
  readonly checksum: number;
}

/** Windows that a measurement is cut into; each has at least one call. */
const WINDOWS = 20;

export async function measure(
  contender: BenchContender,
  options: MeasureOptions,
): Promise<Measurement> {
  const task = await contender.prepare({ quick: options.quick });
  try {
    const checksum = await task.call();
    const warmUntil = performance.now() + options.warmupMs;
    while (performance.now() < warmUntil) await callOnce(task.call());
    const windows: number[] = [];
    const start = performance.now();
    let operations = 0;
    let now = start;
    while (now - start < options.measureMs) {
      const windowStart = now;
      let windowOperations = 0;
      while (now - windowStart < options.measureMs / WINDOWS) {
        const result = task.call();
        // Awaiting a number would cost a microtask, more than a fast call.
        if (typeof result !== 'number') await result;
        windowOperations += task.opsPerCall;
        now = performance.now();
      }
      operations += windowOperations;
      windows.push((windowOperations / (now - windowStart)) * 1000);
    }
    return { windows, perSecond: (operations / (now - start)) * 1000, checksum };
  } finally {
    await task.close?.();
  }
}

async function callOnce(result: number | Promise<number>): Promise<void> {
  if (typeof result !== 'number') await result;
}
