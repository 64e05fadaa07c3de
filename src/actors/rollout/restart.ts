/**
 * A rolling restart: every instance that was made before a moment gives way to another one of its
 * revision; a zone at a time where slots own keys, as many as surge and unavailability allow elsewhere.
 * Called by the rollout machine while nothing is being rolled out. Pure.
 */
import { compareText } from '../arithmetic/compare-text.ts';
import type { InstanceView, ServiceView, SlotView } from '../protocol/fleet-view.ts';
import type { Intent } from '../protocol/intent.ts';
import { instanceIn, isSlotServed, limitsOf, proposal, servingInput } from './seen-sizes.ts';
import { waveOf } from './zones.ts';

/** One look. */
export type RestartStep = {
  readonly intents: readonly Intent[];
  /** Slots whose instance is from before. */
  readonly left: number;
  /** Something that was begun does not serve yet. */
  readonly isAtFault: boolean;
};

/** What may be restarted now. */
export function restartStep(view: ServiceView, beforeMs: number): RestartStep {
  const slots = view.slots
    .filter(({ ordinal }) => view.spec.kind === 'stateless' || ordinal < view.goal.demand)
    .toSorted(
      (a, b) => compareText(a.zone, b.zone) || a.ordinal - b.ordinal || compareText(a.id, b.id),
    );
  const old = slots.flatMap((slot) => {
    const instance = instanceIn(view, slot);
    if (instance === null || instance.createdMs >= beforeMs) return [];
    return [{ slot, instance }];
  });
  const open = slots.filter((slot) => slot.isReplacing || !isSlotServed(view, slot));
  return {
    intents: chosenOf(view, slots, old, open.length).map((one) => intentOf(view, one, old.length)),
    left: old.length,
    isAtFault: open.length > 0,
  };
}

type Old = { readonly slot: SlotView; readonly instance: InstanceView };

function chosenOf(
  view: ServiceView,
  slots: readonly SlotView[],
  old: readonly Old[],
  open: number,
): readonly Old[] {
  const waiting = old.filter(({ slot, instance }) => !slot.isReplacing && !instance.isGoing);
  if (view.spec.kind === 'sharded') {
    const { replace } = waveOf(view, slots, (slot) => waiting.some((one) => one.slot === slot));
    return waiting.filter(({ slot }) => replace.includes(slot.id));
  }
  const { surge, unavailable } = limitsOf(view);
  return waiting.slice(0, Math.max(0, Math.max(1, surge + unavailable) - open));
}

function intentOf(view: ServiceView, { slot, instance }: Old, left: number): Intent {
  const { revision } = instance;
  const act = { kind: 'replace' as const, slot: slot.id, instance: instance.id, revision };
  const why = `restart: ${left} instances are from before it was asked for`;
  return proposal(view, act, { why, inputs: [servingInput(view, revision)] });
}
