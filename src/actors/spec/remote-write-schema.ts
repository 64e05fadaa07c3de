/** Which series that senders write to the host are a service's. No part of its revision. */

import { positiveDuration } from './scalars.ts';
import { z } from './schema.ts';

const LABELS_MAX = 16;
const METRICS_MAX = 64;

/** `remoteWrite` of a service. */
export const remoteWriteSchema = z.strictObject({
  match: z
    .record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.string().min(1).max(1024))
    .refine((labels) => Object.keys(labels).length > 0, { error: 'expected a label at least' })
    .refine((labels) => Object.keys(labels).length <= LABELS_MAX, {
      error: `expected at most ${LABELS_MAX} labels`,
    })
    .describe('Labels, with their values, that a series has if it is of this service.'),
  metrics: z
    .array(z.string().regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/))
    .max(METRICS_MAX)
    .prefault([])
    .describe('Metrics that come from there. Default: all that instances would be scraped for.'),
  interval: positiveDuration
    .prefault('15s')
    .describe(
      'Between two samples of a series. A value holds for two. Longer: later seen that nobody writes.',
    ),
  tenant: z.string().max(150).prefault('').describe('Whose series: X-Scope-OrgID of the sender.'),
});
