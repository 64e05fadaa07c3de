/**
 * One metric of a canary beside its baseline: what the blocks so far say for "worse" and for "not
 * worse". Called by sequential-comparison.ts, which holds both metrics and decides. Pure; the state is
 * plain data.
 */
import {
  type Dispersion,
  disperse,
  inflation,
  NO_DISPERSION,
  shareRatio,
} from './block-dispersion.ts';
import {
  afterBlock,
  BETTER_BETS,
  logEvidence,
  type PairedCounts,
  type Stakes,
  stakesOf,
  WORSE_BETS,
} from './ratio-evidence.ts';

/**
 * Share by which a canary may lie above the margin and still be shown to be not worse: without it a
 * service without errors could show nothing, having nothing to compare. 0 to 0.05; higher: promotes
 * sooner, and misses harm of that size. An abort does not use it.
 */
const MARGIN_FLOOR = 0.001;

/** What one metric has gathered. */
export type MetricComparison = {
  /** Logarithms of the stakes of the bets. */
  readonly worse: readonly number[];
  readonly notWorse: readonly number[];
  readonly dispersion: Dispersion;
};

/** What it says, for a decision log. */
export type MetricEvidence = {
  readonly canaryShare: number;
  readonly baselineShare: number;
  /** Canary share over baseline share; drawn towards 1 where little was counted. */
  readonly ratio: number;
  /** What the logarithms were divided by, because shares wander. At least 1. */
  readonly inflation: number;
  /** Natural logarithms of the e-values, divided; each decides above its line. */
  readonly logWorse: number;
  readonly logNotWorse: number;
};

/** The factors of one block, the same for every metric. */
export type BlockStakes = { readonly worse: Stakes; readonly notWorse: Stakes };

/** Before the first block. */
export const NO_COMPARISON: MetricComparison = {
  worse: WORSE_BETS.map(() => 0),
  notWorse: BETTER_BETS.map(() => 0),
  dispersion: NO_DISPERSION,
};

/** The factors of a block with so many requests, both above 0; `margin`: a share of 1. */
export function blockStakes(margin: number, canary: number, baseline: number): BlockStakes {
  return {
    worse: stakesOf(WORSE_BETS, 1 + margin, canary, baseline),
    notWorse: stakesOf(BETTER_BETS, 1 + margin, canary, baseline),
  };
}

/** After one more block. */
export function compareMetric(
  past: MetricComparison,
  stakes: BlockStakes,
  counts: PairedCounts,
): MetricComparison {
  return {
    worse: afterBlock(past.worse, stakes.worse, 0, counts),
    notWorse: afterBlock(past.notWorse, stakes.notWorse, MARGIN_FLOOR, counts),
    dispersion: disperse(past.dispersion, counts),
  };
}

/** What the blocks so far say. */
export function metricEvidence(past: MetricComparison): MetricEvidence {
  const { totals } = past.dispersion;
  const divisor = inflation(past.dispersion);
  return {
    canaryShare: share(totals.canaryBad, totals.canaryRequests),
    baselineShare: share(totals.baselineBad, totals.baselineRequests),
    ratio: shareRatio(totals),
    inflation: divisor,
    logWorse: logEvidence(past.worse, WORSE_BETS) / divisor,
    logNotWorse: logEvidence(past.notWorse, BETTER_BETS) / divisor,
  };
}

function share(bad: number, requests: number): number {
  return requests === 0 ? 0 : bad / requests;
}
