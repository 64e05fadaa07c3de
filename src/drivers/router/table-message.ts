/**
 * What a router is told of a service: from its specification, its ring, its routes, and where instances
 * run. Whose address is not known yet is where the router knows it, or left out until it is known: a brain
 * that has just begun takes nobody away. Who has ended is left out. Pure but for the book.
 */
import {
  type RingRecord,
  type RoutesRecord,
  replicasOf,
  type ServiceSpec,
  slotParts,
} from '../../actors/index.ts';
import type { AddressBook } from '../address-book.ts';
import type {
  OtherRing,
  RouteConfig,
  SaidLine,
  SaidRing,
  TableMessage,
} from './router-protocol.ts';

/** What is known of a service. */
export type Routed = {
  readonly spec: ServiceSpec;
  readonly ring: RingRecord | null;
  readonly routes: RoutesRecord;
  /** Of another layout, to be held ready; null: there is none. */
  readonly second: RingRecord | null;
};

/** Who tells it. */
export type TellingParts = {
  readonly book: AddressBook;
  readonly epoch: number;
  /** It had an address, and has none any more. */
  readonly hasEnded: (instance: string) => boolean;
};

/** Null: it has no route, or goes, and routers are not to know it. */
export function tableMessage(
  service: string,
  { spec, ring, routes, second }: Routed,
  { book, epoch, hasEnded }: TellingParts,
): TableMessage | null {
  const config = routes.isRemoved ? null : configOf(spec, ring);
  if (config === null) return null;
  const prepared = second === null ? null : otherOf(spec, second);
  const former = ring?.former === undefined ? null : otherOf(spec, ring.former);
  const lines: SaidLine[] = routes.routes.flatMap((route) => {
    const { slot, instance, revision, isBaseline } = route;
    if (hasEnded(instance)) return [];
    const zone = slotParts(slot)?.zone ?? '';
    const port = book.of(instance)?.port ?? null;
    return [{ slot, instance, revision, isBaseline, zone, port }];
  });
  return {
    do: 'table',
    epoch,
    service,
    config,
    ring: ring === null ? null : ringOf(ring),
    ...(prepared === null ? {} : { second: prepared }),
    ...(former === null ? {} : { former }),
    routes: { ...routes, routes: lines },
  };
}

/** One that does not say how it is built is as specified. Null: it cannot be built. */
function otherOf(spec: ServiceSpec, ring: BesideRing): OtherRing | null {
  const usual = ownersConfig(spec, ring);
  const { algorithm, sections, replicas } = ring.layout ?? { ...usual.ring, ...usual };
  if (algorithm === undefined) return null;
  const layout = { algorithm, sections: sections ?? 0, replicas: replicas ?? 1 };
  return { layout, ring: ringOf(ring) };
}

type BesideRing = SaidRing & Pick<RingRecord, 'layout'>;

function ringOf({ generation, members, weights, overrides }: SaidRing): SaidRing {
  return { generation, members, weights, overrides };
}

function configOf(spec: ServiceSpec, ring: RingRecord | null): RouteConfig | null {
  const { route } = spec;
  if (route === undefined) return null;
  const { port, host = null, path, key = null, timeout, retries } = route;
  return {
    ...ownersConfig(spec, ring),
    port,
    host,
    // All paths are below the root.
    path: path?.replace(/\/+$/, '') || null,
    key,
    timeout,
    retries,
    ...(countsSlices(spec) ? { countsSlices: true } : {}),
  };
}

/** Whether the hash ring's controller wants to know of hot slices. */
export function countsSlices({ ring }: ServiceSpec): boolean {
  return ring?.hotKeys.enabled === true && ring.exportThanos === undefined;
}

/** What the owners of keys depend on, beside the ring itself. */
export function ownersConfig(
  spec: ServiceSpec,
  ring: Pick<RingRecord, 'members'> | null,
): Pick<RouteConfig, 'kind' | 'ring' | 'replicas'> {
  const zones = new Set((ring?.members ?? []).map((slot) => slotParts(slot)?.zone)).size;
  const { algorithm, sections } = spec.ring ?? {};
  return {
    kind: spec.kind,
    ring: algorithm === undefined || sections === undefined ? null : { algorithm, sections },
    replicas: spec.kind === 'sharded' ? replicasOf(spec, Math.max(1, zones)) : 1,
  };
}
