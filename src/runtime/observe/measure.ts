/** What a measurement of an actor tells: plain data, which travels between threads. */
import { OCTAVE_BUCKETS } from '../../hotpath/index.ts';
import type { TraceEnd } from './trace.ts';

/** One second of an actor, about. Distributions in microseconds, by octave bucket. */
export type MeasureReport = {
  readonly messages: number;
  readonly failed: number;
  /** Times in its mailbox: from the arrival on its thread to its handler; see arrivals.ts for how exact. */
  readonly waits: Float64Array;
  /** Times in its handlers, with the promises that they gave. */
  readonly took: Float64Array;
  /** Null: it goes on. `max` is not among them. */
  readonly end: TraceEnd | null;
};

/** Told on the main thread, each second and at the end; must not throw. */
export type MeasureListener = (report: MeasureReport) => void;

/** A report in which nothing happened. */
export const NO_TIMES: Omit<MeasureReport, 'end'> = {
  messages: 0,
  failed: 0,
  waits: new Float64Array(OCTAVE_BUCKETS),
  took: new Float64Array(OCTAVE_BUCKETS),
};
