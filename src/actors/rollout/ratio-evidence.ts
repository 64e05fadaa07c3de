/**
 * Evidence about the ratio of two shares, canary over baseline, that may be looked at after every
 * block: a mixture of bets, each an e-process (Waudby-Smith and Ramdas, "Estimating means of bounded
 * random variables by betting"). For a null ratio R and q canary requests per baseline request, a bet
 * multiplies its stake by 1 + b for each bad canary request and by 1 - b q R for each bad baseline
 * request. The mean of that, over one block, is at most exp(b n (canary share - R baseline share)) for
 * n canary requests: at most 1 while the truth is on the null's side, whatever the shares are and
 * however they move together. Called by metric-comparison.ts; decides nothing. Pure.
 */
import { exp, log } from '../arithmetic/exp-log.ts';

/** Requests of one block on both sides, and the bad ones among them. */
export type PairedCounts = {
  readonly canaryRequests: number;
  readonly canaryBad: number;
  readonly baselineRequests: number;
  readonly baselineBad: number;
};

/** The ratio that a bet hopes for, as a multiple of the null ratio, and its part of the stake. */
type Bet = { readonly multiple: number; readonly logMultiple: number; readonly weight: number };

const bet = (multiple: number, weight: number): Bet => ({
  multiple,
  logMultiple: log(multiple),
  weight,
});

/**
 * Bets that the canary is worse. More weight on a multiple: harm of that size is found sooner, other
 * harm later. Most lies on 1.8, a doubling where the margin is 10 %; the far ones answer a canary that
 * is broken. Weights sum to 1, or the level does not hold.
 */
export const WORSE_BETS: readonly Bet[] = [
  bet(1.1, 0.04),
  bet(1.3, 0.09),
  bet(1.8, 0.75),
  bet(3, 0.07),
  bet(10, 0.03),
  bet(60, 0.02),
];

/**
 * Bets that it is not. 0.91 is a canary as good as its baseline where the margin is 10 %; the lowest
 * one answers shares near zero on both sides, where the floor decides. Weights sum to 1.
 */
export const BETTER_BETS: readonly Bet[] = [
  bet(0.91, 0.4),
  bet(0.75, 0.2),
  bet(0.4, 0.15),
  bet(0.03, 0.25),
];

/** What one block's requests do to each bet: logarithms of the factors, and the bet itself. */
export type Stakes = {
  readonly bad: readonly number[];
  readonly baselineBad: readonly number[];
  readonly bets: readonly number[];
};

/** The factors of `bets` for a block with so many requests. `nullRatio`: above 0. */
export function stakesOf(
  bets: readonly Bet[],
  nullRatio: number,
  canaryRequests: number,
  baselineRequests: number,
): Stakes {
  const odds = (canaryRequests / baselineRequests) * nullRatio;
  const logNull = log(1 + odds);
  const baselineBad = bets.map(({ multiple }) => logNull - log(1 + odds * multiple));
  return {
    bad: bets.map(({ logMultiple }, index) => logMultiple + (baselineBad[index] ?? 0)),
    baselineBad,
    bets: bets.map(({ multiple }) => (multiple * (1 + odds)) / (1 + odds * multiple) - 1),
  };
}

/**
 * The logarithm of each bet's stake after one more block. `floor`: share by which the canary may lie
 * above the null; above 0 only where bets are below 0, which then grow while nothing bad happens.
 */
export function afterBlock(
  past: readonly number[],
  stakes: Stakes,
  floor: number,
  counts: PairedCounts,
): number[] {
  return past.map((stake, index) => {
    const bad = counts.canaryBad * (stakes.bad[index] ?? 0);
    const baselineBad = counts.baselineBad * (stakes.baselineBad[index] ?? 0);
    const allowed = -(stakes.bets[index] ?? 0) * floor * counts.canaryRequests;
    return stake + bad + baselineBad + (floor === 0 ? 0 : allowed);
  });
}

/** The logarithm of the e-value: of what all bets together have made of a stake of 1. */
export function logEvidence(past: readonly number[], bets: readonly Bet[]): number {
  const most = past.reduce((a, b) => (a > b ? a : b), Number.NEGATIVE_INFINITY);
  let sum = 0;
  bets.forEach(({ weight }, index) => {
    const below = (past[index] ?? 0) - most;
    // Less than a unit in the last place of the sum.
    if (below > -45) sum += weight * (below === 0 ? 1 : exp(below));
  });
  return most + log(sum);
}
