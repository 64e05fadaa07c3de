/**
 * Builds maglev slot tables: every member walks its own permutation of the slots and claims the
 * first free one, in turns, until all are taken. Shares are even to within a slot or two, better
 * than rendezvous; a change of members moves somewhat more keys than it must.
 * There is no incremental update: the turns depend on everybody. A controller builds anew.
 *
 * Source: Eisenbud et al., "Maglev: a fast and reliable software network load balancer", NSDI 2016,
 * section 3.4; turns by weight as in Envoy's maglev load balancer.
 */
import { RingmasterError } from '../errors.ts';
import { type CheckedMember, type Member, memberList, requireSomeWeight } from './member.ts';
import { checkReplicas } from './replicas.ts';
import { takeCensus, walkReplicas } from './ring-walk.ts';
import { seedsOf } from './score.ts';
import { type TableImage, tableImage } from './table-image.ts';
import { NO_MEMBER, SLOT_RANKS } from './table-layout.ts';

/**
 * The paper's smaller table; a prime, because every skip must generate all slots. It does not follow
 * the number of members: one member more, across a threshold, would move nearly every key.
 */
const SLOTS_DEFAULT = 65_537;

/** Slots of a maglev table at least: a prime that a test can look through. */
export const MAGLEV_SLOTS_MIN = 251;

/** Slots at most: 32 MiB, 64 for each of 65,535 members. More would leave every cache. */
export const MAGLEV_SLOTS_MAX = 4_194_301;

/** How a maglev table is made. */
export interface MaglevOptions {
  /** Copies of a key, 1 to 4. Default 3. Fewer members leave the last copies without an owner. */
  readonly replicas?: number;
  /**
   * A prime from 251 to 4,194,301. Default 65,537, whatever the members: another number moves nearly
   * every key. Choose 655,373, the paper's larger one, for a ring that may pass 650 members: with
   * fewer than 100 slots to each, the one slot by which shares differ is more than 1 %.
   */
  readonly slots?: number;
}

/**
 * The table of these members. Replicas are found by walking on from the slot, spread over zones.
 * @throws RM_TABLE_MEMBERS as `memberList` does, or when all weights are 0.
 * @throws RM_TABLE_OPTION for replicas other than 1 to 4, or slots that are no prime in range.
 */
export function buildMaglev(members: Iterable<Member>, options: MaglevOptions = {}): TableImage {
  const list = memberList(members);
  requireSomeWeight(list);
  const { replicas = 3 } = options;
  checkReplicas(replicas, SLOT_RANKS);
  const slots = checkSlots(options.slots ?? SLOTS_DEFAULT);
  const owners = claimSlots(list.members, slots);
  const ring = {
    owners,
    zoneOf: list.zoneOf,
    zones: list.zones.length,
    members: list.members.length,
  };
  const census = takeCensus(ring);
  const cells = new Uint16Array(slots * SLOT_RANKS).fill(NO_MEMBER);
  const ranks = Math.min(SLOT_RANKS, census.owners);
  walkReplicas(ring, census, cells, { replicas: ranks, stride: SLOT_RANKS });
  return tableImage({
    list,
    kind: 'maglev',
    replicas,
    entries: slots,
    fill(buffer, byteOffset, layout) {
      new Uint16Array(buffer, byteOffset + layout.parts[0], cells.length).set(cells);
    },
  });
}

/**
 * Members claim slots in turns until none is free. The heaviest member takes one in every turn, a
 * member of half its weight in every other; all take one in the first.
 */
function claimSlots(members: readonly CheckedMember[], slots: number): Uint16Array {
  const owners = new Uint16Array(slots).fill(NO_MEMBER);
  const walker = new SlotWalker(members, slots);
  const heaviest = members.reduce((most, member) => Math.max(most, member.weight), 0);
  const paces = Float64Array.from(members, (member) => heaviest / member.weight);
  const claims = new Uint32Array(members.length);
  const calendar = new TurnCalendar(members.length, slots);
  for (const [member, { weight }] of members.entries()) {
    if (weight > 0) calendar.add(1, member);
  }
  let free = slots;
  for (let turn = 1; free > 0; turn += 1) {
    for (let member = calendar.first(turn); member >= 0 && free > 0; ) {
      const following = calendar.after(member);
      owners[walker.nextFree(member, owners)] = member;
      free -= 1;
      const count = (claims[member] as number) + 1;
      claims[member] = count;
      calendar.add(Math.max(turn + 1, Math.ceil(count * (paces[member] as number))), member);
      member = following;
    }
  }
  return owners;
}

/** Who is due in which turn, in the order of adding. A member stands in one turn at a time. */
class TurnCalendar {
  private readonly firsts: Int32Array;
  private readonly lasts: Int32Array;
  private readonly nexts: Int32Array;

  constructor(members: number, turns: number) {
    this.firsts = new Int32Array(turns + 1).fill(-1);
    this.lasts = new Int32Array(turns + 1).fill(-1);
    this.nexts = new Int32Array(members).fill(-1);
  }

  /** A turn past the last one never comes: every turn before takes a slot at least. */
  add(turn: number, member: number): void {
    if (turn >= this.firsts.length) return;
    const last = this.lasts[turn] as number;
    if (last < 0) this.firsts[turn] = member;
    else this.nexts[last] = member;
    this.lasts[turn] = member;
    this.nexts[member] = -1;
  }

  /** First member of a turn, or -1. */
  first(turn: number): number {
    return this.firsts[turn] as number;
  }

  /** Next member of the same turn, or -1; to be asked before the member is added again. */
  after(member: number): number {
    return this.nexts[member] as number;
  }
}

/** Where each member stands in its permutation: offset + k × skip, modulo the prime. */
class SlotWalker {
  private readonly slots: number;
  private readonly at: Uint32Array;
  private readonly skip: Uint32Array;

  constructor(members: readonly CheckedMember[], slots: number) {
    this.slots = slots;
    this.at = new Uint32Array(members.length);
    this.skip = new Uint32Array(members.length);
    for (const [index, member] of members.entries()) {
      const seeds = seedsOf(member.name);
      this.at[index] = (seeds[0] as number) % slots;
      this.skip[index] = ((seeds[1] as number) % (slots - 1)) + 1;
    }
  }

  /** The member's next slot without an owner. There is one: the caller counts. */
  nextFree(member: number, owners: Uint16Array): number {
    const { slots } = this;
    const skip = this.skip[member] as number;
    let slot = this.at[member] as number;
    while (owners[slot] !== NO_MEMBER) slot = (slot + skip) % slots;
    this.at[member] = slot;
    return slot;
  }
}

function checkSlots(slots: number): number {
  const inside = slots >= MAGLEV_SLOTS_MIN && slots <= MAGLEV_SLOTS_MAX;
  if (Number.isInteger(slots) && inside && isPrime(slots)) return slots;
  throw new RingmasterError(
    'RM_TABLE_OPTION',
    `got slots ${slots}, expected a prime from ${MAGLEV_SLOTS_MIN} to ${MAGLEV_SLOTS_MAX}; ` +
      `leave it out for ${SLOTS_DEFAULT}.`,
  );
}

function isPrime(value: number): boolean {
  for (let divisor = 2; divisor * divisor <= value; divisor += 1) {
    if (value % divisor === 0) return false;
  }
  return true;
}
