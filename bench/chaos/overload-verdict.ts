/**
 * What the figures of an overload run say about R1 and R5 (docs/semantics.md), by bounds that are
 * written down here. Pure; `overload.ts` takes the figures.
 */
import { median } from '../harness/statistics.ts';

/** Useful work at three times capacity, by the peak. */
export const GOODPUT_OF_PEAK_MIN = 0.9;
/** Seconds after the load has dropped by which latency is back. */
export const BACK_WITHIN_SECONDS_MAX = 10;
/** Latency is back when its 99th percentile is at most this many times that before the overload. */
export const BACK_FACTOR = 2;
/** Growth of memory after the warm-up, from the first third's peak to the last third's. */
export const GROWTH_MAX = 0.02;
/** A shorter soak decides nothing. */
export const SOAK_SECONDS_MIN = 600;
/** Share of the soak that is warm-up. */
const WARM_UP = 0.1;

export type OverloadFigures = {
  /** Requests a second in a closed loop, before and after the overload. */
  readonly peaks: readonly number[];
  /** Answered in time in each second of the overload, but for the first. */
  readonly good: readonly number[];
  /** 99th percentiles of each second at half the load, in ms: before and after the overload. */
  readonly beforeP99Ms: readonly number[];
  readonly afterP99Ms: readonly number[];
  /** Memory of the process, sampled evenly over the soak; empty without a soak. */
  readonly memory: readonly number[];
  readonly soakSeconds: number;
  /** Messages that are nowhere at the end. */
  readonly inFlight: number;
};

export type Judged = { readonly figure: number | null; readonly bound: number } & {
  readonly verdict: 'met' | 'missed' | 'not run';
};

/** One verdict for each bound. */
export type OverloadVerdict = {
  readonly goodputOfPeak: Judged;
  readonly backWithinSeconds: Judged;
  readonly memoryGrowth: Judged;
  readonly inFlight: Judged;
};

export function judgeOverload(figures: OverloadFigures): OverloadVerdict {
  const { peaks, good, memory, soakSeconds } = figures;
  const ofPeak = mean(good) / mean(peaks);
  const growth = growthOf(memory);
  const isSoaked = soakSeconds >= SOAK_SECONDS_MIN;
  return {
    goodputOfPeak: {
      figure: rounded(ofPeak),
      bound: GOODPUT_OF_PEAK_MIN,
      verdict: ofPeak >= GOODPUT_OF_PEAK_MIN ? 'met' : 'missed',
    },
    backWithinSeconds: atMost(backWithin(figures), BACK_WITHIN_SECONDS_MAX),
    memoryGrowth:
      growth === null || !isSoaked
        ? { figure: growth, bound: GROWTH_MAX, verdict: 'not run' }
        : atMost(growth, GROWTH_MAX),
    inFlight: atMost(figures.inFlight, 0),
  };
}

/** Seconds until latency is back and stays so in most seconds that follow; null: never. */
function backWithin({ beforeP99Ms, afterP99Ms }: OverloadFigures): number | null {
  const limitMs = BACK_FACTOR * median(beforeP99Ms);
  const back = afterP99Ms.findIndex(
    (p99Ms, second) => p99Ms <= limitMs && median(afterP99Ms.slice(second)) <= limitMs,
  );
  return back < 0 ? null : back + 1;
}

/** The peaks count: what the collector gives back in between comes again. */
function growthOf(memory: readonly number[]): number | null {
  const warm = memory.slice(Math.ceil(memory.length * WARM_UP));
  const third = Math.floor(warm.length / 3);
  if (third < 1) return null;
  return rounded(Math.max(...warm.slice(-third)) / Math.max(...warm.slice(0, third)) - 1);
}

function atMost(figure: number | null, bound: number): Judged {
  return { figure, bound, verdict: figure !== null && figure <= bound ? 'met' : 'missed' };
}

function mean(figures: readonly number[]): number {
  return figures.reduce((sum, figure) => sum + figure, 0) / figures.length;
}

function rounded(figure: number): number {
  return Number(figure.toFixed(4));
}
