/**
 * A rolling update: how many instances of the new and of the old revisions there may be next, as a
 * Deployment of Kubernetes moves its replica sets. Never more than desired + surge, never fewer
 * available than desired - unavailable. Pure; one pass at a time.
 */
import type { Fenceposts } from '../spec/int-or-percent.ts';

/** One revision's instances: wanted and, of those, available. */
export type RevisionSize = { readonly replicas: number; readonly available: number };

/** The whole service. */
export type RollingInput = {
  readonly desired: number;
  readonly fenceposts: Fenceposts;
  readonly next: RevisionSize;
  /** Oldest first. */
  readonly old: readonly RevisionSize[];
};

/** Sizes of the next moment. */
export type RollingSizes = { readonly next: number; readonly old: readonly number[] };

/** The least that has to be available. `unavailable` counts at most all of them. */
export function minAvailable(desired: number, unavailable: number): number {
  return Math.max(0, desired - maxUnavailable(desired, unavailable));
}

/** At most all of them may be unavailable; of none, none. */
export function maxUnavailable(desired: number, unavailable: number): number {
  return Math.min(desired, unavailable);
}

/** The new revision grows into the room that the surge leaves, or shrinks to what is desired. */
export function nextReplicas(
  desired: number,
  surge: number,
  sizes: { readonly next: number; readonly total: number },
): number {
  return sizes.next >= desired ? desired : firstReplicas(desired, surge, sizes);
}

/**
 * As `nextReplicas`, for the size that a revision gets when its update begins: where there is no room
 * it stays as it is, also when it is too large.
 */
export function firstReplicas(
  desired: number,
  surge: number,
  { next, total }: { readonly next: number; readonly total: number },
): number {
  const room = desired + surge - total;
  return room <= 0 ? next : next + Math.min(room, desired - next);
}

/** How many of an old revision that is not healthy can go at once: they serve nobody. */
export function unhealthyCleanup(old: RevisionSize, cleanupMax: number): number {
  return Math.max(0, Math.min(cleanupMax, old.replicas - old.available));
}

/**
 * The old revisions shrink: first what is not available, then what is more than the least that has to
 * be. Instances of the new revision that are not available never cost old ones.
 */
export function shrunkOld({ desired, fenceposts, next, old }: RollingInput): readonly number[] {
  const least = minAvailable(desired, fenceposts.unavailable);
  const total = sum(old.map(({ replicas }) => replicas)) + next.replicas;
  let budget = total - least - (next.replicas - next.available);
  const sizes = old.map(({ replicas }) => replicas);
  if (budget <= 0) return sizes;
  old.forEach((one, i) => {
    const cleaned = unhealthyCleanup(one, budget);
    sizes[i] = one.replicas - cleaned;
    budget -= cleaned;
  });
  return withoutSurplus(old, sizes, next.available, least);
}

/** What is available beyond `least` goes from the oldest on. */
export function withoutSurplus(
  old: readonly RevisionSize[],
  sizes: readonly number[],
  nextAvailable: number,
  least: number,
): readonly number[] {
  let surplus = sum(old.map(({ available }) => available)) + nextAvailable - least;
  return sizes.map((size) => {
    if (surplus <= 0) return size;
    const removed = Math.min(surplus, size);
    surplus -= removed;
    return size - removed;
  });
}

/** One pass: the new revision moves; if it cannot, the old ones do. */
export function rollingStep(input: RollingInput): RollingSizes {
  const { desired, fenceposts, next, old } = input;
  const total = next.replicas + sum(old.map(({ replicas }) => replicas));
  const grown = nextReplicas(desired, fenceposts.surge, { next: next.replicas, total });
  if (grown !== next.replicas) return { next: grown, old: old.map(({ replicas }) => replicas) };
  return { next: next.replicas, old: shrunkOld(input) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
