/**
 * Who is ill, slot by slot, and whether anything can be done about it here. A slot whose instance ended
 * by itself is ill, and placement restarts it; one that nobody has seen for too long is ill, and the
 * agent has to say what became of it; one that is being updated is the rollout's. What is left can be
 * replaced. Pure.
 */
import { restartDelayMs } from '../arithmetic/restart-delay.ts';
import type { InstanceView, ServiceView, SlotView } from '../protocol/fleet-view.ts';
import type { InstanceId, SlotId } from '../protocol/identity.ts';
import { isOnItsWayOut } from '../protocol/instance-state.ts';
import { indexOf } from '../protocol/pass-index.ts';
import type { FlapMemory, HealerState, RemedyMemory } from './healer-state.ts';
import type { MemberHealth } from './remedy-limit.ts';

/** A slot, and what ails it. */
export type Member = MemberHealth & {
  readonly slot: SlotView;
  /** Whoever is there and stays; null: nobody. */
  readonly instance: InstanceView | null;
  /** Null: nothing. */
  readonly cause: string | null;
  /** Replacing it now may help: it is seen, and its slot's backoff is over. */
  readonly isCurable: boolean;
};

/** Of one that becomes ready so often within the window, the probe or the instance is no good. */
const FLAPS = 5;
/** Longer: slower flapping is found, and old flaps are held against it for longer. Milliseconds. */
const FLAP_WINDOW_MS = 600_000;

/** Every slot of a service. `slowAgain`: slow after they had been out of the traffic for it. */
export function membersOf(
  view: ServiceView,
  { remedies, flaps }: Pick<HealerState, 'remedies' | 'flaps'>,
  slowAgain: ReadonlyMap<InstanceId, string>,
): readonly Member[] {
  const { bySlot } = indexOf(view);
  const flapping = flappingOf(flaps);
  const hasRemedies = Object.keys(remedies).length > 0;
  const blocked = new Set(view.revisions.filter((one) => one.isBlocked).map(({ id }) => id));
  return view.slots.map((slot) => {
    const inside = bySlot.get(slot.id) ?? [];
    const instance = stayingIn(inside);
    const remedy = hasRemedies ? remedies[slot.id] : undefined;
    const isRemedied = slot.isReplacing && isOurs(slot, inside, remedy);
    const isLeft = (slot.isReplacing && !isRemedied) || (instance === null && inside.length > 0);
    const found = isLeft ? null : illnessOf(view, slot, instance, { flapping, slowAgain });
    // The new one is not well either: it is given another chance, after its backoff.
    const isStuck = !isRemedied || instance?.isFailing === true;
    const isCurable =
      found?.isSeen === true && isStuck && !blocked.has(slot.revision) && isDue(view, remedy);
    return {
      id: slot.id,
      domain: slot.zone,
      isUnhealthy: isRemedied || found !== null,
      isRemedied,
      slot,
      instance,
      cause: found?.cause ?? null,
      isCurable,
    };
  });
}

const flappingOfFlaps = new WeakMap<HealerState['flaps'], ReadonlyMap<InstanceId, number>>();

/** How often those became ready again who did so too often; counted once for the same memory. */
function flappingOf(flaps: HealerState['flaps']): ReadonlyMap<InstanceId, number> {
  const known = flappingOfFlaps.get(flaps);
  if (known !== undefined) return known;
  const found = new Map<InstanceId, number>();
  for (const id of Object.keys(flaps)) noteFlapping(found, id, flaps[id]);
  flappingOfFlaps.set(flaps, found);
  return found;
}

function noteFlapping(
  found: Map<InstanceId, number>,
  id: InstanceId,
  memory: FlapMemory | undefined,
): void {
  const times = memory?.timesMs.length ?? 0;
  if (times >= FLAPS) found.set(id, times);
}

type Illness = { readonly cause: string; readonly isSeen: boolean };

function illnessOf(
  view: ServiceView,
  slot: SlotView,
  instance: InstanceView | null,
  {
    flapping,
    slowAgain,
  }: {
    readonly flapping: ReadonlyMap<InstanceId, number>;
    readonly slowAgain: ReadonlyMap<InstanceId, string>;
  },
): Illness | null {
  const { nowMs, spec, maxStalenessMs } = view;
  if (instance === null) return restarted(slot);
  const { id, state, sinceMs, seenMs, isFailing } = instance;
  const unseenMs = nowMs - seenMs;
  if (state === 'unknown' || unseenMs > maxStalenessMs) {
    return { cause: `nobody has seen it for ${unseenMs} ms`, isSeen: false };
  }
  if (state === 'failed') return { cause: 'it ended by itself', isSeen: false };
  if (isOnItsWayOut(state) || state === 'stopped') return null;
  if (isFailing) return { cause: 'its liveness or its start has failed', isSeen: true };
  const unreadyMs = nowMs - sinceMs;
  if (state === 'unready' && unreadyMs >= spec.heal.unreadyFor) {
    return { cause: `it has been unready for ${unreadyMs} ms`, isSeen: true };
  }
  const flapped = flapping.get(id);
  if (flapped !== undefined) {
    const cause = `it became ready ${flapped} times in ${FLAP_WINDOW_MS} ms`;
    return { cause, isSeen: true };
  }
  const slow = slowAgain.get(id);
  if (slow !== undefined) return { cause: `it is slow again: ${slow}`, isSeen: true };
  return state === 'ready' || state === 'unready' ? null : restarted(slot);
}

function restarted({ ends }: SlotView): Illness | null {
  return ends > 0 ? { cause: `it has ended ${ends} times`, isSeen: false } : null;
}

/** It is being replaced for its health: that was noted, or another revision is not what it gets. */
function isOurs(
  slot: SlotView,
  inside: readonly InstanceView[],
  remedy: RemedyMemory | undefined,
): boolean {
  if (remedy?.isOpen === true) return true;
  return inside.some(({ isGoing, revision }) => isGoing && revision === slot.revision);
}

function isDue({ nowMs, spec }: ServiceView, remedy: RemedyMemory | undefined): boolean {
  if (remedy === undefined || remedy.count === 0) return true;
  return nowMs >= remedy.lastMs + restartDelayMs(remedy.count + 1, spec.heal.backoff);
}

/** The youngest that nobody has decided to end. */
function stayingIn(inside: readonly InstanceView[]): InstanceView | null {
  let youngest: InstanceView | null = null;
  for (const one of inside) {
    if (one.isGoing || one.state === 'stopped') continue;
    if (youngest === null || one.createdMs > youngest.createdMs) youngest = one;
  }
  return youngest;
}

/** What became of what was proposed. Slots that are gone are forgotten, and those long calm. */
export function remediesSeen(view: ServiceView, before: HealerState['remedies']) {
  const after: Record<SlotId, RemedyMemory> = {};
  const index = indexOf(view);
  for (const [id, memory] of Object.entries(before)) {
    const slot = index.slots.get(id);
    if (slot === undefined) continue;
    const { isReplacing } = slot;
    const { target } = memory;
    const there = index.bySlot.get(id)?.find((one) => one.id === target);
    const hasGone = target !== null && (there === undefined || there.isGoing);
    const next = hasGone
      ? { count: memory.count + 1, lastMs: view.nowMs, target: null, isOpen: isReplacing }
      : { ...memory, isOpen: memory.isOpen && isReplacing };
    const isCalm = view.nowMs - next.lastMs > view.spec.heal.backoff.reset;
    if (next.target !== null || next.isOpen || (next.count > 0 && !isCalm)) after[id] = next;
  }
  return after;
}

/**
 * Who has become ready again: since its last look it was not ready at least once. The same object when
 * nobody has, and nobody came or went.
 */
export function flapsSeen(view: ServiceView, before: HealerState['flaps']): HealerState['flaps'] {
  // The same instances have become ready when they had; only what is remembered can have grown old.
  if (calmFlaps.get(view.instances) === before) return before;
  const after: Record<InstanceId, FlapMemory> = {};
  let [known, isSame] = [0, true];
  let isCalm = true;
  const flapping = new Map<InstanceId, number>();
  for (const one of view.instances) {
    if (one.isGoing) continue;
    const memory = before[one.id];
    const next = flapSeen(view.nowMs, one.readySinceMs, memory);
    after[one.id] = next;
    noteFlapping(flapping, one.id, next);
    known++;
    isSame &&= next === memory;
    isCalm &&= next.timesMs.length === 0;
  }
  const flaps = isSame && Object.keys(before).length === known ? before : after;
  flappingOfFlaps.set(flaps, flapping);
  if (isCalm) calmFlaps.set(view.instances, flaps);
  return flaps;
}

/** Of instances among which nobody has become ready again: what is remembered of them. */
const calmFlaps = new WeakMap<ServiceView['instances'], HealerState['flaps']>();

function flapSeen(
  nowMs: number,
  readySinceMs: number | null,
  memory: FlapMemory | undefined,
): FlapMemory {
  if (memory === undefined) return { readySinceMs, timesMs: [] };
  const isNews = readySinceMs !== null && readySinceMs !== memory.readySinceMs;
  const isFresh = (atMs: number): boolean => nowMs - atMs < FLAP_WINDOW_MS;
  if (!isNews && memory.timesMs.every(isFresh)) return memory;
  const kept = memory.timesMs.filter(isFresh);
  const isAgain = isNews && memory.readySinceMs !== null;
  const timesMs = isAgain ? [...kept, readySinceMs].slice(-FLAPS) : kept;
  return { readySinceMs: readySinceMs ?? memory.readySinceMs, timesMs };
}
