/**
 * The generations of a ring that are still known, the newest first: that which routers go by, and those
 * before it as the decision log has them. It ends where the layout of the table was another one, since what
 * that one was like is not written down. Pure.
 */
import type { DecisionEntry, RingRecord, SliceOverride } from '../../actors/index.ts';

/** One of them. */
export type KnownRing = Pick<RingRecord, 'generation' | 'members' | 'weights' | 'overrides'> & {
  /** Null: the log does not say. */
  readonly said: { readonly why: string; readonly atMs: number } | null;
};

/** Kept, with the one that runs. Higher: more changes to look at, each measured once. */
export const RINGS_MAX = 9;

/** `log`: what was admitted about the ring, the oldest first. */
export function knownRings(ring: RingRecord, log: readonly DecisionEntry[]): readonly KnownRing[] {
  let known = new Map<number, KnownRing>();
  for (const { intent, atMs } of log) {
    const { act, why } = intent;
    const said = { why, atMs };
    // Another table for the same keys: nothing before it can be compared with it.
    if (act.kind === 'cutOver') known = new Map();
    if (act.kind === 'publishRing') known.set(act.generation, { ...act, said });
  }
  const before = [...known.values()]
    .filter(({ generation }) => generation < ring.generation)
    .toSorted((a, b) => b.generation - a.generation);
  const said = known.get(ring.generation)?.said ?? null;
  return [{ ...ring, said }, ...before].slice(0, RINGS_MAX);
}

/** Slices of which others are told to be the owners. */
export function slicesChanged(before: KnownRing, after: KnownRing): number {
  const had = ownersOf(before.overrides);
  const has = ownersOf(after.overrides);
  const slices = new Set([...had.keys(), ...has.keys()]);
  return [...slices].filter((slice) => had.get(slice) !== has.get(slice)).length;
}

function ownersOf(overrides: readonly SliceOverride[]): ReadonlyMap<number, string> {
  return new Map(overrides.map(({ slice, owners }) => [slice, owners.join(' ')]));
}
