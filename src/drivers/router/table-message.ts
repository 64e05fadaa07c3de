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
  RouteConfig,
  SaidLine,
  SaidRing,
  SecondRing,
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
  const prepared = second === null ? null : secondOf(second);
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
    routes: { number: routes.number, routes: lines, weights: routes.weights },
  };
}

/** Null: it does not say how it is built, and cannot be. */
function secondOf(ring: RingRecord): SecondRing | null {
  const { layout } = ring;
  if (layout === undefined) return null;
  const { algorithm, sections, replicas } = layout;
  const known = { algorithm, sections: sections ?? 0, replicas: replicas ?? 1 };
  return { layout: known, ring: ringOf(ring) };
}

function ringOf({ generation, members, weights, overrides }: RingRecord): SaidRing {
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
  };
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
