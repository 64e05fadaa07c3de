/**
 * What heals, service by service, as tools are told it: the healer's picture, with what an operator may do
 * about it now. Part of the host's methods.
 */
import {
  type HealerState,
  type HealingPicture,
  healingPicture,
  type InstanceAction,
  instanceActions,
  type ServiceAction,
  type ServiceStatus,
  serviceActions,
  type UnwellMember,
  viewNow,
} from '../../actors/index.ts';
import type { FleetHost } from './fleet-host.ts';
import { nullIfGone } from './null-if-gone.ts';
import { type Params, text } from './params.ts';

/** One that is not well. */
export type UnwellShown = UnwellMember & { readonly allowedActions: readonly InstanceAction[] };

/** A service. */
export type ServiceHealing = Omit<HealingPicture, 'unwell'> & {
  readonly service: string;
  readonly revision: string;
  readonly isFrozen: boolean;
  readonly heldBy: string | null;
  readonly unwell: readonly UnwellShown[];
  readonly blocked: readonly {
    readonly revision: string;
    readonly version: string;
    readonly why: string;
  }[];
  readonly allowedActions: readonly ServiceAction[];
};

/** Services in one answer; those that are unwell come first. */
const SERVICES_MAX = 200;
/** Elements of a kind of list, of all these services together. More are counted. */
const ROWS_MAX = 500;
/** Of a service that somebody has to look at, what healing is about. */
const OURS: readonly ServiceAction[] = ['release', 'releaseKey'];

/** Of one service, or of all. @throws (rejects) RM_CONTROL_UNKNOWN */
export async function healingOf(
  host: Pick<FleetHost, 'services' | 'status'>,
  params: Params,
): Promise<{ readonly services: readonly ServiceHealing[]; readonly servicesCount: number }> {
  const found =
    params.service === undefined
      ? await everyStatus(host)
      : [await host.status(text(params, 'service'))];
  const all = found
    .map((status) => ({ status, ...pictureOf(status) }))
    .toSorted((a, b) => troubleOf(b) - troubleOf(a))
    .slice(0, SERVICES_MAX);
  // An answer that takes seconds to send is none when most is unwell: then it is looked at.
  const upTo = [rows(), rows(), rows()] as const;
  const services = all.map(({ status, picture, blocked }) => {
    const { unwell, ejections, keys } = picture;
    const [first, out, given] = [upTo[0](unwell), upTo[1](ejections), upTo[2](keys)];
    return shownOf(status, { ...picture, unwell: first, ejections: out, keys: given }, blocked);
  });
  return { services, servicesCount: found.length };
}

/** Takes as many of one list after the other as there is room for. */
function rows(): <T>(list: readonly T[]) => readonly T[] {
  let room = ROWS_MAX;
  return (list) => {
    const taken = list.slice(0, room);
    room -= taken.length;
    return taken;
  };
}

async function everyStatus(
  host: Pick<FleetHost, 'services' | 'status'>,
): Promise<readonly ServiceStatus[]> {
  const names = await host.services();
  const found = await Promise.all(names.map((name) => host.status(name).catch(nullIfGone)));
  return found.filter((one) => one !== null);
}

type Pictured = {
  readonly status: ServiceStatus;
  readonly picture: HealingPicture;
  readonly blocked: ServiceHealing['blocked'];
};

function pictureOf(status: ServiceStatus): Omit<Pictured, 'status'> {
  const { record } = status;
  // What was given up and is not wanted any more needs nobody.
  const { stable, target } = record.goal;
  const blocked = record.revisions.flatMap(({ id, version, blocked: why }) =>
    why === null || (id !== stable && id !== target) ? [] : [{ revision: id, version, why }],
  );
  const healer = record.controllers.healer as HealerState | null;
  return { picture: healingPicture(viewNow(status), healer), blocked };
}

/** A number to order services by; 0: all is well. */
function troubleOf({ status, picture, blocked }: Pictured): number {
  const { unwell, ejections, keys, mode } = picture;
  const stops = [status.heldBy !== null, mode === 'panic', mode === 'blind'].filter(Boolean);
  const given = keys.length + blocked.length + stops.length;
  return 1000 * given + unwell.length + ejections.length;
}

function shownOf(
  status: ServiceStatus,
  picture: HealingPicture,
  blocked: ServiceHealing['blocked'],
): ServiceHealing {
  const { record, revision, heldBy, isFleetFrozen } = status;
  const actions = picture.unwell.length === 0 ? null : instanceActions(status);
  return {
    ...picture,
    service: record.name,
    revision,
    isFrozen: isFleetFrozen || record.isFrozen,
    heldBy,
    unwell: picture.unwell.map((one) => ({
      ...one,
      allowedActions: actions?.get(one.instance ?? '') ?? [],
    })),
    blocked,
    allowedActions: serviceActions(status).filter((action) => OURS.includes(action)),
  };
}
