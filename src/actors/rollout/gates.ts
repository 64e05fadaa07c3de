/**
 * What stands between a step and the next one: thresholds that are measured from time to time, and the
 * comparison with a baseline. Failed or Error turns back, Inconclusive pauses, and nothing goes on
 * without a measurement that says something. Called by the rollout machine. Pure.
 */
import type { ServiceView } from '../protocol/fleet-view.ts';
import { finiteReading, type MetricScope } from '../protocol/metric-reading.ts';
import type { ServiceSpec } from '../spec/fleet-schema.ts';
import { originOf } from '../spec/metric-sources.ts';
import {
  type AnalysisPhase,
  type MetricLimits,
  type MetricTally,
  metricPhase,
  runPhase,
} from './analysis-verdict.ts';
import {
  type ComparedGroups,
  type ComparisonProgress,
  compared,
  comparisonSays,
} from './block-readings.ts';

type Threshold = ServiceSpec['rollout']['analysis'][number];

/** One metric's measurements. */
export type MetricProgress = {
  readonly nextMs: number;
  readonly tally: MetricTally;
  /** Whether the last measurement was of data, good or bad. */
  readonly isLastData: boolean;
  /** What it was, in words. */
  readonly last: string;
};

/** What was measured. Plain data. */
export type GateState = {
  /** Of which step and group; another one begins anew. */
  readonly key: string | null;
  readonly metrics: readonly MetricProgress[];
  readonly comparison: ComparisonProgress | null;
};

/** Nothing was measured. */
export const NO_GATES: GateState = { key: null, metrics: [], comparison: null };

/** What is measured, and what for. */
export type GatePlan = {
  readonly key: string;
  readonly scope: MetricScope;
  /** Null: there is nothing to compare with, and `why` of it. */
  readonly groups: ComparedGroups | null;
  /** How long the step takes anyway; a metric without a count is measured for so long. */
  readonly lengthMs: number;
  /** Measures while the step goes on, and ends with it: counts do not end it. */
  readonly isBackground: boolean;
  /** What has to be shown: nothing, good thresholds, or those or else a comparison. */
  readonly needs: 'nothing' | 'thresholds' | 'evidence';
  /**
   * Nobody has to send anything to it: a measurement without data is none, however many there are, and
   * the gate waits for one that says something.
   */
  readonly waitsForData?: boolean;
};

/** `undecided`: the next step has to wait. */
export type GateVerdict = {
  readonly kind: 'failed' | 'inconclusive' | 'undecided' | 'good';
  readonly why: string;
};

/** Digits of a measured value in a sentence. */
const FIGURES = 4;

const NO_TALLY: MetricTally = {
  measurements: 0,
  isLastComplete: true,
  count: 0,
  successful: 0,
  failed: 0,
  inconclusive: 0,
  consecutiveError: 0,
  consecutiveSuccess: 0,
};

/** `none`: who measures has just begun, which says nothing of the service and costs it nothing. */
type Outcome = 'successful' | 'failed' | 'inconclusive' | 'error' | 'none';

/** One look: what is due is measured. */
export function measured(view: ServiceView, past: GateState, plan: GatePlan): GateState {
  const { analysis } = view.spec.rollout;
  const isNew = past.key !== plan.key || past.metrics.length !== analysis.length;
  const metrics = isNew
    ? analysis.map(({ interval }) => ({
        nextMs: view.nowMs + interval,
        tally: NO_TALLY,
        isLastData: false,
        last: 'not measured yet',
      }))
    : past.metrics.map((one, i) => remeasured(view, one, analysis[i] as Threshold, plan));
  return { key: plan.key, metrics, comparison: compared(view, past.comparison, plan.groups) };
}

function remeasured(
  view: ServiceView,
  past: MetricProgress,
  threshold: Threshold,
  plan: GatePlan,
): MetricProgress {
  if (view.nowMs < past.nextMs || isEnded(past.tally, threshold, plan)) return past;
  const { outcome, says } = measurement(view, threshold, plan.scope);
  const nextMs = view.nowMs + threshold.interval;
  const isData = outcome === 'successful' || outcome === 'failed';
  if (outcome === 'none') return { ...past, nextMs, isLastData: false, last: says };
  if (!isData && plan.waitsForData === true) return { ...past, nextMs, last: says };
  return { nextMs, tally: tallied(past.tally, outcome), isLastData: isData, last: says };
}

/** What one measurement is worth. */
function measurement(
  view: ServiceView,
  { metric: name, max, min, interval, minSamples }: Threshold,
  scope: MetricScope,
): { readonly outcome: Outcome; readonly says: string } {
  const reading = finiteReading(view.metric({ name, scope, windowMs: interval }));
  const metric = originOf(view.spec, name) === 'remote write' ? `${name} (remote write)` : name;
  if (reading.kind === 'missing') {
    const says = `${metric} is missing${reading.why === undefined ? '' : ` (${reading.why})`}`;
    return { outcome: reading.why === 'starting' ? 'none' : 'error', says };
  }
  if (reading.kind === 'stale' || reading.ageMs > view.maxStalenessMs) {
    return { outcome: 'error', says: `${metric} is ${reading.ageMs} ms old` };
  }
  if (reading.kind === 'notANumber') {
    return { outcome: 'inconclusive', says: `${metric} is not a number` };
  }
  const { value, samples } = reading;
  if (samples < minSamples) {
    const says = `${metric} has ${samples} samples; expected at least ${minSamples}`;
    return { outcome: 'inconclusive', says };
  }
  if (max !== undefined && value > max) {
    return { outcome: 'failed', says: `${metric} is ${figureOf(value)}; expected at most ${max}` };
  }
  if (min !== undefined && value < min) {
    return { outcome: 'failed', says: `${metric} is ${figureOf(value)}; expected at least ${min}` };
  }
  return { outcome: 'successful', says: `${metric} is ${figureOf(value)}` };
}

function tallied(past: MetricTally, outcome: Outcome): MetricTally {
  const is = (one: Outcome): number => Number(outcome === one);
  return {
    measurements: past.measurements + 1,
    isLastComplete: true,
    count: past.count + 1 - is('error'),
    successful: past.successful + is('successful'),
    failed: past.failed + is('failed'),
    inconclusive: past.inconclusive + is('inconclusive'),
    consecutiveError: outcome === 'error' ? past.consecutiveError + 1 : 0,
    consecutiveSuccess: outcome === 'successful' ? past.consecutiveSuccess + 1 : 0,
  };
}

/** Enough of it: it is not measured any more. */
function isEnded(tally: MetricTally, threshold: Threshold, plan: GatePlan): boolean {
  if (plan.isBackground) return false;
  return metricPhase(limitsOf(threshold, plan), tally, false) === 'successful';
}

function limitsOf(threshold: Threshold, plan: GatePlan): MetricLimits {
  const isOpen = plan.lengthMs > 0 || threshold.consecutiveSuccessLimit > 0;
  const ownCount = threshold.count ?? (isOpen ? null : 1);
  return {
    ...threshold,
    count: plan.isBackground ? null : ownCount,
    consecutiveSuccessLimit: plan.isBackground ? 0 : threshold.consecutiveSuccessLimit,
  };
}

/**
 * What all of it says. `isOver`: the step has lasted as long as it was to. `onlyFailures`: somebody is
 * asked already, so that only what is plainly bad counts.
 */
export function gateVerdict(
  { spec }: ServiceView,
  state: GateState,
  plan: GatePlan,
  { isOver, onlyFailures }: { readonly isOver: boolean; readonly onlyFailures: boolean },
): GateVerdict {
  const { analysis, comparison } = spec.rollout;
  const said = comparison.enabled ? comparisonSays(comparison, state.comparison) : null;
  if (said?.verdict === 'worse') return { kind: 'failed', why: said.why };
  const thresholds = thresholdVerdict(analysis, state, plan, { isOver, onlyFailures });
  if (thresholds.kind === 'failed' || thresholds.kind === 'inconclusive') return thresholds;
  if (plan.needs === 'nothing') return { kind: 'good', why: 'nothing has to be shown' };
  if (analysis.length > 0) return thresholds;
  if (plan.needs === 'thresholds' || !comparison.enabled || plan.groups === null) {
    return { kind: 'good', why: 'nothing is measured' };
  }
  // To prove that it is within the margin takes an hour; that nothing is found in enough data is the rule.
  if (said?.isEnough === true) return { kind: 'good', why: said.why };
  const why = said?.why ?? 'the comparison has not begun';
  return { kind: 'undecided', why };
}

function thresholdVerdict(
  analysis: readonly Threshold[],
  { metrics, key }: GateState,
  plan: GatePlan,
  { isOver, onlyFailures }: { readonly isOver: boolean; readonly onlyFailures: boolean },
): GateVerdict {
  if (analysis.length === 0) return { kind: 'good', why: 'there are no thresholds' };
  if (key !== plan.key || metrics.length !== analysis.length) {
    return { kind: 'undecided', why: 'nothing was measured yet' };
  }
  const phaseOf = (i: number, isStopping: boolean): AnalysisPhase => {
    const limits = limitsOf(analysis[i] as Threshold, plan);
    const borne = Number.MAX_SAFE_INTEGER;
    return metricPhase(
      onlyFailures ? { ...limits, inconclusiveLimit: borne, consecutiveErrorLimit: borne } : limits,
      (metrics[i] as MetricProgress).tally,
      // As an analysis of Argo: the step's time ends what has no end of its own.
      isStopping && limits.count === null && limits.consecutiveSuccessLimit === 0,
    );
  };
  const phases = metrics.map((_, i) => phaseOf(i, isOver));
  const bad = phases.findIndex((one) => isBad(one));
  // One metric's end is the end of all: of what was measured the worst counts.
  const worst = runPhase(bad < 0 ? phases : phases.filter(isBad));
  const says = (i: number): string => (metrics[i] as MetricProgress).last;
  const why = bad < 0 ? metrics.map(({ last }) => last).join('; ') : says(phases.indexOf(worst));
  if (worst === 'failed' || worst === 'error') return { kind: 'failed', why };
  if (worst === 'inconclusive') return { kind: 'inconclusive', why };
  const isShown = metrics.every(({ tally, isLastData }) => tally.successful > 0 && isLastData);
  return { kind: worst === 'successful' && isShown ? 'good' : 'undecided', why };
}

function isBad(phase: AnalysisPhase): boolean {
  return phase === 'failed' || phase === 'error' || phase === 'inconclusive';
}

/** How long the measurements that were asked for take, at least; milliseconds. */
export function plannedMs({ rollout }: ServiceSpec): number {
  const { analysis, comparison } = rollout;
  if (analysis.length === 0) return (comparison.minBlocks + 1) * comparison.block;
  return Math.max(...analysis.map(({ interval, count = 1 }) => (count + 1) * interval));
}

/** For people: as many digits as say something. */
function figureOf(value: number): string {
  return String(Number(value.toPrecision(FIGURES)));
}
