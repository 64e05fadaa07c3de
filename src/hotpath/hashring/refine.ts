/**
 * Levels a slot table: no member is first owner of much more than its share. A builder calls it on
 * the cells it is about to write, when the caller asked for a cap.
 * Chance alone leaves the fullest of 100 members some 14 % above the average; a cap of 1 % costs
 * about one slot in eighty. It changes the order of a slot's owners, never the set of four, and it
 * never crowds replicas: where a swap would put two into one zone without need, the slot stays.
 */
import { RingmasterError } from '../errors.ts';
import { NO_MEMBER, SLOT_RANKS } from './table-layout.ts';

/**
 * Lowest cap, in thousandths of a member's fair share. Lower: more slots are moved away from where
 * rendezvous put them, and each join or leave moves a few more than it must. Higher: less balance.
 * 1,010 is what a controller should ask for. At 1,000 there is no slack to move anything into.
 */
export const CAP_PERMILLE_MIN = 1001;

/** Highest cap: twice the share. Chance alone stays below that with 100 slots a member. */
export const CAP_PERMILLE_MAX = 2000;

/** @throws RM_TABLE_OPTION unless it is an integer from 1,001 to 2,000. */
export function checkCap(capPermille: number): void {
  const inside = capPermille >= CAP_PERMILLE_MIN && capPermille <= CAP_PERMILLE_MAX;
  if (Number.isInteger(capPermille) && inside) return;
  throw new RingmasterError(
    'RM_TABLE_OPTION',
    `got capPermille ${capPermille}, expected an integer from ${CAP_PERMILLE_MIN} to ` +
      `${CAP_PERMILLE_MAX}; 1010 allows 1 % above the fair share.`,
  );
}

/** What levelling goes by. Weights and zones by member. */
export interface Refinement {
  readonly weights: Float64Array;
  readonly zoneOf: Uint16Array;
  /** How many of a slot's owners hold its keys: these lie spread over zones, before and after. */
  readonly replicas: number;
  readonly capPermille: number;
}

/** The plan, and how many slots each member has and may have. */
interface Levels extends Refinement {
  readonly caps: Uint32Array;
  readonly load: Uint32Array;
}

/**
 * Swaps the first owner of slots of members above their cap with the slot's second, else third,
 * else fourth owner, where that one is below its own cap and the replicas stay as spread over zones
 * as they were (HOT-9). Deterministic: slots in order. A member stays above its cap when all who
 * could relieve it are full, too, or would crowd a zone.
 * Returns the number of slots that changed hands.
 */
export function refineCells(cells: Uint16Array, refinement: Refinement): number {
  const { weights, capPermille } = refinement;
  const slots = cells.length / SLOT_RANKS;
  const caps = capsOf(slots, weights, capPermille);
  const load = new Uint32Array(weights.length);
  for (let at = 0; at < cells.length; at += SLOT_RANKS) {
    const owner = cells[at] as number;
    load[owner] = (load[owner] as number) + 1;
  }
  const levels = { ...refinement, caps, load };
  let moved = 0;
  for (let rank = 1; rank < SLOT_RANKS; rank += 1) moved += demote(cells, levels, rank);
  return moved;
}

function capsOf(slots: number, weights: Float64Array, capPermille: number): Uint32Array {
  let total = 0;
  for (const weight of weights) total += weight;
  const caps = new Uint32Array(weights.length);
  for (let member = 0; member < weights.length; member += 1) {
    const share = ((weights[member] as number) / total) * slots;
    caps[member] = Math.ceil((share * capPermille) / 1000);
  }
  return caps;
}

function demote(cells: Uint16Array, levels: Levels, rank: number): number {
  const { load, caps } = levels;
  let moved = 0;
  for (let at = 0; at < cells.length; at += SLOT_RANKS) {
    const owner = cells[at] as number;
    const ownerLoad = load[owner] as number;
    if (ownerLoad <= (caps[owner] as number)) continue;
    const other = cells[at + rank] as number;
    if (other === NO_MEMBER) continue;
    const otherLoad = load[other] as number;
    if (otherLoad >= (caps[other] as number)) continue;
    if (rank >= levels.replicas && crowds(cells, levels, at, rank)) continue;
    cells[at] = other;
    cells[at + rank] = owner;
    load[owner] = ownerLoad - 1;
    load[other] = otherLoad + 1;
    moved += 1;
  }
  return moved;
}

/**
 * Whether a slot's replicas were spread less evenly if the first of them gave way to the owner of
 * `rank`, who is none: when the newcomer's zone holds as many of them as the leaver's, or more.
 */
function crowds(cells: Uint16Array, levels: Levels, at: number, rank: number): boolean {
  const { zoneOf, replicas } = levels;
  const oldZone = zoneOf[cells[at] as number];
  const newZone = zoneOf[cells[at + rank] as number];
  if (newZone === oldZone) return false;
  let inOld = 0;
  let inNew = 0;
  for (let replica = at; replica < at + replicas; replica += 1) {
    const zone = zoneOf[cells[replica] as number];
    if (zone === oldZone) inOld += 1;
    if (zone === newZone) inNew += 1;
  }
  return inNew >= inOld;
}
