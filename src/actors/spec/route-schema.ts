/**
 * How requests reach a service through the routers: where they listen, what a request's key is, how long
 * an answer may take and how often a failed one is asked again. No part of the revision.
 */
import { httpPath, integer, percent, positiveDuration } from './scalars.ts';
import { z } from './schema.ts';

/** Where routers listen for services that do not say. */
const PORT_DEFAULT = 8080;
const SEGMENTS_MAX = 31;

const key = z.union([
  z.strictObject({
    header: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,64}$/)
      .describe('Its value is the key.'),
  }),
  z.strictObject({
    segment: integer(0, SEGMENTS_MAX).describe('This segment of the path is the key; from 0.'),
  }),
  z.literal('client'),
]);

const retries = z
  .strictObject({
    budget: percent
      .prefault('20%')
      .describe(
        'Of the requests: so many may be asked again. Higher: more is saved, and more load when much fails.',
      ),
    max: integer(0, 5)
      .prefault(1)
      .describe('Of one request. More: later answers when everybody fails.'),
  })
  .prefault({});

/** `route` of a service. */
export const routeSchema = z.strictObject({
  port: integer(1, 65_535).prefault(PORT_DEFAULT).describe('Where routers listen for it.'),
  host: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/)
    .optional()
    .describe('Only requests for this host. Default: any.'),
  path: httpPath.optional().describe('Only paths below this one, by whole segments. Default: any.'),
  key: key
    .optional()
    .describe('What decides who is asked: a header, a segment of the path, or the client address.'),
  timeout: positiveDuration
    .prefault('30s')
    .describe(
      'Without a byte of the answer for so long, it is given up. Longer: slow instances hold requests.',
    ),
  retries: retries.describe('When a request is asked again, where that is safe.'),
});
