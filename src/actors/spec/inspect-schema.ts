/**
 * How a host is inspected, as a person writes it in a file of its own: what is taken out of texts, by which
 * names it is called, what is recorded. It is no part of a fleet. Pure.
 */
import { type Problem, problemsOf } from './problem.ts';
import { memory } from './scalars.ts';
import { z } from './schema.ts';
import { readYaml } from './yaml-fleet.ts';

const PATTERNS_MAX = 100;
const PATTERN_MAX = 1000;

const pattern = z
  .string()
  .min(1)
  .max(PATTERN_MAX)
  .refine(isPattern, 'is no regular expression of JavaScript')
  .refine((source) => !isPattern(source) || !new RegExp(source, 'u').test(''), 'fits every text');

function isPattern(source: string): boolean {
  try {
    return new RegExp(source, 'u').source !== '';
  } catch {
    return false;
  }
}

const recorderSchema = z.strictObject({
  minutes: z.int().min(0).optional().describe('That are kept. Default: 5.'),
  bytes: memory.optional().describe('In memory. Default: 64Mi.'),
  actors: z.int().min(0).optional().describe('Recorded while there are no more. Default: 20000.'),
});

const inspectSchema = z.strictObject({
  redact: z
    .array(pattern)
    .max(PATTERNS_MAX)
    .prefault([])
    .describe('Regular expressions; what fits one of them is shown as ***.'),
  payloads: z
    .boolean()
    .prefault(false)
    .describe('Whether traces of an admin may tell what messages carry.'),
  names: z.array(z.string()).prefault([]).describe('`host:port` by which it is called, too.'),
  origins: z.array(z.string()).prefault([]).describe('Of other pages that may call it.'),
  host: z.string().prefault('127.0.0.1').describe('Address to listen at; another one needs tls.'),
  tls: z
    .strictObject({ key: z.string(), cert: z.string() })
    .optional()
    .describe('PEM files, as seen from this one.'),
  recorder: z
    .union([z.literal(false), recorderSchema])
    .prefault({})
    .describe('false: nothing is recorded.'),
});

/** What such a file says. */
export type InspectConfig = z.output<typeof inspectSchema>;

/** What reading gives. */
export type InspectReading =
  | { readonly ok: true; readonly config: InspectConfig }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads a text. Never throws. */
export function readInspectYaml(text: string): InspectReading {
  return readYaml<InspectReading>(text, (data) => {
    const parsed = inspectSchema.safeParse(data ?? {}, { reportInput: true });
    if (parsed.success) return { ok: true, config: parsed.data };
    return { ok: false, problems: problemsOf(inspectSchema, parsed.error.issues) };
  });
}
