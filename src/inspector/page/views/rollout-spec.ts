/** Reads what the page shows of a service's spec, which the protocol leaves open; else nothing. Pure. */
import { duration, percent, tick } from './format.ts';

/** A limit of the analysis, for people. */
export type Gate = { readonly text: string };

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Its steps in order, each in a few words. */
export function rolloutStepsOf(spec: unknown): string[] {
  const { steps } = fieldsOf(fieldsOf(spec).rollout);
  return listOf(steps).map((step) => {
    const { weight, replicas, pause, analyze } = fieldsOf(step);
    if (typeof weight === 'number') return `${weight} %`;
    if (typeof replicas === 'number') return `${replicas} instances`;
    if (pause !== undefined) return pause === 'manual' ? 'wait for you' : `wait ${lengthOf(pause)}`;
    return analyze === undefined ? 'step' : `measure ${lengthOf(analyze)}`;
  });
}

/** Percent that the step from 0 asks for; null: its file says none. */
export function wantedWeight(spec: unknown, at: number): number | null {
  const { steps } = fieldsOf(fieldsOf(spec).rollout);
  const weights = listOf(steps)
    .slice(0, at + 1)
    .map((step) => fieldsOf(step).weight);
  const last = weights.findLast((weight) => typeof weight === 'number');
  return typeof last === 'number' ? last : null;
}

/** Its thresholds. */
export function gatesOf(spec: unknown): Gate[] {
  const { analysis } = fieldsOf(fieldsOf(spec).rollout);
  return listOf(analysis).map((gate) => {
    const { metric, max, min } = fieldsOf(gate);
    const limits = [
      ...(typeof max === 'number' ? [`at most ${limitOf(String(metric), max)}`] : []),
      ...(typeof min === 'number' ? [`at least ${limitOf(String(metric), min)}`] : []),
    ];
    return { text: `${String(metric)} ${limits.join(', ')}` };
  });
}

const lengthOf = (ms: unknown): string =>
  typeof ms === 'number' ? tick(duration(ms * 1000)) : String(ms);

/** Of a fleet's metrics: ratios are shares of 1, quantiles milliseconds. */
function limitOf(metric: string, value: number): string {
  if (metric.endsWith('ratio')) return tick(percent(value));
  return /^p\d+$/.test(metric) ? tick(duration(value * 1000)) : String(value);
}
