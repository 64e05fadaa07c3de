/** How the `Metrics` actor of a fleet is spawned: the same beside processes and beside actors. Pure. */
import type { FleetSpec, MetricsArgs } from '../actors/index.ts';

/** Windows: how often one is looked for, in milliseconds, and how many are kept. */
const INTERVAL_MS = 250;
const METRICS_KEPT = 1024;
/** Part of the greatest age after which silence of a feed counts: before its readings are too old. */
const STALE_PART = 2 / 3;

/** Of a fleet's policy. */
export function metricsArgs({ maxStaleness }: FleetSpec['policy']): MetricsArgs {
  return { interval: INTERVAL_MS, stale: maxStaleness * STALE_PART, kept: METRICS_KEPT };
}
