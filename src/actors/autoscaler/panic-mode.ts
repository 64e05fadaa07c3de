/**
 * The decider of Knative's pod autoscaler: concurrency over a long window decides, unless a short
 * window shows twice the load that the ready instances can carry: then the most that was asked for
 * since holds until the short window has been calm for a long one. Pure; times in seconds.
 */
import { power } from '../arithmetic/exp-log.ts';

/** Knobs. */
export type PanicConfig = {
  /** Requests under way for each instance, above 0. */
  readonly target: number;
  /** At most so many times as many at once, above 1. */
  readonly scaleUpRateMax: number;
  /** At least such a part of them stays, as a divisor above 1. */
  readonly scaleDownRateMax: number;
  /** Panic begins when the short window asks for so many times the ready instances. */
  readonly panicThreshold: number;
  readonly stableWindowS: number;
  /** Requests that the instances must be able to take at once; -1: without end, 0: none. */
  readonly targetBurst: number;
};

/** Since when it panics (null: it does not), and the most that was asked for since then. */
export type PanicState = { readonly panicS: number | null; readonly mostReplicas: number };

/** What was seen. */
export type PanicInput = {
  readonly nowS: number;
  readonly stableConcurrency: number;
  readonly panicConcurrency: number;
  readonly readyCount: number;
  /** Whether requests can arrive: down to any number when they cannot. */
  readonly isReachable: boolean;
};

/** What it asks for. */
export type PanicStep = {
  readonly state: PanicState;
  readonly replicas: number;
  /** Room for a burst beyond the target; negative: requests should be buffered in front. */
  readonly excessBurst: number;
};

/** Not panicking. */
export const CALM: PanicState = { panicS: null, mostReplicas: 0 };
/** Share of an instance's whole capacity that the target is. */
const TARGET_SHARE = 0.75;

/** One decision. */
export function panicStep(config: PanicConfig, state: PanicState, input: PanicInput): PanicStep {
  const ready = Math.max(1, input.readyCount);
  const up = Math.ceil(config.scaleUpRateMax * ready);
  const down = input.isReachable ? Math.floor(ready / config.scaleDownRateMax) : 0;
  const wanted = (concurrency: number): number => Math.ceil(concurrency / config.target);
  const clamped = (replicas: number): number => Math.min(Math.max(replicas, down), up);
  const stable = clamped(wanted(input.stableConcurrency));
  const panic = clamped(wanted(input.panicConcurrency));
  const isOver = wanted(input.panicConcurrency) / ready >= config.panicThreshold;

  let { panicS, mostReplicas } = state;
  if (isOver) panicS = input.nowS;
  else if (panicS !== null && panicS + config.stableWindowS < input.nowS) {
    panicS = null;
    mostReplicas = 0;
  }
  let replicas = stable;
  if (panicS !== null) {
    mostReplicas = Math.max(mostReplicas, stable, panic);
    replicas = mostReplicas;
  }
  return { state: { panicS, mostReplicas }, replicas, excessBurst: excess(config, input) };
}

function excess({ targetBurst, target }: PanicConfig, input: PanicInput): number {
  if (targetBurst <= 0) return targetBurst === 0 ? 0 : -1;
  const capacity = (input.readyCount * target) / TARGET_SHARE;
  return Math.floor(capacity - targetBurst - input.panicConcurrency);
}

/** The maximum over the last `bucketsCount` buckets of one second, up to the one written last. */
export class WindowMaximum {
  private readonly maxima: number[];
  /** Second of the newest bucket; null: none yet. */
  private newestS: number | null;

  constructor(bucketsCount: number) {
    this.maxima = new Array<number>(bucketsCount).fill(0);
    this.newestS = null;
  }

  /** Counts a value of a second; one that is too old is not counted. */
  record(atS: number, value: number): void {
    const second = Math.floor(atS);
    const { length } = this.maxima;
    const newest = this.newestS ?? second - length;
    for (let gone = Math.max(newest + 1, second - length + 1); gone <= second; gone++) {
      this.maxima[modulo(gone, length)] = 0;
    }
    this.newestS = Math.max(newest, second);
    if (second <= this.newestS - length) return;
    const slot = modulo(second, length);
    this.maxima[slot] = Math.max(this.maxima[slot] as number, value);
  }

  /** The largest value in the window. */
  current(): number {
    return Math.max(...this.maxima);
  }
}

/**
 * Weight of the newest of `bucketsCount` buckets in an average that forgets exponentially: after all
 * of them a ten-thousandth is left. At least a fifth.
 */
export function decayMultiplier(bucketsCount: number): number {
  return Math.max(0.2, 1 - power(1 - 0.9999, 1 / bucketsCount));
}

function modulo(value: number, count: number): number {
  return ((value % count) + count) % count;
}
