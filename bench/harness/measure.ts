/**
 * Measures one prepared task in this process, with tinybench: warm-up, then calls until time is up.
 * A task that takes its figure itself (a percentile) is called as often, and its figures are
 * reduced. Answers: operations per second over all calls, and per call. Does not answer: how the
 * figure compares; that takes other processes, see `compare.ts`.
 */
import { Bench } from 'tinybench';
import type { BenchContender, BenchTask } from './row.ts';
import { median, quantile } from './statistics.ts';

export interface MeasureOptions {
  readonly quick: boolean;
  readonly warmupMs: number;
  readonly measureMs: number;
  /** Reads milliseconds; the processor's clock unless a test brings its own. */
  readonly now?: () => number;
}

export interface Measurement {
  /** Operations per second over all calls. */
  readonly perSecond: number;
  /** The same of the slowest 1 % of calls. */
  readonly perSecondP99: number;
  /** Result of the first call: equal in every process that does the same work. */
  readonly checksum: number;
  /** Where single cases count: operations per second of each. */
  readonly cases?: readonly number[];
}

/** A single call could be the odd one. */
const CALLS_MIN = 2;

export async function measure(
  contender: BenchContender,
  options: MeasureOptions,
): Promise<Measurement> {
  const task = await contender.prepare({ quick: options.quick });
  try {
    const first = task.call();
    const isAsync = typeof first !== 'number';
    const checksum = await first;
    if (task.own !== undefined || task.cases !== undefined)
      return { ...(await ownFigures(task, options)), checksum };
    const bench = new Bench({
      time: options.measureMs,
      iterations: 2,
      warmupTime: options.warmupMs,
      warmupIterations: 1,
      throws: true,
      ...(options.now === undefined ? {} : { now: options.now }),
    });
    // Said outright, or tinybench makes a call of its own to find out, which nobody awaits.
    bench.add('task', () => task.call(), { async: isAsync });
    const [measured] = await bench.run();
    const result = measured?.result;
    if (result?.state !== 'completed') throw new Error(`not measured: ${result?.state}`);
    // tinybench counts milliseconds a call.
    const operations = task.opsPerCall * 1000;
    return {
      perSecond: operations / result.latency.mean,
      perSecondP99: operations / result.latency.p99,
      checksum,
    };
  } finally {
    await task.close?.();
  }
}

/** Of a task that takes its figure itself: the median of its calls, and the worst 1 % of them. */
async function ownFigures(
  task: BenchTask,
  { warmupMs, measureMs, now = () => performance.now() }: MeasureOptions,
): Promise<Omit<Measurement, 'checksum'>> {
  const startMs = now();
  while (now() < startMs + warmupMs) await task.call();
  const figures: number[] = [];
  const endMs = now() + measureMs;
  let calls = 0;
  do {
    await task.call();
    figures.push(...(task.cases?.() ?? [task.own?.() ?? Number.NaN]));
  } while (++calls < CALLS_MIN || now() < endMs);
  return {
    perSecond: 1e9 / median(figures),
    perSecondP99: 1e9 / quantile(figures, 0.99),
    ...(task.cases === undefined ? {} : { cases: figures.map((figure) => 1e9 / figure) }),
  };
}
