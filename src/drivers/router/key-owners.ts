/**
 * Who owns a key by a generation of the ring, as slots, the first to ask first. The table is built here
 * from what the brain says of the ring, into shared memory of this process, as every other router builds
 * it. The only place of the router that knows what a ring is. Pure but for that memory.
 */
import {
  type RingTableInput,
  ringTable,
  type SlotId,
  sliceOf,
  slotsByMember,
} from '../../actors/index.ts';
import { murmur3Text, openTable, type RingTable, seriesKey } from '../../hotpath/index.ts';
import type { RouteConfig, TableMessage } from './router-protocol.ts';

/** Owners of a stateless service's key that are looked for: whoever is next in line may answer too. */
const RANKS_MAX = 3;

/** Where a key belongs. `owner`: a member of the table; null: the slice was given to somebody else. */
export type KeyPlace = { readonly slice: number; readonly owner: string | null };

/** Of one generation. Thread rule: one thread, which has made it. */
export class KeyOwners {
  private readonly table: RingTable;
  private readonly slots: ReadonlyMap<string, readonly SlotId[]>;
  private readonly names: readonly string[];
  private readonly overrides: ReadonlyMap<number, readonly SlotId[]>;
  /** Of a shard's key: those that hold it, and nobody else. */
  private readonly ranks: number;
  private readonly hash: Uint32Array = new Uint32Array(2);

  /** @throws as `ringTable` and `openTable` */
  private constructor(input: RingTableInput, ring: NonNullable<TableMessage['ring']>) {
    const image = ringTable(input);
    const buffer = new SharedArrayBuffer(image.byteLength);
    image.writeTo({ buffer, generation: ring.generation });
    this.table = openTable(buffer);
    this.ranks = input.kind === 'sharded' ? this.table.header.replicas : RANKS_MAX;
    this.slots = slotsByMember(input);
    const { members } = this.table;
    this.names = Array.from({ length: members.count }, (_, i) => members.name(i));
    this.overrides = new Map(ring.overrides.map(({ slice, owners }) => [slice, owners]));
  }

  /** Null: the service has no ring, or nobody is in it. */
  static of(
    { kind, ring, replicas }: Pick<RouteConfig, 'kind' | 'ring' | 'replicas'>,
    said: TableMessage['ring'],
  ): KeyOwners | null {
    if (ring === null || said === null || said.members.length === 0) return null;
    const { members, weights } = said;
    return new KeyOwners({ kind, ring, members, weights, replicas, addresses: null }, said);
  }

  /** Owners of a slice that does not go where the ring says; null: it does. */
  overridden(key: string): readonly SlotId[] | null {
    if (this.overrides.size === 0) return null;
    return this.overrides.get(this.slice(key)) ?? null;
  }

  /** Which slice a key is in, and who has it by the ring. */
  place(key: string): KeyPlace {
    const slice = this.slice(key);
    return { slice, owner: this.overrides.has(slice) ? null : this.memberOf(key, 0) };
  }

  private slice(key: string): number {
    return sliceOf(this.highOf(key));
  }

  /** Slots of rank `rank`: one, or those of a shard; null: there are no more. */
  private slotsOf(key: string, rank: number): readonly SlotId[] | null {
    if (rank >= this.ranks) return null;
    const name = this.memberOf(key, rank);
    return name === null ? null : (this.slots.get(name) ?? null);
  }

  private memberOf(key: string, rank: number): string | null {
    const high = this.highOf(key);
    const { table } = this;
    const member =
      table.kind === 'rendezvous' || table.kind === 'maglev'
        ? table.owner(high, rank)
        : table.owner(high, this.hash[1] as number, rank);
    return this.names[member] ?? null;
  }

  /** Everybody who may answer for a key by the ring, the first to ask first. */
  line(key: string): readonly SlotId[] {
    const inLine: SlotId[] = [];
    for (let rank = 0; ; rank++) {
      const slots = this.slotsOf(key, rank);
      if (slots === null) return inLine;
      inLine.push(...slots);
    }
  }

  /** The highest 32 bits of a key's hash; the lowest are in `hash[1]` where there are any. */
  private highOf(key: string): number {
    const { kind } = this.table;
    if (kind === 'rendezvous' || kind === 'maglev') return murmur3Text(key);
    seriesKey(key, [], this.hash);
    return this.hash[0] as number;
  }
}
