/** How a fleet's leader and its regions are told. */
import { z } from './words.ts';

const count = z.number().int().nonnegative();
const ms = z.number();

/** Who leads. */
export const LEADER = z.strictObject({
  machine: z.string(),
  pid: count,
  token: count.describe('its fencing token: greater than that of every leader before'),
  key: z.string().describe('what is led, in the store'),
  ledForMs: ms.describe('milliseconds'),
  ttlMs: ms.describe(
    'of its lease, milliseconds: without a sign of life for so long it leads no more',
  ),
  renewedAgoMs: ms.describe('milliseconds since its lease was renewed'),
  leftMs: ms.describe('milliseconds until its lease ends, unless it is renewed before'),
  leadersCount: count.describe('that were written down'),
  leaders: z
    .array(
      z.strictObject({
        machine: z.string(),
        pid: count,
        token: count,
        sinceIso: z.string().describe('by the calendar of its machine'),
        agoMs: ms.describe('milliseconds since then'),
      }),
    )
    .describe('the last twenty, the newest first; the first one leads'),
});

const region = z.strictObject({
  region: z.string(),
  isHere: z.boolean().describe('led by this host'),
  forecast: z
    .number()
    .nullable()
    .describe('load that it has to be able to carry; null: the peak of the last hour, and a fifth'),
  zones: z.array(
    z.strictObject({
      zone: z.string(),
      instances: count.nullable().describe('null: it is not here'),
      ready: count.nullable(),
    }),
  ),
  services: z
    .array(
      z.strictObject({
        service: z.string(),
        unit: z.enum(['instance', 'shard']).describe('of the two numbers'),
        needed: count,
        serving: count,
        waits: z.array(z.string()).describe("for this region's turn, and what ends that"),
      }),
    )
    .nullable()
    .describe('two hundred at most; null: it is not here, and has a host of its own'),
});

const reservation = z.strictObject({
  kind: z.enum(['shrink', 'wave']),
  leftMs: ms.describe('milliseconds that it is good for'),
  floors: z
    .array(z.strictObject({ service: z.string(), count }))
    .describe('how far down each service may go; empty: wherever it wants'),
});

/** All regions of a fleet. */
export const REGIONS = z.strictObject({
  fleet: z.string().nullable().describe('null: none was applied yet'),
  regions: z.array(region),
  reservations: z
    .array(reservation)
    .nullable()
    .describe('what this region may do for a while; null: it needs no leave of others'),
});
