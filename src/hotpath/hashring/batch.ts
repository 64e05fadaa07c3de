/**
 * The check of a batch look-up's result array, the same for every table.
 */
import { RingmasterError } from '../errors.ts';

/** @throws RM_TABLE_OPTION when the result array is shorter than the batch needs. */
export function checkBatch(cellsNeeded: number, cellsGiven: number): void {
  if (cellsGiven >= cellsNeeded) return;
  throw new RingmasterError(
    'RM_TABLE_OPTION',
    `got room for ${cellsGiven} owners, expected at least ${cellsNeeded}; pass a longer array.`,
    { cellsGiven, cellsNeeded },
  );
}
