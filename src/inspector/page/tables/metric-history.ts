/**
 * How a metric went since it was opened, look by look: of a gauge its value, of a counter what was added a
 * second, of a histogram the p99 of what was counted since the look before. Where nobody looked for a while
 * (the connection was lost, the page was not to be seen) there is a gap. Pure.
 *
 * Invariant: `points` of every line are as many as `times`.
 */
import type { ResultOf } from '../../protocol/schema.ts';
import { countsSince, quantileOf, sumOf } from './buckets.ts';

/** One answer. */
export type MetricLook = ResultOf<'Metrics.read'>;
/** One set of labels, as it was told. */
export type Series = MetricLook['series'][number];

/** Looks that are kept, at one a second: five minutes. */
const LOOKS_MAX = 300;
/** Milliseconds between two looks from which on nobody knows what was between. */
const GAP_MS = 5000;
/** Looks over which a histogram's figures are: those of one second are few, or none. */
const MINUTE_LOOKS = 60;

/** One series. */
export type MetricLine = {
  readonly key: string;
  /** As it was last told. */
  series: Series;
  /** Milliseconds since 1970. */
  toldAtMs: number;
  /** To be drawn; null: nobody knows. */
  readonly points: (number | null)[];
  /** Of a histogram: its counts at the looks of the last minute, the oldest first. */
  readonly counted: (readonly number[])[];
};

/** Of a histogram over the last minute, or since it was opened. */
export type Distribution = {
  readonly counts: readonly number[];
  readonly perSecond: number;
  readonly p50: number | null;
  readonly p99: number | null;
};

/** Of one metric. */
export class MetricHistory {
  /** Moments of the looks and of gaps, in milliseconds since 1970: another server may go on with them. */
  readonly times: number[] = [];
  /** Series of the last look. They keep their places, and so their colours: the highest at first. */
  now: readonly MetricLine[] = [];
  last: MetricLook | null = null;
  private readonly lines: Map<string, MetricLine> = new Map();

  /** `atMs`: of the look, since 1970. One that was taken in already has no effect. */
  take(look: MetricLook, atMs: number): void {
    const isKnown = this.last?.atMs === look.atMs;
    this.last = look;
    if (isKnown) return;
    const beforeMs = this.times.at(-1) ?? atMs;
    // The calendar was set back.
    if (atMs < beforeMs) this.forget();
    else if (atMs - beforeMs > GAP_MS) this.push(beforeMs + 1, new Map());
    const points = new Map<string, number | null>();
    for (const series of look.series) {
      const line = this.lineOf(series);
      points.set(line.key, pointOf(line, series, { type: look.type, atMs }));
      line.series = series;
      line.toldAtMs = atMs;
    }
    this.push(atMs, points);
    this.now = [...this.lines.values()].filter(({ key }) => points.has(key));
  }

  /** Of a histogram. */
  distribution({ counted, series: { buckets } }: MetricLine): Distribution {
    const [first = []] = counted;
    const counts = countsSince(counted.at(-1) ?? [], first);
    const looks = Math.max(1, counted.length - 1);
    const spanMs = (this.times.at(-1) ?? 0) - (this.times.at(-1 - looks) ?? 0);
    const bounds = buckets?.bounds ?? [];
    return {
      counts,
      perSecond: counted.length < 2 ? 0 : (sumOf(counts) * 1000) / spanMs,
      p50: quantileOf(bounds, counts, 0.5),
      p99: quantileOf(bounds, counts, 0.99),
    };
  }

  private lineOf(series: Series): MetricLine {
    const key = JSON.stringify(series.labels);
    let line = this.lines.get(key);
    if (line === undefined) {
      line = { key, series, toldAtMs: Number.NaN, points: this.times.map(() => null), counted: [] };
      this.lines.set(key, line);
    }
    return line;
  }

  private push(atMs: number, points: ReadonlyMap<string, number | null>): void {
    this.times.push(atMs);
    if (this.times.length > LOOKS_MAX) this.times.shift();
    for (const [key, line] of this.lines) {
      if (!points.has(key)) line.counted.length = 0;
      line.points.push(points.get(key) ?? null);
      if (line.points.length > LOOKS_MAX) line.points.shift();
      // Nothing of it is drawn any more.
      const isOver = !points.has(key) && line.points.every((point) => point === null);
      if (isOver) this.lines.delete(key);
    }
  }

  private forget(): void {
    this.times.length = 0;
    this.lines.clear();
  }
}

function pointOf(
  line: MetricLine,
  { value, buckets }: Series,
  { type, atMs }: Pick<MetricLook, 'type' | 'atMs'>,
): number | null {
  if (type === 'gauge') return value;
  if (type === 'histogram') {
    const { counted } = line;
    // Counts of other buckets cannot be compared.
    if (String(line.series.buckets?.bounds) !== String(buckets?.bounds)) counted.length = 0;
    const before = counted.at(-1);
    const counts = buckets?.counts ?? [];
    counted.push(counts);
    if (counted.length > MINUTE_LOOKS + 1) counted.shift();
    if (before === undefined) return null;
    return quantileOf(buckets?.bounds ?? [], countsSince(counts, before), 0.99);
  }
  const passedMs = atMs - line.toldAtMs;
  const old = line.series.value;
  if (!(passedMs > 0 && passedMs <= GAP_MS) || value === null || old === null) return null;
  // A counter that has fewer has begun anew.
  return ((value - (value < old ? 0 : old)) * 1000) / passedMs;
}
