/**
 * What a receiver has counted since it was started: of requests, and of samples, each once. Kept by
 * receiver.actor.ts and begun anew with it, as counters may; read by whoever shows metrics. Pure.
 */
import type { TakeCounts } from '../../hotpath/index.ts';

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

/** Adds up. One thread. */
export class WriteCounter {
  private readonly requests: Record<string, number> = {};
  private readonly samples: Record<(typeof SAMPLE_OUTCOMES)[number], number> = {
    accepted: 0,
    duplicates: 0,
    late: 0,
    ended: 0,
    notNumbers: 0,
    overflowed: 0,
    refusedSamples: 0,
  };
  seriesCreated = 0;
  seriesRefused = 0;
  counterResets = 0;
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
    for (const outcome of SAMPLE_OUTCOMES) this.samples[outcome] += counts[outcome];
    this.seriesCreated += counts.created;
    this.seriesRefused += counts.refusedSeries;
    this.counterResets += counts.resets;
  }

  figures(): WriteFigures {
    const { requests, samples, ...rest } = this;
    return { ...rest, requests: { ...requests }, samples: { ...samples } };
  }
}
