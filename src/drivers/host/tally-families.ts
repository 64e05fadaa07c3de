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
import {
  counter,
  histogram,
  type MetricFamily,
  type MetricSample,
} from '../../runtime/system/prometheus.ts';
import type { RequestFigures } from '../router/request-tally.ts';
import type { ScrapeTally } from '../scrape/scraper.actor.ts';
import { labelWord } from './label-word.ts';

/** What they have counted. */
export type TallyFigures = {
  /** Whose versions the requests are of. */
  readonly services: readonly ServiceStatus[];
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

const each =
  (read: (tally: ServiceTallyFigures) => Counted, labels: readonly string[]) =>
  ({ tallies }: TallyFigures): readonly MetricSample[] =>
    tallies.flatMap((tally) =>
      read(tally).map(({ words, count }): MetricSample => {
        const said = labels.map((label, i) => [label, labelWord(words[i] ?? '')]);
        return [{ service: tally.service, ...Object.fromEntries(said) }, count];
      }),
    );

/** All of them. */
export const TALLY_FAMILIES: readonly MetricFamily<TallyFigures>[] = [
  counter(
    'passes_total',
    'Passes by what became of them.',
    each((one) => one.passes, ['outcome']),
  ),
  histogram('pass_duration_seconds', 'Time of passes that were stored.', ({ tallies }) =>
    tallies.map(({ service, seconds }) => [{ service }, seconds]),
  ),
  counter(
    'verdicts_total',
    'Verdicts of passes by rule, repeated ones too.',
    each((one) => one.verdicts, ['verdict', 'rule']),
  ),
  counter(
    'operations_over_total',
    'Operations whose end was seen, by what came of them.',
    each((one) => one.over, ['kind', 'outcome']),
  ),
  counter(
    'invariant_violations_total',
    'Passes in which an invariant did not hold.',
    each((one) => one.violations, ['invariant']),
  ),
  counter(
    'probes_failed_total',
    'Probes that were not answered well.',
    each((one) => one.probesFailed, ['probe']),
  ),
  counter('scrapes_total', 'Scrapes of instances by outcome.', ({ scrapes }) =>
    scrapes.flatMap(({ service, ok, failed }): readonly MetricSample[] => [
      [{ service, outcome: 'ok' }, ok],
      [{ service, outcome: 'failed' }, failed],
    ]),
  ),
  counter('requests_total', 'Requests that routers have had answered.', (figures) =>
    byVersion(figures).flatMap(({ service, version, ok, errors }): readonly MetricSample[] => [
      [{ service, version, outcome: 'ok' }, ok],
      [{ service, version, outcome: 'error' }, errors],
    ]),
  ),
  histogram('request_duration_seconds', 'Time to the head of the answer.', (figures) =>
    byVersion(figures).map(({ service, version, seconds }) => [{ service, version }, seconds]),
  ),
];

/** Several revisions may have one version. */
function byVersion({ requests, services }: TallyFigures): readonly Requests[] {
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
