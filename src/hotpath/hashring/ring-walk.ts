/**
 * Replicas on a ring: from each section clockwise, members once each, spread evenly over zones.
 * Ketama and maglev builders call it; the look-up reads the result. Rendezvous has no ring and
 * does not come here.
 *
 * Source: thanos-io/thanos `pkg/receive/hashring.go`, calculateSectionReplicas. One rule is added:
 * a zone whose members are all taken no longer counts as the least occupied one. The original
 * walks for ever there, so no ring of its own can differ.
 */
import { assert } from '../errors.ts';

/** What the walk reads. */
export interface Ring {
  /** Owner by section, in ring order. */
  readonly owners: Uint16Array;
  /** Zone number by member. */
  readonly zoneOf: Uint16Array;
  readonly zones: number;
  readonly members: number;
}

/** Members that own a section, and how many zones have more than k of them, for k from 0. */
export interface RingCensus {
  readonly owners: number;
  readonly zonesLargerThan: Uint32Array;
}

/** Counts who is on the ring at all: only they can be walked to. */
export function takeCensus(ring: Ring): RingCensus {
  const seen = new Uint8Array(ring.members);
  for (const owner of ring.owners) seen[owner] = 1;
  const zoneSizes = new Uint32Array(ring.zones);
  let owners = 0;
  for (let member = 0; member < ring.members; member += 1) {
    if (seen[member] === 0) continue;
    const zone = ring.zoneOf[member] as number;
    zoneSizes[zone] = (zoneSizes[zone] as number) + 1;
    owners += 1;
  }
  const zonesLargerThan = new Uint32Array(owners + 1);
  for (const size of zoneSizes) {
    for (let k = 0; k < size; k += 1) zonesLargerThan[k] = (zonesLargerThan[k] as number) + 1;
  }
  return { owners, zonesLargerThan };
}

/**
 * Writes `replicas` members per section into `cells`, which has `stride` cells per section.
 * A member of a zone with more replicas than the least occupied zone is passed over; it may be met
 * again on the next lap. Time: sections × the way to the rarest zone that is needed.
 * The caller has made sure that there are `replicas` members on the ring.
 */
export function walkReplicas(
  ring: Ring,
  census: RingCensus,
  cells: Uint16Array,
  shape: { readonly replicas: number; readonly stride: number },
): void {
  const { owners, zoneOf } = ring;
  const { replicas, stride } = shape;
  assert(replicas <= census.owners, 'a walk for more replicas than members never ends');
  const zoneCounts = new Uint16Array(ring.zones);
  for (let section = 0; section < owners.length; section += 1) {
    const first = section * stride;
    let taken = 0;
    let level = 0;
    let zonesAtLevel = census.zonesLargerThan[0] as number;
    for (let at = section; taken < replicas; at = at + 1 === owners.length ? 0 : at + 1) {
      const owner = owners[at] as number;
      const zone = zoneOf[owner] as number;
      if (zoneCounts[zone] !== level) continue;
      if (level > 0 && isTaken(cells, first, taken, owner)) continue;
      cells[first + taken] = owner;
      taken += 1;
      zoneCounts[zone] = level + 1;
      zonesAtLevel -= 1;
      if (zonesAtLevel === 0) {
        level += 1;
        zonesAtLevel = census.zonesLargerThan[level] as number;
      }
    }
    for (let rank = 0; rank < taken; rank += 1) {
      zoneCounts[zoneOf[cells[first + rank] as number] as number] = 0;
    }
  }
}

function isTaken(cells: Uint16Array, first: number, taken: number, owner: number): boolean {
  for (let rank = 0; rank < taken; rank += 1) {
    if (cells[first + rank] === owner) return true;
  }
  return false;
}
