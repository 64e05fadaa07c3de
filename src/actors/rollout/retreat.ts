/**
 * Everything to stable: after a failed gate or an abort, before a newer target begins, and while nothing
 * is being rolled out. Traffic first, instances when every router has heard of it; slot by slot for a
 * sharded service, where what serves nobody goes at once: a slot that never becomes ready must not
 * block its own way back. Called by the rollout machine. Pure.
 */
import { compareText } from '../arithmetic/compare-text.ts';
import type { InstanceView, ServiceView, SlotView } from '../protocol/fleet-view.ts';
import type { Intent, Share } from '../protocol/intent.ts';
import { rolledSplit } from './rolling.ts';
import { minAvailable } from './rolling-replicas.ts';
import {
  ageOf,
  isHeard,
  isPresent,
  isSameSplit,
  isSlotServed,
  limitsOf,
  nameOf,
  neededSlots,
  sharesOf,
  sizeOf,
  splitUnlessSame,
  wholeOf,
} from './seen-sizes.ts';
import { replacement, waveOf } from './zones.ts';

/** How it is done. */
export type Retreat = {
  /** Of a sentence: why it goes back. */
  readonly why: string;
  /** Stable was made smaller on the way: it takes over only what it can carry. */
  readonly hasShrunkStable: boolean;
  /** What was aborted stays, without traffic, for someone to look at. */
  readonly keeps: boolean;
};

/** One look. */
export type RetreatStep = {
  readonly intents: readonly Intent[];
  /** Shares, or slots, that are wanted and are not stable's. */
  readonly others: number;
  /** Nothing else is wanted any more. */
  readonly isBack: boolean;
  /** And nothing else is there; stable serves in every slot. */
  readonly isDone: () => boolean;
  /** Percent that others than stable still have. */
  readonly weight: number;
  readonly message: string;
};

/** The next moment on the way back. */
export function retreatStep(view: ServiceView, way: Retreat): RetreatStep {
  return view.spec.kind === 'sharded' ? slotsBack(view, way) : splitBack(view, way);
}

function slotsBack(view: ServiceView, { why }: Retreat): RetreatStep {
  const { stable } = view.goal;
  const isTurned = ({ ordinal, revision }: SlotView): boolean =>
    ordinal >= view.goal.demand || revision === stable;
  // Nothing to turn is what is found nearly always: nobody has to put thousands in order for that.
  const slots = view.slots.every(isTurned) ? [] : neededSlots(view);
  const others = slots.filter((slot) => !isTurned(slot));
  const chosen = others.length === 0 ? [] : slotsToTurn(view, slots, others);
  const reasons = { why: `${why}: back to ${nameOf(view, stable)}`, priority: 'rollback' as const };
  const isOther = (one: InstanceView): boolean =>
    isPresent(one) && one.revision !== stable && one.ordinal < view.goal.demand;
  return {
    intents: chosen.flatMap((slot) => replacement(view, slot, stable, reasons)),
    others: others.length,
    isBack: others.length === 0,
    isDone: () =>
      others.length === 0 &&
      !view.instances.some(isOther) &&
      neededSlots(view).every((slot) => isSlotServed(view, slot)),
    weight: slots.length === 0 ? 0 : Math.round((100 * others.length) / slots.length),
    message: `${others.length} of ${neededCount(view)} slots are not at ${nameOf(view, stable)} yet`,
  };
}

function neededCount({ slots, goal }: ServiceView): number {
  let count = 0;
  for (const { ordinal } of slots) if (ordinal < goal.demand) count++;
  return count;
}

/** Of those that are not at stable: as many as a zone's wave takes, and what serves nobody. */
function slotsToTurn(
  view: ServiceView,
  slots: readonly SlotView[],
  others: readonly SlotView[],
): readonly SlotView[] {
  const { replace } = waveOf(view, slots, ({ revision }) => revision !== view.goal.stable);
  const inWave = new Set(replace);
  return others.filter((slot) => inWave.has(slot.id) || !isSlotServed(view, slot));
}

function splitBack(view: ServiceView, way: Retreat): RetreatStep {
  const { stable, demand } = view.goal;
  const shares = sharesOf(view);
  const others = shares.filter((share) => share.revision !== stable || share.isBaseline);
  const isRouted = shares.some(({ weight }) => weight !== null) && others.length > 0;
  const next = isRouted ? routedBack(view, way) : rolledSplit(view, stable);
  const reasons = {
    why: `${way.why}: back to ${nameOf(view, stable)}`,
    priority: others.length > 0 ? ('rollback' as const) : ('rollout' as const),
  };
  const weight = percentOf(others, shares);
  const kept = isRouted && way.keeps && weight === 0 && isSameSplit(shares, next);
  const isAlone = isSameSplit(view.goal.shares, [wholeOf(stable, demand)]);
  const size = sizeOf(view, { revision: stable });
  const left = view.instances.some((one) => isPresent(one) && one.revision !== stable);
  return {
    intents: splitUnlessSame(view, next, reasons),
    others: others.length,
    isBack: isAlone || kept,
    isDone: () => isHeard(view) && (kept || (isAlone && !left)),
    weight,
    message: `${weight} % are not at ${nameOf(view, stable)}, ${size.available} of ${demand} are available`,
  };
}

/** Stable is made whole and takes the traffic; when all routers know, the others go. */
function routedBack(view: ServiceView, way: Retreat): readonly Share[] {
  const { stable, demand } = view.goal;
  const shares = sharesOf(view);
  const isStable = (share: Share): boolean => share.revision === stable && !share.isBaseline;
  const others = shares.filter((share) => !isStable(share));
  const isQuiet = others.every(({ weight }) => weight === 0);
  if (isQuiet && isHeard(view) && !way.keeps) return [wholeOf(stable, demand)];
  const left = way.hasShrunkStable ? leftFor(view) : 0;
  let free = left;
  const ordered = others.toSorted(
    (a, b) =>
      ageOf(view, a.revision) - ageOf(view, b.revision) ||
      compareText(a.revision, b.revision) ||
      Number(a.isBaseline) - Number(b.isBaseline),
  );
  const reduced = ordered
    .filter((share) => !(way.keeps && share.isBaseline && isQuiet && isHeard(view)))
    .map((share) => {
      const weight = Math.min(share.weight ?? 0, free);
      free -= weight;
      return { ...share, weight };
    });
  const weight = 100 - reduced.reduce((sum, one) => sum + one.weight, 0);
  return [{ revision: stable, count: demand, weight, isBaseline: false }, ...reduced];
}

/** Percent that stable cannot carry yet. */
function leftFor(view: ServiceView): number {
  const { demand, stable } = view.goal;
  const least = minAvailable(demand, limitsOf(view).unavailable);
  if (least === 0) return 0;
  const { available } = sizeOf(view, { revision: stable });
  return available >= least ? 0 : 100 - Math.floor((100 * available) / least);
}

function percentOf(others: readonly Share[], all: readonly Share[]): number {
  if (all.some(({ weight }) => weight !== null)) {
    return others.reduce((sum, { weight }) => sum + (weight ?? 0), 0);
  }
  const total = all.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return 0;
  return Math.round((100 * others.reduce((sum, { count }) => sum + count, 0)) / total);
}
