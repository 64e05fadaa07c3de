/** What remote write has come to, as families of numbers. Null, and there are no samples: it is not on. */
import {
  counter,
  gauge,
  type MetricFamily,
  type MetricSample,
} from '../../runtime/system/prometheus.ts';
import type { IngestFigures } from '../ingest/ingest.ts';
import { SAMPLE_OUTCOMES } from '../ingest/write-figures.ts';
import { labelWord } from './label-word.ts';

type Figures = IngestFigures | null;

const one =
  (read: (figures: IngestFigures) => number) =>
  (ingest: Figures): readonly MetricSample[] =>
    ingest === null ? [] : [[{}, read(ingest)]];

const sum = (read: (of: IngestFigures['aggregators'][number]) => number) =>
  one(({ aggregators }) => aggregators.reduce((total, of) => total + read(of), 0));

const samples = (ingest: Figures): readonly MetricSample[] =>
  ingest === null
    ? []
    : SAMPLE_OUTCOMES.map((outcome) => [{ outcome: labelWord(outcome) }, ingest.samples[outcome]]);

const requests = (ingest: Figures): readonly MetricSample[] =>
  Object.entries(ingest?.requests ?? {}).map(([answer, count]) => [
    { answer: labelWord(answer) },
    count,
  ]);

/** All of them. */
export const INGEST_FAMILIES: readonly MetricFamily<Figures>[] = [
  counter('ingest_samples_total', 'Samples by what became of them.', samples),
  counter('ingest_requests_total', 'Requests by what they were answered.', requests),
  counter(
    'ingest_body_bytes_total',
    'Bytes of bodies, compressed.',
    one((figures) => figures.bodyBytes),
  ),
  counter(
    'ingest_request_bytes_total',
    'Bytes of requests, decompressed.',
    one((figures) => figures.requestBytes),
  ),
  counter(
    'ingest_inputs_created_total',
    'Input series that were new.',
    one((figures) => figures.seriesCreated),
  ),
  counter(
    'ingest_series_refused_total',
    'Series that were refused.',
    one((figures) => figures.seriesRefused),
  ),
  counter(
    'ingest_exemplars_total',
    'Exemplars, which are not kept.',
    one((figures) => figures.exemplars),
  ),
  counter(
    'ingest_histograms_total',
    'Native histograms, not kept.',
    one((figures) => figures.histograms),
  ),
  counter(
    'ingest_inputs_forgotten_total',
    'Input series that were quiet.',
    sum((of) => of.forgotten),
  ),
  counter(
    'ingest_inputs_lost_total',
    'Input series of lost aggregators.',
    one((figures) => figures.inputsLost),
  ),
  counter(
    'ingest_aggregator_restarts_total',
    'Lost aggregators.',
    one((figures) => figures.aggregatorRestarts),
  ),
  gauge(
    'ingest_inputs',
    'Input series that are kept.',
    sum((of) => of.inputs),
  ),
  gauge(
    'ingest_series',
    'Aggregated series.',
    sum((of) => of.series),
  ),
];
