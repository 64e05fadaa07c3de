/**
 * The file that says how a host takes remote write in (`up --remote-write-config FILE`), as options. Read
 * by the command, so that what is wrong is said before anything starts, and by the host itself.
 */
import { readFile } from 'node:fs/promises';
import { type IngestConfig, problemsText, readIngestYaml } from '../../actors/index.ts';
import { driverError } from '../errors.ts';
import type { IngestLimits, IngestOptions } from './ingest-options.ts';

/** @throws (rejects) RM_HOST_OPTION with every problem, and where */
export async function readIngestFile(path: string): Promise<Omit<IngestOptions, 'port'>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not there' : String(error);
    throw driverError('RM_HOST_OPTION', `${path} ${why}; name a file that says how to take it in.`);
  }
  const reading = readIngestYaml(text);
  if (reading.ok) return optionsOf(reading.config);
  const problems = problemsText(reading.problems, path);
  throw driverError('RM_HOST_OPTION', `this is no configuration of remote write:\n${problems}`);
}

function optionsOf({ aggregators, rules, limits }: IngestConfig): Omit<IngestOptions, 'port'> {
  const given: { readonly [K in keyof IngestLimits]: number | undefined } = {
    bodyBytesMax: limits.bodyBytes,
    requestBytesMax: limits.requestBytes,
    seriesMax: limits.series,
    samplesMax: limits.samples,
    labelsMax: limits.labels,
    slots: limits.slots,
    connectionsMax: limits.connections,
    bufferedBytesMax: limits.bufferedBytes,
    requestMsMax: limits.requestTime,
    inputsMax: limits.inputs,
    inputsPerTenantMax: limits.inputsPerTenant,
    inputsPerMetricMax: limits.inputsPerMetric,
    nameBytesMax: limits.nameBytes,
    forgetAfterMs: limits.forgetAfter,
    gaugeStaleMs: limits.gaugeStale,
  };
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  return {
    aggregators,
    rules: rules.map(({ metric, without }) => ({ metric, labels: without })),
    limits: Object.fromEntries(said) as Partial<IngestLimits>,
  };
}
