/** Traces in the protocol: the messages of one actor, told live to one connection, within a budget. */
import { method, z } from './words.ts';

const count = z.number().int().nonnegative();

/** Budgets at most. */
export const TRACE_LIMITS = {
  /** Messages of one trace. */
  traceMessages: 10_000,
  /** Messages of one trace in a second. */
  tracePerSecond: 1000,
  /** Milliseconds of one trace. */
  traceMs: 600_000,
  /** Traces of one connection. */
  traces: 4,
} as const;

const traced = z.strictObject({
  name: z.string(),
  incarnation: count.describe('of its actor: counts up with each restart'),
  atMs: z.number().describe('milliseconds since the trace began'),
  tookMs: z.number().describe('until its handler was done, with its promise'),
  depth: count.describe('messages that waited when the handler began'),
  outcome: z.enum(['done', 'failed']),
  error: z.string().nullable(),
  payload: z
    .string()
    .nullable()
    .describe('as it was asked for; null where it was not, or cannot be'),
});

/** Told to whoever has started a trace. */
export const TRACED = z.strictObject({
  method: z.literal('Trace.messages'),
  trace: count,
  params: z.strictObject({
    actor: z
      .strictObject({
        url: z.string().describe('module of its definition'),
        name: z.string().describe('of the export'),
        args: z.string().nullable().describe('what it was started with, as payloads are told'),
        incarnation: count,
        isMidway: z.boolean().describe('it may have handled messages before'),
      })
      .nullable()
      .describe('whom it listens to; in its first event'),
    messages: z.array(traced),
    skipped: count.describe('beyond its rate, or not read in time'),
    end: z
      .enum(['max', 'ttl', 'stopped', 'asked'])
      .nullable()
      .describe('why it is over; null: it goes on'),
  }),
});

/** What a trace tells. */
export type TraceEvent = z.infer<typeof TRACED>;

/** Methods about traces. */
export const TRACE_METHODS = {
  'Trace.start': method({
    about:
      'The messages of an actor from now on, as `Trace.messages` events, within a budget that has to be ' +
      'said; it ends with the connection. An actor that nobody traces pays nothing.',
    role: 'operator',
    params: z.strictObject({
      path: z.string().min(1).max(1000),
      max: z.number().int().min(1).max(TRACE_LIMITS.traceMessages).describe('messages in all'),
      perSecond: z.number().int().min(1).max(TRACE_LIMITS.tracePerSecond),
      ttlMs: z.number().int().min(1).max(TRACE_LIMITS.traceMs),
      payloads: z
        .enum(['text', 'source'])
        .optional()
        .describe(
          'what messages carried, as text or as a JavaScript expression; for an admin, where the ' +
            'server was started so',
        ),
    }),
    result: z.strictObject({ trace: count }),
  }),
  'Trace.stop': method({
    about: 'Ends a trace; its last event says so.',
    role: 'operator',
    params: z.strictObject({ trace: count }),
    result: z.strictObject({}),
  }),
} as const;
