/** A number of replicas, or a percentage of them: `3`, `'25%'`. As Kubernetes resolves them. */

/** What a user writes. */
export type IntOrPercent = number | string;

/** Which way a part of a replica is rounded. */
export type Rounding = 'up' | 'down';

const PERCENT = /^(-?\d+)%$/;

/** @returns null when it is neither a number of replicas nor a percentage */
export function resolved(value: IntOrPercent, total: number, rounding: Rounding): number | null {
  if (typeof value === 'number') return Number.isInteger(value) ? value : null;
  const percent = PERCENT.exec(value)?.[1];
  if (percent === undefined) return null;
  const share = (Number(percent) * total) / 100;
  return rounding === 'up' ? Math.ceil(share) : Math.floor(share);
}

/** How many may be missing and how many may be too many while something is replaced. */
export type Fenceposts = { readonly surge: number; readonly unavailable: number };

/**
 * Surge rounded up, unavailability down; both zero would never let anything move: then one may be
 * unavailable. Null values are 0. @returns null when one of them cannot be read
 */
export function fenceposts(
  limits: { readonly maxSurge: IntOrPercent | null; readonly maxUnavailable: IntOrPercent | null },
  desired: number,
): Fenceposts | null {
  const surge = resolved(limits.maxSurge ?? 0, desired, 'up');
  const unavailable = resolved(limits.maxUnavailable ?? 0, desired, 'down');
  if (surge === null || unavailable === null) return null;
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}
