/**
 * A shard: the same ordinal in every zone. What its replicas are together: whole, short of some but with
 * a quorum, or without one. Pure; the actor that holds one is shard.actor.ts.
 */
import { isAvailable, minReadyOf, type ServiceView } from '../protocol/fleet-view.ts';
import { minAvailableOf, replicasOf } from '../spec/fleet-checks.ts';

/** One shard. */
export type ShardView = {
  readonly ordinal: number;
  readonly replicas: number;
  /** Zones in which it has an instance that serves. */
  readonly serving: readonly string[];
  readonly quorum: number;
  /** `lost`: fewer than its quorum serve; writes of its keys may be refused. */
  readonly state: 'whole' | 'degraded' | 'lost';
  /** Whether it owns keys. */
  readonly isInRing: boolean;
};

/** All shards of a sharded service by ordinal; of a stateless one, none. */
export function shardViews(view: ServiceView): readonly ShardView[] {
  const { spec, zones, ring, nowMs } = view;
  if (spec.kind !== 'sharded') return [];
  const minReadyMs = minReadyOf(spec);
  const serving = new Map<number, Set<string>>();
  for (const { ordinal } of view.slots) serving.set(ordinal, serving.get(ordinal) ?? new Set());
  for (const one of view.instances) {
    if (isAvailable(one, nowMs, minReadyMs)) serving.get(one.ordinal)?.add(one.zone);
  }
  const members = new Set(ring?.members);
  const replicas = replicasOf(spec, zones.length);
  const quorum = minAvailableOf(spec, zones.length);
  const inRing = new Set(
    view.slots.filter(({ id }) => members.has(id)).map(({ ordinal }) => ordinal),
  );
  return [...serving]
    .toSorted(([a], [b]) => a - b)
    .map(([ordinal, found]) => ({
      ordinal,
      replicas,
      serving: zones.filter((zone) => found.has(zone)),
      quorum,
      state: found.size >= replicas ? 'whole' : found.size >= quorum ? 'degraded' : 'lost',
      isInRing: inRing.has(ordinal),
    }));
}
