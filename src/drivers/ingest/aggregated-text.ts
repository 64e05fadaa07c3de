/**
 * Aggregated series as Prometheus text (0.0.4): `GET /metrics/aggregated` of the receiver. Sorted, so that
 * the same sums give the same text. A tenant that has a name is the label `tenant`. Pure.
 */
import type { AggregatedSeries } from '../../hotpath/index.ts';

/** What the text is. */
export const TEXT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** One family after the other. */
export function aggregatedText(list: readonly AggregatedSeries[]): string {
  const families = new Map<string, { readonly kind: string; readonly lines: string[] }>();
  for (const { tenant, metric, labels, kind, value } of list) {
    const family = families.get(metric) ?? { kind, lines: [] };
    families.set(metric, family);
    const all = tenant === '' ? labels : [...labels, ['tenant', tenant] as const];
    const inner = all.map(([name, text]) => `${name}="${escaped(text)}"`).join(',');
    family.lines.push(`${metric}${inner === '' ? '' : `{${inner}}`} ${numberText(value)}`);
  }
  const names = [...families.keys()].sort();
  return names
    .map((name) => {
      const { kind, lines } = families.get(name) ?? { kind: 'untyped', lines: [] };
      return `# TYPE ${name} ${kind}\n${lines.sort().join('\n')}\n`;
    })
    .join('');
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
