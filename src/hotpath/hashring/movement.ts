/**
 * What a new ring table moves: how much of the key space, from whom to whom, and how little would
 * have done. A controller asks before it publishes, and puts the answer into its decision log.
 * Off the hot path: it walks whole tables. It looks at first owners; copies follow their rank.
 */
import { RingmasterError } from '../errors.ts';
import type { KetamaTable } from './ketama-table.ts';
import { type KeyFlow, MovementTally } from './movement-tally.ts';
import type { KeyTable, RingTable, SlotTable } from './open-table.ts';
import { drawOf } from './score.ts';
import { SLOT_RANKS } from './table-layout.ts';

/** The difference of two tables. */
export interface MovementReport {
  /** Share of all keys whose first owner changes. */
  readonly movedShare: number;
  /** What any ring must move to give each member its new share: the sum of what members gain. */
  readonly minimumShare: number;
  /** moved / minimum; 1 is ideal, and the value when nothing moves; Infinity when all is in vain. */
  readonly ratio: number;
  /** Exact: measured over all slots or ring sections. Sampled: over `samples` fixed keys. */
  readonly method: 'exact' | 'sampled';
  /** Keys that were looked up in both tables; 0 when exact. */
  readonly samples: number;
  /** Largest first, then by names. */
  readonly flows: readonly KeyFlow[];
  /** Slots whose first owner changes, when both tables have the same slots; otherwise empty. */
  readonly movedSlots: Uint32Array;
}

/** Keys looked up when two tables have no common division of the key space. Error about 0.4 %. */
const SAMPLES = 65_536;

/** Takes a piece of the key space: owners before and after by number, and how large it is. */
type Visit = (before: number, after: number, size: number) => void;

/**
 * Compares first owners by name. The tables may differ in members, weights, slots and algorithm.
 * @throws RM_TABLE_KIND when one takes 32-bit hashes and the other 64-bit keys.
 */
export function movement(before: RingTable, after: RingTable): MovementReport {
  const tally = new MovementTally(before.members, after.members);
  const samples = visitPieces(before, after, (from, to, size) => tally.add(from, to, size));
  const { moved, minimum, total } = tally.sums();
  return {
    movedShare: moved / total,
    minimumShare: minimum / total,
    ratio: moved === 0 ? 1 : moved / minimum,
    method: samples === 0 ? 'exact' : 'sampled',
    samples,
    flows: tally.flows(total),
    movedSlots: movedSlots(before, after),
  };
}

/** Cuts the key space into pieces of one owner each in both tables; returns the sample size. */
export function visitPieces(before: RingTable, after: RingTable, visit: Visit): number {
  if (isSlotTable(before) && isSlotTable(after)) {
    if (before.kind === 'rendezvous' && after.kind === 'rendezvous')
      visitRanges(before, after, visit);
    else if (before.kind === after.kind && sameSlots(before, after))
      visitResidues(before, after, visit);
    else return sampleHashes(before, after, visit);
    return 0;
  }
  if (isSlotTable(before) || isSlotTable(after)) {
    throw new RingmasterError(
      'RM_TABLE_KIND',
      `got a ${before.kind} and a ${after.kind} table, expected both for 32-bit hashes or both for ` +
        '64-bit keys; a change between these moves nearly every key.',
    );
  }
  if (before.kind === 'ketama' && after.kind === 'ketama') {
    visitArcs(before, after, visit);
    return 0;
  }
  return sampleKeys(before, after, visit);
}

function isSlotTable(table: RingTable): table is SlotTable {
  return table.kind === 'rendezvous' || table.kind === 'maglev';
}

function sameSlots(before: SlotTable, after: SlotTable): boolean {
  return before.header.entries === after.header.entries;
}

/** Rendezvous slots are ranges of the hash; the larger table divides those of the smaller. */
function visitRanges(before: SlotTable, after: SlotTable, visit: Visit): void {
  const slots = Math.max(before.header.entries, after.header.entries);
  const perBefore = slots / before.header.entries;
  const perAfter = slots / after.header.entries;
  for (let slot = 0; slot < slots; slot += 1) {
    const from = before.cells[Math.floor(slot / perBefore) * SLOT_RANKS] as number;
    visit(from, after.cells[Math.floor(slot / perAfter) * SLOT_RANKS] as number, 1);
  }
}

/** Maglev slots are residues of the hash; the first few hold one hash more than the others. */
function visitResidues(before: SlotTable, after: SlotTable, visit: Visit): void {
  const slots = before.header.entries;
  const larger = 0x1_0000_0000 % slots;
  const size = (0x1_0000_0000 - larger) / slots;
  for (let slot = 0; slot < slots; slot += 1) {
    const at = slot * SLOT_RANKS;
    const hashes = slot < larger ? size + 1 : size;
    visit(before.cells[at] as number, after.cells[at] as number, hashes);
  }
}

function sampleHashes(before: SlotTable, after: SlotTable, visit: Visit): number {
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const hash = drawOf(sample, 1, 2);
    visit(before.primary(hash), after.primary(hash), 1);
  }
  return SAMPLES;
}

function sampleKeys(before: KeyTable, after: KeyTable, visit: Visit): number {
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const high = drawOf(sample, 1, 2);
    const low = drawOf(sample, 3, 4);
    visit(before.primary(high, low), after.primary(high, low), 1);
  }
  return SAMPLES;
}

/** Both rings' sections cut the circle into arcs; an arc belongs to the section at its end. */
function visitArcs(before: KetamaTable, after: KetamaTable, visit: Visit): void {
  const countBefore = before.header.entries;
  const countAfter = after.header.entries;
  let atBefore = 0;
  let atAfter = 0;
  let startHigh = 0;
  let startLow = 0;
  while (atBefore < countBefore || atAfter < countAfter) {
    const isBefore =
      atAfter >= countAfter ||
      (atBefore < countBefore && endsFirst(before.hashes, atBefore, after.hashes, atAfter));
    const hashes = isBefore ? before.hashes : after.hashes;
    const end = 2 * (isBefore ? atBefore : atAfter);
    const high = hashes[end] as number;
    const low = hashes[end + 1] as number;
    visit(
      ownerAt(before, atBefore),
      ownerAt(after, atAfter),
      arc(high - startHigh, low - startLow),
    );
    startHigh = high;
    startLow = low;
    if (isBefore) atBefore += 1;
    else atAfter += 1;
  }
  // Past the last section of both rings, keys belong to the first ones.
  visit(ownerAt(before, 0), ownerAt(after, 0), arc(0x1_0000_0000 - startHigh, -startLow));
}

/** Length of an arc as a double: the error is far below one key in 2^50. */
function arc(high: number, low: number): number {
  return high * 0x1_0000_0000 + low;
}

function endsFirst(a: Uint32Array, atA: number, b: Uint32Array, atB: number): boolean {
  const highA = a[2 * atA] as number;
  const highB = b[2 * atB] as number;
  if (highA !== highB) return highA < highB;
  return (a[2 * atA + 1] as number) <= (b[2 * atB + 1] as number);
}

function ownerAt(table: KetamaTable, section: number): number {
  const at = section < table.header.entries ? section : 0;
  return table.cells[at * table.header.replicas] as number;
}

function movedSlots(before: RingTable, after: RingTable): Uint32Array {
  if (!isSlotTable(before) || !isSlotTable(after)) return new Uint32Array(0);
  if (before.kind !== after.kind || !sameSlots(before, after)) return new Uint32Array(0);
  const moved: number[] = [];
  for (let slot = 0; slot < before.header.entries; slot += 1) {
    const from = before.members.name(before.cells[slot * SLOT_RANKS] as number);
    const to = after.members.name(after.cells[slot * SLOT_RANKS] as number);
    if (from !== to) moved.push(slot);
  }
  return Uint32Array.from(moved);
}
