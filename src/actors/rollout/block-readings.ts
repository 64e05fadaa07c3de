/**
 * Takes the paired blocks of a comparison from the metrics: one after the other, both sides at the same
 * time, with a limit of slowness that was fixed before the block began. A block of which a reading is
 * missing is left out, and counted. Called by gates.ts; what the blocks say is sequential-comparison.ts's.
 */
import type { ServiceView } from '../protocol/fleet-view.ts';
import {
  finiteReading,
  type MetricQuery,
  type MetricScope,
  readingValue,
} from '../protocol/metric-reading.ts';
import {
  COMPARISON_START,
  type ComparisonConfig,
  type ComparisonState,
  type ComparisonVerdict,
  compareBlock,
  comparisonReport,
  type SideCounts,
} from './sequential-comparison.ts';

/** Who is compared with whom. */
export type ComparedGroups = {
  /** Another one begins anew. */
  readonly key: string;
  readonly canary: MetricScope;
  /** Their counts are added. */
  readonly baselines: readonly MetricScope[];
  /** Who that is, for people. */
  readonly says: string;
};

/** What was compared. Plain data. */
export type ComparisonProgress = {
  readonly key: string;
  readonly says: string;
  readonly state: ComparisonState;
  /** The block that goes on; null: none could begin. */
  readonly block: { readonly startMs: number; readonly aboveMs: number } | null;
  /** Blocks of which a reading was missing. */
  readonly leftOut: number;
};

/** One look: a block that has ended is counted, and the next one begins. */
export function compared(
  view: ServiceView,
  past: ComparisonProgress | null,
  groups: ComparedGroups | null,
): ComparisonProgress | null {
  const { comparison } = view.spec.rollout;
  if (groups === null || !comparison.enabled) return null;
  const { key, says } = groups;
  if (past === null || past.key !== key) {
    const block = begun(view, groups, null);
    return { key, says, state: COMPARISON_START, block, leftOut: 0 };
  }
  const { block } = past;
  if (block === null) return { ...past, block: begun(view, groups, null) };
  if (view.nowMs - block.startMs < comparison.block) return past;
  const next = { ...past, block: begun(view, groups, block.aboveMs) };
  const canary = countsOf(view, [groups.canary], block.aboveMs);
  const baseline = countsOf(view, groups.baselines, block.aboveMs);
  if (canary === null || baseline === null) return { ...next, leftOut: past.leftOut + 1 };
  return { ...next, state: compareBlock(comparison, past.state, { canary, baseline }) };
}

/** What the blocks say. */
export type ComparisonWords = {
  readonly verdict: ComparisonVerdict;
  /** So many blocks and requests that harm worth the name would have shown. */
  readonly isEnough: boolean;
  /** With figures. */
  readonly why: string;
};

/** @returns null when nothing is compared */
export function comparisonSays(
  config: ComparisonConfig,
  progress: ComparisonProgress | null,
): ComparisonWords | null {
  if (progress === null) return null;
  const report = comparisonReport(config, progress.state);
  const { errors, slow } = report;
  const shares = (one: typeof errors): string =>
    `${shown(one.canaryShare)} % against ${shown(one.baselineShare)} %`;
  const figures = [
    `errors ${shares(errors)}, slow ${shares(slow)}`,
    `${report.blocks} blocks`,
    `${report.canaryRequests} and ${report.baselineRequests} requests`,
    `${progress.leftOut + report.unpairedBlocks} blocks left out`,
  ].join(', ');
  const requests = Math.min(report.canaryRequests, report.baselineRequests);
  const isEnough = report.blocks >= config.minBlocks && requests >= config.minRequests;
  return { verdict: report.verdict, isEnough, why: `${progress.says}: ${report.why} (${figures})` };
}

function shown(share: number): string {
  return (share * 100).toFixed(2);
}

/** The limit is the baseline's 90th percentile; if it cannot be read now, the last one. */
function begun(
  view: ServiceView,
  { baselines }: ComparedGroups,
  lastAboveMs: number | null,
): ComparisonProgress['block'] {
  const windowMs = view.spec.rollout.comparison.block;
  const limits = baselines.flatMap(
    (scope) => numberOf(view, { name: 'p90', scope, windowMs }) ?? [],
  );
  const aboveMs = limits.length > 0 ? Math.max(...limits) : lastAboveMs;
  return aboveMs === null ? null : { startMs: view.nowMs, aboveMs };
}

function countsOf(
  view: ServiceView,
  scopes: readonly MetricScope[],
  aboveMs: number,
): SideCounts | null {
  const windowMs = view.spec.rollout.comparison.block;
  const sum = { requests: 0, errors: 0, slow: 0 };
  for (const scope of scopes) {
    const requests = countOf(view, { name: 'requests', scope, windowMs });
    const errors = countOf(view, { name: 'errors', scope, windowMs });
    const slow = countOf(view, { name: 'slow', scope, windowMs, aboveMs });
    if (requests === null || errors === null || slow === null) return null;
    if (errors > requests || slow > requests) return null;
    sum.requests += requests;
    sum.errors += errors;
    sum.slow += slow;
  }
  return sum;
}

function countOf(view: ServiceView, query: MetricQuery): number | null {
  const value = numberOf(view, query);
  return value === null || value > REQUESTS_MAX ? null : Math.round(value);
}

/** More in a block is a broken counter. */
const REQUESTS_MAX = 1_000_000_000;

function numberOf(view: ServiceView, query: MetricQuery): number | null {
  const reading = finiteReading(view.metric(query));
  if (reading.kind === 'value' && reading.ageMs > view.maxStalenessMs) return null;
  const value = readingValue(reading);
  return value === null || value < 0 ? null : value;
}
