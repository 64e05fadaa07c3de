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
import type { IngestFigures } from '../ingest/ingest.ts';
import { SAMPLE_OUTCOMES } from '../ingest/write-figures.ts';
import { summaryOf } from './service-summary.ts';

/** Labels by name, and a number. */
export type MetricSample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** One metric. */
export type MetricFamily = {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: readonly MetricSample[];
};

/** What it is read from. */
export type HostFigures = {
  readonly services: readonly ServiceStatus[];
  readonly system: SystemFigures;
  readonly ingest: IngestFigures | null;
  readonly process: {
    readonly cpuSeconds: number;
    readonly residentBytes: number;
    readonly heapBytes: number;
    readonly upSeconds: number;
  };
};

/** All of them, those without a sample too. Pure. */
export function metricFamilies(figures: HostFigures): readonly MetricFamily[] {
  return [...serviceFamilies(figures), ...ingestFamilies(figures), ...processFamilies(figures)];
}

function serviceFamilies({ services }: HostFigures): readonly MetricFamily[] {
  const each = (read: (status: ServiceStatus) => number | null): readonly MetricSample[] =>
    services.flatMap((status) => {
      const value = read(status);
      return value === null ? [] : [[{ service: status.record.name }, value] as const];
    });
  return [
    gauge('instances', 'Instances by version, zone and state.', services.flatMap(instancesOf)),
    gauge('instances_wanted', 'Slots that an instance should fill.', each(wantedOf)),
    counter(
      'instances_made_total',
      'Instances that were made.',
      each((one) => one.record.made),
    ),
    gauge(
      'demand',
      'Instances, or shards, that are needed.',
      each((o) => o.record.goal.demand),
    ),
    counter(
      'decisions_admitted_total',
      'Decisions that were admitted.',
      each((one) => one.record.decisions),
    ),
    gauge('operations', 'Operations by outcome, those that are not over.', byOutcome(services)),
    gauge(
      'ring_generation',
      'Generation of the ring.',
      each((o) => o.record.ring?.generation ?? null),
    ),
    gauge(
      'routes_number',
      'Number of the endpoint table.',
      each((o) => o.record.routes.number),
    ),
    gauge('rollout_phase', 'The phase that a rollout is in: 1.', services.map(phaseOf)),
    gauge('rollout_weight_ratio', 'Part of the traffic that the target has.', each(weightOf)),
    gauge('autoscaler_wanted', 'What the autoscaler has last wanted.', each(autoscalerWants)),
    gauge(
      'autoscaler_hold',
      'What an operator holds it at.',
      each((o) => o.record.hold?.count ?? null),
    ),
    gauge(
      'frozen',
      '1: nothing voluntary is done.',
      each((o) => Number(o.record.isFrozen)),
    ),
    gauge('held', '1: an invariant does not hold, nothing is taken away.', each(isHeld)),
    gauge(
      'attention',
      'Things that wait for a human.',
      each((o) => o.attention.length),
    ),
    gauge(
      'settled',
      '1: everything is as it is wanted.',
      each((o) => Number(o.isSettled)),
    ),
  ];
}

const wantedOf = ({ record }: ServiceStatus): number => record.slots.size;
const isHeld = ({ heldBy }: ServiceStatus): number => Number(heldBy !== null);
const weightOf = (status: ServiceStatus): number => summaryOf(status).weight / 100;

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

function byOutcome(services: readonly ServiceStatus[]): readonly MetricSample[] {
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

function ingestTallies(ingest: IngestFigures | null) {
  const samples = SAMPLE_OUTCOMES.map(
    (outcome): MetricSample => [{ outcome: snake(outcome) }, ingest?.samples[outcome] ?? 0],
  );
  const requests = Object.entries(ingest?.requests ?? {}).map(
    ([answer, count]): MetricSample => [{ answer: snake(answer) }, count],
  );
  return { samples: ingest === null ? [] : samples, requests };
}

function ingestFamilies({ ingest }: HostFigures): readonly MetricFamily[] {
  const one = (read: (figures: IngestFigures) => number): readonly MetricSample[] =>
    ingest === null ? [] : [[{}, read(ingest)]];
  const sum = (read: (of: IngestFigures['aggregators'][number]) => number) =>
    one(({ aggregators }) => aggregators.reduce((total, of) => total + read(of), 0));
  const { samples, requests } = ingestTallies(ingest);
  return [
    counter('ingest_samples_total', 'Samples by what became of them.', samples),
    counter('ingest_requests_total', 'Requests by what they were answered.', requests),
    counter(
      'ingest_body_bytes_total',
      'Bytes of bodies, compressed.',
      one((f) => f.bodyBytes),
    ),
    counter(
      'ingest_request_bytes_total',
      'Bytes of requests, decompressed.',
      one((f) => f.requestBytes),
    ),
    counter(
      'ingest_inputs_created_total',
      'Input series that were new.',
      one((f) => f.seriesCreated),
    ),
    counter(
      'ingest_series_refused_total',
      'Series that were refused.',
      one((f) => f.seriesRefused),
    ),
    counter(
      'ingest_exemplars_total',
      'Exemplars, which are not kept.',
      one((f) => f.exemplars),
    ),
    counter(
      'ingest_histograms_total',
      'Native histograms, not kept.',
      one((f) => f.histograms),
    ),
    counter(
      'ingest_inputs_forgotten_total',
      'Input series that were quiet.',
      sum((f) => f.forgotten),
    ),
    counter(
      'ingest_inputs_lost_total',
      'Input series of lost aggregators.',
      one((f) => f.inputsLost),
    ),
    counter(
      'ingest_aggregator_restarts_total',
      'Lost aggregators.',
      one((f) => f.aggregatorRestarts),
    ),
    gauge(
      'ingest_inputs',
      'Input series that are kept.',
      sum((f) => f.inputs),
    ),
    gauge(
      'ingest_series',
      'Aggregated series.',
      sum((f) => f.series),
    ),
  ];
}

function processFamilies({ system, process }: HostFigures): readonly MetricFamily[] {
  const { handled, crashes, restarts, accepted } = system.total;
  return [
    counter('messages_accepted_total', 'Messages taken into mailboxes.', [[{}, accepted]]),
    counter('messages_handled_total', 'Messages handled.', [[{}, handled]]),
    counter('actor_crashes_total', 'Handlers that threw.', [[{}, crashes]]),
    counter('actor_restarts_total', 'Incarnations after the first.', [[{}, restarts]]),
    {
      name: 'process_cpu_seconds_total',
      kind: 'counter',
      help: 'Processor time of the host.',
      samples: [[{}, process.cpuSeconds]],
    },
    {
      name: 'process_resident_memory_bytes',
      kind: 'gauge',
      help: 'Resident memory of the host.',
      samples: [[{}, process.residentBytes]],
    },
    gauge('heap_used_bytes', 'Heap in use on the main thread.', [[{}, process.heapBytes]]),
    gauge('uptime_seconds', 'Time since the host was started.', [[{}, process.upSeconds]]),
  ];
}

function gauge(name: string, help: string, samples: readonly MetricSample[]): MetricFamily {
  return { name: `ringmaster_${name}`, kind: 'gauge', help, samples };
}

function counter(name: string, help: string, samples: readonly MetricSample[]): MetricFamily {
  return { name: `ringmaster_${name}`, kind: 'counter', help, samples };
}

/** Words of ours as labels have them. */
function snake(word: string): string {
  return word.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
