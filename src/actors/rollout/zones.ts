/**
 * The zones strategy of a sharded service: one zone after the other, many slots of it at a time, and of
 * the first one as many as `exposure` says before the rest. A zone is one replica of every shard, so
 * nothing is touched while another zone is not whole. Called by the rollout machine. Pure.
 */
import type { ServiceView, SlotView } from '../protocol/fleet-view.ts';
import type { RevisionId } from '../protocol/identity.ts';
import type { Intent, Priority } from '../protocol/intent.ts';
import { resolved } from '../spec/int-or-percent.ts';
import type { GatePlan } from './gates.ts';
import { isComplete } from './progress.ts';
import type { RolloutRun } from './rollout-state.ts';
import {
  countsOf,
  instanceIn,
  isHeard,
  isSlotServed,
  nameOf,
  neededSlots,
  proposal,
  revisionOf,
  servingInput,
} from './seen-sizes.ts';
import type { StepPlan } from './step-plan.ts';
import { type WaveStep, waveStep } from './zone-waves.ts';

/** Slots of a zone that are at the target after it; all of the zones before are. */
export type Wave = {
  readonly zone: string;
  readonly index: number;
  readonly slots: number;
  readonly isWhole: boolean;
  /** At this demand it has nothing that the wave before it does not have: it is passed at once. */
  readonly isEmpty: boolean;
};

/** One look. `isHeld`: nothing is replaced. */
export function zonesPlan(view: ServiceView, run: RolloutRun, isHeld: boolean): StepPlan {
  const slots = neededSlots(view);
  const waves = wavesOf(view, slots, run.isFast);
  const step = Math.min(run.step, waves.length);
  const wave = waves[step] ?? null;
  const wanted = slots.filter((slot) => isInWave(view, slot, wave));
  const isTarget = ({ revision }: SlotView): boolean => revision === run.target;
  const next = waveOf(view, slots, (slot) => !isTarget(slot) && wanted.includes(slot));
  const name = nameOf(view, run.target);
  const where = wave === null ? 'all zones' : `zone ${wave.zone}`;
  const served = slots.filter((slot) => isTarget(slot) && isSlotServed(view, slot));
  const isWhole = slots.every((slot) => isSlotServed(view, slot) && !slot.isReplacing);
  const isReached = wanted.every(isTarget);
  const intents = isHeld ? [] : replacements(view, run, slots, next, `${where} goes to ${name}`);
  const missing = slots.filter((slot) => isTarget(slot) && !isSlotServed(view, slot));
  return {
    run,
    intents,
    steps: waves.length,
    weight:
      slots.length === 0 ? 0 : Math.round((100 * slots.filter(isTarget).length) / slots.length),
    isInEffect: wave?.isEmpty === true || (isReached && isWhole && isHeard(view)),
    isAtFault: missing.length > 0,
    message: messageOf(
      view,
      next,
      `${served.length} of ${wanted.length} slots of ${name}, ${where}`,
    ),
    lengthMs: wave?.isWhole === true && !run.isFast ? soakOf(view) : 0,
    isManual: false,
    gate: run.isFast || wave === null || wave.isEmpty ? null : gateOf(view, run, slots, wave),
    isComplete:
      slots.every(isTarget) && isWhole && isComplete(slots.length, countsOf(view, run.target)),
  };
}

/**
 * The waves in order: parts of the first zone, the whole of it, then zone by zone. As many at every
 * demand, and also when steps are skipped: the number of a wave means the same as long as a run lasts.
 */
export function wavesOf(
  { spec, goal }: ServiceView,
  slots: readonly SlotView[],
  isFast: boolean,
): readonly Wave[] {
  const zones = [...new Set(slots.map(({ zone }) => zone))];
  const { rollout } = spec;
  const exposure = rollout.strategy === 'zones' ? rollout.exposure : [];
  const parts: Wave[] = [];
  const [first] = zones;
  for (const part of first === undefined ? [] : exposure) {
    const before = parts.at(-1)?.slots ?? 0;
    const count = resolved(part, goal.demand, 'up') ?? 0;
    const isEmpty = isFast || count <= before || count >= goal.demand;
    const own = isEmpty ? Math.min(before, goal.demand) : count;
    parts.push({ zone: first as string, index: 0, slots: own, isWhole: false, isEmpty });
  }
  const rest = { slots: goal.demand, isWhole: true, isEmpty: false };
  return [...parts, ...zones.map((zone, index) => ({ zone, index, ...rest }))];
}

const zonesOfViews = new WeakMap<ServiceView, readonly string[]>();

/** Zones that have slots, in order; made once for each picture. */
function zonesOf(view: ServiceView): readonly string[] {
  const known = zonesOfViews.get(view);
  if (known !== undefined) return known;
  const zones = [...new Set(neededSlots(view).map(({ zone }) => zone))];
  zonesOfViews.set(view, zones);
  return zones;
}

/** Of this wave or of an earlier one; null: after the last one. */
function isInWave(view: ServiceView, { zone, ordinal }: SlotView, wave: Wave | null): boolean {
  if (wave === null) return true;
  const index = zonesOf(view).indexOf(zone);
  return index < wave.index || (index === wave.index && ordinal < wave.slots);
}

/** Which slots may be replaced now. `isOutdated`: and are to be. */
export function waveOf(
  view: ServiceView,
  slots: readonly SlotView[],
  isOutdated: (slot: SlotView) => boolean,
): WaveStep {
  const { rollout } = view.spec;
  const most = rollout.strategy === 'zones' ? rollout.maxUnavailable : '100%';
  const maxUnavailable = Math.max(1, resolved(most, view.goal.demand, 'down') ?? 1);
  const zones = [...new Set(slots.map(({ zone }) => zone))].map((name) => {
    const own = slots.filter(({ zone }) => zone === name);
    const waveSlots = own.map((slot) => {
      const isReady = isSlotServed(view, slot) && !slot.isReplacing;
      return {
        name: slot.id,
        revision: isOutdated(slot) ? 'old' : 'new',
        isLeaving: slot.isReplacing,
        isReady,
      };
    });
    return {
      name,
      revision: 'new',
      reachedRevision: 'new',
      slotsCount: view.goal.demand,
      readyCount: waveSlots.filter(({ isReady }) => isReady).length,
      slots: waveSlots,
      maxUnavailable,
      isPaused: false,
    };
  });
  return waveStep(zones, () => true);
}

/** The zone's slots of this wave; where stable never served, also whatever serves nobody. */
function replacements(
  view: ServiceView,
  run: RolloutRun,
  slots: readonly SlotView[],
  { replace }: WaveStep,
  why: string,
): readonly Intent[] {
  const isNew = (revisionOf(view, run.stable)?.stableMs ?? null) === null;
  const idle = slots.filter(
    (slot) => isNew && slot.revision !== run.target && !isSlotServed(view, slot),
  );
  const chosen = slots.filter((slot) => replace.includes(slot.id) || idle.includes(slot));
  return chosen.flatMap((slot) =>
    replacement(view, slot, run.target, { why, priority: 'rollout' }),
  );
}

/** Gives a slot another revision, whether or not it has an instance. */
export function replacement(
  view: ServiceView,
  slot: SlotView,
  revision: RevisionId,
  { why, priority }: { readonly why: string; readonly priority: Priority },
): readonly Intent[] {
  const instance = instanceIn(view, slot);
  const inputs = [servingInput(view, revision), servingInput(view, slot.revision)];
  if (instance === null) {
    const { isBaseline } = slot;
    const act = { kind: 'start' as const, slot: slot.id, revision, isBaseline };
    return [proposal(view, act, { priority, why: `${why}; the slot is empty`, inputs })];
  }
  const act = { kind: 'replace' as const, slot: slot.id, instance: instance.id, revision };
  return [proposal(view, act, { priority, why, inputs })];
}

function soakOf({ spec }: ServiceView): number {
  return spec.rollout.strategy === 'zones' ? spec.rollout.soak : 0;
}

/** The wave's zone alone is measured, and compared with zones that nothing has touched yet. */
function gateOf(
  view: ServiceView,
  run: RolloutRun,
  slots: readonly SlotView[],
  wave: Wave,
): GatePlan {
  const zones = [...new Set(slots.map(({ zone }) => zone))].slice(wave.index + 1);
  const scope = { service: view.name, revision: run.target, isBaseline: false, zone: wave.zone };
  const baselines = zones.map((zone) => ({ service: view.name, revision: run.stable, zone }));
  const key = `zone ${wave.zone}, ${wave.slots} slots`;
  const says = `zone ${wave.zone} compared with ${zones.join(' and ')}`;
  return {
    key: `${run.step} ${wave.zone} ${wave.isWhole}`,
    scope,
    groups: zones.length === 0 ? null : { key, canary: scope, baselines, says },
    lengthMs: wave.isWhole ? soakOf(view) : 0,
    isBackground: false,
    needs: 'evidence',
  };
}

function messageOf(view: ServiceView, { waitsFor }: WaveStep, what: string): string {
  if (waitsFor === 'several zones not ready') return `${what}; several zones are not whole`;
  return isHeard(view) ? what : `${what}; a router has not heard of the newest routes`;
}
