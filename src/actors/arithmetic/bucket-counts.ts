/**
 * How often values were within fixed bounds: what a histogram is shown from. Counts only grow; a value
 * costs a few comparisons and no memory. Called for each pass and by the routers' links.
 */

/** What was counted. */
export type BucketFigures = {
  /** Upper bounds, ascending, each within its bucket. */
  readonly bounds: readonly number[];
  /** Values of each bucket alone; one more than bounds: what is above all of them. */
  readonly counts: readonly number[];
  readonly sum: number;
};

/** Thread rule: one thread. */
export class BucketCounts {
  private readonly bounds: readonly number[];
  private readonly counts: number[];
  private sum = 0;

  /** `bounds`: ascending. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  /** One more. */
  note(value: number): void {
    const { bounds, counts } = this;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] as number)) at += 1;
    counts[at] = (counts[at] as number) + 1;
    this.sum += value;
  }

  /** So far; a copy. */
  figures(): BucketFigures {
    const { bounds, counts, sum } = this;
    return { bounds, counts: [...counts], sum };
  }
}

/** Both together, which have the same bounds. Pure. */
export function bucketsTogether(a: BucketFigures, b: BucketFigures): BucketFigures {
  const counts = a.counts.map((count, i) => count + (b.counts[i] ?? 0));
  return { bounds: a.bounds, counts, sum: a.sum + b.sum };
}
