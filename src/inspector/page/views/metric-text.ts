/** Values of metrics with their units, as people read them, and how Prometheus is asked for them. Pure. */
import { escaped, type Labels } from '../place/label-filter.ts';
import type { MetricLook } from '../tables/metric-history.ts';
import { count, lasting, percent } from './format.ts';

/** What a metric is, of all that an answer says. */
export type MetricKind = Pick<MetricLook, 'name' | 'type' | 'unit'>;

/** Such as 1.50 ms, 12.3 MiB, 45 %. */
export function valueText(unit: MetricKind['unit'], value: number | null): string {
  if (value === null) return '–';
  if (unit === 'seconds') return lasting(value * 1000);
  if (unit === 'bytes') return bytes(value);
  return unit === 'ratio' ? percent(value) : count(value);
}

/** Of a point of its line: what a counter adds is by the second. */
export function pointText({ type, unit }: MetricKind, value: number | null): string {
  if (value === null) return '–';
  return type === 'counter' ? `${valueText(unit, value)}/s` : valueText(unit, value);
}

/** What its line shows, with the unit. */
export function lineText({ type, unit }: MetricKind): string {
  if (type === 'histogram') return `p99 of each second${unit === null ? '' : `, ${unit}`}`;
  return type === 'counter' ? `${unit ?? 'number'} added a second` : (unit ?? 'number');
}

/** How Prometheus is asked for what the chart shows. */
export function promQlOf({ name, type }: MetricKind, labels: Labels): string {
  const matchers = Object.entries(labels).map(([label, value]) => `${label}=${quoted(value)}`);
  const chosen = matchers.length === 0 ? '' : `{${matchers.join(',')}}`;
  if (type === 'gauge') return `${name}${chosen}`;
  if (type === 'counter') return `rate(${name}${chosen}[1m])`;
  return `histogram_quantile(0.99, sum by (le) (rate(${name}_bucket${chosen}[1m])))`;
}

const quoted = (text: string): string => `"${escaped(text)}"`;

const STEPS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

function bytes(value: number): string {
  const size = Math.abs(value);
  const step = size < 1 ? 0 : Math.min(STEPS.length - 1, Math.floor(Math.log2(size) / 10));
  const scaled = value / 1024 ** step;
  return `${step === 0 ? count(scaled) : scaled.toFixed(1)} ${STEPS[step]}`;
}
