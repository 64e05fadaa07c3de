/** Metrics in the protocol: what is measured, and what it is now, as plain data and not as an exposition. */
import { method, z } from './words.ts';

/** Series in one answer. Higher: larger answers. Lower: more is seen only by its labels. */
export const SERIES_MAX = 200;

const count = z.number().int().nonnegative();

const family = {
  name: z.string().describe('as in Prometheus'),
  type: z.enum(['counter', 'gauge', 'histogram']),
  help: z.string(),
  unit: z
    .enum(['seconds', 'bytes', 'ratio'])
    .nullable()
    .describe('as its name ends; null: things are counted'),
} as const;

/** One set of labels of a family, and its value. */
export const SERIES = z.strictObject({
  labels: z.record(z.string(), z.string()),
  value: z
    .number()
    .nullable()
    .describe('as it is now; of a histogram: how many were counted; null: no number'),
  buckets: z
    .strictObject({
      bounds: z.array(z.number()).describe('upper ends, in the unit, the lowest first'),
      counts: z.array(count).describe('by bucket; one more than bounds: the last has no end'),
      sum: z.number().nullable(),
    })
    .nullable()
    .describe('of a histogram'),
});

const together = z
  .number()
  .nullable()
  .describe('of a gauge the highest of its series, else all of them together; null: it has none');

/** Methods about metrics. */
export const METRIC_METHODS = {
  'Metrics.list': method({
    about:
      'What is measured: metrics of the system, and of the fleet where there is one, by name. Those of ' +
      'single actors are figures of the topic `actors`.',
    role: 'viewer',
    params: z.strictObject({
      contains: z
        .string()
        .max(200)
        .optional()
        .describe('words of the name or the help, all of them'),
    }),
    result: z.strictObject({
      families: z.array(z.strictObject({ ...family, series: count, value: together })),
      all: count,
      missing: z
        .string()
        .nullable()
        .describe('why metrics of the fleet are not among them; null: none are missing'),
    }),
  }),
  'Metrics.read': method({
    about: 'The series of a metric, the highest first; ties by labels.',
    role: 'viewer',
    params: z.strictObject({
      name: z.string().min(1).max(200),
      labels: z
        .record(z.string().max(100), z.string().max(200))
        .optional()
        .describe('that a series has to have'),
    }),
    result: z.strictObject({
      ...family,
      atMs: z.number().describe('of the look; clock of System.hello'),
      series: z.array(SERIES).max(SERIES_MAX),
      matching: count.describe('series with those labels'),
      all: count,
    }),
  }),
} as const;

/** Name of one of them. */
export type MetricMethod = keyof typeof METRIC_METHODS;
