/**
 * What a service's passes were given, so that they can be run again: a keyframe of the records, then
 * each pass's observations, readings and silences. Replaying it with the same build gives the same
 * decisions, byte for byte; if it does not, something decided by what was not written down. Bounded: a
 * new keyframe begins a new span, and the oldest span goes first.
 */

import type { Observation } from '../arbiter/observations.ts';
import { recordText } from '../arbiter/record-data.ts';
import type { ServiceRecord } from '../arbiter/records.ts';
import type { PassSurroundings } from '../arbiter/service-view.ts';
import type { Decision } from '../protocol/decision.ts';
import type { Intent } from '../protocol/intent.ts';
import type { MetricQuery, MetricReading } from '../protocol/metric-reading.ts';

/** What one pass was given, as data, and what it came to. */
export type JournalPass = {
  readonly observations: readonly Observation[];
  readonly intents: readonly Intent[];
  readonly silent: readonly string[];
  readonly around: Omit<PassSurroundings, 'metric'>;
  /** Every reading that was looked at, by the query as text. */
  readonly readings: readonly (readonly [query: string, reading: MetricReading])[];
  /** The decisions as text. */
  readonly decided: string;
};

/** Passes since one keyframe. */
export type JournalSpan = { readonly keyframe: string; readonly passes: readonly JournalPass[] };

/** Passes after which a span ends. Higher: fewer keyframes. Lower: less to replay to get anywhere. */
const SPAN_PASSES = 300;
/** Spans that are kept; more of them reach further back. */
const SPANS_MAX = 12;
/**
 * What one service's journal may weigh, in observations and readings (some 150 bytes each), and what a
 * span may. Higher: large services reach further back, and take more memory.
 */
const WEIGHT_MAX = 60_000;
const SPAN_WEIGHT_MAX = 20_000;
/** Characters of texts and numbers of slices that weigh as much as one of them. */
const TEXT_WEIGHT = 150;
const SLICES_WEIGHT = 20;

/** Thread rule: the arbiter's. One for each service. */
export class Journal {
  private readonly spanPasses: number;
  private readonly spansMax: number;
  private after: ServiceRecord | null = null;
  private list: { readonly keyframe: string; readonly passes: JournalPass[]; weight: number }[] =
    [];

  constructor(spanPasses: number = SPAN_PASSES, spansMax: number = SPANS_MAX) {
    this.spanPasses = spanPasses;
    this.spansMax = spansMax;
  }

  /** Oldest first. */
  get spans(): readonly JournalSpan[] {
    return this.list;
  }

  /** A pass that made `after` of `before`. */
  note(before: ServiceRecord, after: ServiceRecord, pass: JournalPass): void {
    const last = this.list.at(-1);
    // Records that the last pass did not make came from elsewhere: from the store, or another leader.
    const isNext = before === this.after && last !== undefined;
    this.after = after;
    const weight = weightOf(pass);
    const hasRoom = (last?.weight ?? 0) + weight <= SPAN_WEIGHT_MAX;
    if (isNext && hasRoom && last.passes.length < this.spanPasses) {
      last.passes.push(pass);
      last.weight += weight;
    } else {
      const keyframe = recordText(before);
      this.list.push({ keyframe, passes: [pass], weight });
    }
    // The last one stays, however much it weighs: what happened just now can be replayed.
    const heft = (span: { readonly weight: number; readonly keyframe: string }): number =>
      span.weight + span.keyframe.length / TEXT_WEIGHT;
    let total = this.list.reduce((sum, span) => sum + heft(span), 0);
    while (this.list.length > 1 && (this.list.length > this.spansMax || total > WEIGHT_MAX)) {
      const oldest = this.list.shift();
      total -= oldest === undefined ? 0 : heft(oldest);
    }
  }
}

function weightOf({ observations, intents, readings, around, decided }: JournalPass): number {
  const things = observations.length + intents.length + readings.length + 1;
  const slices = (around.sliceLoads?.length ?? 0) / SLICES_WEIGHT;
  return things + slices + decided.length / TEXT_WEIGHT;
}

/** Decisions as text: keys in the order in which they are made, which is the code's. */
export function decisionText(decisions: readonly Decision[]): string {
  return JSON.stringify(decisions);
}

/** Readings that are remembered. */
export type RecordingMetric = {
  /** Reads through. */
  readonly metric: PassSurroundings['metric'];
  /** All that was read so far. */
  readonly readings: () => JournalPass['readings'];
};

/** Reads through, and remembers what was read. */
export function recordingMetric(metric: PassSurroundings['metric']): RecordingMetric {
  const seen = new Map<string, MetricReading>();
  return {
    metric: (query) => {
      const key = queryText(query);
      const known = seen.get(key);
      if (known !== undefined) return known;
      const reading = metric(query);
      seen.set(key, reading);
      return reading;
    },
    readings: () => [...seen],
  };
}

/** Reads what was read then. What was not is missing, as a replay of other decisions will show. */
export function replayedMetric(readings: JournalPass['readings']): PassSurroundings['metric'] {
  const known = new Map(readings);
  return (query) => known.get(queryText(query)) ?? { kind: 'missing' };
}

/** The same text for the same query, whatever the order of its fields. */
export function queryText({ name, scope, windowMs, aboveMs }: MetricQuery): string {
  const { service, revision, zone, instance, isBaseline } = scope;
  return JSON.stringify([
    name,
    service,
    revision ?? null,
    zone ?? null,
    instance ?? null,
    isBaseline ?? null,
    windowMs,
    aboveMs ?? null,
  ]);
}
