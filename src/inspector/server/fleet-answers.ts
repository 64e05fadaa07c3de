/** What answers the methods about a fleet: its door is asked, and a role sees only what it may do. */
import { mayAct, type Role } from '../access/roles.ts';
import type { Answerers, Client } from '../protocol/conversation.ts';
import { FLEET_METHODS, type FleetMethod } from '../protocol/fleet-methods.ts';
import { ACTIONS } from '../protocol/fleet-shapes.ts';
import { Refused } from '../protocol/refused.ts';
import type { ParamsOf, ResultOf } from '../protocol/schema.ts';
import type { Changes, Wish } from './changes.ts';
import { errorOf } from './fleet-door.ts';
import { shared } from './shared-look.ts';
import type { Source } from './source.ts';

type Told = {
  readonly kind: 'admitted' | 'delayed';
  readonly note: string;
  readonly isDryRun: boolean;
  readonly revision: string;
};
type ChangeMethod = {
  [M in FleetMethod]: ParamsOf<M> extends Wish ? M : never;
}[FleetMethod];
/** Every change of a fleet is answered alike. */
type Changed = ResultOf<ChangeMethod>;
type Asked = Readonly<Record<string, unknown>>;

/** What they are made of. */
export type FleetAnswersParts = {
  readonly source: Source;
  readonly changes: Changes;
  readonly nowMs: () => number;
};

/** Thread rule: the inspector's thread. */
export function fleetAnswersOf({
  source,
  changes,
  nowMs,
}: FleetAnswersParts): Pick<Answerers, FleetMethod> {
  const ask = <T>(method: string, params: Asked): Promise<T> => askFleet<T>(source, method, params);
  const top = shared(() => ask<ResultOf<'Fleet.top'>>('Fleet.top', {}), nowMs);
  const list = shared(() => ask<ResultOf<'Fleet.list'>>('Fleet.list', {}), nowMs);
  const healing = shared(() => ask<ResultOf<'Healing.get'>>('Healing.get', {}), nowMs);
  // Tried first, with the same words: what would be refused is never begun.
  const changeOf =
    <M extends ChangeMethod>(method: M, more: (params: ParamsOf<M>) => Asked = () => ({})) =>
    (params: ParamsOf<M>, client: Client): Promise<Changed> => {
      const { reason, key, dryRun, ...asked } = params as ParamsOf<M> & Wish;
      const told = async (isDryRun: boolean) =>
        changedBy(await ask<Told>(method, { ...asked, ...more(params), dryRun: isDryRun }));
      const change = { method, params: params as Wish, client };
      return changes.ask({ ...change, tried: () => told(true), made: () => told(false) });
    };
  return {
    'Fleet.list': async (_, { role }) => {
      const { services, ...fleet } = await list();
      return { ...fleet, services: services.map((one) => forRole(one, role)) };
    },
    'Fleet.top': (params) => (params.service === undefined ? top() : ask('Fleet.top', params)),
    'Service.get': async (params, { role }) => {
      const detail = await ask<ResultOf<'Service.get'>>('Service.get', params);
      return {
        ...detail,
        summary: forRole(detail.summary, role),
        instances: detail.instances.map((one) => forRole(one, role)),
      };
    },
    'Fleet.diagnose': (params) => ask('Fleet.diagnose', params),
    'Decisions.list': (params) => ask('Decisions.list', params),
    'Fleet.leader': () => ask('Fleet.leader', {}),
    'Region.list': () => ask('Region.list', {}),
    'Healing.get': async (params, { role }) => {
      const { services, ...counts } =
        params.service === undefined
          ? await healing()
          : await ask<ResultOf<'Healing.get'>>('Healing.get', params);
      return {
        ...counts,
        services: services.map((one) => ({
          ...forRole(one, role),
          unwell: one.unwell.map((member) => forRole(member, role)),
        })),
      };
    },
    'Ring.get': (params) => ask('Ring.get', params),
    'Ring.owners': (params) => ask('Ring.owners', params),
    'Ring.whatIf': (params) => ask('Ring.whatIf', params),
    'Service.verb': changeOf('Service.verb'),
    'Service.hold': changeOf('Service.hold'),
    'Service.freeze': changeOf('Service.freeze'),
    'Service.release': changeOf('Service.release', ({ quarantinedKey: key }) =>
      key === undefined ? {} : { key },
    ),
    'Fleet.freeze': changeOf('Fleet.freeze'),
    'Instance.replace': changeOf('Instance.replace'),
    'Instance.drain': changeOf('Instance.drain'),
  };
}

/** @throws (rejects) Refused where a client can do something about it; an Error where it cannot */
export async function askFleet<T>(source: Source, method: string, params: Asked): Promise<T> {
  const answer = await source.fleet(method, params);
  if ('result' in answer) return answer.result as T;
  const { code, reason, message } = answer;
  const name = errorOf(code, reason);
  if (name === null) throw new Error(message);
  throw new Refused(name, message.replace(/^RM_[A-Z_]+: /, ''));
}

function changedBy({ kind, note, isDryRun, revision }: Told): Changed {
  const isDone = kind === 'admitted' && !isDryRun;
  return { isDone, isDryRun, outcome: kind, note, revision };
}

/** With those actions only that the role may ask for. */
function forRole<T extends { readonly allowedActions: readonly (keyof typeof ACTIONS)[] }>(
  shown: T,
  role: Role,
): T {
  const allowedActions = shown.allowedActions.filter((name) =>
    mayAct(role, FLEET_METHODS[ACTIONS[name].method].role),
  );
  return { ...shown, allowedActions };
}
