/**
 * The protocol `ringmaster.inspect.v1`, whole: methods, events, errors, limits. The one source: types, the
 * table of permissions, docs/inspector-protocol.md and the fuzz test are made of it. Minor versions only add.
 */
import { ROLES } from '../access/roles.ts';
import { WISH } from './change-words.ts';
import { FINDING } from './finding.ts';
import { FLEET_METHODS } from './fleet-methods.ts';
import { METRIC_METHODS, SERIES_MAX } from './metric-words.ts';
import { DEAD_LETTER, TOPIC_NAMES } from './topics.ts';
import { TRACE_LIMITS, TRACE_METHODS } from './trace-words.ts';
import { method, z } from './words.ts';

/** Subprotocol of the socket, and its version. */
export const PROTOCOL = { name: 'ringmaster.inspect.v1', major: 1, minor: 0 } as const;

/** Limits of a connection; told by `System.hello`. */
export const LIMITS = {
  /** Bytes of one message to the server. */
  messageBytes: 256 * 1024,
  /** Frames of one message. */
  fragments: 256,
  /** Objects and lists inside each other. */
  depth: 64,
  /** Questions of one connection that have no answer yet. */
  questions: 64,
  /** Actors in one answer. */
  actors: 1000,
  /** Series of a metric in one answer. */
  series: SERIES_MAX,
  /** Subscriptions of one connection. */
  subscriptions: 32,
  /** Frames of one subscription in a second. */
  hz: 30,
  /** Bytes of one frame, about: what is more comes in several parts. */
  frameBytes: 256 * 1024,
  /** Frames of one subscription that were not acknowledged; before the oldest is, no other is sent. */
  unacknowledged: 2,
  /** Actors that are measured at a time, by all clients together. */
  measurements: 8,
  ...TRACE_LIMITS,
} as const;

/** Why a question has no result. Numbers as in JSON-RPC where it has one. */
export const ERRORS = {
  unreadable: {
    code: -32700,
    about: 'the text is no JSON, too deep, or holds a key that is never accepted',
  },
  malformed: { code: -32600, about: 'it is no question: an id, a method, params' },
  'unknown-method': {
    code: -32601,
    about: 'there is no such method; a newer minor version may have it',
  },
  params: { code: -32602, about: 'the params are not what the method takes' },
  internal: { code: -32603, about: 'the server failed; its log says why' },
  'hello-first': { code: 1, about: 'the first question has to be System.hello' },
  version: { code: 2, about: 'the client speaks another major version' },
  forbidden: { code: 3, about: 'the role may not do this' },
  busy: { code: 4, about: 'too many questions are open; wait for answers' },
  gone: { code: 5, about: 'what is asked about does not exist any more' },
  conflict: { code: 6, about: 'it has changed since the revision that was given; look again' },
  refused: { code: 7, about: 'it cannot be done as things are; the message says why' },
  unsupported: { code: 8, about: 'this server has nothing of the kind, such as no fleet' },
} as const;

/** Name of an error. */
export type ErrorName = keyof typeof ERRORS;

const count = z.number().int().nonnegative();
const role = z.enum(ROLES);
const version = z.strictObject({
  major: count.describe("has to be the server's"),
  minor: count.describe('of whoever says it'),
});

const part = z.number().describe('of 1');
const counters = z.record(z.string(), z.number()).describe('by name, as in `system.figures()`');

const actor = z.strictObject({
  path: z.string(),
  thread: count,
  handled: count.describe('messages'),
  depth: count.describe('messages in its mailbox'),
  restarts: count,
  waitUs: z
    .number()
    .nullable()
    .describe('mean time in the mailbox, of samples; null before the first'),
});

const quantile = z.number().nullable().describe('microseconds; null: nothing was handled');
const times = z.strictObject({
  p50Us: quantile,
  p99Us: quantile,
  p999Us: quantile,
  counts: z.array(count).describe('element 4·o + s: those from 2^o · (1 + s/4) microseconds on'),
});

const actorOrder = z.enum(['path', 'depth', 'handled', 'restarts', 'waitUs']);

/** Every method. */
export const METHODS = {
  'System.hello': method({
    about:
      'The first question of a connection: versions, the role, limits, the methods of the role.',
    role: 'viewer',
    params: z.strictObject({ protocol: version, client: z.string().max(100).optional() }),
    result: z.strictObject({
      protocol: version,
      epoch: z.string().describe('another one: the server was started anew'),
      role,
      nowMs: z.number().describe('clock that everything is dated by: milliseconds of the server'),
      nowIso: z.string().describe('the same moment by the calendar, for people'),
      methods: z.array(z.string()).describe('that this role may call'),
      limits: z.record(z.string(), count),
    }),
  }),
  'System.figures': method({
    about: 'Counters of every thread and of the whole system; late by a turn.',
    role: 'viewer',
    params: z.strictObject({}),
    result: z.strictObject({
      threads: z.array(z.strictObject({ thread: count, counters })),
      total: counters,
      inFlight: z.number(),
      deadLetters: count,
      lost: count,
      rings: z.array(z.strictObject({ from: count, to: count, data: part, control: part })),
    }),
  }),
  'System.diagnose': method({
    about:
      'What is wrong with the actor system, with the evidence and the next command; empty: nothing.',
    role: 'viewer',
    params: z.strictObject({}),
    result: z.strictObject({ findings: z.array(FINDING) }),
  }),
  'Actors.list': method({
    about: 'Named actors with their figures, the first of an order; ties by path.',
    role: 'viewer',
    params: z.strictObject({
      contains: z.string().max(200).optional().describe('in the path'),
      order: actorOrder.optional().describe('numbers: the highest first; default path'),
      limit: z.number().int().min(1).max(LIMITS.actors).optional().describe('default 100'),
    }),
    result: z.strictObject({ actors: z.array(actor), matching: count, all: count }),
  }),
  'Actors.measure': method({
    about:
      'How long messages of one actor wait and take, of the last minute at most. The first question begins ' +
      'to measure it; that ends when nobody has asked for ten seconds.',
    role: 'viewer',
    params: z.strictObject({ path: z.string().min(1).max(1000) }),
    result: z.strictObject({
      forMs: z.number().describe('milliseconds that it was measured for'),
      messages: count,
      failed: count,
      wait: times.describe('in its mailbox, from the arrival on its thread on'),
      took: times.describe('in its handlers, with the promises that they gave'),
    }),
  }),
  'Actors.stop': method({
    about: 'Ends an actor after its current message. Its supervisor forgets it.',
    role: 'admin',
    params: z.strictObject({
      path: z.string().min(1).max(1000),
      ...WISH,
    }),
    result: z.strictObject({ isDone: z.boolean(), isDryRun: z.boolean() }),
  }),
  'Topics.subscribe': method({
    about:
      'From now on the connection is told a topic: `Topics.changed` events, or binary frames for `actors`. ' +
      'First a snapshot (from 0), then what has changed, in ranges (from, to]. `actors` once for a ' +
      'connection.',
    role: 'viewer',
    params: z.strictObject({
      topic: z.enum(TOPIC_NAMES),
      hz: z.number().int().min(1).max(LIMITS.hz).optional().describe('frames a second; default 10'),
      resume: z
        .strictObject({ epoch: z.string().max(100), at: count })
        .optional()
        .describe('of an earlier connection: only what has changed since, where that is known'),
    }),
    result: z.strictObject({ sub: count, hz: count }),
  }),
  'Topics.unsubscribe': method({
    about: 'Ends a subscription; frames that are under way may still come.',
    role: 'viewer',
    params: z.strictObject({ sub: count }),
    result: z.strictObject({}),
  }),
  'Topics.acknowledge': method({
    about:
      'Every frame is to be acknowledged when it was taken in: that is how the server keeps pace.',
    role: 'viewer',
    params: z.strictObject({ sub: count, frame: count }),
    result: z.strictObject({}),
  }),
  ...TRACE_METHODS,
  'DeadLetters.last': method({
    about: 'The last messages that nobody handled; what they carried is not shown.',
    role: 'viewer',
    params: z.strictObject({}),
    result: z.strictObject({ letters: z.array(DEAD_LETTER) }),
  }),
  ...METRIC_METHODS,
  ...FLEET_METHODS,
} as const;

/** Name of a method. */
export type MethodName = keyof typeof METHODS;
/** What a method takes. */
export type ParamsOf<M extends MethodName> = z.infer<(typeof METHODS)[M]['params']>;
/** What a method answers. */
export type ResultOf<M extends MethodName> = z.infer<(typeof METHODS)[M]['result']>;

/** Told without being asked. Parts of one range come in order; `isLast` ends it. */
export const CHANGED = z.strictObject({
  method: z.literal('Topics.changed'),
  params: z.strictObject({
    set: z.record(z.string(), z.unknown()).describe('rows that are new or other than before'),
    gone: z.array(z.string()).describe('keys of rows that are no more'),
  }),
  sub: count,
  frame: count.describe('counts up from 1; to be acknowledged'),
  from: count.describe('0: a snapshot; what was known before is void'),
  to: count,
  isFirst: z.boolean(),
  isLast: z.boolean(),
});
/** An event with rows. */
export type Changed = z.infer<typeof CHANGED>;

/** From a client. */
export type Question = { readonly id: number; readonly method: string; readonly params: unknown };
/** To a client. */
export type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number | null; readonly error: AnswerError };
/** Why there is no result. */
export type AnswerError = {
  readonly code: number;
  readonly name: ErrorName;
  readonly message: string;
};
