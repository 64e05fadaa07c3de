/**
 * Builds rendezvous slot tables and keeps them up to date member by member. A controller holds one
 * builder per ring, on one thread; readers see its images only.
 * The table depends on the members and the number of slots alone, not on the order in which members
 * are listed or on who came and went before: a brain that restarts builds the very bytes that its
 * predecessor published.
 * Not here: which member owns which slot (`slot-ranking.ts`), levelling by load (`refine.ts`), and
 * changing the number of slots: take another builder.
 */
import { RingmasterError } from '../errors.ts';
import {
  type CheckedMember,
  checkMember,
  compareText,
  duplicateMember,
  invalid,
  listOf,
  MEMBERS_MAX,
  type Member,
  memberList,
  requireSomeWeight,
  tooManyMembers,
} from './member.ts';
import { checkCap, refineCells } from './refine.ts';
import { checkReplicas } from './replicas.ts';
import { SlotRanking } from './slot-ranking.ts';
import { type TableImage, tableImage } from './table-image.ts';
import { NO_MEMBER, SLOT_RANKS } from './table-layout.ts';

/** log2 of the slots of a rendezvous table at least: fewer than 256 balance nothing. */
export const SLOT_BITS_MIN = 8;

/** log2 of the slots at most: 2^20 are 8 MiB, and look-ups leave most caches already. */
export const SLOT_BITS_MAX = 20;

/**
 * Slots that each member should have at least. More: shares are even and refinement has something
 * to move; fewer slots: the table stays in a nearer cache, and joins are cheaper.
 * With 100, chance spreads shares by some 10 %, and a slot is the 1 % that refinement aims at.
 */
const SLOTS_PER_MEMBER_MIN = 100;

/**
 * 512 KiB of cells, whatever the number of members: a choice that followed it would give nearly every
 * key another owner on the day when one member more crosses a threshold, or the controller restarts.
 */
const SLOT_BITS_DEFAULT = 16;

/** Sizes worth choosing: 512 KiB, 2 MiB and 8 MiB, one step per level of cache. */
const SLOT_BITS_CHOICES = [SLOT_BITS_DEFAULT, 18, SLOT_BITS_MAX];

/**
 * Advice: slot bits that balance `members` members well: 16 up to 655, 18 up to 2,621, then 20.
 * Ask once, for the largest size that the ring may grow to, and keep the answer in its configuration.
 * Nothing calls it by itself: another number of slots moves nearly every key.
 */
export function slotBitsFor(members: number): number {
  const wanted = members * SLOTS_PER_MEMBER_MIN;
  return SLOT_BITS_CHOICES.find((slotBits) => wanted <= 1 << slotBits) ?? SLOT_BITS_MAX;
}

/** How a builder starts. */
export interface RendezvousOptions {
  /**
   * log2 of the number of slots, 8 to 20. Default 16, whatever the members. It belongs to the ring
   * like its name: every builder of the ring, today's and the one after a restart, takes the same.
   * Choose 18 for a ring that may pass 655 members, 20 for one that may pass 2,621; see `slotBitsFor`.
   */
  readonly slotBits?: number;
}

/** What is decided when a table is made, not before. */
export interface RendezvousImageOptions {
  /** Copies of a key, 1 to 4. Default 3. Fewer members leave the last copies without an owner. */
  readonly replicas?: number;
  /** Cap of a member's slots in thousandths of its share, such as 1010. Absent: do not refine. */
  readonly capPermille?: number;
}

/** The members of a ring and their slots. One thread. */
export class RendezvousBuilder {
  readonly slotBits: number;
  private readonly ranking: SlotRanking;
  /** Canonical order, drained members included. */
  private readonly members: CheckedMember[] = [];
  private readonly idOf: Map<string, number> = new Map();
  private readonly freeIds: number[] = [];
  /** Numbers of the zones of members with a weight. */
  private readonly zoneIds: Map<string, number> = new Map();
  private readonly freeZoneIds: number[] = [];

  /**
   * Costs one pass over all slots per member: some 0.2 s for 2^16 slots and 100 members, 2 s for
   * 2^18 and 1,000. A controller pays it once and joins and leaves from there.
   * @throws RM_TABLE_MEMBERS as `memberList` does. @throws RM_TABLE_OPTION for bad slot bits.
   */
  constructor(members: Iterable<Member>, options: RendezvousOptions = {}) {
    const list = memberList(members);
    this.slotBits = checkSlotBits(options.slotBits ?? SLOT_BITS_DEFAULT);
    this.ranking = new SlotRanking(1 << this.slotBits);
    for (const member of list.members) this.admit(member, this.members.length);
  }

  /** Adds a member. @throws RM_TABLE_MEMBERS for a name that is there, a 65,536th, a bad field. */
  join(member: Member): void {
    const checked = checkMember(member);
    if (this.idOf.has(checked.name)) throw duplicateMember(checked.name);
    if (this.members.length >= MEMBERS_MAX) throw tooManyMembers(this.members.length + 1);
    this.admit(checked, this.position(checked.name));
  }

  /**
   * Removes a member. The last one may leave, but `image` then refuses.
   * @throws RM_TABLE_MEMBERS when there is no member of this name.
   */
  leave(name: string): void {
    const id = this.idOf.get(name);
    if (id === undefined) throw unknownMember(name);
    const at = this.position(name);
    const { weight, zone } = this.members[at] as CheckedMember;
    this.members.splice(at, 1);
    this.idOf.delete(name);
    this.freeIds.push(id);
    if (weight === 0) return;
    this.ranking.leave(id);
    this.releaseZone(zone);
  }

  /**
   * Gives a member another weight or zone; only slots that it wins or loses change. Weight 0 drains.
   * @throws RM_TABLE_MEMBERS when there is no member of this name, or for a bad field.
   */
  change(member: Member): void {
    const checked = checkMember(member); // Before leaving: a bad field must change nothing.
    this.leave(checked.name);
    this.admit(checked, this.position(checked.name));
  }

  /**
   * The table of the present members. It does not change when the builder does.
   * @throws RM_TABLE_MEMBERS when nobody is left or all weights are 0.
   * @throws RM_TABLE_OPTION for replicas other than 1 to 4, or a bad cap.
   */
  image(options: RendezvousImageOptions = {}): TableImage {
    const { replicas = 3, capPermille } = options;
    checkReplicas(replicas, SLOT_RANKS);
    if (capPermille !== undefined) checkCap(capPermille);
    const list = listOf([...this.members]);
    requireSomeWeight(list);
    const cells = this.canonicalCells();
    if (capPermille !== undefined) {
      const weights = Float64Array.from(list.members, (member) => member.weight);
      refineCells(cells, { weights, zoneOf: list.zoneOf, replicas, capPermille });
    }
    return tableImage({
      list,
      kind: 'rendezvous',
      replicas,
      entries: this.ranking.slots,
      parameter: capPermille ?? 0,
      fill(buffer, byteOffset, layout) {
        new Uint16Array(buffer, byteOffset + layout.parts[0], cells.length).set(cells);
      },
    });
  }

  private admit(member: CheckedMember, at: number): void {
    const id = this.freeIds.pop() ?? this.idOf.size;
    this.members.splice(at, 0, member);
    this.idOf.set(member.name, id);
    if (member.weight === 0) return;
    const { name, weight } = member;
    this.ranking.join({ id, name, weight, zone: this.zoneId(member.zone) });
  }

  /** Owners by canonical index instead of by id. */
  private canonicalCells(): Uint16Array {
    const { owners } = this.ranking;
    const indexOfId = new Uint16Array(NO_MEMBER + 1).fill(NO_MEMBER);
    for (let index = 0; index < this.members.length; index += 1) {
      const { name } = this.members[index] as CheckedMember;
      indexOfId[this.idOf.get(name) as number] = index;
    }
    return translate(owners, indexOfId);
  }

  /** Where a name is, or would be inserted. */
  private position(name: string): number {
    let low = 0;
    let high = this.members.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareText((this.members[middle] as CheckedMember).name, name) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private zoneId(zone: string): number {
    let id = this.zoneIds.get(zone);
    if (id === undefined) {
      id = this.freeZoneIds.pop() ?? this.zoneIds.size;
      this.zoneIds.set(zone, id);
    }
    return id;
  }

  /** Gives a zone's number back once nobody races for it, so that numbers stay below 65,536. */
  private releaseZone(zone: string): void {
    const id = this.zoneIds.get(zone) as number;
    if (this.ranking.zoneSizes.has(id)) return;
    this.zoneIds.delete(zone);
    this.freeZoneIds.push(id);
  }
}

function translate(owners: Uint16Array, indexOfId: Uint16Array): Uint16Array {
  const cells = new Uint16Array(owners.length);
  for (let at = 0; at < owners.length; at += 1) {
    cells[at] = indexOfId[owners[at] as number] as number;
  }
  return cells;
}

function checkSlotBits(slotBits: number): number {
  const inside = slotBits >= SLOT_BITS_MIN && slotBits <= SLOT_BITS_MAX;
  if (Number.isInteger(slotBits) && inside) return slotBits;
  throw new RingmasterError(
    'RM_TABLE_OPTION',
    `got slotBits ${slotBits}, expected an integer from ${SLOT_BITS_MIN} to ${SLOT_BITS_MAX}; ` +
      `leave it out for ${SLOT_BITS_DEFAULT}.`,
  );
}

function unknownMember(name: string): RingmasterError {
  return invalid(`unknown member "${name}"`, 'the name of a member', 'join it first.');
}
