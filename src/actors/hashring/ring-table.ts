/**
 * The table that routers look keys up in, from what a generation says: the same on every machine. A
 * sharded service's table has its shards as members, and a shard's owners are its slots, one in each
 * zone: replica n of a key is the same shard in zone n, so the loss of a zone costs every key exactly
 * one replica, whatever the algorithm. A stateless service's table has its slots. Where Thanos Receive
 * routes too, the table is the one that it builds: addresses as names, replicas spread over zones.
 */

import {
  buildJump,
  buildKetama,
  buildMaglev,
  type Member,
  openTable,
  RendezvousBuilder,
  type RingTable,
  type TableImage,
} from '../../hotpath/index.ts';
import { compareText } from '../arithmetic/compare-text.ts';
import { type SlotId, slotParts } from '../protocol/identity.ts';
import type { ServiceSpec } from '../spec/fleet-schema.ts';

/** `ring` of a service. */
export type RingSpec = NonNullable<ServiceSpec['ring']>;

/** What a table depends on, and nothing else. */
export type RingTableInput = {
  readonly kind: ServiceSpec['kind'];
  readonly ring: Pick<RingSpec, 'algorithm' | 'sections'>;
  readonly members: readonly SlotId[];
  /** Of each member. Sharded services have none: every zone has a copy of every key. */
  readonly weights: readonly number[];
  /** Of a key; see `replicasOf`. Only a table as of Thanos needs to be told. */
  readonly replicas: number;
  /** Of each slot, where routers of Thanos are to agree with ours; null: they need not. */
  readonly addresses: ReadonlyMap<SlotId, string> | null;
};

/** Copies of a key that a stateless member's table knows: who is asked next when the first is down. */
const NEXT_IN_LINE = 3;

/** The table of these members, not yet in any memory. @throws RM_TABLE_MEMBERS when there are none. */
export function ringTable(input: RingTableInput): TableImage {
  const { ring, kind } = input;
  const members = tableMembers(input);
  const count = members.length;
  const isAligned = kind === 'sharded' && input.addresses === null;
  const copies = kind === 'sharded' ? input.replicas : Math.min(NEXT_IN_LINE, count);
  const replicas = isAligned ? 1 : copies;
  switch (ring.algorithm) {
    case 'ketama':
      return buildKetama(members, { replicas, sectionsPerMember: ring.sections });
    case 'rendezvous':
      return new RendezvousBuilder(members).image({ replicas });
    case 'maglev':
      return buildMaglev(members, { replicas });
    case 'jump':
      return buildJump(members);
  }
}

/** What two routers compare: the same generation has the same hash everywhere. */
export function tableHash(image: TableImage): number {
  return image.writeTo({ buffer: new ArrayBuffer(image.byteLength), generation: 0 });
}

/** A table in memory of its own, to be asked. */
export function openedTable(image: TableImage): RingTable {
  const buffer = new ArrayBuffer(image.byteLength);
  image.writeTo({ buffer, generation: 0 });
  return openTable(buffer);
}

/** The member of a table that a slot belongs to: its shard, itself, or its address. */
export function memberOf(
  slot: SlotId,
  { kind, addresses }: Pick<RingTableInput, 'kind' | 'addresses'>,
): string {
  if (addresses !== null) return addresses.get(slot) ?? slot;
  const parts = kind === 'sharded' ? slotParts(slot) : null;
  return parts === null ? slot : `${parts.service}/${parts.ordinal}`;
}

/** Slots that stand for a member of a table: of a shard one in each zone, in the order of zones. */
export function slotsByMember(input: RingTableInput): ReadonlyMap<string, readonly SlotId[]> {
  const slots = new Map<string, SlotId[]>();
  for (const slot of input.members.toSorted(compareText)) {
    const member = memberOf(slot, input);
    const list = slots.get(member);
    if (list === undefined) slots.set(member, [slot]);
    else list.push(slot);
  }
  return slots;
}

function tableMembers(input: RingTableInput): readonly Member[] {
  const { members, weights, kind, addresses, ring } = input;
  const isAligned = kind === 'sharded' && addresses === null;
  const named = new Map<string, Member>();
  members.forEach((slot, i) => {
    const parts = slotParts(slot);
    const name = memberOf(slot, input);
    const zone = isAligned ? '' : (parts?.zone ?? '');
    const weight = hasWeights(kind, ring.algorithm) ? (weights[i] ?? 1) : 1;
    const shard = parts?.ordinal;
    named.set(name, shard === undefined ? { name, zone, weight } : { name, zone, weight, shard });
  });
  return [...named.values()];
}

/** Whether a member may have more of the keys than another. */
export function hasWeights(kind: ServiceSpec['kind'], algorithm: RingSpec['algorithm']): boolean {
  return kind === 'stateless' && (algorithm === 'rendezvous' || algorithm === 'maglev');
}
