/**
 * One metric as it is shown to others: its name, what it says, and how its samples are read from figures
 * when somebody asks. Ringmaster's own are made here; prometheus.ts writes them. Holds no number itself.
 */

/** Labels by name. */
export type MetricLabels = Readonly<Record<string, string>>;
/** Labels, a number, and what comes after the family's name: of histograms only. */
export type MetricSample = readonly [
  labels: MetricLabels,
  value: number,
  suffix?: '_bucket' | '_sum' | '_count',
];

/** One metric, read from `F`. */
export type MetricFamily<F> = {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Pure. */
  readonly read: (figures: F) => readonly MetricSample[];
};

/** Values by their size: how many are in each bucket, the last of which has no bound. */
export type MetricBuckets = {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
};

/** A number as it is now. */
export function gauge<F>(
  name: string,
  help: string,
  read: MetricFamily<F>['read'],
): MetricFamily<F> {
  return { name: `ringmaster_${name}`, kind: 'gauge', help, read };
}

/** A number that only grows. */
export function counter<F>(
  name: string,
  help: string,
  read: MetricFamily<F>['read'],
): MetricFamily<F> {
  return { name: `ringmaster_${name}`, kind: 'counter', help, read };
}

/** Values by their size, one list of buckets for each set of labels. */
export function histogram<F>(
  name: string,
  help: string,
  read: (figures: F) => readonly (readonly [MetricLabels, MetricBuckets])[],
): MetricFamily<F> {
  const samplesOf = ([labels, { bounds, counts, sum }]: readonly [
    MetricLabels,
    MetricBuckets,
  ]): readonly MetricSample[] => {
    let count = 0;
    const buckets = counts.map((more, i): MetricSample => {
      count += more;
      return [{ ...labels, le: String(bounds[i] ?? '+Inf') }, count, '_bucket'];
    });
    return [...buckets, [labels, sum, '_sum'], [labels, count, '_count']];
  };
  const samples = (figures: F) => read(figures).flatMap(samplesOf);
  return { name: `ringmaster_${name}`, kind: 'histogram', help, read: samples };
}

/** A family as plain data: what a look at its figures has come to. */
export type FamilyReading = Pick<MetricFamily<never>, 'name' | 'kind' | 'help'> & {
  readonly samples: readonly MetricSample[];
};

/** All of them, read from the same figures. */
export function readFamilies<F>(
  families: readonly MetricFamily<F>[],
  figures: F,
): readonly FamilyReading[] {
  return families.map(({ name, kind, help, read }) => {
    return { name, kind, help, samples: read(figures) };
  });
}

/** The same metrics, of figures that are a part of others. */
export function familiesOf<F, Part>(
  families: readonly MetricFamily<Part>[],
  part: (figures: F) => Part,
): readonly MetricFamily<F>[] {
  return families.map((one) => ({ ...one, read: (figures: F) => one.read(part(figures)) }));
}
