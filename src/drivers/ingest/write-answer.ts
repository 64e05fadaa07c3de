/**
 * What a sender is answered: a status that says whether to send again, and a sentence with what was got,
 * what was expected and the cure. Prometheus drops what is refused by 4xx (but 429) and sends again what
 * is refused by 5xx. Pure.
 */
import type { DecodeFault, SeriesFault } from '../../hotpath/index.ts';
import type { IngestLimits } from './ingest-options.ts';

/** Answered to a sender. */
export type WriteAnswer = {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** By what it is counted. */
  readonly reason: string;
};

/** Everything was taken, or was nothing to take. */
export const TAKEN: WriteAnswer = { status: 204, text: '', reason: 'taken' };

/** Refused for now. */
export function later(reason: string, why: string): WriteAnswer {
  const text = `${why}; send it again, nothing is lost by that.`;
  return { status: 503, text, headers: { 'retry-after': '1' }, reason };
}

/** Refused for good. */
export function refusal(status: number, reason: string, text: string): WriteAnswer {
  return { status, text, reason };
}

/** Sums that are more than one text takes. */
export function tooMuchToShow(): WriteAnswer {
  const cure = 'ask for one metric by ?metric=, or drop labels by a rule.';
  return { status: 503, text: `there are too many sums to show; ${cure}`, reason: 'tooMuchToShow' };
}

/** A body that is no request, or too large a one: nothing of it was taken. */
export function undecodable(fault: DecodeFault, at: number, limits: IngestLimits): WriteAnswer {
  const sizes: Partial<Record<DecodeFault, string>> = {
    tooLarge: `the request is more than ${limits.requestBytesMax} bytes`,
    tooManySeries: `the request has more than ${limits.seriesMax} series`,
    tooManySamples: `the request has more than ${limits.samplesMax} samples`,
  };
  const size = sizes[fault];
  if (size !== undefined) {
    const cure = 'send fewer at once, by max_samples_per_send of the queue, or raise the limit.';
    return refusal(413, fault, `${size}; ${cure}`);
  }
  const faults: Partial<Record<DecodeFault, string>> = {
    corrupt: 'the body is no snappy block; compress it by snappy, without frames.',
    tooManyLabels: `a series has more than ${limits.labelsMax} labels; drop some by relabelling.`,
    labelsTooLong:
      'the labels of a series are more than 16384 bytes; shorten them at their source.',
    labelsApart: 'the labels of a series do not lie together; write labels, then samples.',
  };
  const text = faults[fault] ?? 'the request is no WriteRequest of remote write 1.0; send one.';
  return refusal(400, fault, `at byte ${at}: ${text}`);
}

const SERIES_FAULTS: Readonly<Record<SeriesFault, string>> = {
  notALabel: 'a label that is no name and value; encode it as remote write 1.0 says',
  notUtf8: 'text that is no UTF-8; encode it so',
  labelName: 'a label name that is none ([a-zA-Z_][a-zA-Z0-9_]*); rename it',
  metricName: 'a metric name that is none ([a-zA-Z_:][a-zA-Z0-9_:]*); rename it',
  noMetric: 'no label __name__; write one',
  labelTwice: 'one label twice; write each once',
};

/** Some series were refused, and all others were taken: sending it again would gain nothing. */
export function partly(
  refused: number,
  of: number,
  problem: { readonly fault: SeriesFault; readonly text: string } | null,
): WriteAnswer {
  const what =
    problem === null ? '' : ` The first: ${problem.text}: ${SERIES_FAULTS[problem.fault]}.`;
  return refusal(
    400,
    'series',
    `refused ${refused} of ${of} series, the others were taken.${what}`,
  );
}
