/**
 * Consistent hashing with bounded loads: no member carries more than a given factor of its fair
 * share; a key whose owner is full goes to the next in line. A router calls it per key, with live
 * loads that anybody counts, in shared memory or not. It reads loads and never changes them.
 *
 * Source: Mirrokni, Thorup and Zadimoghaddam, "Consistent hashing with bounded loads", 2016.
 */
import { RingmasterError } from '../errors.ts';
import type { SlotTable } from './open-table.ts';
import { NO_MEMBER, SLOT_RANKS } from './table-layout.ts';

// Own copies for the hot functions: Node 20 folds a module's private constants, not imported ones.
const RANKS = SLOT_RANKS;
const NOBODY = NO_MEMBER;

/**
 * Capacity over fair share. At 1.25 a key is passed on a few times at most; towards 1 nearly every
 * member is full and keys wander; far above 1 the bound binds nobody.
 */
export const LOAD_FACTOR_DEFAULT = 1.25;
const LOAD_FACTOR_MAX = 100;

/** Chooses owners by hash and load, for one table. Any thread. */
export class BoundedLoad {
  private readonly table: SlotTable;
  /** Factor × the member's share of all weights, by member. */
  private readonly allowance: Float64Array;

  /** @throws RM_TABLE_OPTION for a factor that is not above 1 and at most 100. */
  constructor(table: SlotTable, factor: number = LOAD_FACTOR_DEFAULT) {
    if (!(factor > 1 && factor <= LOAD_FACTOR_MAX)) {
      throw new RingmasterError(
        'RM_TABLE_OPTION',
        `got load factor ${factor}, expected more than 1 and at most ${LOAD_FACTOR_MAX}; ` +
          'at 1 or below the members together could not hold everything.',
      );
    }
    this.table = table;
    const { members } = table;
    let total = 0;
    for (let member = 0; member < members.count; member += 1) total += members.weight(member);
    this.allowance = new Float64Array(members.count);
    for (let member = 0; member < members.count; member += 1) {
      this.allowance[member] = (factor * members.weight(member)) / total;
    }
  }

  /** Load that a member may carry when `totalLoad` more or less is spread: rounded up. */
  capacity(member: number, totalLoad: number): number {
    return Math.ceil((this.allowance[member] ?? 0) * totalLoad);
  }

  /**
   * The first of the key's four ranked owners with room for one more, else the first member with
   * room in the slots that follow. `loads[member]` are present loads and `totalLoad` their sum;
   * both may be slightly stale, then the bound is exceeded by as much. A member without an entry
   * counts as full.
   * `NO_MEMBER` when nobody has room: some member has none of the slots, or loads exceed the total.
   */
  pick(hash: number, loads: Uint32Array | Int32Array, totalLoad: number): number {
    const { allowance } = this;
    const { cells } = this.table;
    const afterwards = totalLoad + 1;
    const start = this.table.slotOf(hash) * RANKS;
    let at = start;
    do {
      const member = cells[at] as number;
      if (member !== NOBODY) {
        const capacity = Math.ceil((allowance[member] as number) * afterwards);
        if ((loads[member] as number) < capacity) return member;
      }
      at = at + 1 === cells.length ? 0 : at + 1;
    } while (at !== start);
    return NOBODY;
  }
}
