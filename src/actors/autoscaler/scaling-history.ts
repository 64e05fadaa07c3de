/**
 * What an autoscaler remembers: recommendations, over which it stabilizes, and changes, which its
 * policies count. Both are lists of bounded use: what is too old to matter is overwritten first, so
 * they grow no longer than their windows hold. Pure; ages count back from now, in seconds.
 */
import type { ScalingEvent, ScalingRules } from './scaling-rules.ts';

/** A number of replicas that was asked for. */
export type Recommendation = { readonly replicas: number; readonly ageS: number };

/** The stabilized number, and the list with the new recommendation in it. */
export type Stabilized = {
  readonly replicas: number;
  readonly recommendations: readonly Recommendation[];
};

/** An event that no policy looks at any more may be overwritten. */
export type RememberedEvent = ScalingEvent & { readonly isOutdated: boolean };

/**
 * Within each window the least that was asked for bounds a rise, the most a fall. A window of 0:
 * only what is asked now. A recommendation exactly as old as a window is outside.
 */
export function stabilize(
  recommendations: readonly Recommendation[],
  { current, desired }: { readonly current: number; readonly desired: number },
  windows: { readonly upS: number; readonly downS: number },
): Stabilized {
  let [up, down, slot] = [desired, desired, recommendations.length];
  recommendations.forEach(({ replicas, ageS }, i) => {
    if (ageS < windows.upS) up = Math.min(up, replicas);
    if (ageS < windows.downS) down = Math.max(down, replicas);
    if (ageS > windows.upS && ageS > windows.downS) slot = i;
  });
  const replicas = Math.min(Math.max(current, up), down);
  return { replicas, recommendations: placed(recommendations, slot, desired) };
}

/** One window, downwards only: the most that was asked for in it, its end included. */
export function stabilizeDownwards(
  recommendations: readonly Recommendation[],
  desired: number,
  windowS: number,
): Stabilized {
  let [replicas, slot] = [desired, recommendations.length];
  recommendations.forEach((one, i) => {
    if (one.ageS > windowS) slot = i;
    else replicas = Math.max(replicas, one.replicas);
  });
  return { replicas, recommendations: placed(recommendations, slot, desired) };
}

/** Remembers a change for the policies of its direction. */
export function rememberChange(
  events: readonly RememberedEvent[],
  change: number,
  rules: ScalingRules,
): readonly RememberedEvent[] {
  const longestS = Math.max(0, ...rules.policies.map(({ periodS }) => periodS));
  const next = events.map((event) =>
    event.ageS > longestS ? { ...event, isOutdated: true } : event,
  );
  const slot = next.findLastIndex(({ isOutdated }) => isOutdated);
  next[slot < 0 ? next.length : slot] = { change, ageS: 0, isOutdated: false };
  return next;
}

function placed(
  recommendations: readonly Recommendation[],
  slot: number,
  replicas: number,
): readonly Recommendation[] {
  const next = [...recommendations];
  next[slot] = { replicas, ageS: 0 };
  return next;
}
