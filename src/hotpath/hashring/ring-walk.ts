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
import { NextUp } from './next-up.ts';

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

/** What every level of a walk reads and writes. */
interface Walk {
  readonly ring: Ring;
  readonly zonesLargerThan: Uint32Array;
  readonly cells: Uint16Array;
  readonly replicas: number;
  readonly stride: number;
}

/**
 * Writes `replicas` members per section into `cells`, which has `stride` cells per section.
 * A member of a zone with more replicas than the least occupied zone is passed over; it may be met
 * again on the next lap. So replicas come in levels: the first of every zone, in the order in which
 * zones are met, then from there on a second of every zone that has two, and so on.
 * Nobody is searched for: each level goes over the ring backwards, and keeps lists of who is met
 * next. Time: sections × replicas, however rare a zone or a member is.
 * The caller has made sure that there are `replicas` members on the ring.
 */
export function walkReplicas(
  ring: Ring,
  census: RingCensus,
  cells: Uint16Array,
  shape: { readonly replicas: number; readonly stride: number },
): void {
  const { zonesLargerThan, owners } = census;
  const { replicas, stride } = shape;
  assert(replicas <= owners, 'a walk for more replicas than members never ends');
  const walk = { ring, zonesLargerThan, cells, replicas, stride };
  let ends = walkFirstLevel(walk);
  let taken = zonesLargerThan[0] as number;
  for (let level = 1; taken < replicas; level += 1) {
    ends = walkLevel(walk, ends, taken, level);
    taken += zonesLargerThan[level] as number;
  }
}

/** The first replica of every zone, or of as many as are asked for. Returns each section's last. */
function walkFirstLevel(walk: Walk): Int32Array {
  const { ring, cells, stride } = walk;
  const { owners, zoneOf } = ring;
  const wanted = Math.min(walk.replicas, walk.zonesLargerThan[0] as number);
  const ends = new Int32Array(owners.length);
  const zones = new NextUp(ring.zones, 1);
  goBackwards(ring, (owner, section) => zones.note(zoneOf[owner] as number, 0, section));
  goBackwards(ring, (owner, section) => {
    zones.note(zoneOf[owner] as number, 0, section);
    let zone = zones.first(0);
    let end = section;
    for (let rank = 0; rank < wanted; rank += 1) {
      end = zones.place(zone);
      cells[section * stride + rank] = owners[end] as number;
      zone = zones.after(zone);
    }
    ends[section] = end;
  });
  return ends;
}

/**
 * One replica more of every zone that has one left, or of as many as are asked for. Each section goes
 * on behind the end of its last level. Returns the ends of this one.
 */
function walkLevel(walk: Walk, ends: Int32Array, taken: number, level: number): Int32Array {
  const { ring, cells, stride } = walk;
  const { zoneOf } = ring;
  const sections = ends.length;
  const waiting = new NextUp(sections, sections);
  for (let section = 0; section < sections; section += 1) {
    waiting.note(section, ((ends[section] as number) + 1) % sections, section);
  }
  const members = new NextUp(ring.members, ring.zones);
  const wanted = Math.min(walk.replicas - taken, walk.zonesLargerThan[level] as number);
  const nearest = new Nearest(wanted);
  const newEnds = new Int32Array(sections);
  goBackwards(ring, (owner, at) => members.note(owner, zoneOf[owner] as number, at));
  const zones: number[] = []; // Not those of drained members only: these could be many.
  for (let zone = 0; zone < ring.zones; zone += 1) if (members.first(zone) >= 0) zones.push(zone);
  goBackwards(ring, (owner, at) => {
    members.note(owner, zoneOf[owner] as number, at);
    for (let section = waiting.first(at); section >= 0; section = waiting.after(section)) {
      const first = section * stride;
      nearest.clear();
      for (const zone of zones) {
        let member = members.first(zone);
        while (member >= 0 && isTaken(cells, first, taken, member)) member = members.after(member);
        if (member < 0) continue;
        const ahead = members.place(member) - at;
        nearest.offer(member, ahead < 0 ? ahead + sections : ahead);
      }
      cells.set(nearest.members, first + taken);
      newEnds[section] = (at + (nearest.ways[wanted - 1] as number)) % sections;
    }
  });
  return newEnds;
}

/** Calls `visit` with every section and its owner, last section first. */
function goBackwards(ring: Ring, visit: (owner: number, section: number) => void): void {
  const { owners } = ring;
  for (let section = owners.length - 1; section >= 0; section -= 1) {
    visit(owners[section] as number, section);
  }
}

/** The nearest few of the members that were offered, nearest first. No two are equally far. */
class Nearest {
  readonly members: Uint16Array;
  readonly ways: Float64Array;

  constructor(count: number) {
    this.members = new Uint16Array(count);
    this.ways = new Float64Array(count);
  }

  clear(): void {
    this.ways.fill(Infinity);
  }

  offer(member: number, way: number): void {
    const { members, ways } = this;
    let at = ways.length;
    for (; at > 0 && (ways[at - 1] as number) > way; at -= 1) {
      if (at === ways.length) continue;
      ways[at] = ways[at - 1] as number;
      members[at] = members[at - 1] as number;
    }
    if (at === ways.length) return;
    ways[at] = way;
    members[at] = member;
  }
}

function isTaken(cells: Uint16Array, first: number, taken: number, owner: number): boolean {
  for (let rank = 0; rank < taken; rank += 1) {
    if (cells[first + rank] === owner) return true;
  }
  return false;
}
