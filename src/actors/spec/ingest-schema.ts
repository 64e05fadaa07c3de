/**
 * How a host takes remote write in, as a person writes it in a file of its own: labels that sums lack,
 * limits, threads. It is no part of a fleet: it is read when the host starts, before there is one. Pure.
 */
import { type Problem, problemsOf } from './problem.ts';
import { memory, positiveDuration } from './scalars.ts';
import { z } from './schema.ts';
import { readYaml } from './yaml-fleet.ts';

const AGGREGATORS_MAX = 32;
const RULES_MAX = 1000;

const count = z.int().min(1);

const ruleSchema = z.strictObject({
  metric: z
    .string()
    .regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/)
    .nullable()
    .prefault(null)
    .describe('Which one. Default: all.'),
  without: z
    .array(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/))
    .min(1)
    .describe('Labels that its sums lack.'),
});

const limitsSchema = z.strictObject({
  bodyBytes: memory.optional().describe('Of a request, compressed.'),
  requestBytes: memory.optional().describe('Of a request, decompressed.'),
  series: count.optional().describe('Of a request.'),
  samples: count.optional().describe('Of a request.'),
  labels: count.optional().describe('Of a series.'),
  slots: count.optional().describe('Requests at once; each has memory for the largest.'),
  connections: count.optional().describe('At once.'),
  bufferedBytes: memory.optional().describe('Of bodies that are being received, all together.'),
  requestTime: positiveDuration.optional().describe('For a request to arrive.'),
  inputs: count.optional().describe('Series that an aggregator keeps.'),
  inputsPerTenant: count.optional(),
  inputsPerMetric: count.optional().describe('Of one tenant.'),
  nameBytes: memory.optional().describe('For the names of sums of an aggregator.'),
  forgetAfter: positiveDuration.optional().describe('Without a sample a series is forgotten.'),
  gaugeStale: positiveDuration.optional().describe('Without a sample a gauge is not shown.'),
});

const ingestSchema = z.strictObject({
  aggregators: z.int().min(1).max(AGGREGATORS_MAX).prefault(1).describe('Threads that add up.'),
  rules: z.array(ruleSchema).max(RULES_MAX).prefault([]),
  limits: limitsSchema.prefault({}),
});

/** What such a file says; bytes and milliseconds. */
export type IngestConfig = z.output<typeof ingestSchema>;

/** What reading gives. */
export type IngestReading =
  | { readonly ok: true; readonly config: IngestConfig }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads a text. Never throws. */
export function readIngestYaml(text: string): IngestReading {
  return readYaml<IngestReading>(text, (data) => {
    const parsed = ingestSchema.safeParse(data ?? {}, { reportInput: true });
    if (parsed.success) return { ok: true, config: parsed.data };
    return { ok: false, problems: problemsOf(ingestSchema, parsed.error.issues) };
  });
}
