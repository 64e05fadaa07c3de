/**
 * Opens a ring table wherever its bytes lie. Every reader starts here, on its own thread, once per
 * generation that it pins. Cost: some microseconds, and a pass over the member records.
 * It checks the head and the names; that the owners are sound is `verifyTable`'s matter, because
 * the publish protocol hands out tables that this process wrote.
 */
import { JumpTable } from './jump-table.ts';
import { KetamaTable } from './ketama-table.ts';
import { MaglevTable } from './maglev-table.ts';
import { PantheonTable } from './pantheon-table.ts';
import { RendezvousTable } from './rendezvous-table.ts';
import { readHeader } from './table-header.ts';

/** Tables that take a 32-bit hash: `murmur3Text(key)`, or `primaryOf(key)`. */
export type SlotTable = RendezvousTable | MaglevTable;

/** Tables that take a 64-bit key in two halves: `seriesKey(...)`. */
export type KeyTable = KetamaTable | PantheonTable | JumpTable;

/** A table by its kind: switch on `kind`. */
export type RingTable = SlotTable | KeyTable;

/**
 * @throws RM_TABLE_INVALID when there is no table of this version at the place: wrong buffer type,
 * alignment, magic, version, kind, counts, size, or names outside their part.
 */
export function openTable(buffer: ArrayBufferLike, byteOffset: number = 0): RingTable {
  const header = readHeader(buffer, byteOffset);
  switch (header.kind) {
    case 'rendezvous':
      return new RendezvousTable(buffer, byteOffset, header);
    case 'maglev':
      return new MaglevTable(buffer, byteOffset, header);
    case 'ketama':
      return new KetamaTable(buffer, byteOffset, header);
    case 'pantheon':
      return new PantheonTable(buffer, byteOffset, header);
    case 'jump':
      return new JumpTable(buffer, byteOffset, header);
  }
}
