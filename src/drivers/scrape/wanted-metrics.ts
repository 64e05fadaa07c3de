/**
 * Which metrics of an instance somebody decides by: those that its service scales by and those that its
 * rollouts are analysed by, but for what routers count and what the system tells. Nothing else is kept:
 * an instance may expose a million series, and nobody has to say which are meant. Pure.
 */
import type { ServiceSpec } from '../../actors/index.ts';

/** Seen by whoever routes; `cpu` is told by the system. */
const FROM_ELSEWHERE: readonly string[] = [
  'requests',
  'errors',
  'slow',
  'rate',
  'error_ratio',
  'p50',
  'p90',
  'p99',
  'consecutive_errors',
  'cpu',
];

/** Names, each once, in the order of the specification. */
export function wantedMetrics({ autoscale, rollout }: ServiceSpec): readonly string[] {
  const scaled = [autoscale?.metric, ...(autoscale?.metrics ?? [])].flatMap(
    (one) => one?.name ?? [],
  );
  const analysed = rollout.analysis.map(({ metric }) => metric);
  return [...new Set([...scaled, ...analysed])].filter((name) => !FROM_ELSEWHERE.includes(name));
}
