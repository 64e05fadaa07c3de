/** What answers the methods about metrics: one look is for all who ask at the same time. */
import type { Answerers } from '../protocol/conversation.ts';
import { type MetricMethod, SERIES_MAX } from '../protocol/metric-words.ts';
import { Refused } from '../protocol/refused.ts';
import type { MeasuredFamily, MetricSeries } from './metric-look.ts';
import { shared } from './shared-look.ts';
import type { Source } from './source.ts';

/** Thread rule: the inspector's thread. */
export function metricAnswersOf(
  source: Source,
  nowMs: () => number,
): Pick<Answerers, MetricMethod> {
  const look = shared(async () => ({ ...(await source.metrics()), atMs: nowMs() }), nowMs);
  return {
    'Metrics.list': async ({ contains = '' }) => {
      const { families, missing } = await look();
      const words = contains.toLowerCase().split(/\s+/);
      const found = families.filter(({ name, help }) => {
        const text = `${name} ${help}`.toLowerCase();
        return words.every((word) => text.includes(word));
      });
      return {
        families: found.map(({ series, ...family }) => {
          return { ...family, series: series.length, value: together(family.type, series) };
        }),
        all: families.length,
        missing,
      };
    },
    'Metrics.read': async ({ name, labels = {} }) => {
      const { families, atMs } = await look();
      const family = families.find((one) => one.name === name);
      if (family === undefined) throw new Refused('gone', `there is no metric ${name}`);
      const matching = family.series.filter((one) => hasAll(one, labels)).sort(byValue);
      return {
        ...family,
        atMs,
        series: matching.slice(0, SERIES_MAX),
        matching: matching.length,
        all: family.series.length,
      };
    },
  };
}

function hasAll({ labels }: MetricSeries, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, text]) => labels[name] === text);
}

/** What is counted can be added up; what is measured now cannot. */
function together(type: MeasuredFamily['type'], series: readonly MetricSeries[]): number | null {
  const values = series.flatMap(({ value }) => (value === null ? [] : [value]));
  if (values.length === 0) return null;
  return values.reduce((one, other) => (type === 'gauge' ? Math.max(one, other) : one + other));
}

/** The highest first. */
function byValue(a: MetricSeries, b: MetricSeries): number {
  const [high, low] = [b.value ?? Number.NEGATIVE_INFINITY, a.value ?? Number.NEGATIVE_INFINITY];
  if (high !== low) return high - low;
  return JSON.stringify(a.labels) < JSON.stringify(b.labels) ? -1 : 1;
}
