/** What a system counts of itself, as metrics: of threads, of the ways between them, of named actors. */
import type { ActorFigures } from '../host/seat-memory.ts';
import type { Counters, SystemFigures } from './figures.ts';
import { counter, gauge, type MetricFamily, type MetricSample } from './metric-family.ts';

/** Of one actor that has a name. */
export type NamedFigures = { readonly path: string; readonly figures: ActorFigures };

const ofThreads =
  (read: (counters: Counters) => number) =>
  ({ threads }: SystemFigures): readonly MetricSample[] =>
    threads.map(({ thread, counters }) => [{ thread: String(thread) }, read(counters)]);

/** Reasons of dead letters and the field of each. */
const DEAD_LETTERS: readonly (readonly [string, keyof Counters])[] = [
  ['stopped', 'deadStopped'],
  ['crashed', 'deadCrashed'],
  ['expired', 'deadExpired'],
  ['unknown', 'deadUnknown'],
  ['dropped-newest', 'deadDroppedNewest'],
  ['dropped-oldest', 'deadDroppedOldest'],
  ['overflow', 'deadOverflow'],
  ['nobody', 'deadNobody'],
];

/** Counters of a thread begin anew when it is replaced. */
export const SYSTEM_FAMILIES: readonly MetricFamily<SystemFigures>[] = [
  counter(
    'messages_accepted_total',
    'Messages taken into mailboxes from the same thread.',
    ofThreads((counters) => counters.accepted),
  ),
  counter(
    'messages_handled_total',
    'Messages handled.',
    ofThreads((counters) => counters.handled),
  ),
  counter(
    'actor_crashes_total',
    'Handlers that threw.',
    ofThreads((counters) => counters.crashes),
  ),
  counter(
    'actor_restarts_total',
    'Incarnations after the first.',
    ofThreads((counters) => counters.restarts),
  ),
  counter(
    'actors_spawned_total',
    'Actors spawned.',
    ofThreads((counters) => counters.spawned),
  ),
  counter(
    'asks_total',
    'Questions asked.',
    ofThreads((counters) => counters.asks),
  ),
  counter(
    'ask_timeouts_total',
    'Questions that got no answer in time.',
    ofThreads((counters) => counters.askTimeouts),
  ),
  counter(
    'wakes_total',
    'Times that the thread was woken by another.',
    ofThreads((counters) => counters.wakes),
  ),
  counter(
    'late_effects_total',
    'Calls of incarnations that had ended.',
    ofThreads((counters) => counters.lateEffects),
  ),
  counter('dead_letters_total', 'Accepted messages that nobody handled, by reason.', ({ total }) =>
    DEAD_LETTERS.map(([reason, field]) => [{ reason }, total[field]]),
  ),
  counter(
    'thread_busy_seconds_total',
    'Time in which the thread handled messages.',
    ofThreads((counters) => counters.busyMs / 1000),
  ),
  gauge(
    'actors',
    'Actors there are.',
    ofThreads((counters) => counters.actors),
  ),
  gauge('ring_fill_ratio', 'How full the way between two threads is.', ({ rings }) =>
    rings.map(({ from, to, data }) => [{ from: String(from), to: String(to) }, data]),
  ),
];

/** One series an actor: only for who asked for them. */
export const ACTOR_FAMILIES: readonly MetricFamily<readonly NamedFigures[]>[] = [
  gauge('actor_mailbox_depth', 'Messages that wait for a named actor.', (list) =>
    list.map(({ path, figures }) => [{ path }, figures.depth]),
  ),
  counter('actor_handled_total', 'Messages that a named actor has handled.', (list) =>
    list.map(({ path, figures }) => [{ path }, figures.handled]),
  ),
  gauge(
    'actor_wait_seconds',
    'Mean time in the mailbox of the messages that were sampled.',
    (list) =>
      list.flatMap(({ path, figures: { waitUs } }) =>
        waitUs < 0 ? [] : [[{ path }, waitUs / 1e6]],
      ),
  ),
];
