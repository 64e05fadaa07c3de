/**
 * The four owners of every slot under rendezvous hashing, kept exact while members come and go.
 * `RendezvousBuilder` calls it with ids of its own; the order of ids means nothing. It stores
 * one time per slot and computes the others again: that is cheaper than a miss in a larger array.
 *
 * Replica order: a member's *round* is how many better members its own zone has for the slot; lower
 * rounds come first, within a round shorter race times, and at equal times the smaller name.
 *
 * Invariant HOT-8: owners[slot] are the first four of all joined members in replica order.
 * Invariant: worst[slot] is the longest race time among them, infinite while there are not four.
 *
 * Memory: 16 bytes per slot, 1 MiB for 2^16 slots and 16 MiB for 2^20.
 */
import { compareText } from './member.ts';
import { drawOf, RACE_FLOOR, raceTime, seedsOf } from './score.ts';
import { NO_MEMBER, SLOT_RANKS } from './table-layout.ts';

// Own copies for the hot functions: Node 20 folds a module's private constants, not imported ones.
const RANKS = SLOT_RANKS;
const NOBODY = NO_MEMBER;

/** What the ranking needs to know about a member. Ids and zones are small integers of the caller. */
export interface Racer {
  readonly id: number;
  readonly name: string;
  readonly zone: number;
  readonly weight: number;
}

/** Owners by slot. One thread. */
export class SlotRanking {
  readonly slots: number;
  /** Four ids per slot in replica order, then `NO_MEMBER`. */
  readonly owners: Uint16Array;
  private readonly worst: Float64Array;
  /** Columns by id. An id's row is meaningful while the id is joined. */
  private readonly names: string[] = [];
  private readonly seedA: Int32Array = new Int32Array(NOBODY);
  private readonly seedB: Int32Array = new Int32Array(NOBODY);
  private readonly zone: Uint16Array = new Uint16Array(NOBODY);
  /** 1 / weight: a race time is an exponential draw times this. */
  private readonly slowness: Float64Array = new Float64Array(NOBODY);
  /** Ids that are joined, in no order, and how many they are. */
  private readonly joined: Uint16Array = new Uint16Array(NOBODY);
  private joinedCount: number = 0;
  /** Joined members by zone; zones without any are absent. */
  readonly zoneSizes: Map<number, number> = new Map();
  /** Who stays in a slot while a leaver is replaced. */
  private readonly stayers: Uint16Array = new Uint16Array(RANKS);
  /** Rounds of the owners of the slot at hand, as far as they are known. */
  private readonly rounds: Uint8Array = new Uint8Array(RANKS);
  /**
   * The member that looks for a cell. Fields, since a fraction passed as an argument is boxed, and
   * the time starts as a fraction, so that the engine never lays the field out for integers.
   */
  private carriedId: number = 0;
  private carriedTime: number = 0.5;
  private carriedRound: number = 0;

  constructor(slots: number) {
    this.slots = slots;
    this.owners = new Uint16Array(slots * RANKS).fill(NOBODY);
    this.worst = new Float64Array(slots).fill(Infinity);
  }

  /** Enters a member that is not joined: every slot that it wins a rank of changes. O(slots). */
  join(racer: Racer): void {
    const { id } = racer;
    const seeds = seedsOf(racer.name);
    this.names[id] = racer.name;
    this.seedA[id] = seeds[0] as number;
    this.seedB[id] = seeds[1] as number;
    this.zone[id] = racer.zone;
    this.slowness[id] = 1 / racer.weight;
    const zoneSize = this.zoneSizes.get(racer.zone) ?? 0;
    if (this.zoneSizes.size >= RANKS || zoneSize >= RANKS) this.race(id);
    else this.raceEverywhere(id);
    this.joined[this.joinedCount] = id;
    this.joinedCount += 1;
    this.zoneSizes.set(racer.zone, zoneSize + 1);
  }

  /** Takes a joined member out: only slots that it holds a rank of change. O(slots). */
  leave(id: number): void {
    this.joinedCount -= 1;
    this.joined[this.joined.indexOf(id)] = this.joined[this.joinedCount] as number;
    const zone = this.zone[id] as number;
    const zoneSize = (this.zoneSizes.get(zone) as number) - 1;
    if (zoneSize === 0) this.zoneSizes.delete(zone);
    else this.zoneSizes.set(zone, zoneSize);
    const { owners } = this;
    for (let at = 0; at < owners.length; at += RANKS) {
      const held =
        owners[at] === id ||
        owners[at + 1] === id ||
        owners[at + 2] === id ||
        owners[at + 3] === id;
      if (held) this.replace(at / RANKS, id);
    }
  }

  /**
   * The join of the steady state: most slots are dismissed by one multiplication.
   * Safety: a member slower than all four owners takes no rank, because the rounds of the owners
   * are even. They are when there are four zones, or when the member's zone had four members: then
   * that zone is not used up, and no owner is in a later round than the member would be.
   */
  private race(id: number): void {
    const { slots, worst } = this;
    const seedA = this.seedA[id] as number;
    const seedB = this.seedB[id] as number;
    const slowness = this.slowness[id] as number;
    const floor = RACE_FLOOR * slowness;
    for (let slot = 0; slot < slots; slot += 1) {
      const draw = drawOf(slot, seedA, seedB);
      const limit = worst[slot] as number;
      if ((0xffffffff - draw) * floor > limit) continue;
      if (raceTime(draw) * slowness <= limit) this.insert(slot, id);
    }
  }

  /** The join of a small ring or a small zone: no slot is dismissed. */
  private raceEverywhere(id: number): void {
    for (let slot = 0; slot < this.slots; slot += 1) this.insert(slot, id);
  }

  /** Refills a slot after `leaver` left: the others stay, and the best of the rest joins them. */
  private replace(slot: number, leaver: number): void {
    const { owners, stayers } = this;
    const start = slot * RANKS;
    let count = 0;
    for (let at = start; at < start + RANKS; at += 1) {
      const id = owners[at] as number;
      owners[at] = NOBODY;
      if (id === leaver || id === NOBODY) continue;
      stayers[count] = id;
      count += 1;
    }
    if (this.joinedCount > count) {
      stayers[count] = this.successor(slot, count);
      count += 1;
    }
    for (let index = 0; index < count; index += 1) this.insert(slot, stayers[index] as number);
  }

  /**
   * Gives a member its rank in a slot. It takes over the first round of its zone that it wins; who
   * held that one takes over the zone's next, and so on. The last of this chain enters the slot at
   * its place in replica order, if that lies before the end.
   */
  private insert(slot: number, newcomer: number): void {
    const { owners, rounds, zone } = this;
    const own = zone[newcomer] as number;
    const start = slot * RANKS;
    let isChanged = false;
    this.carriedTime = this.time(slot, newcomer);
    this.carriedId = newcomer;
    this.carriedRound = 0;
    let at = start;
    for (; at < start + RANKS && owners[at] !== NOBODY; at += 1) {
      const other = owners[at] as number;
      if (zone[other] !== own) {
        rounds[at - start] = this.roundAt(start, at);
        continue;
      }
      rounds[at - start] = this.carriedRound;
      if (this.isCarriedBefore(at)) {
        this.settle(start, at);
        isChanged = true;
        this.carriedId = other;
        this.carriedTime = this.time(slot, other);
      }
      this.carriedRound += 1;
    }
    if (this.enter(start, at) || isChanged) this.worst[slot] = this.longestTime(start);
  }

  /** Round of an owner: how many of its zone come before it. */
  private roundAt(start: number, at: number): number {
    const { owners, zone } = this;
    const own = zone[owners[at] as number];
    let round = 0;
    for (let before = start; before < at; before += 1) {
      if (zone[owners[before] as number] === own) round += 1;
    }
    return round;
  }

  /** Gives the carried member the first empty cell, or the last owner's if it precedes that one. */
  private enter(start: number, empty: number): boolean {
    const last = start + RANKS - 1;
    if (empty > last) {
      const lastRound = this.rounds[RANKS - 1] as number;
      if (this.carriedRound > lastRound) return false;
      if (this.carriedRound === lastRound && !this.isCarriedBefore(last)) return false;
    }
    this.settle(start, empty > last ? last : empty);
    return true;
  }

  /** Stores the carried member at a cell, or further forward, where replica order wants it. */
  private settle(start: number, from: number): void {
    const { owners, rounds } = this;
    const round = this.carriedRound;
    let at = from;
    for (; at > start; at -= 1) {
      const beforeRound = rounds[at - 1 - start] as number;
      if (beforeRound < round) break;
      if (beforeRound === round && !this.isCarriedBefore(at - 1)) break;
      owners[at] = owners[at - 1] as number;
      rounds[at - start] = beforeRound;
    }
    owners[at] = this.carriedId;
    rounds[at - start] = round;
  }

  /** Whether the carried member is faster than the owner of a cell; equal times go by name. */
  private isCarriedBefore(at: number): boolean {
    const time = this.carriedTime;
    const other = this.owners[at] as number;
    const otherTime = this.time((at / RANKS) | 0, other);
    if (time !== otherTime) return time < otherTime;
    return compareText(this.names[this.carriedId] as string, this.names[other] as string) < 0;
  }

  private time(slot: number, id: number): number {
    const draw = drawOf(slot, this.seedA[id] as number, this.seedB[id] as number);
    return raceTime(draw) * (this.slowness[id] as number);
  }

  /** Only the last owner of a round can be the slowest: `insert` has just noted the rounds. */
  private longestTime(start: number): number {
    const { owners, rounds } = this;
    const slot = start / RANKS;
    if (owners[start + RANKS - 1] === NOBODY) return Infinity;
    let longest = this.time(slot, owners[start + RANKS - 1] as number);
    for (let rank = RANKS - 2; rank >= 0; rank -= 1) {
      if (rounds[rank] === rounds[rank + 1]) continue;
      const time = this.time(slot, owners[start + rank] as number);
      if (time > longest) longest = time;
    }
    return longest;
  }

  /**
   * The next member in replica order after the first `count` stayers, at most three, of more
   * members than these. The owners of a zone are its fastest members, so a stranger's round is the
   * number of stayers from its zone.
   */
  private successor(slot: number, count: number): number {
    const { joined, joinedCount, seedA, seedB, slowness, zone, names } = this;
    const a = count > 0 ? (this.stayers[0] as number) : NOBODY;
    const b = count > 1 ? (this.stayers[1] as number) : NOBODY;
    const c = count > 2 ? (this.stayers[2] as number) : NOBODY;
    const zoneA = count > 0 ? (zone[a] as number) : -1;
    const zoneB = count > 1 ? (zone[b] as number) : -1;
    const zoneC = count > 2 ? (zone[c] as number) : -1;
    const lowestRound = this.lowestRound(count);
    let best: number = NOBODY;
    let bestRound = RANKS;
    let bestTime = Infinity;
    for (let index = 0; index < joinedCount; index += 1) {
      const id = joined[index] as number;
      const draw = drawOf(slot, seedA[id] as number, seedB[id] as number);
      const slow = slowness[id] as number;
      const isSlower = (0xffffffff - draw) * (RACE_FLOOR * slow) > bestTime;
      if (isSlower && bestRound === lowestRound) continue;
      if (id === a || id === b || id === c) continue;
      const own = zone[id] as number;
      const round = (own === zoneA ? 1 : 0) + (own === zoneB ? 1 : 0) + (own === zoneC ? 1 : 0);
      if (round > bestRound || (round === bestRound && isSlower)) continue;
      const time = raceTime(draw) * slow;
      if (round === bestRound && time >= bestTime) {
        const isTied = time === bestTime;
        if (!isTied || compareText(names[id] as string, names[best] as string) > 0) continue;
      }
      best = id;
      bestRound = round;
      bestTime = time;
    }
    return best;
  }

  /** No stranger's round is lower: 0 if there is a zone without stayers. */
  private lowestRound(count: number): number {
    const { stayers, zone, zoneSizes } = this;
    let distinct = 0;
    let lowest = RANKS;
    for (let index = 0; index < count; index += 1) {
      const own = zone[stayers[index] as number];
      let isFirst = true;
      let members = 0;
      for (let other = 0; other < count; other += 1) {
        if (zone[stayers[other] as number] !== own) continue;
        members += 1;
        if (other < index) isFirst = false;
      }
      if (isFirst) distinct += 1;
      if (members < lowest) lowest = members;
    }
    return zoneSizes.size > distinct ? 0 : lowest;
  }
}
