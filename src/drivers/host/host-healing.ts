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
  const all = found.map(shownOf);
  const services = all.toSorted((a, b) => troubleOf(b) - troubleOf(a)).slice(0, SERVICES_MAX);
  return { services, servicesCount: all.length };
}

async function everyStatus(
  host: Pick<FleetHost, 'services' | 'status'>,
): Promise<readonly ServiceStatus[]> {
  const names = await host.services();
  const found = await Promise.all(names.map((name) => host.status(name).catch(nullIfGone)));
  return found.filter((one) => one !== null);
}

/** A number to order services by; 0: all is well. */
function troubleOf({ unwell, ejections, keys, blocked, heldBy }: ServiceHealing): number {
  const given = keys.length + blocked.length + (heldBy === null ? 0 : 1);
  return 1000 * given + unwell.length + ejections.length;
}

function shownOf(status: ServiceStatus): ServiceHealing {
  const { record, revision, heldBy, isFleetFrozen } = status;
  const view = viewNow(status);
  const picture = healingPicture(view, record.controllers.healer as HealerState | null);
  const actions = picture.unwell.length === 0 ? null : instanceActions(status);
  // What was given up and is not wanted any more needs nobody.
  const { stable, target } = record.goal;
  const blocked = record.revisions.flatMap(({ id, version, blocked: why }) =>
    why === null || (id !== stable && id !== target) ? [] : [{ revision: id, version, why }],
  );
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
