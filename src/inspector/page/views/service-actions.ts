/**
 * The names in `allowedActions`, and how each is asked for: as the protocol's table says, whose values would
 * bring the whole schema into the bundle. The compiler holds both to the same names.
 */
import type { ParamsOf, ResultOf } from '../../protocol/schema.ts';
import type { Connection } from '../connection/connection.ts';
import type { Choice, Wish } from './wish-form.tsx';

type Detail = ResultOf<'Service.get'>;
type ServiceAction = Detail['summary']['allowedActions'][number];
type InstanceAction = Detail['instances'][number]['allowedActions'][number];
type Verb = ParamsOf<'Service.verb'>['verb'];

/** What is asked for beside the reason. */
export type Extra = { readonly holdAt: number; readonly quarantinedKey: string };

const VERBS: Readonly<Record<Verb, string>> = {
  promote: 'Promote',
  promoteFull: 'Promote fully',
  pause: 'Pause',
  resume: 'Resume',
  abort: 'Abort',
  retry: 'Retry',
  undo: 'Undo',
  restart: 'Restart',
};
const OTHERS: Readonly<Record<Exclude<ServiceAction, Verb>, string>> = {
  hold: 'Hold at this number',
  unhold: 'End the hold',
  freeze: 'Freeze',
  unfreeze: 'Unfreeze',
  release: 'Go on: the invariant was looked at',
  releaseKey: 'Bring the key back',
};
const DANGEROUS: readonly ServiceAction[] = ['abort', 'undo', 'promoteFull', 'restart'];

type Changed = ResultOf<'Service.verb'>;

/** What became of a change. */
export function told({ isDone, isDryRun, outcome, note }: Changed): string {
  const what = isDryRun
    ? `It would be ${outcome}.`
    : isDone
      ? 'Done.'
      : 'Delayed: it is tried again for a minute.';
  return note === '' ? what : `${what} ${note}`;
}

/** Buttons for what the server says that something would come of, now. */
export function serviceChoices(
  connection: Connection,
  {
    service,
    revision,
    allowedActions,
  }: Pick<Detail['summary'], 'service' | 'revision' | 'allowedActions'>,
  extra: Extra,
): Choice[] {
  return allowedActions.map((action) => ({
    name: nameOf(action),
    isDangerous: DANGEROUS.includes(action),
    ask: async (wish) =>
      told(await asked(connection, action, { service, ifRevision: revision, ...wish }, extra)),
  }));
}

/** Of one instance. */
export function instanceChoices(
  connection: Connection,
  { instance, allowedActions }: Pick<Detail['instances'][number], 'instance' | 'allowedActions'>,
): Choice[] {
  const names: Readonly<Record<InstanceAction, string>> = {
    replace: 'Replace',
    drain: 'Drain',
    keep: 'Keep after all',
  };
  return allowedActions.map((action) => ({
    name: names[action],
    isDangerous: action === 'drain',
    ask: async (wish) => {
      const params = { instance, ...wish };
      if (action === 'replace') return told(await connection.ask('Instance.replace', params));
      return told(await connection.ask('Instance.drain', { ...params, cancel: action === 'keep' }));
    },
  }));
}

const isVerb = (action: ServiceAction): action is Verb => Object.hasOwn(VERBS, action);

function nameOf(action: ServiceAction): string {
  return isVerb(action) ? VERBS[action] : OTHERS[action];
}

type Asked = Wish & { readonly service: string; readonly ifRevision: string };

function asked(
  connection: Connection,
  action: ServiceAction,
  params: Asked,
  { holdAt, quarantinedKey }: Extra,
): Promise<Changed> {
  if (isVerb(action)) return connection.ask('Service.verb', { ...params, verb: action });
  switch (action) {
    case 'hold':
      return connection.ask('Service.hold', { ...params, count: holdAt });
    case 'unhold':
      return connection.ask('Service.hold', { ...params, count: null });
    case 'freeze':
      return connection.ask('Service.freeze', { ...params, isFrozen: true });
    case 'unfreeze':
      return connection.ask('Service.freeze', { ...params, isFrozen: false });
    case 'release':
      return connection.ask('Service.release', params);
    case 'releaseKey':
      return connection.ask('Service.release', { ...params, quarantinedKey });
  }
}
