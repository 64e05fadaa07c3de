/**
 * Builds ketama tables that give every key the owner that Thanos Receive gives it.
 * For rings that must agree with one; elsewhere a rendezvous table is smaller, faster and better
 * balanced. There is no incremental update: sections of all members are merged anew.
 * It agrees per key, so the ring is not compiled into slots, which would misroute some.
 */

import { SECTIONS_PER_MEMBER_DEFAULT, sortedSections } from './ketama-sections.ts';
import { invalid, type Member, memberList, requireEqualWeights } from './member.ts';
import { checkReplicas } from './replicas.ts';
import { takeCensus, walkReplicas } from './ring-walk.ts';
import { type TableImage, tableImage } from './table-image.ts';

/** How a ketama table is made. */
export interface KetamaOptions {
  /** Copies of a key, 1 to the number of members. Default 3, or all members if fewer. */
  readonly replicas?: number;
  /** Default 1,000, as in Thanos. */
  readonly sectionsPerMember?: number;
}

/**
 * The table of these members; a member's name is its address.
 * @throws RM_TABLE_MEMBERS as `memberList` does, for weights other than 1, and for fewer members
 * than `replicas`. @throws RM_TABLE_OPTION for bad replicas or sections.
 */
export function buildKetama(members: Iterable<Member>, options: KetamaOptions = {}): TableImage {
  const list = memberList(members);
  requireEqualWeights(list, 'ketama');
  const count = list.members.length;
  const { replicas = Math.min(3, count), sectionsPerMember = SECTIONS_PER_MEMBER_DEFAULT } =
    options;
  if (replicas > count) {
    throw invalid(`${count} members`, `at least ${replicas}`, 'ask for fewer replicas.');
  }
  checkReplicas(replicas, count);
  const sections = sortedSections(list.members, sectionsPerMember);
  const ring = {
    owners: sections.owners,
    zoneOf: list.zoneOf,
    zones: list.zones.length,
    members: count,
  };
  const cells = new Uint16Array(sections.count * replicas);
  walkReplicas(ring, takeCensus(ring), cells, { replicas, stride: replicas });
  return tableImage({
    list,
    kind: 'ketama',
    replicas,
    entries: sections.count,
    bucketBits: sections.bucketBits,
    parameter: sectionsPerMember,
    fill(buffer, byteOffset, { parts }) {
      const { hashes, starts } = sections;
      new Uint32Array(buffer, byteOffset + parts[0], hashes.length).set(hashes);
      new Uint32Array(buffer, byteOffset + parts[1], starts.length).set(starts);
      new Uint16Array(buffer, byteOffset + parts[2], cells.length).set(cells);
    },
  });
}
