/**
 * The arithmetic of a report: quantiles, spread, and how sure a ratio is.
 * Pure functions; no clock and no chance that is not seeded.
 */

/** What a set of figures is reduced to. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The value at `share` (0 to 1) of the sorted figures, by the nearest rank. */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const rank = Math.ceil(share * sorted.length) - 1;
  return sorted[Math.min(sorted.length - 1, Math.max(0, rank))] ?? Number.NaN;
}

export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

export function summarize(figures: readonly number[]): Summary {
  return { median: median(figures), min: Math.min(...figures), max: Math.max(...figures) };
}

/** Standard deviation by mean; 0 for a single figure. */
export function variation(figures: readonly number[]): number {
  const mean = figures.reduce((sum, figure) => sum + figure, 0) / figures.length;
  const squares = figures.reduce((sum, figure) => sum + (figure - mean) * (figure - mean), 0);
  return Math.sqrt(squares / figures.length) / mean;
}

const RESAMPLES = 2000;

/**
 * A 95 % interval of the median, by seeded bootstrap.
 * Source: Efron & Tibshirani, An Introduction to the Bootstrap, percentile method.
 */
export function medianInterval(figures: readonly number[]): [number, number] {
  const medians: number[] = [];
  let state = 42;
  for (let resample = 0; resample < RESAMPLES; resample++) {
    const drawn = figures.map(() => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      return figures[(state >>> 8) % figures.length] ?? Number.NaN;
    });
    medians.push(median(drawn));
  }
  return [quantile(medians, 0.025), quantile(medians, 0.975)];
}

/** The same of paired ratios: block i of ours against block i of the peer, which ran next to it. */
export function ratioInterval(ours: readonly number[], peer: readonly number[]): [number, number] {
  return medianInterval(ours.map((figure, block) => figure / (peer[block] ?? Number.NaN)));
}
