/**
 * Runs of the sequential comparison over made-up traffic, asked after every block. Used by main.ts for
 * many runs and by the tests for a few; the seed draws everything.
 */
import { seededRandom } from 'ringmaster';
import {
  COMPARISON_DEFAULT,
  COMPARISON_START,
  type ComparisonBlock,
  compareBlock,
  comparisonReport,
} from 'ringmaster/control-plane';
import { blocksOf, type Traffic } from './traffic.ts';

/** Requests of a block and side that runs take in turn. */
export const BLOCK_REQUESTS: readonly number[] = [30, 100, 300, 1000];

/** Nothing is wrong and nothing wanders. */
export const CALM: Traffic = {
  requests: 100,
  errorShare: 0.01,
  slowShare: 0.05,
  ratio: 1,
  spread: 0,
  sharedSpread: 0,
  instanceSpread: 0,
  instances: 0,
  isAllCorrelated: false,
};

/** Traffic in which the canary is as good as its baseline: the runs that must not be aborted. */
export const NULLS: Readonly<Record<string, Partial<Traffic>>> = {
  independent: {},
  'AR(1) 0.7': { spread: 0.15, sharedSpread: 0.5 },
  'instance effects': { instanceSpread: 0.1, instances: 10 },
  'AR(1) 0.7 and instance effects': {
    spread: 0.15,
    sharedSpread: 0.5,
    instanceSpread: 0.1,
    instances: 10,
  },
  'on the margin': { ratio: 1 + COMPARISON_DEFAULT.margin },
};

/** More than is assumed: not held to the level, shown so that one knows what happens. */
export const BEYOND: Readonly<Record<string, Partial<Traffic>>> = {
  'AR(1) 0.7, twice the spread': { spread: 0.3, sharedSpread: 0.5 },
  'AR(1) 0.7, nothing independent': { isAllCorrelated: true },
};

/** The block after which a run was found worse, or null. */
export function abortedAt(traffic: Traffic, blocks: number, seed: number): number | null {
  const random = seededRandom(seed);
  const next = blocksOf(traffic, () => random.nextU32() / 2 ** 32);
  return firstWorse(next, blocks);
}

/** The block of ten after which a canary that is 100 times worse in three of them is found. */
export function burstFoundAt(seed: number): number | null {
  const random = seededRandom(seed);
  const draw = () => random.nextU32() / 2 ** 32;
  const bad = new Set<number>();
  while (bad.size < 3) bad.add(random.below(10));
  const calm = blocksOf(BURST, draw);
  const worse = blocksOf({ ...BURST, ratio: 100 }, draw);
  let block = 0;
  return firstWorse(() => (bad.has(block++) ? worse() : calm()), 10);
}

/** The block after which an equal canary is shown to be not worse, or null. */
export function promotedAt(traffic: Traffic, blocks: number, seed: number): number | null {
  const random = seededRandom(seed);
  const next = blocksOf(traffic, () => random.nextU32() / 2 ** 32);
  let state = COMPARISON_START;
  for (let block = 1; block <= blocks; block++) {
    state = compareBlock(COMPARISON_DEFAULT, state, next());
    if (comparisonReport(COMPARISON_DEFAULT, state).verdict === 'notWorse') return block;
  }
  return null;
}

/** 0.1 % of errors, 10 % in a bad block. */
const BURST: Traffic = { ...CALM, requests: 200, errorShare: 0.001 };

function firstWorse(next: () => ComparisonBlock, blocks: number): number | null {
  let state = COMPARISON_START;
  for (let block = 1; block <= blocks; block++) {
    state = compareBlock(COMPARISON_DEFAULT, state, next());
    if (state.worse !== null) return block;
  }
  return null;
}

/**
 * Requests of each side for a test of fixed size that finds a rise from `low` to `high` with power
 * 90 % at level 1 %: (z(1 - alpha') + z(0.9))^2 (low (1 - low) + high (1 - high)) / (high - low)^2,
 * with alpha' = 0.005 (two-sided, the usual one) or 0.01.
 */
export function fixedSize(low: number, high: number, isTwoSided: boolean): number {
  const z = (isTwoSided ? 2.575_829 : 2.326_348) + 1.281_552;
  const variance = low * (1 - low) + high * (1 - high);
  return Math.ceil((z * z * variance) / (high - low) ** 2);
}
