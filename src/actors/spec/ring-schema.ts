/** Who owns which key. */

import { duration, integer, name, number, percent, positiveDuration } from './scalars.ts';
import { z } from './schema.ts';

const shuffle = z.strictObject({
  shardSize: integer(1, 100_000).describe('Members that one tenant uses.'),
  overrides: z
    .array(
      z.strictObject({
        tenants: z.array(z.string().min(1)).min(1).max(10_000).describe('Tenants, or patterns.'),
        matcher: z.enum(['exact', 'glob']).prefault('exact').describe('How they are read.'),
        shardSize: integer(1, 100_000).describe('Members for these.'),
      }),
    )
    .max(1000)
    .prefault([])
    .describe('The first that matches wins.'),
});

const hotKeys = z
  .strictObject({
    enabled: z
      .boolean()
      .prefault(false)
      .describe('Move, split or replicate slices that are too hot.'),
    tolerance: percent
      .prefault('10%')
      .describe('Load above the mean that is borne. Higher: fewer moves, less even.'),
    churnPerHour: percent
      .prefault('5%')
      .describe('Share of the keys that may move in an hour. Higher: evener, colder caches.'),
  })
  .prefault({});

/** `ring` of a service; a stateless one that does not say it has none. */
export const ringSchema = z.strictObject({
  algorithm: z
    .enum(['ketama', 'rendezvous', 'maglev', 'jump'])
    .prefault('ketama')
    .describe('How keys find members.'),
  sections: integer(1, 10_000)
    .prefault(1000)
    .describe('Of each member, for ketama. More: evener, more memory.'),
  weights: z.record(name, number(0.01, 100)).prefault({}).describe('By zone; default 1.'),
  boundedLoad: number(1.01, 10)
    .optional()
    .describe('No member gets more than so many times the mean. Stateless services only.'),
  retain: duration.prefault('0s').describe('Readers ask the former owner for so long.'),
  acknowledge: positiveDuration
    .prefault('30s')
    .describe('A router that is silent for so long is asked about; nobody is stopped meanwhile.'),
  shrinkMax: percent
    .prefault('34%')
    .describe(
      'A ring that would lose more at once is not published (but one shard always may go).',
    ),
  hotKeys: hotKeys.describe('What is done about keys that are much hotter than others.'),
  shuffle: shuffle.optional().describe('Tenants that use a part of the members each.'),
  exportThanos: z
    .string()
    .min(1)
    .optional()
    .describe('File that is kept in the format of Thanos Receive.'),
});
