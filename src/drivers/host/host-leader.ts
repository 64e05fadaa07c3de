/**
 * Who leads a fleet and what its regions are, as tools are told it. Part of the host's methods. Of another
 * region a host knows what the fleet says of it, and nothing else: that region has a host of its own.
 */
import { type ServiceStatus, servingUnits, viewNow } from '../../actors/index.ts';
import type { Tenure } from '../../runtime/store/index.ts';
import { msSince } from '../system-time.ts';
import type { FleetHost } from './fleet-host.ts';
import type { Leader } from './leader-history.ts';
import { nullIfGone } from './null-if-gone.ts';

/** Who leads, and who has. */
export type LeaderShown = Tenure &
  Omit<Leader, 'sinceIso'> & {
    /** What is led, in the store. */
    readonly key: string;
    /** That were written down. */
    readonly leadersCount: number;
    /** The newest first; the first one leads. */
    readonly leaders: readonly (Leader & { readonly agoMs: number })[];
  };

/** One region. */
export type RegionShown = {
  readonly region: string;
  /** It is led by this host. */
  readonly isHere: boolean;
  /** What it has to be able to carry, as an operator says; null: its peak of the last hour, and a fifth. */
  readonly forecast: number | null;
  /** Of one that is not here nothing is known but their names. */
  readonly zones: readonly {
    readonly zone: string;
    readonly instances: number | null;
    readonly ready: number | null;
  }[];
  /** Null: it is not here. */
  readonly services:
    | readonly {
        readonly service: string;
        readonly unit: 'instance' | 'shard';
        readonly needed: number;
        readonly serving: number;
        /** What waits for this region's turn, and what ends that. */
        readonly waits: readonly string[];
      }[]
    | null;
};

/** All of them. */
export type RegionsListed = {
  /** Null: none was applied yet. */
  readonly fleet: string | null;
  readonly regions: readonly RegionShown[];
  /** What this region may do for a while; null: it needs no leave of others. */
  readonly reservations:
    | readonly {
        readonly kind: 'shrink' | 'wave';
        readonly leftMs: number;
        readonly floors: readonly { readonly service: string; readonly count: number }[];
      }[]
    | null;
};

/** Services of a region in one answer, and floors of a reservation. */
const SERVICES_MAX = 200;

/** As it is now. */
export function leaderOf({ leader, leaders }: Pick<FleetHost, 'leader' | 'leaders'>): LeaderShown {
  const [now] = leaders.leaders;
  return {
    ...leader.tenure,
    machine: now?.machine ?? leader.holder,
    pid: now?.pid ?? process.pid,
    token: leader.token,
    key: leader.key,
    leadersCount: leaders.count,
    leaders: leaders.leaders.map((one) => ({ ...one, agoMs: msSince(one.sinceIso) })),
  };
}

/** As they are now. Rejects as `FleetHost.status`. */
export async function regionsOf(
  host: Pick<FleetHost, 'fleet' | 'region' | 'services' | 'status'>,
): Promise<RegionsListed> {
  const { fleet, region: here } = host;
  if (fleet === null) return { fleet: null, regions: [], reservations: null };
  const names = await host.services();
  const found = await Promise.all(names.map((name) => host.status(name).catch(nullIfGone)));
  const all = found.filter((one) => one !== null);
  return {
    fleet: fleet.name,
    regions: fleet.regions.map(({ name: region, zones, forecast = null }) => {
      const isHere = region === here;
      return {
        region,
        isHere,
        forecast,
        zones: zones.map((zone) => ({ zone, ...(isHere ? countsIn(zone, all) : UNKNOWN) })),
        services: isHere ? all.slice(0, SERVICES_MAX).map(serviceOf) : null,
      };
    }),
    reservations: reservationsOf(all),
  };
}

const UNKNOWN = { instances: null, ready: null } as const;

function countsIn(wanted: string, all: readonly ServiceStatus[]) {
  const inside = all.flatMap(({ record }) =>
    [...record.instances.values()].filter(({ zone }) => zone === wanted),
  );
  const ready = inside.filter(({ life }) => life.state === 'ready').length;
  return { instances: inside.length, ready };
}

function serviceOf(status: ServiceStatus) {
  const { name, spec, goal } = status.record;
  return {
    service: name,
    unit: spec.kind === 'sharded' ? ('shard' as const) : ('instance' as const),
    needed: goal.demand,
    serving: servingUnits(viewNow(status)),
    waits: status.waits,
  };
}

/** They are the region's: each of its services is given the same. */
function reservationsOf(all: readonly ServiceStatus[]): RegionsListed['reservations'] {
  const [first] = all;
  const held = first?.around.reservations ?? null;
  if (first === undefined || held === null) return null;
  return held.map(({ kind, untilMs, floors = {} }) => ({
    kind,
    leftMs: Math.max(0, untilMs - first.nowMs),
    floors: Object.entries(floors)
      .slice(0, SERVICES_MAX)
      .map(([service, count]) => ({ service, count })),
  }));
}
