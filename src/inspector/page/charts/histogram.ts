/**
 * Reads the protocol's histograms: element 4·o + s counts those from 2^o · (1 + s/4) microseconds on, up to
 * where the next one begins. Pure.
 */

/** Where an element begins, in microseconds; the first one also holds what is shorter. */
export const startUs = (index: number): number => 2 ** (index >> 2) * (1 + (index & 3) / 4);

/** The element that a time is counted in, and how far in it, as a fraction; of less than 1 µs: 0. */
export function indexOf(us: number): number {
  const octave = Math.floor(Math.log2(Math.max(1, us)));
  return 4 * octave + 4 * (Math.max(1, us) / 2 ** octave - 1);
}

/** End of the element up to which a share of all has been counted; null: there are none. */
export function quantileUs(counts: readonly number[], share: number): number | null {
  let all = 0;
  for (const count of counts) all += count;
  if (all === 0) return null;
  let seen = 0;
  for (let index = 0; index < counts.length; index++) {
    seen += counts[index] as number;
    if (seen >= all * share && seen > 0) return startUs(index + 1);
  }
  return startUs(counts.length);
}
