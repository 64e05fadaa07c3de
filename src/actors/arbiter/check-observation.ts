/**
 * Whether something that came from outside is an observation. Executors, probers and routers may be
 * anybody's: what they say is looked at before it touches a record. Pure.
 */
import type { Observation } from './observations.ts';

const text = (value: unknown): boolean => typeof value === 'string' && value.length > 0;
const truth = (value: unknown): boolean => typeof value === 'boolean';
const count = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const countOrNone = (value: unknown): boolean => value === undefined || count(value);
const textOrNull = (value: unknown): boolean => value === null || text(value);
const oneOf =
  (...words: readonly string[]) =>
  (value: unknown): boolean =>
    words.includes(value as string);

/** Fields of each kind. `apply` and `remove` have messages of their own. */
const FIELDS: Readonly<
  Record<
    Exclude<Observation['kind'], 'apply' | 'remove'>,
    Readonly<Record<string, (value: unknown) => boolean>>
  >
> = {
  agent: {
    instance: text,
    word: oneOf('running', 'ended', 'silent'),
    isMeant: (value) => value === undefined || value === true,
  },
  probe: { instance: text, probe: oneOf('startup', 'liveness', 'readiness'), isWell: truth },
  drain: { instance: text, answer: oneOf('mayStop', 'tooEarly', 'no') },
  failure: { instance: text, signature: text, key: textOrNull },
  failureKey: { instance: text, key: text },
  zombie: { instance: text, isAnswering: truth },
  router: {
    id: text,
    generation: count,
    routes: count,
    incarnation: countOrNone,
    prepared: countOrNone,
  },
  routerGone: { id: text, standing: oneOf('dead', 'excused') },
  operationUnknown: { key: text },
  verb: {
    verb: oneOf('promote', 'promoteFull', 'pause', 'resume', 'abort', 'retry', 'undo', 'restart'),
    to: textOrNull,
  },
  hold: { count: (value) => value === null || count(value), untilMs: count },
  freeze: { isFrozen: truth },
};

/** Whether it is one, with all of its fields. */
export function isObservation(value: unknown): value is Observation {
  if (typeof value !== 'object' || value === null) return false;
  const one = value as Readonly<Record<string, unknown>>;
  if (typeof one.kind !== 'string' || !Object.hasOwn(FIELDS, one.kind)) return false;
  const fields = FIELDS[one.kind as keyof typeof FIELDS];
  return Object.entries(fields).every(([name, isRight]) => isRight(one[name]));
}
