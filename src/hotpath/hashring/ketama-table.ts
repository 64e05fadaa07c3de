/**
 * A reader's view of a ketama table: exact per 64-bit key, through a bucket index.
 * Routers hold one per pinned generation, on any thread; plain loads for the reason that
 * `RendezvousTable` gives. Keys are series keys (`seriesKey`) in two unsigned halves.
 */
import { checkBatch } from './batch.ts';
import { MemberDirectory } from './member-directory.ts';
import type { TableHeader } from './table-header.ts';
import { NO_MEMBER } from './table-layout.ts';

/** Sections sorted by hash; a key belongs to the first section at or after it, around the ring. */
export class KetamaTable {
  readonly kind = 'ketama';
  readonly header: TableHeader;
  readonly members: MemberDirectory;
  /** Two words per section: high half, low half. Ascending. */
  readonly hashes: Uint32Array;
  /** `header.replicas` members per section. */
  readonly cells: Uint16Array;
  /** First section at or after the start of each bucket. */
  private readonly starts: Uint32Array;
  private readonly shift: number;

  /** Call `openTable`, which checks first. */
  constructor(buffer: ArrayBufferLike, byteOffset: number, header: TableHeader) {
    const { layout, entries, bucketBits, replicas } = header;
    this.header = header;
    this.members = new MemberDirectory(buffer, byteOffset, header);
    this.hashes = new Uint32Array(buffer, byteOffset + layout.parts[0], entries * 2);
    const buckets = 1 << bucketBits;
    this.starts = new Uint32Array(buffer, byteOffset + layout.parts[1], buckets + 1);
    this.cells = new Uint16Array(buffer, byteOffset + layout.parts[2], entries * replicas);
    this.shift = 32 - bucketBits;
  }

  /** Number of the section that a key belongs to. */
  sectionOf(high: number, low: number): number {
    return findSection(this.hashes, this.starts, this.shift, high >>> 0, low >>> 0);
  }

  /** First owner of a key. */
  primary(high: number, low: number): number {
    return this.cells[this.sectionOf(high, low) * this.header.replicas] as number;
  }

  /** Owner of rank 0 to `header.replicas` - 1; `NO_MEMBER` for any other rank. */
  owner(high: number, low: number, rank: number): number {
    const { replicas } = this.header;
    if (rank >>> 0 !== rank || rank >= replicas) return NO_MEMBER;
    return this.cells[this.sectionOf(high, low) * replicas + rank] as number;
  }

  /**
   * First owners of many keys, two words each (high, low): `owners[i]` belongs to key i.
   * @throws RM_TABLE_OPTION when `owners` is too short.
   */
  primaries(keys: Uint32Array, owners: Uint16Array): void {
    checkBatch(keys.length >> 1, owners.length);
    fillPrimaries(this, this.starts, this.shift, keys, owners);
  }

  /**
   * All replicas of many keys: `header.replicas` cells for each, in rank order.
   * @throws RM_TABLE_OPTION when `owners` is too short.
   */
  replicaSets(keys: Uint32Array, owners: Uint16Array): void {
    const { replicas } = this.header;
    checkBatch((keys.length >> 1) * replicas, owners.length);
    let to = 0;
    for (let at = 0; at + 1 < keys.length; at += 2) {
      const from = this.sectionOf(keys[at] as number, keys[at + 1] as number) * replicas;
      for (let rank = 0; rank < replicas; rank += 1) {
        owners[to] = this.cells[from + rank] as number;
        to += 1;
      }
    }
  }
}

function findSection(
  hashes: Uint32Array,
  starts: Uint32Array,
  shift: number,
  high: number,
  low: number,
): number {
  const words = hashes.length;
  // No shift: it would send a damaged start, which may be any word, to far before the first section.
  let at = (starts[high >>> shift] as number) * 2;
  for (; at < words; at += 2) {
    const sectionHigh = hashes[at] as number;
    if (sectionHigh > high || (sectionHigh === high && (hashes[at + 1] as number) >= low)) break;
  }
  return at < words ? at >>> 1 : 0;
}

function fillPrimaries(
  table: KetamaTable,
  starts: Uint32Array,
  shift: number,
  keys: Uint32Array,
  owners: Uint16Array,
): void {
  const { hashes, cells } = table;
  const { replicas } = table.header;
  for (let index = 0, at = 0; at + 1 < keys.length; index += 1, at += 2) {
    const section = findSection(hashes, starts, shift, keys[at] as number, keys[at + 1] as number);
    owners[index] = cells[section * replicas] as number;
  }
}
