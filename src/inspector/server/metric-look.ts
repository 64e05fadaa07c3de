/**
 * One look at all metrics, on the thread that holds the system: the system's own families, and those that
 * the fleet's host tells, as series with their labels. Texts of people may stand in labels: they are
 * redacted as any other.
 */
import {
  type FamilyReading,
  type MetricLabels,
  type MetricSample,
  readFamilies,
  SYSTEM_FAMILIES,
  type System,
} from '../../runtime/index.ts';
import type { ResultOf } from '../protocol/schema.ts';
import { askedOf, type FleetDoor } from './fleet-door.ts';
import type { Redaction } from './redaction.ts';

/** Characters of a label's value. */
const LABEL_MAX = 200;
/** Characters of why the fleet's are missing. */
const MISSING_MAX = 500;
/** Milliseconds that a fleet may take. Longer: those of the system come later when it hangs. */
const FLEET_WITHIN_MS = 2000;

/** One set of labels, and its value. */
export type MetricSeries = ResultOf<'Metrics.read'>['series'][number];

/** A family with all of its series. */
export type MeasuredFamily = Pick<ResultOf<'Metrics.read'>, 'name' | 'type' | 'help' | 'unit'> & {
  readonly series: readonly MetricSeries[];
};

/** All of them, by name. `missing`: why those of the fleet are not among them. */
export type Measured = {
  readonly families: readonly MeasuredFamily[];
  readonly missing: string | null;
};

/** What is looked at. */
export type MetricLookParts = {
  readonly system: System;
  readonly fleet: FleetDoor | null;
  readonly redact: Redaction;
  /** Calls back once; what it returns takes that back. */
  readonly after: (ms: number, callback: () => void) => () => void;
};

type Told = { readonly others: readonly FamilyReading[]; readonly missing: string | null };

/** Thread rule: the thread that started the system. */
export async function measured({
  system,
  fleet,
  redact,
  after,
}: MetricLookParts): Promise<Measured> {
  const own = readFamilies(SYSTEM_FAMILIES, system.figures());
  const { others, missing } =
    fleet === null ? { others: [], missing: null } : await toldBy(fleet, after);
  // A host tells its system's, too: one of a name is enough.
  const byName = new Map([...others, ...own].map((family) => [family.name, family]));
  const names = [...byName.keys()].sort();
  const shown = labelled(redact);
  return {
    families: names.map((name) => familyOf(byName.get(name) as FamilyReading, shown)),
    missing: missing === null ? null : redact(missing, MISSING_MAX),
  };
}

/** Whatever becomes of the fleet, the system's own metrics are told. */
async function toldBy(fleet: FleetDoor, after: MetricLookParts['after']): Promise<Told> {
  const none = (missing: string): Told => ({ others: [], missing });
  let notTooLong = (): void => undefined;
  const late = new Promise<Told>((resolve) => {
    const why = `the fleet has not answered within ${FLEET_WITHIN_MS} ms`;
    notTooLong = after(FLEET_WITHIN_MS, () => resolve(none(why)));
  });
  const asked = askedOf(fleet, 'Metrics.look', {}).then((told): Told => {
    if (!('result' in told)) return none(told.message);
    const { result } = told;
    const isTold = Array.isArray(result) && result.every(isReading);
    return isTold ? { others: result, missing: null } : none('the fleet answers no metrics');
  });
  return await Promise.race([asked, late]).finally(notTooLong);
}

/** A door may be somebody else's, who answers anything. */
function isReading(told: unknown): told is FamilyReading {
  const { name, kind, help, samples } = (told ?? {}) as Partial<FamilyReading>;
  return (
    typeof name === 'string' &&
    typeof help === 'string' &&
    ['counter', 'gauge', 'histogram'].includes(kind ?? '') &&
    Array.isArray(samples) &&
    samples.every((one) => Array.isArray(one) && typeof one[1] === 'number' && isLabels(one[0]))
  );
}

const isLabels = (labels: unknown): boolean =>
  typeof labels === 'object' &&
  labels !== null &&
  Object.values(labels).every((value) => typeof value === 'string');

/** Each value is redacted once in a look: many series share it. */
function labelled(redact: Redaction): (labels: MetricLabels) => MetricLabels {
  const seen = new Map<string, string>();
  const shown = (text: string): string => {
    const known = seen.get(text) ?? redact(text, LABEL_MAX);
    seen.set(text, known);
    return known;
  };
  return (labels) =>
    Object.fromEntries(Object.entries(labels).map(([name, text]) => [name, shown(text)]));
}

function familyOf(
  { name, kind, help, samples }: FamilyReading,
  shown: (labels: MetricLabels) => MetricLabels,
): MeasuredFamily {
  const series =
    kind === 'histogram'
      ? counted(samples)
      : samples.map(([labels, value]) => ({ labels, value: known(value), buckets: null }));
  return {
    name,
    type: kind,
    help,
    unit: unitOf(name),
    series: alike(
      kind,
      series.map((one) => ({ ...one, labels: shown(one.labels) })),
    ),
  };
}

/** Series that nobody can tell apart any more, as what told them apart was taken out, are one. */
function alike(
  kind: FamilyReading['kind'],
  series: readonly MetricSeries[],
): readonly MetricSeries[] {
  const found = new Map<string, MetricSeries>();
  for (const one of series) {
    const key = JSON.stringify(one.labels);
    const other = found.get(key);
    found.set(key, other === undefined ? one : together(kind, other, one));
  }
  return [...found.values()];
}

/** What is counted is added up; of what is measured the highest is told. */
function together(
  kind: FamilyReading['kind'],
  one: MetricSeries,
  other: MetricSeries,
): MetricSeries {
  const put = kind === 'gauge' ? Math.max : (a: number, b: number): number => a + b;
  const both = (a: number | null, b: number | null): number | null =>
    a === null || b === null ? (a ?? b) : put(a, b);
  const [{ buckets }, { buckets: more }] = [one, other];
  return {
    labels: one.labels,
    value: both(one.value, other.value),
    buckets:
      buckets === null || more === null
        ? null
        : {
            bounds: buckets.bounds,
            counts: buckets.counts.map((counted, i) => counted + (more.counts[i] ?? 0)),
            sum: both(buckets.sum, more.sum),
          },
  };
}

type Counted = { bounds: number[]; counts: number[]; sum: number | null };

/** Samples of a histogram, put together by their labels; each bucket tells what is in those below, too. */
function counted(samples: readonly MetricSample[]): readonly MetricSeries[] {
  const found = new Map<string, { labels: MetricLabels; value: number; buckets: Counted }>();
  for (const [{ le = '', ...labels }, value, suffix] of samples) {
    const key = JSON.stringify(labels);
    const buckets = { bounds: [], counts: [], sum: null };
    const one = found.get(key) ?? { labels, value: 0, buckets };
    found.set(key, one);
    if (suffix === '_sum') one.buckets.sum = known(value);
    else if (suffix === '_bucket') {
      if (le !== '+Inf') one.buckets.bounds.push(Number(le));
      // Those of somebody else may not add up.
      const all = Math.max(one.value, known(value) ?? 0);
      one.buckets.counts.push(all - one.value);
      one.value = all;
    }
  }
  return [...found.values()];
}

function unitOf(name: string): MeasuredFamily['unit'] {
  const [, unit = null] = /_(seconds|bytes|ratio)(?:_total)?$/.exec(name) ?? [];
  return unit as MeasuredFamily['unit'];
}

const known = (value: number): number | null => (Number.isFinite(value) ? value : null);
