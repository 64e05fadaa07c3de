/**
 * Shuffle sharding: a tenant's own few members of a large ring, so that a tenant that harms its
 * members harms few other tenants. A controller calls it and builds a ketama or Pantheon table of
 * the chosen members; it builds no table itself.
 * A member that comes or goes changes a tenant's choice by one member at most.
 *
 * Source: thanos-io/thanos `pkg/receive/hashring.go`, shuffleShardHashring. The positions are drawn
 * by hashing tenant, zone and a counter, in place of a seeded generator: choices differ from
 * Thanos', their sizes and stability do not.
 */
import { RingmasterError } from '../errors.ts';
import { SECTIONS_PER_MEMBER_DEFAULT, sortedSections } from './ketama-sections.ts';
import {
  type CheckedMember,
  compareText,
  invalid,
  type Member,
  type MemberList,
  memberList,
} from './member.ts';
import { seriesKey } from './series-key.ts';
import { NO_SHARD } from './table-layout.ts';
import { matchTenant, type TenantRule } from './tenant-match.ts';

/** How many members a tenant gets. */
export interface ShardSizes {
  /** For tenants without an override. 0 switches shuffle sharding off: all members. */
  readonly shardSize: number;
  /** The first that serves the tenant wins. */
  readonly overrides?: readonly (TenantRule & { readonly shardSize: number })[];
}

/** What a sharder is made with. */
export interface ShuffleSharderOptions extends ShardSizes {
  /** Default true: as many members from every zone. False: all members are one zone. */
  readonly zoneAware?: boolean;
  /** As of the ring. Default 1,000. */
  readonly sectionsPerMember?: number;
}

/** One zone's sections in ring order. */
interface ZoneRing {
  readonly name: string;
  readonly members: readonly CheckedMember[];
  readonly sections: ReturnType<typeof sortedSections>;
}

/** Chooses members for tenants. One thread; keeps no tenants. */
export class ShuffleSharder {
  private readonly members: readonly CheckedMember[];
  private readonly options: ShuffleSharderOptions;
  private readonly zones: readonly ZoneRing[];

  /** @throws RM_TABLE_MEMBERS as `memberList` does. @throws RM_TABLE_OPTION for bad sections. */
  constructor(members: Iterable<Member>, options: ShuffleSharderOptions) {
    const list = memberList(members);
    const { zoneAware = true, sectionsPerMember = SECTIONS_PER_MEMBER_DEFAULT } = options;
    this.members = list.members;
    this.options = options;
    const names = zoneAware ? list.zones : [''];
    this.zones = names.map((name) => {
      const inZone = zoneAware
        ? list.members.filter((member) => member.zone === name)
        : list.members;
      return { name, members: inZone, sections: sortedSections(inZone, sectionsPerMember) };
    });
  }

  /**
   * The tenant's members, ascending by name.
   * @throws RM_TABLE_OPTION when a zone has too few members for the tenant's shard size.
   */
  pick(tenant: string): readonly Member[] {
    const shardSize = shardSizeOf(this.options, tenant);
    if (shardSize === 0) return this.members;
    const perZone = Math.ceil(shardSize / this.zones.length);
    const chosen = this.zones.flatMap((zone) => pickFrom(zone, perZone, tenant, shardSize));
    return chosen.sort((a, b) => compareText(a.name, b.name));
  }
}

/**
 * Shuffle sharding for Pantheon tables: the tenant gets the same shards in every zone.
 * Shards are ranked by a hash of tenant and number; the first ceil(shard size / zones) are taken and
 * numbered from 0 anew, as a table of their own wants.
 * @throws RM_TABLE_MEMBERS as `memberList` does, for a member without a shard, or for a shard that a
 * zone has twice.
 * @throws RM_TABLE_OPTION when there are fewer shards than that.
 */
export function pickShards(
  members: Iterable<Member>,
  tenant: string,
  sizes: ShardSizes,
): readonly Member[] {
  const list = memberList(members);
  const shardSize = shardSizeOf(sizes, tenant);
  if (shardSize === 0) return list.members;
  const wanted = Math.ceil(shardSize / list.zones.length);
  const common = commonShards(list);
  if (wanted > common.length)
    throw shardTooLarge(shardSize, list.zones[0] as string, common.length);
  const ranked = common
    .map((shard) => ({ shard, draw: drawFor(tenant, '', shard) }))
    .sort((a, b) => b.draw.high - a.draw.high || b.draw.low - a.draw.low || a.shard - b.shard);
  const picked = ranked.slice(0, wanted).map(({ shard }) => shard);
  picked.sort((a, b) => a - b);
  return list.members
    .filter(({ shard }) => picked.includes(shard))
    .map((member) => ({ ...member, shard: picked.indexOf(member.shard) }));
}

/** Shards from 0 that every zone has, up to the first gap. */
function commonShards(list: MemberList): number[] {
  const zonesOf = new Map<number, Set<string>>();
  for (const { name, zone, shard } of list.members) {
    if (shard === NO_SHARD) throw invalid(`"${name}" without a shard`, 'a number', 'give it one.');
    const zones = zonesOf.get(shard) ?? new Set();
    if (zones.has(zone)) {
      throw invalid(`shard ${shard} of zone "${zone}" again in "${name}"`, 'it once', 'drop one.');
    }
    zonesOf.set(shard, zones.add(zone));
  }
  const common: number[] = [];
  while (zonesOf.get(common.length)?.size === list.zones.length) common.push(common.length);
  return common;
}

function shardSizeOf(sizes: ShardSizes, tenant: string): number {
  const { overrides = [] } = sizes;
  const shardSize = overrides[matchTenant(overrides, tenant)]?.shardSize ?? sizes.shardSize;
  if (Number.isSafeInteger(shardSize) && shardSize >= 0) return shardSize;
  throw new RingmasterError(
    'RM_TABLE_OPTION',
    `got shard size ${shardSize}, expected an integer from 0; 0 means all members.`,
  );
}

/** Draws positions; each takes the next member clockwise that is not chosen yet. */
function pickFrom(
  zone: ZoneRing,
  count: number,
  tenant: string,
  shardSize: number,
): CheckedMember[] {
  const { members, name } = zone;
  if (count > members.length) throw shardTooLarge(shardSize, name, members.length);
  const { hashes, owners } = zone.sections;
  const chosen = new Set<number>();
  for (let draw = 0; draw < count; draw += 1) {
    const position = drawFor(tenant, name, draw);
    let at = firstSection(hashes, position.high, position.low);
    while (chosen.has(owners[at] as number)) at = at + 1 === owners.length ? 0 : at + 1;
    chosen.add(owners[at] as number);
  }
  return [...chosen].map((member) => members[member] as CheckedMember);
}

/** First section at or after a position, around the ring. Off the hot path: a binary search. */
function firstSection(hashes: Uint32Array, high: number, low: number): number {
  let from = 0;
  let to = hashes.length / 2;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const sectionHigh = hashes[2 * middle] as number;
    const isBefore =
      sectionHigh < high || (sectionHigh === high && (hashes[2 * middle + 1] as number) < low);
    if (isBefore) from = middle + 1;
    else to = middle;
  }
  return from === hashes.length / 2 ? 0 : from;
}

const drawn = new Uint32Array(2);

/** A pseudo-random 64-bit position: the same for the same three, on every machine. */
function drawFor(tenant: string, zone: string, counter: number): { high: number; low: number } {
  seriesKey(tenant, [[zone, String(counter)]], drawn);
  return { high: drawn[0] as number, low: drawn[1] as number };
}

function shardTooLarge(shardSize: number, zone: string, members: number): RingmasterError {
  return new RingmasterError(
    'RM_TABLE_OPTION',
    `shard size ${shardSize} is larger than number of nodes in AZ ${zone} (${members}); ` +
      'add members to the zone, or lower the shard size.',
    { shardSize, zone, members },
  );
}
