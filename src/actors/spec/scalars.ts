/**
 * The scalars of a fleet's specification: lengths of time, shares, amounts, names. Each is written with
 * its unit and read into one number: milliseconds, shares of 1, thousandths of a core, bytes.
 */
import { shown } from './problem.ts';
import { z } from './schema.ts';

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
/** Beyond, a slip of units is likelier than an intent. */
const DURATION_MS_MAX: number = 365 * 86_400_000;
const PERCENT = /^(\d+(?:\.\d+)?)%$/;
const CPU = /^(\d+(?:\.\d+)?)(m?)$/;
const MEMORY = /^(\d+)(Ki|Mi|Gi)$/;
const MEMORY_BYTES: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };
/** As a DNS label: names become parts of keys, of addresses and of file names. */
const NAME = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** A length of time such as `500ms`, `10s`, `5m`, `2h`, `1d`; milliseconds. */
export const duration = z
  .string({ error: said('a length of time such as 500ms, 10s, 5m, 2h') })
  .regex(DURATION, { error: said('a length of time such as 500ms, 10s, 5m, 2h') })
  .transform((text) => {
    const match = DURATION.exec(text);
    return Number(match?.[1]) * (UNIT_MS[match?.[2] ?? ''] ?? Number.NaN);
  })
  .refine((ms) => ms <= DURATION_MS_MAX, { error: said('at most 365d') });

/** A length of time above zero. */
export const positiveDuration = duration.refine((ms) => ms > 0, { error: said('more than 0') });

/** A percentage such as `5%`; a share of 1. At most 100 %. */
export const percent = z
  .string({ error: said('a percentage such as 5%') })
  .regex(PERCENT, { error: said('a percentage such as 5%') })
  .transform((text) => Number(PERCENT.exec(text)?.[1]) / 100)
  .refine((share) => share <= 1, { error: said('at most 100%') });

/** A percentage that may be above 100 %; a share of 1. */
export const anyPercent = z
  .string({ error: said('a percentage such as 200%') })
  .regex(PERCENT, { error: said('a percentage such as 200%') })
  .transform((text) => Number(PERCENT.exec(text)?.[1]) / 100);

/** `3` or `25%`, resolved against a number of instances later. */
export const intOrPercent = z.union([z.int().min(0), z.string().regex(/^\d+%$/)], {
  error: said('a number from 0 or a percentage such as 25%'),
});

/** Cores such as `2` or `500m`; thousandths of a core. */
export const cpu = z
  .string({ error: said("cores as text, such as '2' or 500m") })
  .regex(CPU, { error: said("cores as text, such as '2' or 500m") })
  .transform((text) => {
    const match = CPU.exec(text);
    return Math.round(Number(match?.[1]) * (match?.[2] === 'm' ? 1 : 1000));
  });

/** Memory such as `256Mi`; bytes. */
export const memory = z
  .string({ error: said('memory such as 256Mi or 2Gi') })
  .regex(MEMORY, { error: said('memory such as 256Mi or 2Gi') })
  .transform((text) => {
    const match = MEMORY.exec(text);
    return Number(match?.[1]) * (MEMORY_BYTES[match?.[2] ?? ''] ?? Number.NaN);
  });

/** A name of a fleet, service, region or zone. */
export const name = z.string({ error: said('a name') }).regex(NAME, {
  error: said('up to 63 small letters, digits and hyphens, a letter first'),
});

/** A path of an HTTP request. */
export const httpPath = z
  .string({ error: said('a path that begins with /') })
  .regex(/^\/[^\s#]*$/, { error: said('a path that begins with /') });

/** An integer from `min` to `max`. */
export function integer(min: number, max: number) {
  const error = said(`an integer from ${min} to ${max}`);
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** A number from `min` to `max`. */
export function number(min: number, max: number) {
  const error = said(`a number from ${min} to ${max}`);
  return z.number({ error }).min(min, { error }).max(max, { error });
}

/** What was got and what was expected; a key that is missing has got nothing. */
function said(expected: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) => `got ${shown(input)}; expected ${expected}`;
}
