/** What is done about instances that are not well, and when nothing is done. */

import { duration, integer, number, percent, positiveDuration } from './scalars.ts';
import { z } from './schema.ts';

/** `heal` of a service. */
export const healSchema = z
  .strictObject({
    maxUnhealthy: percent
      .prefault('20%')
      .describe(
        'Above max(1, this) nothing is remedied any more: it is not the instances. Higher: bolder.',
      ),
    remedyMax: percent
      .prefault('10%')
      .describe('At most max(1, this) are being remedied. Higher: faster, more at risk at once.'),
    unreadyFor: positiveDuration
      .prefault('2m')
      .describe('Unready for so long, it is replaced. Longer: more patience with slow recovery.'),
    backoff: z
      .strictObject({
        first: positiveDuration.prefault('10s').describe('Before the second restart.'),
        max: positiveDuration.prefault('300s').describe('Never longer.'),
        reset: positiveDuration
          .prefault('10m')
          .describe('So long without an end makes the next the first.'),
      })
      .prefault({})
      .describe('Between restarts, and between replacements, of one instance; doubles.'),
    ejection: z
      .strictObject({
        consecutiveErrors: integer(1, 1000)
          .prefault(5)
          .describe('In a row, before it gets no traffic.'),
        deviations: number(0.5, 10)
          .prefault(1.9)
          .describe('Standard deviations below the mean success rate.'),
        minMembers: integer(2, 1000).prefault(5).describe('Fewer are not compared.'),
        minRequests: integer(1, 1_000_000).prefault(100).describe('Fewer of one are not compared.'),
        time: positiveDuration.prefault('30s').describe('Out of traffic; times how often it was.'),
        maxEjected: percent.prefault('10%').describe('At most max(1, this) are out.'),
      })
      .prefault({})
      .describe('Taking instances out of the traffic by what their callers see.'),
    slow: z
      .strictObject({
        factor: number(1.1, 100)
          .prefault(3)
          .describe("Of its peers' latency, from which it is slow."),
        sustain: duration.prefault('60s').describe('For so long.'),
      })
      .prefault({})
      .describe('Instances that say they are well and are not.'),
  })
  .prefault({});
