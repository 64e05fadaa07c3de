/** Reads the protocol's histograms: element i counts from 2^((i - 1) / 4) to 2^(i / 4) microseconds. Pure. */

/** Elements in an octave. */
const PER_OCTAVE = 4;

/** Upper end of an element, in microseconds. */
export const upperUs = (index: number): number => 2 ** (index / PER_OCTAVE);

/** The element that a time is counted in, as a fraction. */
export const indexOf = (us: number): number => Math.log2(us) * PER_OCTAVE;

/** Upper end of where a share of all has been counted; null: there are none. */
export function quantileUs(counts: readonly number[], share: number): number | null {
  let all = 0;
  for (const count of counts) all += count;
  if (all === 0) return null;
  let seen = 0;
  for (let index = 0; index < counts.length; index++) {
    seen += counts[index] as number;
    if (seen >= all * share) return upperUs(index);
  }
  return upperUs(counts.length - 1);
}
