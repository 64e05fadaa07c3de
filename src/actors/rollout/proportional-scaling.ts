/**
 * A service that is resized in the middle of a rollout: every revision keeps its share, so that a
 * canary of a tenth stays one. As a Deployment of Kubernetes does it. Pure.
 */

/** A revision, and what it remembers of the size for which it was scaled last. */
export type ScaledRevision = {
  readonly replicas: number;
  /** The service's desired replicas then. */
  readonly rememberedDesired: number;
  /** The same with its surge; null or 0: unknown. */
  readonly rememberedMax: number | null;
};

/** The service as it is to be. */
export type ResizeInput = {
  readonly desired: number;
  readonly surge: number;
  /** Instances that there were when it was last counted; the base of whom nothing is remembered. */
  readonly counted: number;
  /** Null: the rollout has none yet. */
  readonly next: (ScaledRevision & { readonly available: number }) | null;
  /** Newest first. */
  readonly old: readonly ScaledRevision[];
};

/** Sizes of the next moment, in the same order. */
export type ResizedRevisions = { readonly next: number | null; readonly old: readonly number[] };

/** By how much one revision changes for its share to stay. */
export function shareChange(
  revision: Pick<ScaledRevision, 'replicas' | 'rememberedMax'>,
  { desired, surge, counted }: Pick<ResizeInput, 'desired' | 'surge' | 'counted'>,
): number {
  if (desired === 0) return -revision.replicas;
  const { rememberedMax } = revision;
  const base = rememberedMax === null || rememberedMax === 0 ? counted : rememberedMax;
  if (base === 0) return 0;
  return halfAwayFromZero((revision.replicas * (desired + surge)) / base) - revision.replicas;
}

/** Resizes all revisions. */
export function resizeRevisions(input: ResizeInput): ResizedRevisions {
  const { desired, surge, next } = input;
  // The new one first: newest before oldest.
  const all: readonly ScaledRevision[] = next === null ? input.old : [next, ...input.old];
  const sizes = all.map(({ replicas }) => replicas);
  const answer = (): ResizedRevisions => ({
    next: next === null ? null : (sizes[0] as number),
    old: next === null ? sizes : sizes.slice(1),
  });
  const active = sizes.flatMap((size, i) => (size > 0 ? [i] : []));
  if (active.length <= 1) {
    if (all.length > 0) sizes[active[0] ?? 0] = desired;
    return answer();
  }
  if (next !== null && isSaturated(next, desired)) {
    for (let i = 1; i < sizes.length; i++) sizes[i] = 0;
    return answer();
  }
  const allowed = desired > 0 ? desired + surge : 0;
  let left = allowed - active.reduce((sum, i) => sum + (sizes[i] as number), 0);
  const isGrowing = left > 0;
  // Largest first; of equal ones the newest grows and the oldest shrinks first.
  const order = active.toSorted(
    (a, b) => (sizes[b] as number) - (sizes[a] as number) || (isGrowing ? a - b : b - a),
  );
  for (const i of order) {
    const share = left === 0 ? 0 : shareChange(all[i] as ScaledRevision, input);
    const change = isGrowing ? Math.min(share, left) : Math.max(share, left);
    sizes[i] = (sizes[i] as number) + change;
    left -= change;
  }
  const first = order[0] as number;
  sizes[first] = Math.max(0, (sizes[first] as number) + left);
  return answer();
}

function isSaturated(
  { replicas, rememberedDesired, available }: ScaledRevision & { readonly available: number },
  desired: number,
): boolean {
  return replicas === desired && rememberedDesired === desired && available === desired;
}

function halfAwayFromZero(value: number): number {
  return value < 0 ? -Math.round(-value) : Math.round(value);
}
