/**
 * A reader's view of a maglev slot table: one remainder, one load per look-up.
 * Routers hold one per pinned generation, on any thread; plain loads for the reason that
 * `RendezvousTable` gives. It repeats that class's loops on purpose: each hot loop is a function
 * of its own, or the engine compiles a slower one for both.
 */
import { murmur3Text } from '../hash/murmur3.ts';
import { checkBatch } from './batch.ts';
import { MemberDirectory } from './member-directory.ts';
import type { TableHeader } from './table-header.ts';
import { NO_MEMBER, SLOT_RANKS } from './table-layout.ts';

// Own copies for the hot functions: Node 20 folds a module's private constants, not imported ones.
const RANKS = SLOT_RANKS;

/** Slots are residues of the hash: slot = hash % slots, a prime. */
export class MaglevTable {
  readonly kind = 'maglev';
  readonly header: TableHeader;
  readonly members: MemberDirectory;
  /** Four owners per slot; the first `header.replicas` hold the key, then the next in line. */
  readonly cells: Uint16Array;
  private readonly slots: number;

  /** Call `openTable`, which checks first. */
  constructor(buffer: ArrayBufferLike, byteOffset: number, header: TableHeader) {
    this.header = header;
    this.members = new MemberDirectory(buffer, byteOffset, header);
    const cellsOffset = byteOffset + header.layout.parts[0];
    this.cells = new Uint16Array(buffer, cellsOffset, header.entries * RANKS);
    this.slots = header.entries;
  }

  /** Slot of a 32-bit hash. */
  slotOf(hash: number): number {
    return ((hash >>> 0) % this.slots) >>> 0;
  }

  /** First owner of a 32-bit hash. */
  primary(hash: number): number {
    return this.cells[this.slotOf(hash) * RANKS] as number;
  }

  /** Owner of rank 0 to 3, as in `RendezvousTable`; `NO_MEMBER` when there is none. */
  owner(hash: number, rank: number): number {
    if (rank >>> 0 !== rank || rank >= RANKS) return NO_MEMBER;
    return this.cells[this.slotOf(hash) * RANKS + rank] as number;
  }

  /** First owner of a text key: MurmurHash3 of its UTF-8 bytes, seed 0. */
  primaryOf(key: string): number {
    return this.primary(murmur3Text(key));
  }

  /**
   * First owners of many hashes: `owners[i]` belongs to `hashes[i]`.
   * @throws RM_TABLE_OPTION when `owners` is shorter than `hashes`.
   */
  primaries(hashes: Uint32Array, owners: Uint16Array): void {
    checkBatch(hashes.length, owners.length);
    fillPrimaries(this.cells, this.slots, hashes, owners);
  }

  /**
   * All replicas of many hashes: `header.replicas` cells for each, in rank order.
   * @throws RM_TABLE_OPTION when `owners` is too short.
   */
  replicaSets(hashes: Uint32Array, owners: Uint16Array): void {
    const { replicas } = this.header;
    checkBatch(hashes.length * replicas, owners.length);
    fillSets(this.cells, replicas, hashes, owners);
  }
}

function fillPrimaries(
  cells: Uint16Array,
  slots: number,
  hashes: Uint32Array,
  owners: Uint16Array,
): void {
  // Both shifts by 0 tell the compiler "unsigned": else it divides doubles, at five times the cost.
  const modulus = slots >>> 0;
  for (let index = 0; index < hashes.length; index += 1) {
    const slot = ((hashes[index] as number) % modulus) >>> 0;
    owners[index] = cells[slot * RANKS] as number;
  }
}

function fillSets(
  cells: Uint16Array,
  replicas: number,
  hashes: Uint32Array,
  owners: Uint16Array,
): void {
  const modulus = (cells.length / RANKS) >>> 0;
  let to = 0;
  for (let index = 0; index < hashes.length; index += 1) {
    const from = (((hashes[index] as number) % modulus) >>> 0) * RANKS;
    for (let rank = 0; rank < replicas; rank += 1) owners[to + rank] = cells[from + rank] as number;
    to += replicas;
  }
}
