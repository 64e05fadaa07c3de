/**
 * How much of the key space each member of a table owns, as its first owner: measured over all slots or
 * ring sections where that is exact, else over fixed keys. Off the hot path: it walks the whole table.
 */
import { visitPieces } from './movement.ts';
import type { RingTable } from './open-table.ts';

/** Shares by number of the member; together 1. `samples`: keys that were looked up; 0: it is exact. */
export interface OwnershipReport {
  readonly shares: Float64Array;
  readonly samples: number;
}

/** Of one table. */
export function ownership(table: RingTable): OwnershipReport {
  const { count } = table.members;
  // Each bucket of a jump hash has the same share by its construction, and is one member.
  if (table.kind === 'jump') return { shares: new Float64Array(count).fill(1 / count), samples: 0 };
  const shares = new Float64Array(count);
  let total = 0;
  const samples = visitPieces(table, table, (owner, _, size) => {
    shares[owner] = (shares[owner] as number) + size;
    total += size;
  });
  return { shares: shares.map((size) => size / total), samples };
}
