/**
 * Reads one metric from the windows of all shards: finds the series of the query's scope, adds their
 * windows up, and says how old and how much that is. Pure: it reads what is in the windows and changes
 * nothing. A query costs the series of its service and metric, or of its instance, and for each that
 * matches one record a window; quantiles cost one sketch of 48 octaves a window and series.
 *
 * A feed that is silent makes what it is a part of stale, since what it counts meanwhile is not known:
 * until it is heard again, or its end was proven. Of a count the rest is still a lower bound. One that has
 * ended is read until it is too old.
 */
import {
  countAbove,
  createSketch,
  mergeSeries,
  quantile,
  type SeriesKind,
  type WindowView,
} from '../../hotpath/index.ts';
import {
  type MetricQuery,
  type MetricReading,
  type MetricScope,
  REQUEST_METRICS,
} from '../protocol/metric-reading.ts';
import { NO_NUMBER, UNNAMED } from './named-series.ts';
import {
  type KnownSeries,
  OVERFLOW,
  recordIn,
  type ShardWindows,
  type TakenWindow,
} from './shard-windows.ts';

/** What is read. */
export type MetricWindows = {
  readonly shards: readonly ShardWindows[];
  /** What has said nothing for longer is stale, not quiet. */
  readonly staleMs: number;
};

/** The series of a scope in one shard, with the windows that they are read from. */
type Found = {
  readonly series: readonly KnownSeries[];
  readonly windows: readonly TakenWindow[];
  readonly lengthMs: number;
};

/** What was found, or why nothing can be read from it. */
type Search =
  | { readonly kind: 'found'; readonly parts: readonly Found[]; readonly ageMs: number }
  | { readonly kind: 'stale'; readonly parts: readonly Found[]; readonly ageMs: number }
  | Extract<MetricReading, { readonly kind: 'missing' }>;

/** Reported again and again: silence is a fault. Of the others, silence says that nothing happened. */
const REPORTED: readonly SeriesKind[] = ['counter', 'gauge', 'summary'];
const COUNTED: readonly SeriesKind[] = ['tally', 'counter'];
const LAST: readonly SeriesKind[] = ['gauge', 'summary'];
const OF_REQUESTS: readonly string[] = Object.values(REQUEST_METRICS);

const QUANTILES: Readonly<Record<string, number>> = { p50: 0.5, p90: 0.9, p99: 0.99 };

/** One reading. `nowMs` is of the clock that the windows were taken by. */
export function readMetric(
  windows: MetricWindows,
  query: MetricQuery,
  nowMs: number,
): MetricReading {
  const of = (metric: string, isWitnessed = false): Search =>
    search(windows, query, metric, { nowMs, isWitnessed });
  const q = QUANTILES[query.name];
  if (q !== undefined) return quantileReading(of(REQUEST_METRICS.duration), q);
  switch (query.name) {
    case 'requests':
      return requestsReading(of(REQUEST_METRICS.requests), (total) => total.sum);
    case 'rate':
      return requestsReading(of(REQUEST_METRICS.requests), (total) => total.perSecond);
    case 'errors':
      return errorsReading(of(REQUEST_METRICS.requests), of(REQUEST_METRICS.errors), false);
    case 'error_ratio':
      return errorsReading(of(REQUEST_METRICS.requests), of(REQUEST_METRICS.errors), true);
    case 'slow':
      return slowReading(of(REQUEST_METRICS.duration), query.aboveMs ?? Number.NaN);
    case 'consecutive_errors':
      return highestLast(of(REQUEST_METRICS.consecutiveErrors, true));
    default:
      return exposedReading(of(query.name), of(NO_NUMBER + query.name));
  }
}

/** `isWitnessed`: one who has seen it is enough, and need not be heard of by the others. */
function search(
  { shards, staleMs }: MetricWindows,
  { scope, windowMs }: MetricQuery,
  metric: string,
  { nowMs, isWitnessed }: { readonly nowMs: number; readonly isWitnessed: boolean },
): Search {
  const parts: Found[] = [];
  let ageMs = 0;
  /** Of a sum, the part that is not known; else of what was last heard. */
  let unheardMs: number | null = null;
  let staleAgeMs: number | null = null;
  for (const shard of shards) {
    const own = shard.series(scope.service, metric, scope.instance);
    const matching = own.filter((one) => isIn(scope, one));
    const windows = shard.newest(windowMs, nowMs);
    if (isFull(shard, windows, scope.service, metric)) return { kind: 'missing', why: 'full' };
    const silentMs = nowMs - shard.heardMs;
    if (!shard.isOver && silentMs > staleMs) {
      // What it has counted meanwhile may be of anybody: only what is reported has one reporter.
      const all = shard.series(scope.service, metric);
      const isPart = matching.length > 0 || all.some(({ kind }) => !REPORTED.includes(kind));
      if (isPart) unheardMs = Math.max(unheardMs ?? 0, silentMs);
      continue;
    }
    if (windows.length === 0) continue;
    const heard = matching.flatMap((one) => {
      const heardMs = REPORTED.includes(one.kind) ? one.seenMs : shard.heardMs;
      return heardMs === null ? [] : [{ one, silentMs: nowMs - heardMs }];
    });
    const fresh = heard.filter(({ one, silentMs: ms }) =>
      // What a gauge was is over with its feed; what was counted has happened.
      shard.isOver ? !LAST.includes(one.kind) : ms <= staleMs,
    );
    for (const one of heard) staleAgeMs = Math.min(staleAgeMs ?? one.silentMs, one.silentMs);
    if (fresh.length === 0) continue;
    const readMs = windows.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
    // Of one that is over the rest of the time is a zero.
    const lengthMs = shard.isOver ? Math.max(readMs, windowMs) : readMs;
    parts.push({ series: fresh.map(({ one }) => one), windows, lengthMs });
    if (!shard.isOver) ageMs = Math.max(ageMs, silentMs);
  }
  if (unheardMs !== null && !(isWitnessed && parts.length > 0)) {
    return { kind: 'stale', parts, ageMs: unheardMs };
  }
  if (parts.length > 0) return { kind: 'found', parts, ageMs };
  return staleAgeMs === null ? { kind: 'missing' } : { kind: 'stale', parts, ageMs: staleAgeMs };
}

/** In one of the windows something of it was recorded for which there was no series. */
function isFull(
  shard: ShardWindows,
  windows: readonly TakenWindow[],
  service: string,
  metric: string,
): boolean {
  const group = OF_REQUESTS.includes(metric) ? REQUEST_METRICS.requests : metric;
  const rest = shard.series(service, UNNAMED + group);
  return windows.some(
    (window) =>
      (window.views.get('tally')?.count(OVERFLOW) ?? 0) > 0 ||
      rest.some((one) => (recordIn(window, one)?.count(one.number) ?? 0) > 0),
  );
}

function isIn(scope: MetricScope, { labels }: KnownSeries): boolean {
  const { revision, zone, instance, isBaseline } = scope;
  return (
    (revision === undefined || labels.get('revision') === revision) &&
    (zone === undefined || labels.get('zone') === zone) &&
    (instance === undefined || labels.get('instance') === instance) &&
    (isBaseline === undefined || labels.get('baseline') === (isBaseline ? '1' : '0'))
  );
}

type Total = {
  readonly sum: number;
  readonly samples: number;
  readonly perSecond: number;
};

/** Added in the order of shards, series and windows: the same windows give the same number. */
function totalOf(parts: readonly Found[]): Total {
  let sum = 0;
  let samples = 0;
  let perSecond = 0;
  for (const part of parts) {
    let own = 0;
    for (const { view, number } of recordsOf(part, COUNTED)) {
      own += view.sum(number);
      samples += view.count(number);
    }
    sum += own;
    perSecond += own === 0 ? 0 : own / (part.lengthMs / 1000);
  }
  return { sum, samples, perSecond };
}

function* recordsOf(
  { series, windows }: Found,
  kinds: readonly SeriesKind[],
): Generator<{ readonly view: WindowView; readonly number: number; readonly one: KnownSeries }> {
  for (const one of series) {
    if (!kinds.includes(one.kind)) continue;
    for (const window of windows) {
      const view = recordIn(window, one);
      if (view !== null) yield { view, number: one.number, one };
    }
  }
}

function requestsReading(found: Search, of: (total: Total) => number): MetricReading {
  if (found.kind === 'missing') return found;
  const total = totalOf(found.parts);
  if (found.kind === 'stale') return partReading(found, of(total));
  return numberReading(of(total), Math.round(total.sum), found.ageMs);
}

/** Nothing that could be said of a part would be true of the whole. */
function unread(found: Exclude<Search, { readonly kind: 'found' }>): MetricReading {
  return found.kind === 'missing' ? found : { kind: 'stale', ageMs: found.ageMs };
}

/** Counts only grow by what is not heard of. */
function partReading({ parts, ageMs }: Extract<Search, { readonly kind: 'stale' }>, sum: number) {
  const isSum = parts.length > 0 && sum >= 0 && Number.isFinite(sum);
  return isSum
    ? { kind: 'stale' as const, ageMs, atLeast: sum }
    : { kind: 'stale' as const, ageMs };
}

/** Errors, or their share. Both have the requests as samples: that is what was looked at. */
function errorsReading(requests: Search, errors: Search, isRatio: boolean): MetricReading {
  if (requests.kind === 'missing') return requests;
  if (errors.kind === 'missing') return errors;
  if (requests.kind === 'stale') return unread(requests);
  if (errors.kind === 'stale') return unread(errors);
  const all = totalOf(requests.parts).sum;
  const bad = totalOf(errors.parts).sum;
  const ageMs = Math.max(requests.ageMs, errors.ageMs);
  return numberReading(isRatio ? bad / all : bad, Math.round(all), ageMs);
}

function slowReading(found: Search, aboveMs: number): MetricReading {
  if (found.kind !== 'found') return unread(found);
  let slow = 0;
  let samples = 0;
  for (const part of found.parts) {
    for (const { view, number } of recordsOf(part, ['histogram'])) {
      if (aboveMs >= 0) slow += countAbove(view, number, aboveMs / 1000);
      samples += view.count(number);
    }
  }
  return numberReading(aboveMs >= 0 ? slow : Number.NaN, samples, found.ageMs);
}

function quantileReading(found: Search, q: number): MetricReading {
  if (found.kind !== 'found') return unread(found);
  let sketch: WindowView | null = null;
  for (const part of found.parts) {
    for (const { view, number } of recordsOf(part, ['histogram'])) {
      if (view.count(number) === 0) continue;
      sketch ??= createSketch(view.layout.lowestExponent);
      mergeSeries(sketch, 0, view, number);
    }
  }
  const samples = sketch?.count(0) ?? 0;
  const reading = sketch === null ? { kind: 'missing' as const } : quantile(sketch, 0, q);
  // Of a range the upper end: who asks whether something is slow is told when it may be.
  const seconds = reading.kind === 'value' ? reading.value : null;
  const high = reading.kind === 'range' ? reading.high : Number.NaN;
  return numberReading((seconds ?? high) * 1000, samples, found.ageMs);
}

/** Every router counts for itself: the one that has seen most in a row is believed. */
function highestLast(found: Search): MetricReading {
  if (found.kind !== 'found') return unread(found);
  let highest = Number.NaN;
  let samples = 0;
  for (const part of found.parts) {
    const read = new Set<KnownSeries>();
    for (const { view, number, one } of recordsOf(part, LAST)) {
      samples += view.count(number);
      const last = view.last(number);
      // Windows come newest first: an older last is none.
      if (last === undefined || read.has(one)) continue;
      read.add(one);
      highest = Number.isNaN(highest) ? last : Math.max(highest, last);
    }
  }
  return numberReading(highest, samples, found.ageMs);
}

/** `sum(avg_over_time(…))` of gauges, `sum(rate(…))` of counters; of what is no number neither is any. */
function exposedReading(found: Search, without: Search): MetricReading {
  if (found.kind === 'missing' && found.why !== undefined) return found;
  const highest = highestLast(without);
  if (highest.kind === 'value' && highest.value > 0) {
    return { kind: 'notANumber', samples: highest.samples, ageMs: highest.ageMs };
  }
  if (found.kind === 'missing') return without.kind === 'stale' ? unread(without) : found;
  if (found.kind === 'stale') {
    // A gauge may be below zero: of a part of them nothing follows.
    const isCounted = found.parts.every(({ series }) =>
      series.every(({ kind }) => COUNTED.includes(kind)),
    );
    return isCounted ? partReading(found, totalOf(found.parts).perSecond) : unread(found);
  }
  const total = totalOf(found.parts);
  let value = total.perSecond;
  let { samples } = total;
  let isThere = found.parts.some(({ series }) => series.some(({ kind }) => COUNTED.includes(kind)));
  const means = new Map<KnownSeries, { sum: number; count: number }>();
  for (const part of found.parts) {
    for (const { view, number, one } of recordsOf(part, LAST)) {
      const mean = means.get(one) ?? { sum: 0, count: 0 };
      means.set(one, mean);
      mean.sum += view.sum(number);
      mean.count += view.count(number);
    }
  }
  for (const { sum, count } of means.values()) {
    if (count === 0) continue;
    isThere = true;
    value += sum / count;
    samples += count;
  }
  return numberReading(isThere ? value : Number.NaN, samples, found.ageMs);
}

function numberReading(value: number, samples: number, ageMs: number): MetricReading {
  return Number.isFinite(value)
    ? { kind: 'value', value, samples, ageMs }
    : { kind: 'notANumber', samples, ageMs };
}
