/** How many instances, or shards, there are. */

import { anyPercent, duration, integer, number, percent, positiveDuration } from './scalars.ts';
import { z } from './schema.ts';

const policy = z.union([
  z.strictObject({
    replicas: integer(0, 100_000).describe('So many in the period.'),
    period: positiveDuration.describe('Any window of this length.'),
  }),
  z.strictObject({
    percent: anyPercent.describe('So large a part in the period.'),
    period: positiveDuration.describe('Any window of this length.'),
  }),
]);

type RulesInput = {
  window: string;
  select: 'max';
  policies: ({ replicas: number; period: string } | { percent: string; period: string })[];
};

const UP: RulesInput = {
  window: '0s',
  select: 'max',
  policies: [
    { replicas: 4, period: '15s' },
    { percent: '100%', period: '15s' },
  ],
};
const DOWN: RulesInput = {
  window: '300s',
  select: 'max',
  policies: [{ percent: '100%', period: '15s' }],
};

function rules(byDefault: RulesInput) {
  return z
    .strictObject({
      window: duration
        .prefault(byDefault.window)
        .describe('The gentlest of what was asked for in it decides. Longer: calmer, later.'),
      select: z.enum(['max', 'min', 'disabled']).prefault('max').describe('Which policy decides.'),
      policies: z
        .array(policy)
        .min(1)
        .max(10)
        .prefault(byDefault.policies)
        .describe('How far at once.'),
    })
    .prefault({});
}

const metric = z.strictObject({
  name: z
    .string()
    .regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/)
    .describe('cpu, concurrency, rate, queue_depth, series_per_shard, or the name of a metric.'),
  target: number(1e-3, 1e15).describe(
    'What one instance, or shard, is to have of it; of cpu: percent.',
  ),
  kind: z
    .enum(['average', 'utilization', 'value', 'valuePerInstance'])
    .optional()
    .describe('How it is counted. Default: utilization for cpu, else average.'),
  warmup: duration.optional().describe('A new instance does not count for so long.'),
  window: positiveDuration
    .optional()
    .describe('Mean over so long. Default 60s. Longer: calmer. Shorter: faster, and swings.'),
});

const panic = z.strictObject({
  window: positiveDuration.prefault('6s').describe('The short window.'),
  threshold: anyPercent
    .prefault('200%')
    .describe('Of what ready instances carry, at which it panics.'),
  stable: positiveDuration
    .prefault('60s')
    .describe('The long window; panic ends after it has been calm.'),
});

const queue = z.strictObject({
  arrivals: z.string().min(1).describe('Metric with the rate of arrivals.'),
  serviceTime: z.string().min(1).describe('Metric with the mean time that one takes, in seconds.'),
  concurrency: number(1e-6, 1e9).describe('Work under way for each instance. By Little’s law.'),
});

/** `autoscale` of a service. */
export const autoscaleSchema = z.strictObject({
  min: integer(0, 100_000).describe(
    'Never fewer. 0 needs a metric of the whole service, which wakes it.',
  ),
  max: integer(1, 100_000).describe('Never more.'),
  metric: metric.optional().describe('What decides.'),
  metrics: z.array(metric).max(20).prefault([]).describe('The one that asks for most decides.'),
  queue: queue.optional().describe('A target by arrival rate and service time.'),
  tolerance: percent.prefault('10%').describe('Deviation from the target that changes nothing.'),
  up: rules(UP).describe('Growing.'),
  down: rules(DOWN).describe('Shrinking.'),
  panic: panic.optional().describe('Grows at once when a short window shows far too much load.'),
  settle: duration
    .prefault('60s')
    .describe(
      'After a change, before it shrinks; 8, 16 … times as long for turns in the flap budget’s window.',
    ),
  flapBudget: z
    .strictObject({
      changes: integer(1, 10_000)
        .prefault(12)
        .describe('Turns in the window: one way and back are two, however many steps they took.'),
      window: positiveDuration.prefault('1h').describe('Any window of this length.'),
    })
    .prefault({})
    .describe('Bounds turning back to shrink, never growing for need.'),
  dryRun: z.boolean().prefault(false).describe('Records what it would do, and does nothing.'),
});
