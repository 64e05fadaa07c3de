/**
 * One metric with its samples, and how those of Ringmaster are named. Used by whoever shows figures of a
 * host; it reads none.
 */
import type { BucketFigures } from '../../actors/index.ts';

/** Labels by name. */
export type MetricLabels = Readonly<Record<string, string>>;
/** Labels, a number, and what comes after the family's name: of histograms only. */
export type MetricSample = readonly [
  labels: MetricLabels,
  value: number,
  suffix?: '_bucket' | '_sum' | '_count',
];

/** One metric. */
export type MetricFamily = {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly samples: readonly MetricSample[];
};

/** A number as it is now. */
export function gauge(name: string, help: string, samples: readonly MetricSample[]): MetricFamily {
  return { name: `ringmaster_${name}`, kind: 'gauge', help, samples };
}

/** A number that only grows. */
export function counter(
  name: string,
  help: string,
  samples: readonly MetricSample[],
): MetricFamily {
  return { name: `ringmaster_${name}`, kind: 'counter', help, samples };
}

/** Values by their size, one list of buckets for each set of labels. */
export function histogram(
  name: string,
  help: string,
  list: readonly (readonly [MetricLabels, BucketFigures])[],
): MetricFamily {
  const samples = list.flatMap(([labels, { bounds, counts, sum }]): readonly MetricSample[] => {
    let count = 0;
    const buckets = counts.map((more, i): MetricSample => {
      count += more;
      return [{ ...labels, le: String(bounds[i] ?? '+Inf') }, count, '_bucket'];
    });
    return [...buckets, [labels, sum, '_sum'], [labels, count, '_count']];
  });
  return { name: `ringmaster_${name}`, kind: 'histogram', help, samples };
}

/** Words of ours as labels have them. */
export function snake(word: string): string {
  return word.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replaceAll(/[ -]/g, '_');
}
