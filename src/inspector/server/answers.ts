/** What answers each method: the source is asked; whatever changes something goes by changes.ts. */
import type { AuditLog } from '../access/audit-log.ts';
import type { Answerers } from '../protocol/conversation.ts';
import { Refused } from '../protocol/refused.ts';
import type { ParamsOf, ResultOf } from '../protocol/schema.ts';
import { Changes } from './changes.ts';
import { fleetAnswersOf } from './fleet-answers.ts';
import { metricAnswersOf } from './metric-answers.ts';
import { shared } from './shared-look.ts';
import type { ActorRow, Source } from './source.ts';

const LIMIT_DEFAULT = 100;

/** What answers are made of. */
export type AnswersParts = {
  readonly source: Source;
  readonly audit: AuditLog;
  /** For people. */
  readonly now: () => string;
  readonly nowMs: () => number;
};

/** What belongs to one connection is answered where its subscriptions and traces are. */
type Own = `Topics.${string}` | `Trace.${string}`;
export type SharedAnswerers = Omit<Answerers, Own>;

/** Thread rule: the inspector's thread. */
export function answersOf(parts: AnswersParts): SharedAnswerers {
  const { source, nowMs, audit, now } = parts;
  const figures = shared(() => source.figures(), nowMs);
  const actors = shared(() => source.actors(), nowMs);
  const deadLetters = shared(() => source.deadLetters(), nowMs);
  const changes = new Changes({ audit, now });
  return {
    'System.figures': figures,
    'Actors.list': async (params) => listed(await actors(), params),
    'DeadLetters.last': async () => ({ letters: [...(await deadLetters())] }),
    'Actors.stop': (params, client) =>
      changes.ask({
        method: 'Actors.stop',
        params,
        client,
        tried: () => stopped(source, params.path, true),
        made: () => stopped(source, params.path, false),
      }),
    ...metricAnswersOf(source, nowMs),
    ...fleetAnswersOf({ source, changes, nowMs }),
  };
}

async function stopped(
  source: Source,
  path: string,
  isDryRun: boolean,
): Promise<ResultOf<'Actors.stop'>> {
  if (await source.stop(path, isDryRun)) return { isDone: !isDryRun, isDryRun };
  throw new Refused('gone', `there is no actor ${path}`);
}

function listed(
  rows: readonly ActorRow[],
  { contains = '', order = 'path', limit = LIMIT_DEFAULT }: ParamsOf<'Actors.list'>,
): ResultOf<'Actors.list'> {
  const matching = rows.filter(({ path }) => path.includes(contains));
  matching.sort((a, b) => rank(b, order) - rank(a, order) || (a.path < b.path ? -1 : 1));
  return { actors: matching.slice(0, limit), matching: matching.length, all: rows.length };
}

function rank(row: ActorRow, order: NonNullable<ParamsOf<'Actors.list'>['order']>): number {
  return order === 'path' ? 0 : (row[order] ?? -1);
}
