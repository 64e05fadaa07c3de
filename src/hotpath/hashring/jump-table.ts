/**
 * A reader's view of a jump table: the bucket is computed, the table names its member.
 * Routers hold one per pinned generation, on any thread; plain loads for the reason that
 * `RendezvousTable` gives. Look-ups cost about ln(members) steps.
 */
import { checkBatch } from './batch.ts';
import { jumpHash } from './jump-hash.ts';
import { MemberDirectory } from './member-directory.ts';
import type { TableHeader } from './table-header.ts';
import { NO_MEMBER } from './table-layout.ts';

/** Members in sequence. */
export class JumpTable {
  readonly kind = 'jump';
  readonly header: TableHeader;
  readonly members: MemberDirectory;
  /** Member by position in the sequence. */
  private readonly cells: Uint16Array;

  /** Call `openTable`, which checks first. */
  constructor(buffer: ArrayBufferLike, byteOffset: number, header: TableHeader) {
    this.header = header;
    this.members = new MemberDirectory(buffer, byteOffset, header);
    this.cells = new Uint16Array(buffer, byteOffset + header.layout.parts[0], header.entries);
  }

  /** Owner of a 64-bit key in two halves. */
  primary(high: number, low: number): number {
    return this.cells[jumpHash(high, low, this.cells.length)] as number;
  }

  /** The owner for rank 0, `NO_MEMBER` for any other: jump tables hold one replica. */
  owner(high: number, low: number, rank: number): number {
    return rank === 0 ? this.primary(high, low) : NO_MEMBER;
  }

  /**
   * Owners of many keys, two words each (high, low): `owners[i]` belongs to key i.
   * @throws RM_TABLE_OPTION when `owners` is too short.
   */
  primaries(keys: Uint32Array, owners: Uint16Array): void {
    checkBatch(keys.length >> 1, owners.length);
    const { cells } = this;
    for (let index = 0, at = 0; at + 1 < keys.length; index += 1, at += 2) {
      const bucket = jumpHash(keys[at] as number, keys[at + 1] as number, cells.length);
      owners[index] = cells[bucket] as number;
    }
  }
}
