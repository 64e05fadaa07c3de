/**
 * How a ring's table is built: what every router has to agree on beside its members. A generation has one
 * layout; another layout is another table for the same members, so it goes by a second ring beside the
 * first. Pure.
 */
import { replicasOf } from '../spec/fleet-checks.ts';
import type { ServiceSpec } from '../spec/fleet-schema.ts';
import { hashText } from '../spec/revision.ts';
import type { RingView, ServiceView } from './fleet-view.ts';

/** What decides, with the members, who owns which key. */
export type RingLayout = {
  readonly algorithm: NonNullable<ServiceSpec['ring']>['algorithm'];
  /** Of each member; null: the algorithm has none. */
  readonly sections: number | null;
  /** Zones that a shard uses; null: of a stateless service. */
  readonly replicas: number | null;
  /** Built as Thanos Receive builds it. */
  readonly isThanos: boolean;
};

/** Of a specification; null: it has no ring. `zonesCount`: of its region. */
export function layoutOf(spec: ServiceSpec, zonesCount: number): RingLayout | null {
  const { ring } = spec;
  if (ring === undefined) return null;
  const { algorithm, sections, exportThanos } = ring;
  return {
    algorithm,
    sections: algorithm === 'ketama' ? sections : null,
    replicas: spec.kind === 'sharded' ? replicasOf(spec, zonesCount) : null,
    isThanos: exportThanos !== undefined,
  };
}

/** Whether the same members own the same keys. */
export function isSameLayout(one: RingLayout, other: RingLayout): boolean {
  return (
    one.algorithm === other.algorithm &&
    one.sections === other.sections &&
    one.replicas === other.replicas &&
    one.isThanos === other.isThanos
  );
}

/** For people: `ketama with 1000 sections in 3 zones`. */
export function layoutText({ algorithm, sections, replicas, isThanos }: RingLayout): string {
  return [
    algorithm,
    ...(sections === null ? [] : [`with ${sections} sections`]),
    ...(replicas === null ? [] : [`in ${replicas} zones`]),
    ...(isThanos ? ['as of Thanos'] : []),
  ].join(' ');
}

/** What an operator has to say for one layout to follow another: it is good for this change only. */
export function relayoutToken(service: string, from: RingLayout, to: RingLayout): string {
  return `relayout-${hashText(`${service}: ${layoutText(from)} -> ${layoutText(to)}`)}`;
}

/** Zones in which a shard has a slot: also those that a second ring is to have. */
export function usedZones({
  spec,
  zones,
  dual,
}: Pick<ServiceView, 'spec' | 'zones' | 'dual'>): readonly string[] {
  if (spec.kind !== 'sharded') return zones;
  const most = Math.max(replicasOf(spec, zones.length), dual?.wanted.replicas ?? 0);
  return zones.slice(0, most);
}

/** The highest number that any table of this service has had; 0: there was none. */
export function highestGeneration({
  ring,
  dual,
  lastGeneration,
}: {
  readonly ring: Pick<RingView, 'generation'> | null;
  readonly dual?: { readonly ring: Pick<RingView, 'generation'> | null } | null | undefined;
  readonly lastGeneration?: number | undefined;
}): number {
  return Math.max(ring?.generation ?? 0, dual?.ring?.generation ?? 0, lastGeneration ?? 0);
}
