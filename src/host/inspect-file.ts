/**
 * The file that says how a host is inspected (`up --inspect-config FILE`), as options. Read by the command,
 * so that what is wrong is said before anything starts, and by the host itself.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type InspectConfig, problemsText, readInspectYaml } from '../actors/index.ts';
import type { InspectOptions } from '../inspector/index.ts';
import { endlessOf } from './endless-pattern.ts';
import { hostError } from './errors.ts';

/** What a file can say of it. */
export type InspectFile = Pick<
  InspectOptions,
  'host' | 'tls' | 'names' | 'origins' | 'recorder' | 'redact' | 'payloads'
>;

const HIDDEN = '***';

/** @throws (rejects) RM_HOST_INSPECT with every problem, and where */
export async function readInspectFile(path: string): Promise<InspectFile> {
  const reading = readInspectYaml(await textOf(path, 'says how it is inspected'));
  if (reading.ok) {
    const endless = endlessOf(reading.config.redact);
    if (endless === null) return await optionsOf(reading.config, dirname(path));
    const why = 'may take for ever for a long text; repeat nothing that is repeated already';
    throw hostError('RM_HOST_INSPECT', `${path}: redact: ${JSON.stringify(endless)} ${why}.`);
  }
  const problems = problemsText(reading.problems, path);
  throw hostError('RM_HOST_INSPECT', `this is no configuration of the inspector:\n${problems}`);
}

async function optionsOf(config: InspectConfig, folder: string): Promise<InspectFile> {
  const { redact, recorder, tls, ...others } = config;
  const pem = (path: string): Promise<string> => textOf(resolve(folder, path), 'is PEM');
  const secured = tls && { tls: { key: await pem(tls.key), cert: await pem(tls.cert) } };
  return {
    ...others,
    ...secured,
    recorder: recorder === false ? false : onlyGiven(recorder),
    ...(redact.length === 0 ? {} : { redact: redactionOf(redact) }),
  };
}

function redactionOf(patterns: readonly string[]): (text: string) => string {
  const all = patterns.map((source) => new RegExp(source, 'gu'));
  return (text) => all.reduce((left, one) => left.replaceAll(one, HIDDEN), text);
}

function onlyGiven<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as never;
}

async function textOf(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not there' : String(error);
    throw hostError('RM_HOST_INSPECT', `${path} ${why}; name a file that ${what}.`);
  }
}
