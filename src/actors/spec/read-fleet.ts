/**
 * A fleet from plain data or from TypeScript: checked whole, with every problem at once, or with every
 * default filled in.
 */
import { controlError } from '../errors.ts';
import { fleetProblems } from './fleet-checks.ts';
import {
  API_VERSION,
  type FleetInput,
  type FleetSpec,
  fleetSchema,
  type ServiceInput,
} from './fleet-schema.ts';
import { type Problem, problemAt, problemsOf, problemsText, shown } from './problem.ts';

/** What reading gives. */
export type FleetReading =
  /** `data`: as it was written, without defaults: what is kept, to be read again. */
  | { readonly ok: true; readonly fleet: FleetSpec; readonly data: unknown }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** A fleet without what every fleet says. */
export type FleetDefinition = Omit<FleetInput, 'apiVersion' | 'kind'>;

/** Reads plain data. Never throws. */
export function readFleet(data: unknown): FleetReading {
  const wrong = wrongVersion(data);
  if (wrong !== null) return { ok: false, problems: [wrong] };
  const parsed = fleetSchema.safeParse(data, { reportInput: true });
  if (!parsed.success) {
    return { ok: false, problems: problemsOf(fleetSchema, parsed.error.issues) };
  }
  const problems = fleetProblems(parsed.data);
  return problems.length === 0 ? { ok: true, fleet: parsed.data, data } : { ok: false, problems };
}

/** A fleet written in TypeScript. @throws RM_FLEET_INVALID with every problem */
export function fleet(definition: FleetDefinition): FleetSpec {
  const reading = readFleet({ apiVersion: API_VERSION, kind: 'Fleet', ...definition });
  if (reading.ok) return reading.fleet;
  throw invalidFleet(reading.problems);
}

/** A service for `fleet`: as it is, with its type checked where it is written. */
export function service<S extends ServiceInput>(definition: S): S {
  return definition;
}

/** The error that lists them. `file`: what it was read from. */
export function invalidFleet(problems: readonly Problem[], file: string | null = null): Error {
  const title = `${problems.length} problem${problems.length === 1 ? '' : 's'} in this fleet:`;
  const text = `${title}\n${problemsText(problems, file)}`;
  return controlError('RM_FLEET_INVALID', text, { problems: problems.length });
}

/** A text for another version would give hundreds of problems that are none. */
function wrongVersion(data: unknown): Problem | null {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    const message = `got ${shown(data)}; expected a fleet: apiVersion, kind, name, regions, services`;
    return problemAt([], message);
  }
  const { apiVersion } = data as { readonly apiVersion?: unknown };
  if (apiVersion === API_VERSION) return null;
  const message = `got ${shown(apiVersion)}; this version of Ringmaster reads ${API_VERSION}`;
  return problemAt(['apiVersion'], message);
}
