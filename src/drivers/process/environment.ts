/**
 * The variables that an instance is started with: those of its specification, resolved here and now, and
 * those that say who it is. Secrets are read where the process is started and stand nowhere else: the
 * store, the log and the inspector have the reference.
 */
import { readFileSync } from 'node:fs';
import type { ServiceSpec } from '../../actors/index.ts';
import { driverError } from '../errors.ts';

/** Who it is, where it is, where it listens. */
export type Identity = {
  readonly instance: string;
  readonly service: string;
  readonly region: string;
  readonly zone: string;
  readonly ordinal: number;
  readonly revision: string;
  readonly port: number;
  /** Its slot's own directory; null: it has none. */
  readonly data: string | null;
};

/** Bytes of a file that is a variable's value. */
const VALUE_BYTES_MAX = 65_536;

/**
 * All variables. `from`: where `fromEnv` is looked up.
 * @throws RM_DRIVER_ENV naming the variable and what is missing, never a value
 */
export function environmentOf(
  spec: Pick<ServiceSpec, 'env' | 'version'>,
  who: Identity,
  from: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(spec.env)) env[name] = resolvedOf(name, value, from);
  return {
    ...env,
    PORT: String(who.port),
    RINGMASTER_INSTANCE: who.instance,
    RINGMASTER_SERVICE: who.service,
    RINGMASTER_REGION: who.region,
    RINGMASTER_ZONE: who.zone,
    RINGMASTER_ORDINAL: String(who.ordinal),
    RINGMASTER_REVISION: who.revision,
    RINGMASTER_VERSION: spec.version,
    ...(who.data === null ? {} : { RINGMASTER_DATA: who.data }),
  };
}

function resolvedOf(
  name: string,
  value: ServiceSpec['env'][string],
  from: Readonly<Record<string, string | undefined>>,
): string {
  if (typeof value === 'string') return value;
  if ('fromEnv' in value) {
    const found = from[value.fromEnv];
    if (found !== undefined) return found;
    const message = `${name} is to come from the variable ${value.fromEnv}, which is not set; set it.`;
    throw driverError('RM_DRIVER_ENV', message, { name });
  }
  return fileValue(name, value.fromFile);
}

/** The file's content without the newline that editors end it with. */
function fileValue(name: string, path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const message = `${name} is to come from ${path}, which cannot be read: ${String(error)}`;
    throw driverError('RM_DRIVER_ENV', message, { name, path }, error);
  }
  if (text.length <= VALUE_BYTES_MAX && !text.includes('\0')) return text.replace(/\r?\n$/, '');
  const got = text.length > VALUE_BYTES_MAX ? `${text.length} characters` : 'a zero byte';
  const message = `${path} has ${got}; a variable has text of at most ${VALUE_BYTES_MAX} characters.`;
  throw driverError('RM_DRIVER_ENV', message, { name, path });
}
