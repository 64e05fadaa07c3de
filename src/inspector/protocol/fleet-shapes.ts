/**
 * How a fleet is told: its services, instances, decisions and rings, as who runs the fleet answers them,
 * field by field. What is not written here is not told.
 */
import { z } from './words.ts';

const count = z.number().int().nonnegative();
const share = z.number().describe('of 1');

/** What an operator can say to a rollout. */
export const VERB_NAMES = [
  'promote',
  'promoteFull',
  'pause',
  'resume',
  'abort',
  'retry',
  'undo',
  'restart',
] as const;

/**
 * Names of changes, as in `allowedActions`: the method that makes each, and what it is asked with beside
 * the service or the instance.
 */
export const ACTIONS = {
  promote: { method: 'Service.verb', params: { verb: 'promote' } },
  promoteFull: { method: 'Service.verb', params: { verb: 'promoteFull' } },
  pause: { method: 'Service.verb', params: { verb: 'pause' } },
  resume: { method: 'Service.verb', params: { verb: 'resume' } },
  abort: { method: 'Service.verb', params: { verb: 'abort' } },
  retry: { method: 'Service.verb', params: { verb: 'retry' } },
  undo: { method: 'Service.verb', params: { verb: 'undo' } },
  restart: { method: 'Service.verb', params: { verb: 'restart' } },
  hold: { method: 'Service.hold', params: {} },
  unhold: { method: 'Service.hold', params: { count: null } },
  freeze: { method: 'Service.freeze', params: { isFrozen: true } },
  unfreeze: { method: 'Service.freeze', params: { isFrozen: false } },
  release: { method: 'Service.release', params: {} },
  releaseKey: { method: 'Service.release', params: {} },
  replace: { method: 'Instance.replace', params: {} },
  drain: { method: 'Instance.drain', params: {} },
  keep: { method: 'Instance.drain', params: { cancel: true } },
} as const;

/** Of an instance; the others are of a service. */
const INSTANCE_NAMES = ['replace', 'drain', 'keep'] as const;
type InstanceName = (typeof INSTANCE_NAMES)[number];
type ServiceName = Exclude<keyof typeof ACTIONS, InstanceName>;
const SERVICE_NAMES = Object.keys(ACTIONS).filter(
  (name) => !(INSTANCE_NAMES as readonly string[]).includes(name),
) as [ServiceName, ...ServiceName[]];

const revision = z
  .string()
  .describe('another one: something has changed that a person would decide by');

/** A service in a line. */
export const SERVICE = z.strictObject({
  service: z.string(),
  revision,
  kind: z.enum(['sharded', 'stateless']),
  version: z.string().describe('of the stable revision'),
  target: z.string().nullable().describe('version of the target, where it is another one'),
  phase: z.string().describe('of its rollout, such as idle, progressing, paused, aborted'),
  step: z.string().describe('step/steps; empty: none'),
  weight: z.number().describe('percent of the traffic, or of the instances, that the target has'),
  message: z.string(),
  ready: count.describe('instances that serve'),
  wanted: count.describe('instances'),
  demand: count.describe('instances, or shards, that are needed'),
  generation: count.nullable().describe("of its ring's table"),
  routes: count.describe('number of its routes'),
  healing: z.string(),
  isFrozen: z.boolean().describe('by itself, or with the fleet'),
  isFleetFrozen: z.boolean(),
  heldBy: z.string().nullable().describe('an invariant that did not hold'),
  attention: z.array(z.string()).describe('what waits for a human'),
  state: z.enum(['healthy', 'progressing', 'paused', 'aborted', 'attention']),
  allowedActions: z.array(z.enum(SERVICE_NAMES)).describe('that something would come of, now'),
});

/** One instance of a service. */
export const INSTANCE = z.strictObject({
  instance: z.string(),
  zone: z.string(),
  version: z.string(),
  revision: z.string().describe('that it was made of; another word than the revision of a service'),
  state: z.string(),
  forMs: z.number().describe('milliseconds in that state'),
  seenMs: z.number().describe('milliseconds since it was last seen'),
  isEjected: z.boolean().describe('out of the traffic'),
  isGoing: z.boolean(),
  allowedActions: z.array(z.enum(INSTANCE_NAMES)).describe('that something would come of, now'),
});

/** All services. */
export const FLEET = z.strictObject({
  fleet: z.string().nullable().describe('null: none was applied yet'),
  isFrozen: z.boolean().describe('nothing voluntary is done'),
  revision: z.string().describe('another one: it is frozen or not, or has other services'),
  nowMs: z.number().nullable().describe('clock of the decisions; null: there is no service'),
  services: z.array(SERVICE),
});

/** A service, looked at closely. */
export const SERVICE_DETAIL = z.strictObject({
  summary: SERVICE,
  instances: z.array(INSTANCE),
  revisions: z.array(
    z.strictObject({
      id: z.string(),
      version: z.string(),
      role: z.string().describe('stable, target, applied, or several of them'),
      blocked: z.string().nullable().describe('why it is not started by itself'),
    }),
  ),
  autoscale: z
    .strictObject({ hold: z.number().nullable(), wants: z.string() })
    .nullable()
    .describe('null: it does not scale by itself'),
  failures: z.array(
    z.strictObject({
      instance: z.string(),
      signature: z.string(),
      key: z.string().nullable(),
      agoMs: z.number(),
    }),
  ),
  quarantinedKeys: z.array(z.string()).describe('that nobody answers for; see releaseKey'),
  operations: count.describe('that are under way'),
  nowMs: z.number().describe('clock of the decisions'),
  spec: z.unknown().describe('as in the file of the fleet, with its defaults'),
});

/** Who proposes what is decided. */
const PROPOSERS = [
  'operator',
  'rollout',
  'hashring',
  'autoscaler',
  'healer',
  'region',
  'placement',
] as const;

const verdict = z.union([
  z.strictObject({ kind: z.literal('admitted') }),
  z.strictObject({
    kind: z.enum(['delayed', 'refused']),
    rule: z.string(),
    why: z.string(),
    unblock: z.string().describe('what would let it pass'),
  }),
]);

/** A line of the decision log. */
export const DECISION = z.strictObject({
  id: count,
  atMs: z.number().describe('clock of the decisions'),
  lastMs: z.number().describe('when it was last the same'),
  times: count.describe('how often it was the same'),
  who: z.enum(PROPOSERS),
  service: z.string(),
  act: z.looseObject({ kind: z.string() }).describe('with the fields of its kind'),
  why: z.string(),
  inputs: z.array(
    z.strictObject({
      name: z.string(),
      value: z.string(),
      ageMs: z.number(),
      from: z.string().optional(),
    }),
  ),
  alternatives: z.array(z.string()),
  verdict,
  line: z.string().describe('all of it, for people'),
});

/** An instance's load; null: nobody knows. */
export const LOAD = z.strictObject({
  instance: z.string(),
  service: z.string(),
  zone: z.string(),
  version: z.string(),
  pid: z.number().nullable(),
  rate: z.number().nullable().describe('requests a second'),
  errorRatio: z.number().nullable().describe('of 1'),
  p99Ms: z.number().nullable(),
  cores: z.number().nullable(),
  memoryBytes: z.number().nullable(),
});

/** One generation of a ring after another: what moved. */
const RING_STEP = z.strictObject({
  from: count.describe('generation'),
  to: count,
  agoMs: z.number().nullable().describe('milliseconds; null: the log does not say'),
  why: z.string().nullable(),
  slices: count.describe('whose owners are told apart from the table, or are not any more'),
  movedShare: share,
  minimumShare: share.describe('of 1: what any ring would have to move for the new shares'),
  isExact: z.boolean(),
  flows: z
    .array(z.strictObject({ from: z.string(), to: z.string(), share }))
    .describe('of shards, or slots; a dozen at most, the largest first'),
  flowsCount: count.describe('all'),
});

/** A ring that is gone by. */
export const RING = z.strictObject({
  service: z.string(),
  generation: count,
  algorithm: z.string(),
  sections: count.describe('of each member, where the algorithm has such'),
  members: z.array(
    z.strictObject({
      slot: z.string(),
      weight: z.number(),
      owned: z
        .number()
        .nullable()
        .describe(
          'share of 1 of the keys that it, or its shard, owns by the table; null: not measured',
        ),
    }),
  ),
  moved: count.describe('slices that go elsewhere because they are hot'),
  balance: z
    .strictObject({
      imbalance: z.number().describe('the largest share, by the mean of its weight; 1 is ideal'),
      most: z.number().describe('that the service bears before slices are moved'),
      isExact: z.boolean().describe('over the whole table, and not over fixed keys'),
    })
    .nullable()
    .describe('null: not measured'),
  changes: z
    .array(RING_STEP)
    .describe('the last eight that are known, the newest first; each is measured once'),
});

/** Who answers for a key. */
export const OWNERS = z.strictObject({
  service: z.string(),
  key: z.string(),
  generation: count,
  owners: z
    .array(z.strictObject({ slot: z.string(), instance: z.string().nullable() }))
    .describe('the first to ask first; instance null: nobody serves there'),
});

/** What a change of a ring's size would move. */
export const RING_CHANGE = z.strictObject({
  before: count,
  after: count,
  expectedShare: share,
  isWithin: z.boolean(),
  movedShare: share,
});

/** What became of a change. */
export const CHANGE = z.strictObject({
  isDone: z.boolean().describe('false: a dry run, or it is delayed'),
  isDryRun: z.boolean(),
  outcome: z.enum(['admitted', 'delayed']).describe('delayed: it is tried again for a minute'),
  note: z.string().describe('what the rollout, or the rule that delays it, says'),
  revision: z.string().describe('of the service, or of the fleet, after it'),
});
