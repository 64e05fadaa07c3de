/** What answers each method: the source is asked, what changes something is written down first. */
import type { AuditLog } from '../access/audit-log.ts';
import { type Answerers, type Client, Refused } from '../protocol/conversation.ts';
import type { ParamsOf, ResultOf } from '../protocol/schema.ts';
import type { ActorRow, Source } from './source.ts';

/** Wishes that are remembered, so that one that is repeated is not granted twice. */
const WISHES_MAX = 1024;
const LIMIT_DEFAULT = 100;

/** What answers are made of. */
export type AnswersParts = {
  readonly source: Source;
  readonly audit: AuditLog;
  /** For people. */
  readonly now: () => string;
};

/** Thread rule: the inspector's thread. */
export function answersOf(parts: AnswersParts): Answerers {
  const { source } = parts;
  const wishes = new Map<string, Promise<ResultOf<'Actors.stop'>>>();
  return {
    'System.figures': () => source.figures(),
    'Actors.list': async (params) => listed(await source.actors(), params),
    'DeadLetters.last': async () => ({ letters: [...(await source.deadLetters())] }),
    'Actors.stop': (params, client) => {
      if (params.dryRun === true) return stop(parts, params, client);
      const wish = `${client.role} ${params.key}`;
      const known = wishes.get(wish);
      if (known !== undefined) return known;
      const done = stop(parts, params, client);
      wishes.set(wish, done);
      const [oldest] = wishes.keys();
      if (wishes.size > WISHES_MAX) wishes.delete(oldest as string);
      return done;
    },
  };
}

async function stop(
  { source, audit, now }: AnswersParts,
  params: ParamsOf<'Actors.stop'>,
  { role, from }: Client,
): Promise<ResultOf<'Actors.stop'>> {
  const { path, reason, dryRun = false } = params;
  const isThere = await source.stop(path, true);
  const outcome = isThere ? (dryRun ? 'dry run' : 'begun') : 'gone';
  audit.append({ at: now(), role, from, method: 'Actors.stop', params: { path }, reason, outcome });
  if (!isThere || (!dryRun && !(await source.stop(path, false)))) {
    throw new Refused('gone', `there is no actor ${path}`);
  }
  return { isDone: !dryRun, isDryRun: dryRun };
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
