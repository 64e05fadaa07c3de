/** What is different between two moments, by topic: from A to B, whichever is the later one. Pure. */
import type { RowOf } from '../../protocol/topics.ts';
import type { TableTopic } from '../tables/table-topic.ts';
import { type ActorChange, actorChanges } from './actor-changes.ts';
import { type FigureChange, systemChanges, threadChanges } from './figure-changes.ts';
import { type Between, between, type KindChange, kindChanges } from './happened.ts';
import type { Moment } from './moment.ts';
import { type ServiceChange, serviceChanges } from './service-changes.ts';

/** Topics whose rows happen. */
export type HappeningTopic = 'events' | 'deadLetters' | 'decisions';

/** Of one of them: the rows themselves in one run of a server, or how many of which kind in two. */
export type Happenings<T extends HappeningTopic> =
  | ({ readonly isOneRun: true } & Between<RowOf<T>>)
  | { readonly isOneRun: false; readonly kinds: readonly KindChange[] };

/** All of it. */
export type Differences = {
  readonly figures: readonly FigureChange[];
  readonly services: readonly ServiceChange[];
  readonly actors: readonly ActorChange[];
  /** Rates of actors are known at both moments. */
  readonly hasRates: boolean;
  readonly events: Happenings<'events'>;
  readonly deadLetters: Happenings<'deadLetters'>;
  readonly decisions: Happenings<'decisions'>;
};

/** From `a` to `b`. */
export function differencesOf(a: Moment, b: Moment): Differences {
  const both = <T extends TableTopic>(topic: T) => [a.rows(topic), b.rows(topic)] as const;
  const [systemA, systemB] = both('system');
  return {
    figures: [
      ...systemChanges(systemA.get('now'), systemB.get('now')),
      ...threadChanges(...both('threads')),
    ],
    services: serviceChanges(...both('services')),
    actors: actorChanges(a.actors, b.actors),
    hasRates: a.actors.hasRates && b.actors.hasRates,
    events: happenings(a, b, { topic: 'events', kindOf: ({ kind }) => kind }),
    deadLetters: happenings(a, b, { topic: 'deadLetters', kindOf: ({ reason }) => reason }),
    decisions: happenings(a, b, {
      topic: 'decisions',
      kindOf: ({ service, act, verdict }) => `${service}: ${act.kind}, ${verdict.kind}`,
      isAgain: (old, row) => row.times > old.times,
    }),
  };
}

type Happening<T extends HappeningTopic> = {
  readonly topic: T;
  readonly kindOf: (row: RowOf<T>) => string;
  readonly isAgain?: (old: RowOf<T>, row: RowOf<T>) => boolean;
};

function happenings<T extends HappeningTopic>(
  a: Moment,
  b: Moment,
  { topic, kindOf, isAgain }: Happening<T>,
): Happenings<T> {
  const isOneRun = a.epoch === b.epoch;
  if (!isOneRun) return { isOneRun, kinds: kindChanges(a.rows(topic), b.rows(topic), kindOf) };
  const [earlier, later] = a.atMs <= b.atMs ? [a, b] : [b, a];
  return { isOneRun, ...between(earlier.rows(topic), later.rows(topic), isAgain) };
}
