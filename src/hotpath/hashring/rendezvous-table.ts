/**
 * A reader's view of a rendezvous slot table: one shift, one load per look-up.
 * Routers hold one per pinned generation, on any thread. Loads are plain: a table never changes
 * while it is pinned, and the publish protocol ordered its bytes before the pin.
 * It does not hold bytes of its own and keeps no counts.
 */
import { murmur3Text } from '../hash/murmur3.ts';
import { checkBatch } from './batch.ts';
import { MemberDirectory } from './member-directory.ts';
import type { TableHeader } from './table-header.ts';
import { NO_MEMBER, SLOT_RANKS } from './table-layout.ts';

// Own copies for the hot functions: Node 20 folds a module's private constants, not imported ones.
const RANKS = SLOT_RANKS;

/** Slots are ranges of the hash: slot = hash >>> (32 - slot bits). */
export class RendezvousTable {
  readonly kind = 'rendezvous';
  readonly header: TableHeader;
  readonly members: MemberDirectory;
  /** Four owners per slot; the first `header.replicas` hold the key, then the next in line. */
  readonly cells: Uint16Array;
  private readonly shift: number;

  /** Call `openTable`, which checks first. */
  constructor(buffer: ArrayBufferLike, byteOffset: number, header: TableHeader) {
    this.header = header;
    this.members = new MemberDirectory(buffer, byteOffset, header);
    const cellsOffset = byteOffset + header.layout.parts[0];
    this.cells = new Uint16Array(buffer, cellsOffset, header.entries * RANKS);
    this.shift = Math.clz32(header.entries) + 1;
  }

  /** Slot of a 32-bit hash. */
  slotOf(hash: number): number {
    return hash >>> this.shift;
  }

  /** First owner of a 32-bit hash. */
  primary(hash: number): number {
    return this.cells[(hash >>> this.shift) * RANKS] as number;
  }

  /**
   * Owner of rank 0 to 3: ranks below `header.replicas` are the replicas, the others whoever is next
   * in line. `NO_MEMBER` when there are fewer members, or for a rank above 3.
   */
  owner(hash: number, rank: number): number {
    if (rank >>> 0 !== rank || rank >= RANKS) return NO_MEMBER;
    return this.cells[(hash >>> this.shift) * RANKS + rank] as number;
  }

  /** First owner of a text key: MurmurHash3 of its UTF-8 bytes, seed 0. */
  primaryOf(key: string): number {
    return this.cells[(murmur3Text(key) >>> this.shift) * RANKS] as number;
  }

  /**
   * First owners of many hashes: `owners[i]` belongs to `hashes[i]`.
   * @throws RM_TABLE_OPTION when `owners` is shorter than `hashes`.
   */
  primaries(hashes: Uint32Array, owners: Uint16Array): void {
    checkBatch(hashes.length, owners.length);
    fillPrimaries(this.cells, this.shift, hashes, owners);
  }

  /**
   * All replicas of many hashes: `header.replicas` cells for each, in rank order.
   * @throws RM_TABLE_OPTION when `owners` is too short.
   */
  replicaSets(hashes: Uint32Array, owners: Uint16Array): void {
    const { replicas } = this.header;
    checkBatch(hashes.length * replicas, owners.length);
    if (replicas === 3) fillTriples(this.cells, this.shift, hashes, owners);
    else fillSets(this.cells, this.shift, replicas, hashes, owners);
  }
}

function fillPrimaries(
  cells: Uint16Array,
  shift: number,
  hashes: Uint32Array,
  owners: Uint16Array,
): void {
  for (let index = 0; index < hashes.length; index += 1) {
    owners[index] = cells[((hashes[index] as number) >>> shift) * RANKS] as number;
  }
}

/** Three replicas is what nearly everybody has; without the inner loop it costs half as much. */
function fillTriples(
  cells: Uint16Array,
  shift: number,
  hashes: Uint32Array,
  owners: Uint16Array,
): void {
  let to = 0;
  for (let index = 0; index < hashes.length; index += 1) {
    const from = ((hashes[index] as number) >>> shift) * RANKS;
    owners[to] = cells[from] as number;
    owners[to + 1] = cells[from + 1] as number;
    owners[to + 2] = cells[from + 2] as number;
    to += 3;
  }
}

function fillSets(
  cells: Uint16Array,
  shift: number,
  replicas: number,
  hashes: Uint32Array,
  owners: Uint16Array,
): void {
  let to = 0;
  for (let index = 0; index < hashes.length; index += 1) {
    const from = ((hashes[index] as number) >>> shift) * RANKS;
    for (let rank = 0; rank < replicas; rank += 1) owners[to + rank] = cells[from + rank] as number;
    to += replicas;
  }
}
