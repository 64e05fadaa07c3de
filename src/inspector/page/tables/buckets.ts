/** Reads histograms with buckets of any size: counts by bucket, the last of which has no upper end. Pure. */

/** What was counted since `before`; what has fewer now has begun anew. */
export function countsSince(counts: readonly number[], before: readonly number[]): number[] {
  const hasBegunAnew = counts.some((count, i) => count < (before[i] ?? 0));
  return counts.map((count, i) => count - (hasBegunAnew ? 0 : (before[i] ?? 0)));
}

/** All counts together. */
export const sumOf = (counts: readonly number[]): number =>
  counts.reduce((sum, count) => sum + count, 0);

/**
 * The value that a share of all is at most, evenly within its bucket as Prometheus reckons; the highest
 * bound for what is beyond it. Null: nothing was counted.
 */
export function quantileOf(
  bounds: readonly number[],
  counts: readonly number[],
  share: number,
): number | null {
  const wanted = sumOf(counts) * share;
  if (wanted === 0) return null;
  let below = 0;
  for (const [i, upper] of bounds.entries()) {
    const inside = counts[i] ?? 0;
    if (below + inside >= wanted) {
      const lower = i === 0 ? Math.min(0, upper) : (bounds[i - 1] as number);
      return lower + ((upper - lower) * (wanted - below)) / inside;
    }
    below += inside;
  }
  return bounds.at(-1) ?? null;
}
