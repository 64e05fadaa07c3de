/**
 * What a new generation of a ring must not be: empty, older, without many of its members at once, or
 * with a shard that owns keys in fewer zones than it has replicas, or joins before it serves.
 * Publishing is never held back by who has not heard of the last one; stopping is.
 */
import { ADMITTED, type Rule, type Verdict } from '../protocol/decision.ts';
import type { ServiceView } from '../protocol/fleet-view.ts';
import { type SlotId, slotParts } from '../protocol/identity.ts';
import type { Act } from '../protocol/intent.ts';
import { highestGeneration } from '../protocol/ring-layout.ts';
import { replicasOf } from '../spec/fleet-checks.ts';

const RULE: Rule = 'ring';

/** Whether a generation may be published. `isServed`: whether a slot has an instance that serves. */
export function ringVerdict(
  view: ServiceView,
  act: Extract<Act, { kind: 'publishRing' }>,
  isServed: (slot: SlotId) => boolean,
): Verdict {
  const { ring, spec } = view;
  if (act.members.length === 0) return refused('it would be empty', 'a member joins');
  const before = highestGeneration(view);
  if (act.generation !== before + 1) {
    return refused(
      `generation is ${act.generation}; expected ${before + 1}`,
      'it is proposed for the generation after the last one',
    );
  }
  const shard = partialShard(view, act.members) ?? earlyShard(view, act.members, isServed);
  if (shard !== null) return shard;
  if (ring === null) return ADMITTED;
  const shrinkMax = spec.ring?.shrinkMax ?? 1;
  const nameOf = spec.kind === 'sharded' ? shardOf : (slot: SlotId): SlotId => slot;
  const had = new Set(ring.members.map(nameOf));
  const keeps = new Set(act.members.map(nameOf));
  const lost = [...had].filter((name) => !keeps.has(name)).length;
  const most = Math.max(1, Math.floor(had.size * shrinkMax));
  if (lost <= most) return ADMITTED;
  const what = spec.kind === 'sharded' ? 'shards' : 'members';
  return refused(
    `it would lose ${lost} of ${had.size} ${what} at once; at most ${most}`,
    'it loses fewer, or ring.shrinkMax is raised',
  );
}

/** A shard joins and leaves as a whole: what leaves zone by zone would lose its quorum unseen. */
function partialShard({ spec, zones }: ServiceView, members: readonly SlotId[]): Verdict | null {
  if (spec.kind !== 'sharded') return null;
  const zonesOf = new Map<string, Set<string>>();
  for (const slot of members) {
    const shard = shardOf(slot);
    const found = zonesOf.get(shard) ?? new Set();
    zonesOf.set(shard, found.add(slotParts(slot)?.zone ?? ''));
  }
  const replicas = replicasOf(spec, zones.length);
  for (const [shard, { size }] of zonesOf) {
    if (size >= replicas) continue;
    return refused(
      `shard ${shard} would own keys in ${size} zones; expected ${replicas}, or none`,
      'it is in as many zones as it has replicas, or leaves in all of them',
    );
  }
  return null;
}

/** Nobody has keys of it yet, so it can wait; one that has them keeps them while it is repaired. */
function earlyShard(
  { spec, ring }: ServiceView,
  members: readonly SlotId[],
  isServed: (slot: SlotId) => boolean,
): Verdict | null {
  if (spec.kind !== 'sharded') return null;
  const had = new Set(ring?.members.map(shardOf));
  const early = members.find((slot) => !had.has(shardOf(slot)) && !isServed(slot));
  if (early === undefined) return null;
  return {
    kind: 'delayed',
    rule: RULE,
    why: `shard ${shardOf(early)} would join, and ${early} does not serve yet`,
    unblock: `${early} becomes available`,
  };
}

/** A shard is the same ordinal in every zone. */
function shardOf(slot: SlotId): string {
  return String(slotParts(slot)?.ordinal ?? slot);
}

function refused(why: string, unblock: string): Verdict {
  return { kind: 'refused', rule: RULE, why, unblock };
}
