/**
 * Which instances count when load is averaged over them, as the Horizontal Pod Autoscaler of
 * Kubernetes sorts its pods. An instance that has just started burns processor time for its own
 * start; one that never became ready carries no load. Pure; ages count back from now, in seconds.
 */

/**
 * `ignored`: it is leaving. `unready`: it will carry load, but does not yet. `missing`: it should have
 * said how it is and has not. `ready`: it counts.
 */
export type SampleClass = 'ready' | 'unready' | 'missing' | 'ignored';

/** When an instance last changed between ready and unready, and what it is since then. */
export type Readiness = { readonly isReady: boolean; readonly lastTransitionAgeS: number };

/** What is known about one instance. */
export type SampleFacts = {
  /** `ended` by failure or success. */
  readonly phase: 'pending' | 'running' | 'ended';
  readonly isLeaving: boolean;
  /** Null: it has not said so yet. */
  readonly startAgeS: number | null;
  readonly readiness: Readiness | null;
  /** When its measurement ended and how long that took; null: there is none. */
  readonly sample: { readonly ageS: number; readonly windowS: number } | null;
};

/** Knobs of the rule for metrics that a start distorts. */
export type WarmupRule = {
  /**
   * For so long after its start only a ready instance with a fresh measurement counts. Seconds, from
   * 0; Kubernetes has 300. Higher: a slow start is not taken for load. Lower: new instances count sooner.
   */
  readonly initializationS: number;
  /**
   * An unready instance whose last change is later than this after its start was ready once, and
   * counts. Seconds, from 0; Kubernetes has 30.
   */
  readonly initialReadinessS: number;
};

/** Sorts one instance. `warmup` null: the metric is not distorted by a start. */
export function sampleClass(facts: SampleFacts, warmup: WarmupRule | null): SampleClass {
  if (facts.isLeaving || facts.phase === 'ended') return 'ignored';
  if (facts.phase === 'pending') return 'unready';
  if (facts.sample === null) return 'missing';
  if (warmup !== null && isWarmingUp(facts, facts.sample, warmup)) return 'unready';
  return 'ready';
}

function isWarmingUp(
  { startAgeS, readiness }: SampleFacts,
  sample: { readonly ageS: number; readonly windowS: number },
  warmup: WarmupRule,
): boolean {
  if (startAgeS === null || readiness === null) return true;
  const { isReady, lastTransitionAgeS } = readiness;
  if (startAgeS < warmup.initializationS) {
    // A measurement that began before the last change shows what it did before.
    const isStale = sample.ageS > lastTransitionAgeS - sample.windowS;
    return !isReady || isStale;
  }
  const wasNeverReady = startAgeS - warmup.initialReadinessS < lastTransitionAgeS;
  return !isReady && wasNeverReady;
}
