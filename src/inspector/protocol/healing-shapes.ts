/** How healing is told: of each service, who is unwell and what comes of it. */
import { INSTANCE, SERVICE } from './fleet-shapes.ts';
import { z } from './words.ts';

const count = z.number().int().nonnegative();
const ms = z.number().describe('milliseconds');

/**
 * What is done about one that is not well; `Treatment` of the control plane's door says what each means.
 */
const TREATMENTS = [
  'replacing',
  'next',
  'queued',
  'backoff',
  'restarting',
  'asking',
  'blocked',
  'spared',
  'watched',
] as const;

const unwell = z.strictObject({
  slot: z.string(),
  zone: z.string(),
  instance: z.string().nullable().describe('null: nobody is there'),
  state: z.string().nullable(),
  forMs: z.number().nullable().describe('milliseconds in that state'),
  cause: z.string(),
  treatment: z.enum(TREATMENTS),
  waitMs: z
    .number()
    .nullable()
    .describe('milliseconds until the next is done; null: no time ends it'),
  times: count.describe('that it has ended, or was replaced, in a row'),
  allowedActions: INSTANCE.shape.allowedActions,
});

const counts = z.strictObject({
  members: count,
  unwell: count,
  unwellMax: count.describe('of more, nobody is replaced: it is not the members'),
  remedied: count.describe('are being replaced'),
  remediedMax: count.describe('at once'),
  ejected: count.describe('are out of the traffic'),
  ejectedMax: count,
});

const service = z.strictObject({
  service: z.string(),
  revision: SERVICE.shape.revision,
  mode: z
    .enum(['healthy', 'remedying', 'watching', 'panic', 'blind'])
    .describe('panic, blind: nobody is replaced'),
  status: z.string().describe('what the healer says of itself'),
  isFrozen: z.boolean().describe('nothing voluntary is done'),
  heldBy: z.string().nullable().describe('an invariant that did not hold'),
  unwell: z
    .array(unwell)
    .describe(
      'a hundred of them at most, and of all services five hundred; the number of all is in counts',
    ),
  counts,
  spare: z.strictObject({
    count: count.describe('instances that may be taken away now, by the disruption budget'),
    why: z.string().describe('no more may be; empty: all may'),
    unblock: z.string(),
  }),
  ejections: z.array(
    z.strictObject({
      instance: z.string(),
      why: z.string(),
      times: count,
      leftMs: ms.describe('milliseconds until it may come back'),
    }),
  ),
  keys: z
    .array(
      z.strictObject({
        key: z.string(),
        forMs: ms,
        triedMs: ms.describe('milliseconds until it is tried again by itself'),
        ends: count.describe('of instances that were working on it'),
        signature: z.string().nullable().describe('of the last of these ends'),
      }),
    )
    .describe('that nobody answers for; as many at most'),
  keysCount: count,
  blocked: z
    .array(z.strictObject({ revision: z.string(), version: z.string(), why: z.string() }))
    .describe('revisions that are wanted, and are not started by themselves any more'),
  allowedActions: SERVICE.shape.allowedActions.describe(
    'release and releaseKey, where they would do',
  ),
});

/** Services that are unwell come first. */
export const HEALING = z.strictObject({
  services: z.array(service).describe('two hundred of them at most'),
  servicesCount: count.describe('all'),
});
