/** What answers each method: the source is asked; whatever changes something goes by changes.ts. */
import type { AuditLog } from '../access/audit-log.ts';
import type { Answerers } from '../protocol/conversation.ts';
import type { Finding } from '../protocol/finding.ts';
import { Refused } from '../protocol/refused.ts';
import { LIMITS, type ResultOf } from '../protocol/schema.ts';
import { Changes } from './changes.ts';
import { fleetAnswersOf } from './fleet-answers.ts';
import { metricAnswersOf } from './metric-answers.ts';
import { shared } from './shared-look.ts';
import type { Source } from './source.ts';

/** What answers are made of. */
export type AnswersParts = {
  readonly source: Source;
  readonly audit: AuditLog;
  readonly actors: SharedAnswerers['Actors.list'];
  /** Of the system. */
  readonly findings: () => readonly Finding[];
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
  const diagnosed = shared(() => Promise.resolve(parts.findings()), nowMs);
  const deadLetters = shared(() => source.deadLetters(), nowMs);
  const changes = new Changes({ audit, now });
  return {
    'System.figures': figures,
    'System.diagnose': async () => ({ findings: [...(await diagnosed())] }),
    'Actors.list': parts.actors,
    'Actors.measure': ({ path }) => measured(source, path),
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

async function measured(source: Source, path: string): Promise<ResultOf<'Actors.measure'>> {
  const told = await source.measure(path);
  if (told === 'gone') throw new Refused('gone', `there is no actor ${path}`);
  if (told !== 'busy') return told;
  throw new Refused('busy', `${LIMITS.measurements} actors are measured; look at fewer`);
}

async function stopped(
  source: Source,
  path: string,
  isDryRun: boolean,
): Promise<ResultOf<'Actors.stop'>> {
  if (await source.stop(path, isDryRun)) return { isDone: !isDryRun, isDryRun };
  throw new Refused('gone', `there is no actor ${path}`);
}
