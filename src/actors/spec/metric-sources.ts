/**
 * Where each metric that somebody decides by comes from: counted by routers, told by the system, scraped
 * from instances, or written to the host. Read by those who fetch them, and said in decisions. Pure.
 */
import type { ServiceSpec } from './fleet-schema.ts';

/** Where a metric comes from, in the words that `why` has for it. */
export type MetricOrigin = 'routers' | 'system' | 'scraped' | 'remote write';

/** Seen by whoever routes. */
const COUNTED_BY_ROUTERS: readonly string[] = [
  'requests',
  'errors',
  'slow',
  'rate',
  'error_ratio',
  'p50',
  'p90',
  'p99',
  'consecutive_errors',
];

/** What is decided by and that nobody else tells: names, each once, in the order of the specification. */
export function exposedMetrics({ autoscale, rollout }: ServiceSpec): readonly string[] {
  const { metric, metrics = [], queue } = autoscale ?? {};
  const scaled = [metric, ...metrics].flatMap((one) => one?.name ?? []);
  const queued = queue === undefined ? [] : [queue.arrivals, queue.serviceTime];
  const analysed = rollout.analysis.map((one) => one.metric);
  const all = new Set([...scaled, ...queued, ...analysed]);
  return [...all].filter((name) => name !== 'cpu' && !COUNTED_BY_ROUTERS.includes(name));
}

/** Of them, what is written to the host. */
export function writtenMetrics(spec: ServiceSpec): readonly string[] {
  const { remoteWrite } = spec;
  if (remoteWrite === undefined) return [];
  const { metrics } = remoteWrite;
  return exposedMetrics(spec).filter((name) => metrics.length === 0 || metrics.includes(name));
}

/** Where a metric of a service comes from. */
export function originOf(spec: ServiceSpec, name: string): MetricOrigin {
  if (COUNTED_BY_ROUTERS.includes(name)) return 'routers';
  if (name === 'cpu') return 'system';
  return writtenMetrics(spec).includes(name) ? 'remote write' : 'scraped';
}
