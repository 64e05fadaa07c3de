/**
 * How much less the blocks say than as many independent requests would, since shares wander from block
 * to block: what the logarithm of an e-value is divided by. It is never below 1, and what crosses a
 * line above 0 divided would have crossed it undivided: however badly this estimates, the level holds
 * for independent requests. Where they are not, it is what holds the level: docs/sequential-comparison.md.
 * Called by metric-comparison.ts. Pure.
 */
import type { PairedCounts } from './ratio-evidence.ts';

/**
 * Standard deviation, from block to block, of the logarithm of canary share over baseline share that
 * is assumed before anything was seen: 0.14 is 10 % on each side. Sensible: 0.1 to 0.5. Higher: harm is
 * found later where there is much traffic; lower: more false aborts there in the first blocks.
 */
const RATIO_SPREAD = 0.14;

/**
 * How strongly a block's wandering is taken to go on in the next one. Range 0 to 0.9. Higher: later,
 * since runs of bad luck are borne; lower: false aborts where shares wander for longer.
 */
const BLOCK_CORRELATION = 0.7;

/** Blocks that independent ones are worth: the variance of a sum over that of as many independent ones. */
const LONG_RUN = (1 + BLOCK_CORRELATION) / (1 - BLOCK_CORRELATION);
/** The same for what is seen of one step: both directions of a decaying sum. */
const STEP_SUM = 2 / (1 - BLOCK_CORRELATION);
/** Residuals beyond it count as it, or the harm itself would pass as wandering. In standard deviations. */
const RESIDUAL_MAX = 2.5;
/** Standard errors that what was seen must exceed before it counts. Higher: faster, and less robust. */
const ALLOWANCE = 0.5;
/** Residuals before which nothing was seen. */
const RESIDUALS_MIN = 8;
/**
 * So many blocks of full correlation are taken to lie before the first one. Higher: fewer false aborts
 * in the first minutes, when nothing can be seen yet; lower: harm is found sooner.
 */
const PRIOR_BLOCKS = 1.5;

/** Sums over the blocks so far. */
export type Dispersion = {
  /** Sums of requests and of bad ones, of both sides. */
  readonly totals: PairedCounts;
  /** Sum of n (n - 1) over blocks with n bad requests. */
  readonly badPairs: number;
  /** All blocks; and those with a residual: with bad requests, after the first such. */
  readonly blocks: number;
  readonly residuals: number;
  /** Sum of squared residuals, and of each by the one before. */
  readonly squares: number;
  readonly products: number;
  /** The residual of the last block; 0: it had none. */
  readonly last: number;
  /** What was seen before the last block: harm that has just begun is not its own excuse. */
  readonly seen: number;
};

/** Before the first block. */
export const NO_DISPERSION: Dispersion = {
  totals: { canaryRequests: 0, canaryBad: 0, baselineRequests: 0, baselineBad: 0 },
  badPairs: 0,
  blocks: 0,
  residuals: 0,
  squares: 0,
  products: 0,
  last: 0,
  seen: 1,
};

/** After one more block. */
export function disperse(past: Dispersion, counts: PairedCounts): Dispersion {
  const bad = counts.canaryBad + counts.baselineBad;
  const next = {
    ...past,
    blocks: past.blocks + 1,
    totals: sum(past.totals, counts),
    badPairs: past.badPairs + bad * (bad - 1),
    last: 0,
    seen: seenIn(past),
  };
  const pastBad = past.totals.canaryBad + past.totals.baselineBad;
  if (bad === 0 || pastBad === 0) return next;
  const odds = (shareRatio(past.totals) * counts.canaryRequests) / counts.baselineRequests;
  const part = odds / (1 + odds);
  // Of this block's draws, of what the past leaves open, and of the wandering that is assumed anyway.
  const variance = bad * part * (1 - part) * (1 + bad / (pastBad + 1)) * assumed(bad, 1);
  const raw = (counts.canaryBad - bad * part) / Math.sqrt(variance);
  const residual = Math.max(-RESIDUAL_MAX, Math.min(RESIDUAL_MAX, raw));
  return {
    ...next,
    residuals: past.residuals + 1,
    squares: past.squares + residual * residual,
    products: past.products + residual * past.last,
    last: residual,
  };
}

/** What the logarithm of an e-value is divided by; at least 1. */
export function inflation(past: Dispersion): number {
  const prior = (past.blocks + PRIOR_BLOCKS * LONG_RUN) / (past.blocks + PRIOR_BLOCKS);
  return Math.max(assumed(sizeOf(past), LONG_RUN) * prior, past.seen);
}

/** The same by what was seen alone: long-run variance of the residuals, less its error. */
function seenIn(past: Dispersion): number {
  if (past.residuals < RESIDUALS_MIN) return 1;
  const error = Math.sqrt((2 + STEP_SUM * STEP_SUM) / past.residuals);
  const seen = (past.squares + STEP_SUM * past.products) / past.residuals - ALLOWANCE * error;
  return assumed(sizeOf(past), 1) * seen;
}

/** Bad requests that share a block with a bad one, on average. */
function sizeOf({ totals, badPairs }: Dispersion): number {
  const bad = totals.canaryBad + totals.baselineBad;
  return bad === 0 ? 0 : badPairs / bad;
}

/** Canary share over baseline share, drawn towards 1 by half a bad request on each side. */
export function shareRatio(totals: PairedCounts): number {
  const canary = (totals.canaryBad + 0.5) / (totals.canaryRequests + 1);
  return canary / ((totals.baselineBad + 0.5) / (totals.baselineRequests + 1));
}

/** Variance over that of independent requests, for blocks of so many bad ones. */
function assumed(bad: number, longRun: number): number {
  return 1 + (bad * RATIO_SPREAD * RATIO_SPREAD * longRun) / 4;
}

function sum(a: PairedCounts, b: PairedCounts): PairedCounts {
  return {
    canaryRequests: a.canaryRequests + b.canaryRequests,
    canaryBad: a.canaryBad + b.canaryBad,
    baselineRequests: a.baselineRequests + b.baselineRequests,
    baselineBad: a.baselineBad + b.baselineBad,
  };
}
