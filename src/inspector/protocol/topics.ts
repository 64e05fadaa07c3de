/**
 * What can be subscribed to: each topic is a table by key, and a subscriber is told its rows as they are now
 * (a snapshot), then which have changed or gone. Rows of `actors` are columns in binary (columns.ts), those
 * of the others are JSON.
 */
import type { Role } from '../access/roles.ts';
import { DECISION, SERVICE } from './fleet-shapes.ts';
import { z } from './words.ts';

const count = z.number().int().nonnegative();
const share = z.number().describe('of 1');
const latency = z.number().nullable().describe('microseconds; null: nothing was measured');

/** A counted distribution of microseconds: element 4·o + s: those from 2^o · (1 + s/4) on. */
const histogram = z.array(count);

const system = z.strictObject({
  verdict: z.enum(['healthy', 'attention']),
  because: z.array(z.string()).describe('what needs somebody; empty when healthy'),
  actors: count,
  threads: count,
  handledPerSecond: z.number(),
  p50WaitUs: latency.describe('in the mailbox, over a minute'),
  p99WaitUs: latency,
  restartsPerMinute: z.number(),
  deadLetters: count,
  lost: count.describe('messages that died with a thread'),
  inFlight: z.number(),
});

const thread = z.strictObject({
  thread: count,
  actors: count,
  handledPerSecond: z.number(),
  utilisation: share.describe('of the last second, in handlers'),
  fill: share.describe('of the fullest ring to it'),
  replaced: count.describe('how often it had to be replaced'),
});

const pulse = z.strictObject({
  atMs: z.number().describe('end of the second; clock of System.hello'),
  handled: count,
  crashes: count,
  restarts: count,
  deadLetters: count,
  waits: histogram.describe('times in the mailbox, of samples'),
  utilisation: z.array(share).describe('by thread, from 0'),
  fill: z.array(share).describe('of the fullest ring to each thread, from 0'),
});

const failure = z.strictObject({
  name: z.string(),
  message: z.string(),
  stack: z.string(),
  causes: z.array(z.strictObject({ name: z.string(), message: z.string() })),
});

const event = z.strictObject({
  atMs: z.number().describe('clock of System.hello'),
  kind: z.string().describe('such as actor-crashed, thread-lost'),
  path: z.string().nullable(),
  thread: count.nullable(),
  text: z.string().describe('in a line'),
  failure: failure.nullable(),
});

/** A message that nobody handled. */
export const DEAD_LETTER = z.strictObject({
  thread: count.describe('where it died'),
  path: z.string(),
  message: z.string().describe('its name; what it carried is not shown'),
  reason: z.string(),
});

/** One topic. */
export type TopicWords<V extends z.ZodType> = {
  readonly about: string;
  readonly role: Role;
  /** What its keys are. */
  readonly keys: string;
  /** Null: rows are columns, in binary. */
  readonly value: V;
};

function topic<V extends z.ZodType>(words: TopicWords<V>): TopicWords<V> {
  return words;
}

/** All topics. */
export const TOPICS = {
  system: topic({
    about: 'The whole system in one row: is it well, and how much does it do.',
    role: 'viewer',
    keys: '`now`',
    value: system,
  }),
  threads: topic({ about: 'Its threads.', role: 'viewer', keys: 'thread number', value: thread }),
  pulse: topic({
    about: 'The last five minutes, second by second.',
    role: 'viewer',
    keys: 'number of the second',
    value: pulse,
  }),
  events: topic({
    about: 'The last thousand things that happened: crashes with their causes, lost threads.',
    role: 'viewer',
    keys: 'number of the event',
    value: event,
  }),
  deadLetters: topic({
    about: 'The last messages that nobody handled; of a storm a part.',
    role: 'viewer',
    keys: 'number of the letter',
    value: DEAD_LETTER,
  }),
  services: topic({
    about:
      'Of a fleet: its services. `allowedActions` of a row are for whoever may do anything: those whose ' +
      'method is not in `methods` of System.hello are not for this role.',
    role: 'viewer',
    keys: 'name of the service',
    value: SERVICE,
  }),
  decisions: topic({
    about: 'Of a fleet: the last five hundred decisions, refused and delayed ones too.',
    role: 'viewer',
    keys: 'id of the decision',
    value: DECISION,
  }),
  actors: topic({
    about: 'All named actors with their figures, as binary columns.',
    role: 'viewer',
    keys: 'row number',
    value: z.null(),
  }),
} as const;

/** Name of a topic. */
export type TopicName = keyof typeof TOPICS;
/** Whether a topic needs a fleet. */
export function isFleetTopic(name: TopicName): boolean {
  return name === 'services' || name === 'decisions';
}
/** A row of it. */
export type RowOf<T extends TopicName> = z.infer<(typeof TOPICS)[T]['value']>;
/** All names, as the schema needs them. */
export const TOPIC_NAMES = Object.keys(TOPICS) as [TopicName, ...TopicName[]];
