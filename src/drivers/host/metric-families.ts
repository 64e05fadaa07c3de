/**
 * What a host shows of itself, as families of numbers: read from records, figures and the process when
 * somebody asks, and kept nowhere. Labels are names of a fleet file and words of ours: no instance, no pod,
 * no path, so that their number stays what the fleet's is. docs/metrics-out.md lists them; a test compares.
 */
import {
  type AutoscalerState,
  type RolloutState,
  type ServiceStatus,
  specOf,
} from '../../actors/index.ts';
import type { SystemFigures } from '../../runtime/index.ts';
import {
  counter,
  familiesOf,
  gauge,
  type MetricFamily,
  type MetricSample,
  SYSTEM_FAMILIES,
} from '../../runtime/system/prometheus.ts';
import type { IngestFigures } from '../ingest/ingest.ts';
import { INGEST_FAMILIES } from './ingest-families.ts';
import type { ProcessFigures } from './process-figures.ts';
import { summaryOf } from './service-summary.ts';
import { TALLY_FAMILIES, type TallyFigures } from './tally-families.ts';

/** What is known of a fleet. */
export type FleetFigures = TallyFigures & {
  /** Null: it takes no remote write. */
  readonly ingest: IngestFigures | null;
};

/** And of the process that runs it. */
export type HostFigures = FleetFigures & {
  readonly system: SystemFigures;
  readonly process: ProcessFigures;
};

const each =
  (read: (status: ServiceStatus) => number | null) =>
  ({ services }: FleetFigures): readonly MetricSample[] =>
    services.flatMap((status) => {
      const value = read(status);
      return value === null ? [] : [[{ service: status.record.name }, value] as const];
    });

const SERVICE_FAMILIES: readonly MetricFamily<FleetFigures>[] = [
  gauge('instances', 'Instances by version, zone and state.', ({ services }) =>
    services.flatMap(instancesOf),
  ),
  gauge(
    'instances_wanted',
    'Slots that an instance should fill.',
    each(({ record }) => record.slots.size),
  ),
  counter(
    'instances_made_total',
    'Instances that were made.',
    each(({ record }) => record.made),
  ),
  gauge(
    'demand',
    'Instances, or shards, that are needed.',
    each(({ record }) => record.goal.demand),
  ),
  counter(
    'decisions_admitted_total',
    'Decisions that were admitted.',
    each(({ record }) => record.decisions),
  ),
  gauge('operations', 'Operations by outcome, those that are not over.', byOutcome),
  gauge(
    'ring_generation',
    'Generation of the ring.',
    each(({ record }) => record.ring?.generation ?? null),
  ),
  gauge(
    'routes_number',
    'Number of the endpoint table.',
    each(({ record }) => record.routes.number),
  ),
  gauge('rollout_phase', 'The phase that a rollout is in: 1.', ({ services }) =>
    services.map(phaseOf),
  ),
  gauge(
    'rollout_weight_ratio',
    'Part of the traffic that the target has.',
    each((status) => summaryOf(status).weight / 100),
  ),
  gauge('autoscaler_wanted', 'What the autoscaler has last wanted.', each(autoscalerWants)),
  gauge(
    'autoscaler_hold',
    'What an operator holds it at.',
    each(({ record }) => record.hold?.count ?? null),
  ),
  gauge(
    'frozen',
    '1: nothing voluntary is done.',
    each(({ record, isFleetFrozen }) => Number(isFleetFrozen || record.isFrozen)),
  ),
  gauge(
    'held',
    '1: an invariant does not hold, nothing is taken away.',
    each(({ heldBy }) => Number(heldBy !== null)),
  ),
  gauge(
    'attention',
    'Things that wait for a human.',
    each(({ attention }) => attention.length),
  ),
  gauge(
    'settled',
    '1: everything is as it is wanted.',
    each(({ isSettled }) => Number(isSettled)),
  ),
];

const PROCESS_FAMILIES: readonly MetricFamily<ProcessFigures>[] = [
  {
    name: 'process_cpu_seconds_total',
    kind: 'counter',
    help: 'Processor time of the host.',
    read: ({ cpuSeconds }) => [[{}, cpuSeconds]],
  },
  {
    name: 'process_resident_memory_bytes',
    kind: 'gauge',
    help: 'Resident memory of the host.',
    read: ({ residentBytes }) => [[{}, residentBytes]],
  },
  gauge('heap_used_bytes', 'Heap in use on the main thread.', ({ heapBytes }) => [[{}, heapBytes]]),
  gauge('uptime_seconds', 'Time since the host was started.', ({ upSeconds }) => [[{}, upSeconds]]),
];

/** Of a fleet, wherever it runs. */
export const FLEET_FAMILIES: readonly MetricFamily<FleetFigures>[] = [
  ...SERVICE_FAMILIES,
  ...TALLY_FAMILIES,
  ...familiesOf(INGEST_FAMILIES, ({ ingest }: FleetFigures) => ingest),
];

/** All that a host shows. */
export const HOST_FAMILIES: readonly MetricFamily<HostFigures>[] = [
  ...FLEET_FAMILIES,
  ...familiesOf(SYSTEM_FAMILIES, ({ system }: HostFigures) => system),
  ...familiesOf(PROCESS_FAMILIES, ({ process }: HostFigures) => process),
];

function autoscalerWants({ record }: ServiceStatus): number | null {
  if (record.spec.autoscale === undefined) return null;
  return (record.controllers.autoscaler as AutoscalerState | null)?.outcome.wanted ?? null;
}

function phaseOf({ record }: ServiceStatus): MetricSample {
  const rollout = record.controllers.rollout as RolloutState | null;
  return [{ service: record.name, phase: rollout?.phase ?? 'idle' }, 1];
}

function instancesOf({ record }: ServiceStatus): readonly MetricSample[] {
  return tallied(
    [...record.instances.values()].map(({ zone, revision, life }) => {
      const { version } = specOf(record, revision);
      return { service: record.name, version, zone, state: life.state };
    }),
  );
}

function byOutcome({ services }: FleetFigures): readonly MetricSample[] {
  return tallied(
    services.flatMap(({ record }) =>
      [...record.operations.values()].map(({ outcome }) => ({ service: record.name, outcome })),
    ),
  );
}

/** How often each set of labels is there. */
function tallied(list: readonly Readonly<Record<string, string>>[]): readonly MetricSample[] {
  const counts = new Map<
    string,
    { readonly labels: Readonly<Record<string, string>>; n: number }
  >();
  for (const labels of list) {
    const key = JSON.stringify(labels);
    const count = counts.get(key) ?? { labels, n: 0 };
    count.n += 1;
    counts.set(key, count);
  }
  return [...counts.values()].map(({ labels, n }) => [labels, n]);
}
