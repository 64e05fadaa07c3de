/**
 * Compares a canary with its baseline block by block and may be asked after every block: the chance
 * that it ever calls a canary worse which is not is at most alpha, however often one looks. Errors and
 * slow requests are compared; an abort needs one of them, a promotion both. Method, sources and
 * assumptions: docs/sequential-comparison.md. Called by the rollout machine. It has no clock, and does
 * not say what happens to the rollout. Pure; the state is plain data, to be stored and replayed.
 */
import { log } from '../arithmetic/exp-log.ts';
import { controlError } from '../errors.ts';
import {
  type BlockStakes,
  blockStakes,
  compareMetric,
  type MetricComparison,
  type MetricEvidence,
  metricEvidence,
  NO_COMPARISON,
} from './metric-comparison.ts';

/** Knobs; a fleet's `rollout.comparison` has them all. */
export type ComparisonConfig = {
  /** Chance of a false abort. Above 0, at most 0.5. */
  readonly alpha: number;
  /** How much worse is still as good, as a share of the baseline's. 0 to 1. */
  readonly margin: number;
  /** Paired blocks without which nothing is promoted. */
  readonly minBlocks: number;
  /** Requests of each side without which nothing is promoted. */
  readonly minRequests: number;
};

/** As in a fleet. */
export const COMPARISON_DEFAULT: ComparisonConfig = {
  alpha: 0.01,
  margin: 0.1,
  minBlocks: 30,
  minRequests: 500,
};

/** What one side did during a block. Whole numbers; a request may be both failed and slow. */
export type SideCounts = {
  readonly requests: number;
  readonly errors: number;
  /** Slower than the baseline's quantile, a limit that was fixed before the block began. */
  readonly slow: number;
};

/** Both sides during the same 10 s or more. */
export type ComparisonBlock = { readonly canary: SideCounts; readonly baseline: SideCounts };

/** What is compared. */
export type ComparedMetric = 'errors' | 'slow';

/** What was gathered so far. */
export type ComparisonState = {
  /** Blocks with requests on both sides. */
  readonly blocks: number;
  /** Blocks in which one side had none: they say nothing. */
  readonly unpairedBlocks: number;
  readonly errors: MetricComparison;
  readonly slow: MetricComparison;
  /** The paired block after which a metric was found worse, which stays so; null: none was. */
  readonly worse: { readonly metric: ComparedMetric; readonly block: number } | null;
};

/** `undecided` neither aborts nor promotes. */
export type ComparisonVerdict = 'worse' | 'notWorse' | 'undecided';

/** A verdict with all that a decision log shows of it. */
export type ComparisonReport = {
  readonly verdict: ComparisonVerdict;
  /** What decided, or what is missing. */
  readonly why: string;
  readonly blocks: number;
  readonly unpairedBlocks: number;
  readonly canaryRequests: number;
  readonly baselineRequests: number;
  readonly errors: MetricEvidence;
  readonly slow: MetricEvidence;
  /** Lines that `logWorse` of each metric and `logNotWorse` of both must reach. */
  readonly lines: { readonly errors: number; readonly slow: number; readonly notWorse: number };
};

/**
 * Errors' part of alpha; the rest is for slow requests, which are more, so that each says less and a
 * higher line costs little time. 0 to 1, both excluded.
 */
const ERRORS_PART = 0.85;
/** Requests of one side in a block: a hundred million a second. More is a broken counter. */
const REQUESTS_MAX = 1_000_000_000;
const METRICS = ['errors', 'slow'] as const;

/** Before the first block. */
export const COMPARISON_START: ComparisonState = {
  blocks: 0,
  unpairedBlocks: 0,
  errors: NO_COMPARISON,
  slow: NO_COMPARISON,
  worse: null,
};

/** After one more block. Throws `RM_COMPARISON_INVALID` for impossible counts or knobs. */
export function compareBlock(
  config: ComparisonConfig,
  past: ComparisonState,
  block: ComparisonBlock,
): ComparisonState {
  checkConfig(config);
  checkSide('canary', block.canary);
  checkSide('baseline', block.baseline);
  const { canary, baseline } = block;
  if (canary.requests === 0 || baseline.requests === 0) {
    return { ...past, unpairedBlocks: past.unpairedBlocks + 1 };
  }
  const stakes = blockStakes(config.margin, canary.requests, baseline.requests);
  const next = {
    ...past,
    blocks: past.blocks + 1,
    errors: after(past.errors, stakes, block, 'errors'),
    slow: after(past.slow, stakes, block, 'slow'),
  };
  if (past.worse !== null) return next;
  const lines = linesOf(config);
  const worse = METRICS.find((metric) => metricEvidence(next[metric]).logWorse >= lines[metric]);
  return worse === undefined ? next : { ...next, worse: { metric: worse, block: next.blocks } };
}

/** What the blocks so far say. Throws `RM_COMPARISON_INVALID` for impossible knobs. */
export function comparisonReport(
  config: ComparisonConfig,
  state: ComparisonState,
): ComparisonReport {
  checkConfig(config);
  const { totals } = state.errors.dispersion;
  const facts = {
    blocks: state.blocks,
    unpairedBlocks: state.unpairedBlocks,
    canaryRequests: totals.canaryRequests,
    baselineRequests: totals.baselineRequests,
    errors: metricEvidence(state.errors),
    slow: metricEvidence(state.slow),
    lines: linesOf(config),
  };
  if (state.worse !== null) {
    const why = `${state.worse.metric}: worse than the baseline since block ${state.worse.block}`;
    return { verdict: 'worse', why, ...facts };
  }
  const missing = missingFor(config, facts);
  if (missing !== null) return { verdict: 'undecided', why: missing, ...facts };
  return { verdict: 'notWorse', why: 'errors and slow requests: within the margin', ...facts };
}

/** What still stands against a promotion; null: nothing. */
function missingFor(
  config: ComparisonConfig,
  facts: Omit<ComparisonReport, 'verdict' | 'why'>,
): string | null {
  const { blocks, canaryRequests, baselineRequests, lines } = facts;
  const requests = Math.min(canaryRequests, baselineRequests);
  if (blocks < config.minBlocks) return `${blocks} of ${config.minBlocks} blocks`;
  if (requests < config.minRequests) return `${requests} of ${config.minRequests} requests`;
  const open = METRICS.find((metric) => facts[metric].logNotWorse < lines.notWorse);
  return open === undefined ? null : `${open}: not yet shown to be within the margin`;
}

/**
 * A false abort may come from either metric, so alpha is split; a false promotion needs both, so it is
 * not. The sum bounds the chance however the metrics depend on each other.
 */
function linesOf({ alpha }: ComparisonConfig): ComparisonReport['lines'] {
  return {
    errors: -log(alpha * ERRORS_PART),
    slow: -log(alpha * (1 - ERRORS_PART)),
    notWorse: -log(alpha),
  };
}

function after(
  past: MetricComparison,
  stakes: BlockStakes,
  { canary, baseline }: ComparisonBlock,
  metric: ComparedMetric,
): MetricComparison {
  return compareMetric(past, stakes, {
    canaryRequests: canary.requests,
    canaryBad: canary[metric],
    baselineRequests: baseline.requests,
    baselineBad: baseline[metric],
  });
}

function checkSide(side: string, counts: SideCounts): void {
  checkCount(`${side}.requests`, counts.requests, REQUESTS_MAX);
  checkCount(`${side}.errors`, counts.errors, counts.requests);
  checkCount(`${side}.slow`, counts.slow, counts.requests);
}

function checkCount(name: string, got: number, most: number): void {
  if (Number.isInteger(got) && got >= 0 && got <= most) return;
  throw invalid(name, got, `a whole number from 0 to ${most}`, 'Leave out a block that is unsure.');
}

function checkConfig({ alpha, margin, minBlocks, minRequests }: ComparisonConfig): void {
  if (!(alpha > 0 && alpha <= 0.5)) throw invalidKnob('alpha', alpha, 'above 0, at most 0.5');
  if (!(margin >= 0 && margin <= 1)) throw invalidKnob('margin', margin, '0 to 1');
  if (!(minBlocks >= 1)) throw invalidKnob('minBlocks', minBlocks, '1 or more');
  if (!(minRequests >= 1)) throw invalidKnob('minRequests', minRequests, '1 or more');
}

function invalidKnob(name: string, got: number, expected: string): Error {
  return invalid(name, got, expected, 'Start from COMPARISON_DEFAULT.');
}

function invalid(name: string, got: number, expected: string, cure: string): Error {
  const message = `${name} is ${got}; expected ${expected}. ${cure}`;
  return controlError('RM_COMPARISON_INVALID', message, { name, got: String(got) });
}
