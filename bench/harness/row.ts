/**
 * What a benchmark row is: our contender, its named peers and its target. Bench files export rows;
 * the harness runs every contender in processes of its own, interleaved, and compares.
 * A row does not measure anything itself and never reads a clock.
 */

/** How a speed is shown; the harness always measures operations per second. */
export type BenchUnit =
  | 'ns/op'
  | 'µs/op'
  | 'ms/op'
  | 'bytes/op'
  | '% of a core'
  | 'k ops/s'
  | 'M ops/s'
  | 'GB/s';

/** Prepared work: one call does `opsPerCall` operations and folds what it saw into a checksum. */
export interface BenchTask {
  /** Operations (look-ups, records, samples; bytes for GB/s) that one `call` performs. */
  readonly opsPerCall: number;
  /** Does the work. The sum of all results is printed, so that nothing can be optimised away. */
  call(): number | Promise<number>;
  /**
   * What one operation of the last call cost, where the task takes the figure itself: nanoseconds
   * (a percentile, or a part of the call only); for `bytes/op` bytes, for `% of a core` nanoseconds
   * of processor time in a second. Absent: the duration of the call counts.
   */
  readonly own?: () => number;
  /**
   * Where single cases count, not their median: what each case of the last call cost, as in `own`.
   * The report then has the 99th percentile of the cases of all blocks. Instead of `own`.
   */
  readonly cases?: () => readonly number[];
  /** Ends threads and frees memory. */
  close?(): void | Promise<void>;
}

/** One side of a comparison. `prepare` runs once in each fresh process, outside the measurement. */
export interface BenchContender {
  prepare(options: { readonly quick: boolean }): BenchTask | Promise<BenchTask>;
  /** Why this contender cannot run on this machine; null: it can. The report says so. */
  skip?(): string | null;
}

/** What must hold. Absolute bounds are guides (they depend on the machine); ratios are targets. */
export interface BenchTarget {
  /** ours / peer in operations per second, at least this, by peer name. */
  readonly ratioAtLeast?: Readonly<Record<string, number>>;
  /** Nanoseconds an operation may take at most (performance.md's machine). */
  readonly nsAtMost?: number;
  /** The row's unit at most, for units that fall with speed (performance.md's machine). */
  readonly atMost?: number;
  /** The row's unit at most, for the 99th percentile of all cases; needs a hundred of them. */
  readonly p99AtMost?: number;
  /** Operations per second at least (performance.md's machine). */
  readonly perSecondAtLeast?: number;
}

/** One line of a report. */
export interface BenchRow {
  /** Benchmark id, such as `B14`. */
  readonly id: string;
  /** Unique within the id; a sentence fragment, such as "100 members, batch of 4096". */
  readonly name: string;
  readonly unit: BenchUnit;
  readonly ours: BenchContender;
  readonly peers: Readonly<Record<string, BenchContender>>;
  readonly target: BenchTarget;
  /**
   * Milliseconds of warm-up in a full run, for all contenders, where the harness's are too few: two
   * threads that compile at a time on two cores take over a second.
   */
  readonly warmupMs?: number;
  /** Whether all contenders must return the same checksum. Default: each its own. */
  readonly sameWork?: boolean;
}
