/**
 * What measurements say about a metric, and metrics about a rollout: the verdicts of Argo Rollouts'
 * analysis runs. Counting only; what one measurement is worth is decided where it is taken. Pure.
 */

/** A verdict, or that there is none yet. */
export type AnalysisPhase =
  | 'pending'
  | 'running'
  | 'successful'
  | 'failed'
  | 'error'
  | 'inconclusive';

/** Limits of one metric. */
export type MetricLimits = {
  /** Failed measurements that are borne; -1: any number. Default 0. */
  readonly failureLimit: number;
  /** Inconclusive ones. Default 0. */
  readonly inconclusiveLimit: number;
  /** Errors in a row. Default 4. */
  readonly consecutiveErrorLimit: number;
  /** Successes in a row that are enough; 0: none are. Default 0. */
  readonly consecutiveSuccessLimit: number;
  /** Measurements after which it ends; null: it does not. */
  readonly count: number | null;
};

/** What was measured so far. */
export type MetricTally = {
  readonly measurements: number;
  /** Whether the last measurement has ended. */
  readonly isLastComplete: boolean;
  /** Ended ones that count, of any outcome but errors. */
  readonly count: number;
  readonly successful: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly consecutiveError: number;
  readonly consecutiveSuccess: number;
};

/** As Argo's. */
export const METRIC_LIMITS_DEFAULT: MetricLimits = {
  failureLimit: 0,
  inconclusiveLimit: 0,
  consecutiveErrorLimit: 4,
  consecutiveSuccessLimit: 0,
  count: null,
};

/** The phase of one metric. `isStopping`: nobody waits for more measurements. */
export function metricPhase(
  limits: MetricLimits,
  tally: MetricTally,
  isStopping: boolean,
): AnalysisPhase {
  if (tally.measurements === 0) return isStopping ? 'successful' : 'pending';
  if (!tally.isLastComplete) return 'running';
  return (
    exceeded(limits, tally) ?? satisfied(limits, tally) ?? (isStopping ? 'successful' : 'running')
  );
}

/** The phase of all metrics together: running while one is, else the worst. */
export function runPhase(phases: readonly AnalysisPhase[]): AnalysisPhase {
  if (phases.some((phase) => phase === 'pending' || phase === 'running')) return 'running';
  const worst = (['failed', 'error', 'inconclusive'] as const).find((bad) => phases.includes(bad));
  return worst ?? 'successful';
}

/** A limit that was passed. Of several, an error says that the others may be wrong. */
function exceeded(limits: MetricLimits, tally: MetricTally): AnalysisPhase | null {
  if (tally.consecutiveError > limits.consecutiveErrorLimit) return 'error';
  if (tally.inconclusive > limits.inconclusiveLimit) return 'inconclusive';
  if (limits.failureLimit >= 0 && tally.failed > limits.failureLimit) return 'failed';
  return null;
}

/** Enough was measured. */
function satisfied(limits: MetricLimits, tally: MetricTally): AnalysisPhase | null {
  const wantsSuccesses = limits.consecutiveSuccessLimit > 0;
  if (wantsSuccesses && tally.consecutiveSuccess >= limits.consecutiveSuccessLimit) {
    return 'successful';
  }
  if (limits.count === null || tally.count < limits.count) return null;
  if (!wantsSuccesses) return 'successful';
  return limits.failureLimit >= 0 ? 'inconclusive' : 'failed';
}
