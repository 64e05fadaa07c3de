/**
 * Builds tables for Pantheon's rendezvous: a shard is chosen per key, and every zone holds that
 * shard, so that losing a zone costs each series exactly one replica.
 * For rings that must agree with the Databricks fork of Thanos; the choice itself is made per key
 * by `PantheonTable`. It hashes no keys and accepts no weights.
 *
 * Source: databricks/thanos `pkg/receive/rendezvous_hashring.go`.
 */
import {
  invalid,
  type Member,
  type MemberList,
  memberList,
  requireEqualWeights,
} from './member.ts';
import { type TableImage, tableImage } from './table-image.ts';
import { NO_MEMBER, NO_SHARD } from './table-layout.ts';

/** How a Pantheon table is made. */
export interface PantheonOptions {
  /** Copies of a key: the number of zones. Default: as many as the members have. */
  readonly replicas?: number;
}

/**
 * The table of these members; each has a zone and a shard number. Shards from 0 up to the first one
 * that some zone lacks are used; members beyond it are listed and own nothing.
 * @throws RM_TABLE_MEMBERS as `memberList` does; for a member without a shard; for weights other
 * than 1; when the zones are not `replicas` in number; when a zone has no shard 0; when a zone has
 * a shard twice.
 */
export function buildPantheon(
  members: Iterable<Member>,
  options: PantheonOptions = {},
): TableImage {
  const list = memberList(members);
  requireEqualWeights(list, "Pantheon's rendezvous");
  const zones = list.zones.length;
  const { replicas = zones } = options;
  if (replicas !== zones) {
    throw invalid(`${zones} zones for ${replicas} replicas`, 'one zone per replica', 'match them.');
  }
  const cells = shardCells(list);
  const shards = commonShards(cells, list);
  return tableImage({
    list,
    kind: 'pantheon',
    replicas,
    entries: shards,
    fill(buffer, byteOffset, layout) {
      const target = new Uint16Array(buffer, byteOffset + layout.parts[0], shards * zones);
      target.set(cells.subarray(0, shards * zones));
    },
  });
}

/** Member by shard and zone, for all shard numbers that occur. */
function shardCells(list: MemberList): Uint16Array {
  const zones = list.zones.length;
  let shardsMax = 0;
  for (const { name, shard } of list.members) {
    if (shard === NO_SHARD) {
      throw invalid(
        `"${name}" without a shard`,
        'a shard number',
        'number shards from 0 per zone.',
      );
    }
    shardsMax = Math.max(shardsMax, shard + 1);
  }
  // Shards 0 to s take (s + 1) × zones members; a table of all numbers that occur could be huge.
  const rows = Math.min(shardsMax, Math.floor(list.members.length / zones));
  const cells = new Uint16Array(rows * zones).fill(NO_MEMBER);
  const beyond = new Set<string>();
  for (const [index, { name, zone, shard }] of list.members.entries()) {
    const at = shard * zones + (list.zoneOf[index] as number);
    const isTaken = shard < rows ? cells[at] !== NO_MEMBER : beyond.has(`${shard} ${zone}`);
    if (isTaken) {
      throw invalid(`shard ${shard} of zone "${zone}" again in "${name}"`, 'it once', 'drop one.');
    }
    if (shard < rows) cells[at] = index;
    else beyond.add(`${shard} ${zone}`);
  }
  return cells;
}

/** Shards from 0 that every zone has. */
function commonShards(cells: Uint16Array, list: MemberList): number {
  const zones = list.zones.length;
  const gap = cells.indexOf(NO_MEMBER);
  if (gap >= 0 && gap < zones) {
    const got = `zone "${list.zones[gap]}" without shard 0`;
    throw invalid(got, 'shard 0 in every zone', 'number shards from 0 per zone.');
  }
  return Math.floor((gap < 0 ? cells.length : gap) / zones);
}
