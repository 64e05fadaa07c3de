/**
 * What a rollout counts in a view: instances of a revision that serve, slots that have what they are to
 * have, the split as it is written down. Old looks do not count as serving. Pure.
 */
import { compareText } from '../arithmetic/compare-text.ts';
import { INTENT_EXPIRES_MS } from '../protocol/controller-step.ts';
import {
  type InstanceView,
  isAvailable,
  minReadyOf,
  type RevisionView,
  type ServiceView,
  type SlotView,
} from '../protocol/fleet-view.ts';
import type { RevisionId } from '../protocol/identity.ts';
import type { Act, Input, Intent, Priority, Share } from '../protocol/intent.ts';
import { indexOf } from '../protocol/pass-index.ts';
import { type Fenceposts, fenceposts } from '../spec/int-or-percent.ts';
import type { RolloutCounts } from './progress.ts';
import type { RevisionSize } from './rolling-replicas.ts';

/** Surge and unavailability where a strategy has no knobs for them; as a rolling update's. */
const LIMITS_DEFAULT = { maxSurge: '25%', maxUnavailable: '25%' };

/** Serves, was seen of late, and is not on its way out. */
export function serves(view: ServiceView, instance: InstanceView): boolean {
  if (instance.isGoing || view.nowMs - instance.seenMs > view.maxStalenessMs) return false;
  return isAvailable(instance, view.nowMs, minReadyOf(view.spec));
}

/** A process that is there or comes to be; what has failed or was given up is none. */
export function isPresent({ state }: InstanceView): boolean {
  return state !== 'stopped' && state !== 'failed' && state !== 'fenced' && state !== 'unknown';
}

/** Wanted and available of a share. */
export function sizeOf(
  view: ServiceView,
  {
    revision,
    isBaseline = false,
  }: { readonly revision: RevisionId; readonly isBaseline?: boolean },
): RevisionSize {
  const replicas = sharesOf(view)
    .filter((share) => share.revision === revision && share.isBaseline === isBaseline)
    .reduce((total, { count }) => total + count, 0);
  const own = view.instances.filter(
    (one) => one.revision === revision && one.isBaseline === isBaseline,
  );
  return { replicas, available: own.filter((one) => serves(view, one)).length };
}

/** The split as it is written down; nothing written: all of it is stable. */
export function sharesOf({ goal }: ServiceView): readonly Share[] {
  if (goal.shares.length > 0) return goal.shares;
  return [wholeOf(goal.stable, goal.demand)];
}

/** One revision has everything. */
export function wholeOf(revision: RevisionId, count: number): Share {
  return { revision, count, weight: null, isBaseline: false };
}

/** Whether two splits say the same, in whatever order. */
export function isSameSplit(a: readonly Share[], b: readonly Share[]): boolean {
  return a.length === b.length && inOrder(a).every((key, i) => key === inOrder(b)[i]);
}

function inOrder(shares: readonly Share[]): string[] {
  return shares
    .map(({ revision, count, weight, isBaseline }) =>
      JSON.stringify([revision, isBaseline, count, weight]),
    )
    .toSorted(compareText);
}

/** What has neither instances nor traffic is no share; one stays in any case. */
export function withoutEmpty(shares: readonly Share[]): readonly Share[] {
  const filled = shares.filter(({ count, weight }) => count > 0 || (weight ?? 0) > 0);
  return filled.length > 0 ? filled : shares.slice(0, 1);
}

/** Position among the revisions; what nobody knows is oldest. */
export function ageOf({ revisions }: ServiceView, revision: RevisionId): number {
  return revisions.findIndex(({ id }) => id === revision);
}

/** @returns undefined for one that nobody knows */
export function revisionOf(
  { revisions }: ServiceView,
  revision: RevisionId,
): RevisionView | undefined {
  return revisions.find(({ id }) => id === revision);
}

/** As people call it. */
export function nameOf(view: ServiceView, revision: RevisionId): string {
  return revisionOf(view, revision)?.version ?? revision;
}

/** How many may be missing and too many at this demand. */
export function limitsOf(view: ServiceView): Fenceposts {
  const { rollout } = view.spec;
  const limits =
    rollout.strategy === 'rolling' || rollout.strategy === 'canary' ? rollout : LIMITS_DEFAULT;
  return fenceposts(limits, view.goal.demand) ?? { surge: 0, unavailable: 1 };
}

/** Every router that counts has heard of the newest routes. */
export function isHeard({ routes, ring }: ServiceView): boolean {
  const isRingHeard = ring === null || ring.acknowledged >= ring.generation;
  return isRingHeard && routes.acknowledged >= routes.number;
}

/** Slots of a sharded service that are needed, by zone and ordinal. */
export function neededSlots(view: ServiceView): readonly SlotView[] {
  const { slots, goal } = view;
  const known = neededOfSlots.get(slots);
  if (known?.demand === goal.demand) return known.needed;
  // By zone first: comparing names of zones for each pair of thousands costs more than all the rest.
  const zones = new Map<string, SlotView[]>();
  for (const slot of slots) {
    if (slot.ordinal >= goal.demand) continue;
    const known = zones.get(slot.zone);
    if (known === undefined) zones.set(slot.zone, [slot]);
    else known.push(slot);
  }
  const needed = [...zones]
    .toSorted(([a], [b]) => compareText(a, b))
    .flatMap(([, list]) => list.toSorted((a, b) => a.ordinal - b.ordinal));
  neededOfSlots.set(slots, { demand: goal.demand, needed });
  return needed;
}

/** Asked for again and again: made once for the same slots and the same demand. */
const neededOfSlots = new WeakMap<
  readonly SlotView[],
  { readonly demand: number; readonly needed: readonly SlotView[] }
>();

function instancesIn(view: ServiceView, slot: SlotView): readonly InstanceView[] {
  return indexOf(view).bySlot.get(slot.id) ?? [];
}

/** The instance that a slot has now, the newest that is not going first; null: none. */
export function instanceIn(view: ServiceView, slot: SlotView): InstanceView | null {
  const own = instancesIn(view, slot)
    .filter((one) => one.state !== 'stopped' && one.state !== 'failed')
    .toSorted(
      (a, b) =>
        Number(a.isGoing) - Number(b.isGoing) ||
        b.createdMs - a.createdMs ||
        compareText(b.id, a.id),
    );
  return own[0] ?? null;
}

/** Has an instance of the revision that it is to have, and it serves. */
export function isSlotServed(view: ServiceView, slot: SlotView): boolean {
  return instancesIn(view, slot).some((one) => one.revision === slot.revision && serves(view, one));
}

/** Counts for the progress of a target. */
export function countsOf(view: ServiceView, target: RevisionId): RolloutCounts {
  const present = view.instances.filter(isPresent);
  const updated = present.filter((one) => one.revision === target && !one.isGoing);
  return {
    current: present.length,
    updated: updated.length,
    ready: updated.filter(({ state }) => state === 'ready').length,
    available: updated.filter((one) => serves(view, one)).length,
  };
}

/** What a proposal says beside what it does. */
export type Reasons = {
  readonly priority?: Priority;
  readonly why: string;
  readonly inputs?: readonly Input[];
  readonly alternatives?: readonly string[];
};

/** Proposes something. */
export function proposal(view: ServiceView, act: Act, reasons: Reasons): Intent {
  const { priority = 'rollout', why, inputs = [], alternatives = [] } = reasons;
  return {
    who: 'rollout',
    service: view.name,
    act,
    priority,
    why,
    inputs,
    alternatives,
    expiresMs: view.nowMs + INTENT_EXPIRES_MS,
  };
}

/** How many of a revision serve, with the age of the oldest look. */
export function servingInput(view: ServiceView, revision: RevisionId): Input {
  const own = view.instances.filter((one) => one.revision === revision);
  const serving = own.filter((one) => serves(view, one)).length;
  const oldestMs = Math.min(view.nowMs, ...own.map(({ seenMs }) => seenMs));
  const value = `${serving} of ${own.length}`;
  return { name: `${nameOf(view, revision)} available`, value, ageMs: view.nowMs - oldestMs };
}

/** Proposes a split, unless it is there. */
export function splitUnlessSame(
  view: ServiceView,
  shares: readonly Share[],
  reasons: Reasons,
): readonly Intent[] {
  const wanted = withoutEmpty(shares);
  if (isSameSplit(view.goal.shares, wanted)) return [];
  const seen = wanted.map(({ revision }) => revision);
  const inputs = [
    ...(reasons.inputs ?? []),
    ...[...new Set(seen)].map((revision) => servingInput(view, revision)),
  ];
  return [proposal(view, { kind: 'setSplit', shares: wanted }, { ...reasons, inputs })];
}
