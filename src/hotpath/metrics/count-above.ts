/**
 * How many samples of a histogram's series lie above a limit: walks the sketch from the top down to it.
 * Called on the reading side. Only samples in the bucket that the limit lies in may be on the wrong
 * side of it: they are within 2 * RELATIVE_ERROR (1/64) of the limit.
 */
import { RingmasterError } from '../errors.ts';
import {
  bucketMiddle,
  OCTAVE_BUCKETS,
  OCTAVES,
  OVER_CELL,
  octaveStart,
  PAGE_NUMBERS_WORD,
  SKETCH_BYTES,
  UNPLACED_CELL,
} from './histogram-layout.ts';
import type { WindowView } from './window-view.ts';

/**
 * Samples above `limit`, which is 0 or more; those of one bucket are above it when its middle is. What
 * found the page pool empty counts as above: nobody knows where it is, and slow is the safe side.
 * @throws RM_METRICS_OPTION for a limit below 0 or NaN, RM_METRICS_STATE for other kinds.
 */
export function countAbove(window: WindowView, series: number, limit: number): number {
  if (window.kind !== 'histogram') {
    throw new RingmasterError(
      'RM_METRICS_STATE',
      `count above a limit of a ${window.kind}; expected a histogram window.`,
    );
  }
  if (!(limit >= 0)) {
    throw new RingmasterError('RM_METRICS_OPTION', `limit ${limit}; expected 0 or more.`, {
      limit,
    });
  }
  if (window.count(series) === 0) return 0;
  const lowest = window.layout.lowestExponent;
  const cellsAt = (series * SKETCH_BYTES) / 8;
  let above = window.sketchCells[cellsAt + UNPLACED_CELL] as number;
  if (limit < octaveStart(lowest, OCTAVES)) {
    above += window.sketchCells[cellsAt + OVER_CELL] as number;
  }
  const numbersAt = (series * SKETCH_BYTES) / 4 + PAGE_NUMBERS_WORD;
  for (let octave = OCTAVES - 1; octave >= 0; octave -= 1) {
    if (octaveStart(lowest, octave + 1) <= limit) break;
    const page = window.sketchWords[numbersAt + octave] as number;
    if (page === 0) continue;
    const at = (page - 1) * OCTAVE_BUCKETS;
    for (let bucket = OCTAVE_BUCKETS - 1; bucket >= 0; bucket -= 1) {
      if (bucketMiddle(lowest, octave, bucket) <= limit) break;
      above += window.pages[at + bucket] as number;
    }
  }
  return above;
}
