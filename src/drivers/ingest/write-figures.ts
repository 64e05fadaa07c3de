/**
 * What a receiver has counted since it was started: of requests, and of samples, each once. Kept by
 * receiver.actor.ts and begun anew with it, as counters may; read by whoever shows metrics. Pure.
 */
import { noCounts, type TakeCounts } from '../../hotpath/index.ts';

/** What became of samples; see `TakeCounts`. */
export const SAMPLE_OUTCOMES = [
  'accepted',
  'duplicates',
  'late',
  'ended',
  'notNumbers',
  'overflowed',
  'refusedSamples',
] as const satisfies readonly (keyof TakeCounts)[];

/** All counts; they only grow. */
export type WriteFigures = {
  /** By the word for what they were answered; `taken`: 204. */
  readonly requests: Readonly<Record<string, number>>;
  readonly bodyBytes: number;
  readonly requestBytes: number;
  readonly samples: Readonly<Record<(typeof SAMPLE_OUTCOMES)[number], number>>;
  readonly seriesCreated: number;
  readonly seriesRefused: number;
  readonly counterResets: number;
  /** Not kept: there is no place for them yet. */
  readonly exemplars: number;
  readonly histograms: number;
  /** Aggregators that began anew, and the inputs that were forgotten by it. */
  readonly aggregatorRestarts: number;
  readonly inputsLost: number;
};

const ADDED = [...SAMPLE_OUTCOMES, 'created', 'refusedSeries', 'resets'] as const;

/** Adds up. One thread. */
export class WriteCounter {
  private readonly requests: Record<string, number> = {};
  private readonly taken: TakeCounts = noCounts();
  bodyBytes = 0;
  requestBytes = 0;
  exemplars = 0;
  histograms = 0;
  aggregatorRestarts = 0;
  inputsLost = 0;

  answered(reason: string): void {
    this.requests[reason] = (this.requests[reason] ?? 0) + 1;
  }

  took(counts: TakeCounts): void {
    for (const what of ADDED) this.taken[what] += counts[what];
  }

  figures(): WriteFigures {
    const { requests, taken, ...rest } = this;
    const { created, refusedSeries, resets, problem: _, ...samples } = taken;
    const series = { seriesCreated: created, seriesRefused: refusedSeries, counterResets: resets };
    return { ...rest, ...series, requests: { ...requests }, samples };
  }
}
