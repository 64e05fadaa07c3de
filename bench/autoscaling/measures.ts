/** What is measured of a run: swinging, turning back, too much, too late. Used by main.ts and the tests. */
import { SCRAPE_MS, type Scenario, type Sizes, STEP_MS } from './world.ts';

/** The stabilization window of shrinking, by default. */
const WINDOW_MS = 300_000;
/** How far below the need is near enough: the tolerance. */
const NEAR = 0.9;

/** (sum of changes - net change) / mean, for each hour. */
export function oscillationIndex({ demand }: Sizes): number {
  const first = demand[0] ?? 0;
  const moved = changesOf(demand).reduce((sum, [, change]) => sum + Math.abs(change), 0);
  const net = Math.abs((demand.at(-1) ?? 0) - first);
  const mean = demand.reduce((sum, size) => sum + size, 0) / demand.length;
  return (moved - net) / mean / ((demand.length * SCRAPE_MS) / 3_600_000);
}

/** The most turns in any stabilization window: back to shrinking alone, or both ways. */
export function turnsInWindow({ demand }: Sizes, which: 'back' | 'both'): number {
  const changes = changesOf(demand);
  const turns = changes.flatMap(([at, change], i) => {
    const before = changes[i - 1]?.[1] ?? change;
    const isTurn = Math.sign(before) !== Math.sign(change);
    return isTurn && (which === 'both' || change < 0) ? [at] : [];
  });
  const isWithin = (from: number, at: number): boolean =>
    at >= from && (at - from) * SCRAPE_MS < WINDOW_MS;
  return Math.max(0, ...turns.map((from) => turns.filter((at) => isWithin(from, at)).length));
}

/** The most above what is needed after the step, as a share of it. */
export function overshoot({ demand }: Sizes, { need, factor }: Scenario): number {
  const after = demand.slice(STEP_MS / SCRAPE_MS);
  return Math.max(...after) / Math.ceil(need * factor) - 1;
}

/** Seconds until as many are ready as are needed, within the tolerance; null: never. */
export function secondsToReach({ ready }: Sizes, { need, factor }: Scenario): number | null {
  const from = STEP_MS / SCRAPE_MS;
  const at = ready.findIndex((count, i) => i >= from && count >= need * factor * NEAR);
  return at < 0 ? null : ((at - from) * SCRAPE_MS) / 1000;
}

/** The same without a first part. */
export function since({ demand, ready }: Sizes, atMs: number): Sizes {
  const from = atMs / SCRAPE_MS;
  return { demand: demand.slice(from), ready: ready.slice(from) };
}

/** Where it changed, and by how much. */
function changesOf(sizes: readonly number[]): readonly (readonly [number, number])[] {
  return sizes.flatMap((size, i) => {
    const change = size - (sizes[i - 1] ?? size);
    return change === 0 ? [] : [[i, change] as const];
  });
}
