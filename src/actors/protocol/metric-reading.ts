/**
 * What a controller reads of a metric: a number with its age and the samples in it, or in words that
 * there is none. Missing, stale and not a number are three things: missing is silence, stale is a look
 * at the past, and no number is an answer that says nothing.
 */

/** One reading. Ages and lengths are milliseconds. */
export type MetricReading =
  | {
      readonly kind: 'value';
      readonly value: number;
      readonly samples: number;
      readonly ageMs: number;
    }
  | { readonly kind: 'missing'; readonly why?: MissingReason }
  | {
      readonly kind: 'stale';
      readonly ageMs: number;
      /** Of a count: what those who are heard have counted; it is that, or more. */
      readonly atLeast?: number;
    }
  | { readonly kind: 'notANumber'; readonly samples: number; readonly ageMs: number };

/**
 * Why there is nothing, where the source knows. `full`: samples found no room, so that what is there is
 * too little. `starting`: who counts may not have said so yet.
 */
export type MissingReason = 'full' | 'starting';

/** Whose metric. Absent fields: of all. */
export type MetricScope = {
  readonly service: string;
  readonly revision?: string;
  readonly zone?: string;
  readonly instance?: string;
  /** Of a revision that has one: its baseline, or everything but its baseline. */
  readonly isBaseline?: boolean;
};

/**
 * What requests are called where they are measured, as Prometheus would have it. Each series carries
 * the labels `service`, `revision` (the id), `zone`, `instance` and `baseline` (`1` or `0`). The first two
 * are tallies where requests are counted on the spot, and counters where counts are scraped.
 */
export const REQUEST_METRICS = {
  requests: 'requests_total',
  /** There from the first request on: no series of errors is no proof that there were none. */
  errors: 'errors_total',
  /** A histogram, in seconds. Readings are milliseconds. */
  duration: 'request_duration_seconds',
  /** A gauge. */
  consecutiveErrors: 'consecutive_errors',
} as const;

/**
 * What is read: a name, and over how long. What routers and callers measure of every service:
 *
 *   requests, errors      how many in the window
 *   slow                  how many took longer than `aboveMs`
 *   rate                  requests in a second
 *   error_ratio           errors / requests; without requests it is not a number
 *   p50, p90, p99         milliseconds that a request took
 *   consecutive_errors    of one instance, until now
 *
 * Everything else is a metric that instances expose, by its own name: a gauge is its mean over the
 * window, a counter its increase in a second; both are added up over the instances of the scope.
 */
export type MetricQuery = {
  readonly name: string;
  readonly scope: MetricScope;
  readonly windowMs: number;
  /** Of `slow`: the limit that was fixed before. */
  readonly aboveMs?: number;
};

/** The same, but an infinite value says no more than one that is no number: nobody can divide it. */
export function finiteReading(reading: MetricReading): MetricReading {
  if (reading.kind === 'stale' && !Number.isFinite(reading.atLeast ?? 0)) {
    return { kind: 'stale', ageMs: reading.ageMs };
  }
  if (reading.kind !== 'value' || Number.isFinite(reading.value)) return reading;
  return { kind: 'notANumber', samples: reading.samples, ageMs: reading.ageMs };
}

/** What is certain of a count of which a part is not heard of; every other reading as it is. */
export function atLeastReading(reading: MetricReading): MetricReading {
  if (reading.kind !== 'stale' || reading.atLeast === undefined) return reading;
  const { atLeast: value, ageMs } = reading;
  return { kind: 'value', value, samples: 0, ageMs };
}

/** @returns null for a reading that is no number */
export function readingValue(reading: MetricReading): number | null {
  return reading.kind === 'value' ? reading.value : null;
}

/** What a source has answered, if it is a reading; what is none says nothing. */
export function checkedReading(answer: unknown): MetricReading {
  const { kind, value, samples, ageMs, why, atLeast } = (answer ?? {}) as Readonly<
    Record<string, unknown>
  >;
  if (kind === 'missing' && (why === 'full' || why === 'starting')) return { kind, why };
  const isAge = typeof ageMs === 'number' && ageMs >= 0;
  if (kind === 'stale' && isAge) {
    return typeof atLeast === 'number' && atLeast >= 0 ? { kind, ageMs, atLeast } : { kind, ageMs };
  }
  if (typeof samples !== 'number' || !isAge) return { kind: 'missing' };
  if (kind === 'notANumber') return { kind, samples, ageMs };
  if (kind !== 'value' || typeof value !== 'number') return { kind: 'missing' };
  return Number.isNaN(value)
    ? { kind: 'notANumber', samples, ageMs }
    : { kind, value, samples, ageMs };
}
