/**
 * How many instances the canary and the stable revision get for a weight: the arithmetic of Argo
 * Rollouts, without a router (the split of instances is the split of traffic), with one (only the
 * canary has to be large enough), and with a stable revision that shrinks as traffic leaves it. What
 * comes out is the next moment, not the end. Weights are percent, 0 to 100. Pure.
 */
import type { Fenceposts } from '../spec/int-or-percent.ts';
import type { RevisionSize } from './rolling-replicas.ts';

/** Sizes of the next moment. */
export type CanarySizes = { readonly canary: number; readonly stable: number };

/** What a step may say about the canary's size, apart from its traffic. */
export type CanaryScale = {
  readonly replicas: number | null;
  readonly weight: number | null;
  readonly matchTrafficWeight: boolean;
};

/** Both revisions, and the sum of all older ones. */
export type CanaryRevisions = {
  readonly canary: RevisionSize;
  readonly stable: RevisionSize;
  readonly olderReplicas: number;
};

/** Largest number of instances for which the sums below are exact. */
const WEIGHT_MAX = 100;

/**
 * The split of `replicas` nearest to the weight; with a surge, of one more, if that is nearer. Neither
 * side is empty while its weight is not, except where one instance is all there may be.
 */
export function approximateSplit(
  replicas: number,
  weight: number,
  { surge, weightMax = WEIGHT_MAX }: { readonly surge: number; readonly weightMax?: number },
): CanarySizes {
  if (replicas === 0) return { canary: 0, stable: 0 };
  const share = (replicas * weight) / weightMax;
  const [up, down] = [Math.ceil(share), Math.floor(share)];
  const mayBeEmpty = weight === 0 || weight === weightMax || (replicas === 1 && surge === 0);
  const isTied = (total: number): boolean => {
    const part = total * (weight / weightMax);
    return part - Math.trunc(part) === 0.5;
  };
  const candidates: { readonly canary: number; readonly total: number }[] = [];
  const consider = (canary: number, total: number, is: boolean): void => {
    if (is) candidates.push({ canary, total });
  };
  const mayBeDown = down !== 0 || mayBeEmpty;
  consider(up, replicas, up < replicas || mayBeEmpty);
  consider(down, replicas, !isTied(replicas) && mayBeDown);
  if (surge > 0) {
    consider(up, replicas + 1, true);
    consider(down, replicas + 1, !isTied(replicas + 1) && mayBeDown);
  }
  let best = { canary: 0, total: replicas };
  let least = Number.POSITIVE_INFINITY;
  for (const one of candidates) {
    const off = Math.abs((one.canary * weightMax) / one.total - weight);
    if (off >= least) continue;
    [best, least] = [one, off];
  }
  return { canary: best.canary, stable: best.total - best.canary };
}

/** Instances for a share of the traffic, rounded up. */
export function replicasForWeight(
  replicas: number,
  weight: number,
  weightMax: number = WEIGHT_MAX,
): number {
  return Math.ceil((replicas * weight) / weightMax);
}

/** The next sizes without a router. */
export function canaryStep(
  replicas: number,
  weight: number,
  { surge, unavailable }: Fenceposts,
  { canary, stable, olderReplicas }: CanaryRevisions,
): CanarySizes {
  const wanted = approximateSplit(replicas, weight, { surge });
  const most = replicas + surge;
  const least = replicas - Math.min(unavailable, replicas);

  // The stable revision grows first, then the canary, into the room that there is.
  let room = Math.max(0, most - (canary.replicas + stable.replicas + olderReplicas));
  const grow = (from: number, to: number): number => {
    const by = Math.min(Math.max(0, to - from), room);
    room -= by;
    return from + by;
  };
  const stableSize = grow(stable.replicas, wanted.stable);
  const sizes = { stable: stableSize, canary: grow(canary.replicas, wanted.canary) };
  if (olderReplicas > 0) return sizes;

  const isIncreasing = wanted.canary >= canary.replicas;
  const [drained, kept] = isIncreasing ? [stable, canary] : [canary, stable];
  const wantedDrained = isIncreasing ? wanted.stable : wanted.canary;
  const count = drained.replicas + Math.min(kept.available, kept.replicas);
  if (count <= least) return sizes;
  let drainedSize = isIncreasing ? sizes.stable : sizes.canary;
  let keptSize = isIncreasing ? sizes.canary : sizes.stable;
  if (drained.replicas > wantedDrained) {
    drainedSize = Math.max(wantedDrained, drained.replicas - (count - least));
  }
  // Within the limits: the kept one gives way, but not what would be missed; then the drained one.
  keptSize -= Math.max(0, drainedSize + keptSize - most);
  const serving = Math.min(drained.available, drainedSize) + Math.min(kept.available, keptSize);
  const lack = Math.max(0, least - serving);
  keptSize += Math.min(lack, Math.max(0, kept.available - keptSize));
  drainedSize -= Math.max(0, drainedSize + keptSize - most);
  return isIncreasing
    ? { canary: keptSize, stable: drainedSize }
    : { canary: drainedSize, stable: keptSize };
}

/** What decides the canary's size when a router splits the traffic. */
export type RoutedCanary = {
  readonly replicas: number;
  /** Of the current step; 0 when aborted, 100 when promoted in full. */
  readonly weight: number;
  readonly isPromotedFully: boolean;
  readonly isAborted: boolean;
  /** Whether an aborted canary is left as it is, for someone to look at. */
  readonly keepsAbortedCanary: boolean;
  readonly scale: CanaryScale | null;
  /** The least that a canary has, if it has any. */
  readonly canaryMin: number;
};

/** The next sizes with a router: the stable revision stays whole. */
export function routedCanarySizes(input: RoutedCanary): CanarySizes {
  const { replicas, scale } = input;
  const applies =
    scale !== null &&
    !scale.matchTrafficWeight &&
    !input.isPromotedFully &&
    (!input.isAborted || input.keepsAbortedCanary);
  if (applies && scale.replicas !== null) return { canary: scale.replicas, stable: replicas };
  const weight = applies && scale.weight !== null ? scale.weight : input.weight;
  const canary = replicasForWeight(replicas, weight);
  const least = Math.min(input.canaryMin, replicas);
  return { canary: canary === 0 ? 0 : Math.max(canary, least), stable: replicas };
}

/** A stable revision that shrinks as traffic leaves it. */
export type DynamicStable = {
  readonly replicas: number;
  /** Weights of the steps; the current one is at `stepIndex`. */
  readonly stepWeights: readonly number[];
  readonly stepIndex: number;
  readonly isAborted: boolean;
  /** Where the traffic goes now. */
  readonly canaryWeight: number;
  readonly stableWeight: number;
  /** Null: the revisions are not known. */
  readonly available: { readonly canary: number; readonly stable: number } | null;
};

/** Each side is large enough for the traffic that it has and for what it is to get. */
export function dynamicStableSizes(input: DynamicStable): CanarySizes {
  const { replicas, canaryWeight, stableWeight } = input;
  const weight = input.isAborted ? retreatWeight(input) : (input.stepWeights[input.stepIndex] ?? 0);
  const canary = replicasForWeight(replicas, weight);
  const least = input.isAborted ? replicasForWeight(replicas, canaryWeight) : 0;
  return {
    canary: Math.max(canary, least),
    stable: Math.max(
      replicasForWeight(replicas, WEIGHT_MAX - weight),
      replicasForWeight(replicas, stableWeight),
    ),
  };
}

/** The last step whose canary is smaller than what the stable revision cannot carry yet. */
function retreatWeight({ replicas, stepWeights, available }: DynamicStable): number {
  if (available === null) return 0;
  const carried = Math.max(replicas - available.stable, available.canary);
  const last = stepWeights.findLast((weight) => replicasForWeight(replicas, weight) < carried);
  return last ?? 0;
}
