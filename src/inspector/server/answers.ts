/** What answers each method: the source is asked, what changes something is written down first. */
import type { AuditLog } from '../access/audit-log.ts';
import type { Answerers, Client } from '../protocol/conversation.ts';
import { Refused } from '../protocol/refused.ts';
import type { ParamsOf, ResultOf } from '../protocol/schema.ts';
import { shared } from './shared-look.ts';
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
  readonly nowMs: () => number;
};

type Stopped = ResultOf<'Actors.stop'>;
/** What was wished for with a key. */
type Wish = { readonly path: string; readonly done: Promise<Stopped> };

/** Thread rule: the inspector's thread. */
export function answersOf(parts: AnswersParts): Answerers {
  const { source, nowMs } = parts;
  const figures = shared(() => source.figures(), nowMs);
  const actors = shared(() => source.actors(), nowMs);
  const deadLetters = shared(() => source.deadLetters(), nowMs);
  const wishes = new Map<string, Wish>();
  return {
    'System.figures': figures,
    'Actors.list': async (params) => listed(await actors(), params),
    'DeadLetters.last': async () => ({ letters: [...(await deadLetters())] }),
    'Actors.stop': (params, client) =>
      params.dryRun === true ? stop(parts, params, client) : granted(parts, wishes, params, client),
  };
}

/** Once for each key of a role. */
function granted(
  parts: AnswersParts,
  wishes: Map<string, Wish>,
  params: ParamsOf<'Actors.stop'>,
  client: Client,
): Promise<Stopped> {
  const { path, key } = params;
  const name = `${client.role} ${key}`;
  const known = wishes.get(name);
  if (known !== undefined) {
    if (known.path === path) return known.done;
    throw new Refused('params', `the key ${key} was used for ${known.path}; take another one`);
  }
  const done = stop(parts, params, client);
  wishes.set(name, { path, done });
  done.catch((error) => {
    // What failed may be tried again; what was refused was answered.
    if (!(error instanceof Refused)) wishes.delete(name);
  });
  const [oldest] = wishes.keys();
  if (wishes.size > WISHES_MAX) wishes.delete(oldest as string);
  return done;
}

async function stop(
  { source, audit, now }: AnswersParts,
  params: ParamsOf<'Actors.stop'>,
  { role, from }: Client,
): Promise<Stopped> {
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
