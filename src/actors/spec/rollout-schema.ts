/** How a service gets from one revision to the next, and what makes it turn back. */

import { duration, integer, intOrPercent, number, percent, positiveDuration } from './scalars.ts';
import { z } from './schema.ts';

/** Metrics that analysis knows by name, measured by the router or scraped. */
const metricName = z.string().regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/);

const bound = z.union([
  number(-1e15, 1e15),
  z
    .string()
    .regex(/^\d/)
    .pipe(z.union([percent, duration])),
]);

const analysis = z
  .strictObject({
    metric: metricName.describe('error_ratio, p50, p90, p99, rate, or the name of a metric.'),
    max: bound
      .optional()
      .describe('Above it a measurement fails. Number, percentage or length of time.'),
    min: bound.optional().describe('Below it a measurement fails.'),
    interval: positiveDuration.prefault('10s').describe('Between two measurements.'),
    count: integer(1, 10_000)
      .optional()
      .describe('Measurements after which it ends. Default: 1, or as long as its step lasts.'),
    failureLimit: integer(0, 10_000).prefault(0).describe('Failed measurements that are borne.'),
    inconclusiveLimit: integer(0, 10_000).prefault(0).describe('Inconclusive ones that are borne.'),
    consecutiveErrorLimit: integer(0, 10_000)
      .prefault(4)
      .describe('Errors in a row that are borne: the metric is missing or stale.'),
    consecutiveSuccessLimit: integer(0, 10_000)
      .prefault(0)
      .describe('Successes in a row that are enough; 0: none are.'),
    minSamples: integer(0, 1_000_000_000)
      .prefault(30)
      .describe('Samples that a measurement needs; fewer are inconclusive.'),
  })
  .refine(({ min, max }) => min !== undefined || max !== undefined, {
    error: 'has neither max nor min; expected at least one of them',
  });

const comparison = z
  .strictObject({
    enabled: z
      .boolean()
      .prefault(true)
      .describe('Compare the canary with a baseline of its own size.'),
    alpha: number(1e-6, 0.5)
      .prefault(0.01)
      .describe(
        'Chance of a false abort, however often one looks. Higher: earlier found, more false.',
      ),
    margin: percent
      .prefault('10%')
      .describe('How much worse is still as good. Higher: promotes sooner, misses small harm.'),
    block: positiveDuration
      .prefault('10s')
      .describe('Length of one paired observation; at least 10s.'),
    minBlocks: integer(1, 100_000)
      .prefault(30)
      .describe('Blocks without which nothing is promoted.'),
    minRequests: integer(1, 1_000_000_000)
      .prefault(500)
      .describe('Requests without which nothing is promoted.'),
  })
  .prefault({});

const step = z.union([
  z.strictObject({ weight: integer(0, 100).describe('Percent of the traffic for the canary.') }),
  z.strictObject({
    replicas: integer(0, 100_000).describe('Instances of the canary, whatever its weight.'),
  }),
  z.strictObject({
    pause: z.union([z.literal('manual'), positiveDuration]).describe('A time, or manual.'),
  }),
  z.strictObject({
    analyze: positiveDuration.describe('Measures for so long before the next step.'),
  }),
]);

/** Fields of every strategy. */
const common = {
  minReady: duration
    .optional()
    .describe(
      'An instance counts as available after so long. Default 0s; 10s for sharded services.',
    ),
  progressDeadline: positiveDuration
    .prefault('600s')
    .describe('Without any progress for so long a rollout has failed.'),
  analysis: z
    .array(analysis)
    .max(50)
    .prefault([])
    .describe('Thresholds; the worst metric decides.'),
  comparison: comparison.describe('Sequential comparison with a baseline.'),
  autoRollback: z.boolean().prefault(true).describe('Turns back by itself when a gate fails.'),
  rollbackWindow: integer(0, 100)
    .prefault(0)
    .describe('Back to one of so many last revisions without steps.'),
  history: integer(0, 1000).prefault(10).describe('Old revisions that are kept to return to.'),
};

const surge = {
  maxSurge: intOrPercent.prefault('25%').describe('Instances above the wanted number; rounded up.'),
  maxUnavailable: intOrPercent
    .prefault('25%')
    .describe('Instances that may be unavailable; rounded down. Both zero: 1.'),
};

/** `rollout` of a service. */
export const rolloutSchema = z.discriminatedUnion('strategy', [
  z.strictObject({
    strategy: z.literal('rolling').describe('How it gets there.'),
    ...surge,
    ...common,
  }),
  z.strictObject({
    strategy: z.literal('canary'),
    steps: z
      .array(step)
      .min(1)
      .max(100)
      .describe('In order; the last one is followed by all traffic.'),
    traffic: z
      .enum(['router', 'instances'])
      .prefault('router')
      .describe('What splits the traffic: the router, or the numbers of instances.'),
    canaryMin: integer(1, 1000).prefault(1).describe('Instances that a canary has at least.'),
    keepAborted: z.boolean().prefault(false).describe('Leave an aborted canary to be looked at.'),
    dynamicStable: z
      .boolean()
      .prefault(false)
      .describe('The stable revision shrinks with its traffic.'),
    ...surge,
    ...common,
  }),
  z.strictObject({
    strategy: z.literal('blueGreen'),
    preview: intOrPercent
      .prefault('100%')
      .describe('Size of the new revision before it is promoted.'),
    autoPromote: z.boolean().prefault(true).describe('Promotes when all gates hold.'),
    keepOld: duration.prefault('30s').describe('The old revision stays for so long after it.'),
    ...common,
  }),
  z.strictObject({
    strategy: z.literal('zones'),
    maxUnavailable: intOrPercent
      .prefault('100%')
      .describe(
        'Slots of one zone that are replaced at a time. Higher: faster, and a bad one hits more.',
      ),
    exposure: z
      .array(intOrPercent)
      .max(20)
      .prefault([])
      .describe('Slots of the first zone that go first, each followed by the analysis.'),
    soak: duration.prefault('30s').describe('After each zone, before the next one.'),
    ...common,
  }),
]);
