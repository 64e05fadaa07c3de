/**
 * Answers about series, and arithmetic on them: sums, means, rates, ratios. Pure functions for
 * the reading side. A reading says apart what callers must not confuse: no sample, samples that
 * are too old, and arithmetic without a result.
 *
 * Invariant HOT-17: a value is finite; a division never answers with NaN.
 */
import { RingmasterError } from '../errors.ts';
import type { WindowView } from './window-view.ts';

/** What is known about a number. */
export type Reading =
  | { readonly kind: 'value'; readonly value: number }
  /** No sample in what was asked about. */
  | { readonly kind: 'missing' }
  /** Samples exist, but the last is `windows` windows old: see WindowHistory.judge. */
  | { readonly kind: 'stale'; readonly windows: number }
  /** Samples exist, but the arithmetic has no result: x / 0, or a sum beyond the f64 range. */
  | { readonly kind: 'nan'; readonly why: 'zero divisor' | 'out of range' };

const MISSING: Reading = { kind: 'missing' };

/** A number as a reading; undefined is missing, infinite and NaN are out of range. */
export function readingOf(value: number | undefined): Reading {
  if (value === undefined) return MISSING;
  return Number.isFinite(value) ? { kind: 'value', value } : { kind: 'nan', why: 'out of range' };
}

/** Sum of a series' values, or its increase for a counter; missing without samples. */
export function sumReading(window: WindowView, series: number): Reading {
  return window.count(series) === 0 ? MISSING : readingOf(window.sum(series));
}

/** Mean of a series' values; missing without samples. */
export function meanReading(window: WindowView, series: number): Reading {
  return divide(sumReading(window, series), readingOf(window.count(series)));
}

/**
 * Dividend over divisor. Whatever keeps either from being a value is the answer, the dividend's
 * first; missing beats stale, stale beats nan: the least known side decides.
 */
export function divide(dividend: Reading, divisor: Reading): Reading {
  for (const kind of ['missing', 'stale', 'nan'] as const) {
    if (dividend.kind === kind) return dividend;
    if (divisor.kind === kind) return divisor;
  }
  if (dividend.kind !== 'value' || divisor.kind !== 'value') return MISSING;
  if (divisor.value === 0) return { kind: 'nan', why: 'zero divisor' };
  return readingOf(dividend.value / divisor.value);
}

/**
 * A sum or an increase per second, for a window that lasted `windowSeconds`: from one flip that
 * succeeded to the next, since a window gets longer while the reader holds the one before.
 * @throws RM_METRICS_OPTION when the length is not above 0 and finite: lengths are the caller's.
 */
export function perSecond(total: Reading, windowSeconds: number): Reading {
  if (!(windowSeconds > 0 && Number.isFinite(windowSeconds))) {
    throw new RingmasterError(
      'RM_METRICS_OPTION',
      `window of ${windowSeconds} seconds; expected a finite length above 0.`,
      { windowSeconds },
    );
  }
  return divide(total, { kind: 'value', value: windowSeconds });
}
