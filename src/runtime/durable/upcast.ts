/** Brings what older versions of a definition have stored to the version of today, step by step. */
import { runtimeError } from '../errors.ts';
import type { DurableRecord } from './durable-log.ts';

/** `1: (old) => new` makes version 2 out of version 1. Pure. */
export type Upcasters = Readonly<Record<number, (old: never) => unknown>>;

/** @throws RM_DURABLE_VERSION for a newer version, or an older one without its steps */
export function upcast(
  { value, version: from }: DurableRecord,
  to: number,
  steps: Upcasters | undefined,
  what: string,
): unknown {
  if (from > to) {
    throw runtimeError(
      'RM_DURABLE_VERSION',
      `${what} has version ${from}, this definition ${to}; run the newer one, which wrote it.`,
      { from, to },
    );
  }
  let current = value;
  for (let version = from; version < to; version++) {
    const step = steps?.[version] as ((old: unknown) => unknown) | undefined;
    if (step === undefined) {
      throw runtimeError(
        'RM_DURABLE_VERSION',
        `${what} has version ${from}, this definition ${to}; give it a step for version ${version}.`,
        { from, to },
      );
    }
    current = step(current);
  }
  return current;
}
