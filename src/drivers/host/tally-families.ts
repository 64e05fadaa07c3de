/**
 * What was counted by those who tend a fleet, as families: passes and verdicts by the arbiter, scrapes by
 * the scraper, requests by the routers' links. All of it begins anew with them. Pure.
 */
import {
  type BucketFigures,
  bucketsTogether,
  type Counted,
  type ServiceStatus,
  type ServiceTallyFigures,
  specOf,
} from '../../actors/index.ts';
import type { RequestFigures } from '../router/request-tally.ts';
import type { ScrapeTally } from '../scrape/scraper.actor.ts';
import {
  counter,
  histogram,
  type MetricFamily,
  type MetricSample,
  snake,
} from './metric-family.ts';

/** What they have counted. */
export type TallyFigures = {
  readonly tallies: readonly ServiceTallyFigures[];
  readonly scrapes: readonly ScrapeTally[];
  readonly requests: readonly RequestFigures[];
};

type Requests = {
  readonly service: string;
  readonly version: string;
  ok: number;
  errors: number;
  seconds: BucketFigures;
};

/** All of them. `services`: whose versions the requests are of. */
export function tallyFamilies(
  { tallies, scrapes, requests }: TallyFigures,
  services: readonly ServiceStatus[],
): readonly MetricFamily[] {
  const each = (
    read: (tally: ServiceTallyFigures) => Counted,
    labels: readonly string[],
  ): readonly MetricSample[] =>
    tallies.flatMap((tally) =>
      read(tally).map(({ words, count }): MetricSample => {
        const said = labels.map((label, i) => [label, snake(words[i] ?? '')]);
        return [{ service: tally.service, ...Object.fromEntries(said) }, count];
      }),
    );
  const passed = tallies.map(({ service, seconds }) => [{ service }, seconds] as const);
  const scraped = scrapes.flatMap(({ service, ok, failed }): readonly MetricSample[] => [
    [{ service, outcome: 'ok' }, ok],
    [{ service, outcome: 'failed' }, failed],
  ]);
  const verdicts = each((one) => one.verdicts, ['verdict', 'rule']);
  const over = each((one) => one.over, ['kind']);
  const violated = each((one) => one.violations, ['invariant']);
  const failed = each((one) => one.probesFailed, ['probe']);
  const passes = each((one) => one.passes, ['outcome']);
  return [
    counter('passes_total', 'Passes by what became of them.', passes),
    histogram('pass_duration_seconds', 'Time of passes that were stored.', passed),
    counter('verdicts_total', 'Verdicts of passes by rule, repeated ones too.', verdicts),
    counter('operations_over_total', 'Operations whose end was seen.', over),
    counter('invariant_violations_total', 'Passes in which an invariant did not hold.', violated),
    counter('probes_failed_total', 'Probes that were not answered well.', failed),
    counter('scrapes_total', 'Scrapes of instances by outcome.', scraped),
    ...requestFamilies(byVersion(requests, services)),
  ];
}

function requestFamilies(list: readonly Requests[]): readonly MetricFamily[] {
  const answered = list.flatMap(({ service, version, ok, errors }): readonly MetricSample[] => [
    [{ service, version, outcome: 'ok' }, ok],
    [{ service, version, outcome: 'error' }, errors],
  ]);
  const taken = list.map(
    ({ service, version, seconds }) => [{ service, version }, seconds] as const,
  );
  return [
    counter('requests_total', 'Requests that routers have had answered.', answered),
    histogram('request_duration_seconds', 'Time to the head of the answer.', taken),
  ];
}

/** Several revisions may have one version. */
function byVersion(
  requests: readonly RequestFigures[],
  services: readonly ServiceStatus[],
): readonly Requests[] {
  const found = new Map<string, Requests>();
  for (const { service, revision, ok, errors, seconds } of requests) {
    const record = services.find((one) => one.record.name === service)?.record;
    if (record === undefined) continue;
    const { version } = specOf(record, revision);
    const key = JSON.stringify([service, version]);
    const known = found.get(key);
    if (known === undefined) found.set(key, { service, version, ok, errors, seconds });
    else {
      known.ok += ok;
      known.errors += errors;
      known.seconds = bucketsTogether(known.seconds, seconds);
    }
  }
  return [...found.values()];
}
