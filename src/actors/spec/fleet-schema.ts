/**
 * The whole specification of a fleet, as a user writes it in TypeScript or YAML. Shape only: what
 * several fields say together is checked in fleet-checks.ts. Descriptions and defaults here are the
 * source of the reference page and of the JSON Schema.
 */

import { autoscaleSchema } from './autoscale-schema.ts';
import { healSchema } from './heal-schema.ts';
import { remoteWriteSchema } from './remote-write-schema.ts';
import { ringSchema } from './ring-schema.ts';
import { rolloutSchema } from './rollout-schema.ts';
import { routeSchema } from './route-schema.ts';
import { duration, integer, name, number, positiveDuration } from './scalars.ts';
import { z } from './schema.ts';
import { templateFields } from './template-schema.ts';

/** What this build reads. */
export const API_VERSION = 'ringmaster/v1';
const REGIONS_MAX = 200;
const ZONES_MAX = 32;

const region = z.strictObject({
  name: name.describe('Unique in the fleet.'),
  zones: z.array(name).min(1).max(ZONES_MAX).describe('Parts of it that fail apart.'),
  forecast: number(0, 1e15)
    .optional()
    .describe('Load that it must be able to carry. Default: the peak of the last hour × 1.2.'),
});

const budget = z
  .strictObject({
    maxUnavailable: integer(0, 100_000)
      .prefault(1)
      .describe('Of a shard, or of a stateless service, for all reasons together. Higher: faster.'),
    minAvailable: integer(0, 100_000)
      .optional()
      .describe(
        'Of a shard. Default: its quorum. Lower: writes may be lost while something is replaced.',
      ),
  })
  .prefault({});

/** Fields of every service. */
const common = {
  ...templateFields,
  autoscale: autoscaleSchema.optional().describe('Without it: as many as are written.'),
  remoteWrite: remoteWriteSchema
    .optional()
    .describe('Metrics that are written to the host, instead of being scraped.'),
  heal: healSchema.describe('Self-healing.'),
  budget: budget.describe('How much may be missing at once, for all reasons together.'),
  route: routeSchema.optional().describe('Without it, routers do not know the service.'),
  frozen: z.boolean().prefault(false).describe('Nothing voluntary is done to it.'),
};

const sharded = z.strictObject({
  kind: z.literal('sharded').describe('Slots own keys, or instances are all alike.'),
  shards: integer(1, 10_000)
    .prefault(1)
    .describe('To begin with; each has one slot in every zone.'),
  replicas: integer(1, 3)
    .optional()
    .describe('Of each key: zones that are used. Default: all zones, at most 3.'),
  ring: ringSchema.prefault({}).describe('Who owns which key.'),
  rollout: rolloutSchema.prefault({ strategy: 'zones' }).describe('From one revision to the next.'),
  ...common,
});

const stateless = z.strictObject({
  kind: z.literal('stateless'),
  instances: integer(0, 100_000).prefault(1).describe('To begin with.'),
  ring: ringSchema.optional().describe('Keys stick to members. Default: whoever has least to do.'),
  rollout: rolloutSchema
    .prefault({ strategy: 'rolling' })
    .describe('From one revision to the next.'),
  ...common,
});

/** One service. */
export const serviceSchema = z.discriminatedUnion('kind', [sharded, stateless]);

const policy = z
  .strictObject({
    period: positiveDuration
      .prefault('1s')
      .describe('Between two looks at everything. Longer: later found. Shorter: more work.'),
    answerWithin: positiveDuration
      .prefault('500ms')
      .describe('A controller that has not answered by then contributes nothing to this pass.'),
    maxStaleness: positiveDuration
      .prefault('15s')
      .describe('What is older is no ground to stop anything.'),
    leaseTtl: positiveDuration
      .prefault('10s')
      .describe('Of the leader. Longer: a dead one is followed later.'),
    routerSilence: positiveDuration
      .prefault('60s')
      .describe('After which a human may say that a silent router is gone.'),
    regionLoss: z
      .boolean()
      .prefault(true)
      .describe('With several regions: capacity for the loss of the largest is kept.'),
    wave: duration.prefault('10m').describe('Between two regions of a change of policy.'),
    decisionsKept: positiveDuration.prefault('7d').describe('Of the decision log.'),
  })
  .prefault({});

/** A fleet. */
export const fleetSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION).describe('What this is written for.'),
  kind: z.literal('Fleet').describe('What this is.'),
  name: name.describe('Unique on a machine.'),
  regions: z.array(region).min(1).max(REGIONS_MAX).describe('Each has its own arbiter.'),
  services: z.record(name, serviceSchema).describe('By name.'),
  policy: policy.describe('Of the control plane itself.'),
  frozen: z.boolean().prefault(false).describe('Nothing voluntary is done at all.'),
});

/** A fleet as it is written. */
export type FleetInput = z.input<typeof fleetSchema>;
/** A fleet with every default filled in: milliseconds, shares of 1, bytes. */
export type FleetSpec = z.output<typeof fleetSchema>;
/** A service as it is written. */
export type ServiceInput = z.input<typeof serviceSchema>;
/** A service with every default filled in. */
export type ServiceSpec = z.output<typeof serviceSchema>;
/** A service whose slots own keys. */
export type ShardedSpec = Extract<ServiceSpec, { kind: 'sharded' }>;
/** A service whose instances are all alike. */
export type StatelessSpec = Extract<ServiceSpec, { kind: 'stateless' }>;
