/**
 * Decides who owns which key: it proposes the ring's next generation and nothing else. One change at a
 * time: members first, since who joins takes load off the others; then weights, then hot slices. Pure.
 *
 *                 ┌──────────── acknowledged by every router ───────────┐
 *                 ▼                                                     │
 *   no ring ─▶ settled ─▶ join · leave · weights · hot slices ─▶ published (generation + 1)
 *      └ every member serves                                            │
 *                 a join only, after `ring.acknowledge` ◀───────────────┘
 *
 * Another layout (algorithm, sections, replicas) goes by a second ring: held ready by every router beside
 * the first, then gone by; see dual-ring.ts. Joins do not wait for it, everything else does.
 *
 * A router that is silent holds back whatever takes keys away, for as long as it takes. It cannot hold
 * back capacity for longer than `ring.acknowledge`: who joins takes nothing from anybody who is alive.
 */

import { compareText } from '../arithmetic/compare-text.ts';
import { type ControllerStep, INTENT_EXPIRES_MS } from '../protocol/controller-step.ts';
import type { DualView, RingView, ServiceView } from '../protocol/fleet-view.ts';
import { type SlotId, slotParts } from '../protocol/identity.ts';
import type { Act, Input, Intent, SliceOverride } from '../protocol/intent.ts';
import { highestGeneration } from '../protocol/ring-layout.ts';
import { dualWish } from './dual-ring.ts';
import { hotKeyOverrides } from './hot-keys.ts';
import { type RingWish, ringWish, slotServes } from './ring-members.ts';
import { hasWeights, type RingSpec } from './ring-table.ts';
import { SLICES } from './slices.ts';

/** What is remembered between passes. Plain data: it is stored with the decisions. */
export type HashringState = {
  /** For people: what it does, or waits for. */
  readonly status: string;
  /** Overrides at the last look: another set in the view is churn, whoever made it. */
  readonly overrides: readonly SliceOverride[];
  /** Slices that got other owners within the last hour, oldest first. */
  readonly churn: readonly { readonly slices: number; readonly atMs: number }[];
  /** What the last look at the loads gave: it is proposed until the ring or the hour is another. */
  readonly hot: HotLook | null;
};

type HotLook = {
  readonly generation: number;
  readonly atMs: number;
  /** Null: nothing was too hot. */
  readonly overrides: readonly SliceOverride[] | null;
  readonly why: string;
};

/** Nothing is remembered. */
export const HASHRING_START: HashringState = { status: '', overrides: [], churn: [], hot: null };

const HOUR_MS = 3_600_000;
/** Changes of overrides that are remembered; of more, the two oldest count as one, at the later time. */
const CHURN_MAX = 120;
/**
 * Between two looks at the loads, and after a change until they are those of the new ring. Shorter: hot
 * keys are found sooner, and a table is built more often (some 30 ms for a hundred members).
 * Milliseconds.
 */
const HOT_LOOK_MS = 60_000;

type RingAct = Extract<Act, { kind: 'publishRing' | 'prepareRing' | 'cutOver' }>;
type Change = {
  readonly members: readonly SlotId[];
  readonly overrides: readonly SliceOverride[];
  readonly priority: 'safety' | 'shrink' | 'rebalance';
  readonly why: string;
  readonly alternatives: readonly string[];
};

/** One pass. A service without `ring` has no owners of keys. */
export function hashringStep(
  state: HashringState,
  { view }: { readonly view: ServiceView },
): ControllerStep<HashringState> {
  const { ring: spec } = view.spec;
  const noted = noteOverrides(state, view);
  if (spec === undefined) return resting({ ...noted, status: 'no ring' }, null);
  const wish = ringWish(view);
  const { ring } = view;
  if (ring === null) return firstStep(noted, view, spec, wish);
  const isSettled = ring.acknowledged >= ring.generation;
  if (wish.kind === 'leave' && view.dual?.ring) {
    return dualStep(noted, view, spec, ring, view.dual);
  }
  if (wish.kind === 'join' || wish.kind === 'leave') {
    if (!isSettled) {
      const status = `generation ${ring.generation} is not acknowledged by every router`;
      const untilMs = ring.publishedMs + spec.acknowledge;
      if (wish.kind === 'leave') return resting({ ...noted, status }, null);
      if (view.nowMs < untilMs) return resting({ ...noted, status }, untilMs);
    }
    return proposed(noted, view, spec, memberChange(ring, wish));
  }
  // Time alone may end a wait: that it has been ready for long enough.
  const waitMs = wish.kind === 'wait' ? view.nowMs : null;
  const status = wish.kind === 'wait' ? wish.why : `generation ${ring.generation} is settled`;
  if (!isSettled) return resting({ ...noted, status }, waitMs);
  if (view.dual) return dualStep(noted, view, spec, ring, view.dual);
  const weights = weightsOf(view, spec, ring.members);
  if (!isEqualList(weights, ring.weights)) {
    return proposed(noted, view, spec, {
      members: ring.members,
      overrides: ring.overrides,
      priority: 'rebalance',
      why: 'ring.weights of the zones are others than those of the ring',
      alternatives: [],
    });
  }
  return hotStep({ ...noted, status }, view, spec, ring, waitMs);
}

/** The second ring, before anything else is made of the first one. */
function dualStep(
  state: HashringState,
  view: ServiceView,
  spec: RingSpec,
  ring: RingView,
  dual: DualView,
): ControllerStep<HashringState> {
  const wish = dualWish(view, ring, dual, (slot) => slotServes(view, slot));
  if (wish.kind === 'wait') return resting({ ...state, status: wish.why }, view.nowMs);
  const alternatives = ['give it up: abort, or apply the layout that runs'];
  const said = { priority: 'rebalance', why: wish.why, alternatives } as const;
  if (wish.kind === 'cutOver') {
    return intended(state, view, { kind: 'cutOver', generation: wish.generation }, said);
  }
  const { members } = wish;
  const weights = weightsOf(view, { ...spec, algorithm: dual.wanted.algorithm }, members);
  const generation = highestGeneration(view) + 1;
  return intended(state, view, { kind: 'prepareRing', generation, members, weights }, said);
}

function firstStep(
  state: HashringState,
  view: ServiceView,
  spec: RingSpec,
  wish: RingWish,
): ControllerStep<HashringState> {
  if (wish.kind !== 'join') {
    const status = wish.kind === 'wait' ? wish.why : 'nobody is to be in the ring';
    return resting({ ...state, status }, view.nowMs);
  }
  const { members, why } = wish;
  const alternatives = ['wait: no key has an owner meanwhile'];
  return proposed(state, view, spec, {
    members,
    overrides: [],
    priority: 'safety',
    why,
    alternatives,
  });
}

/** Overrides whose owners leave end with them. */
function memberChange(
  { overrides }: RingView,
  { kind, members, why }: Extract<RingWish, { kind: 'join' | 'leave' }>,
): Change {
  const known = new Set(members);
  const kept = overrides
    .map(({ slice, owners }) => ({ slice, owners: owners.filter((slot) => known.has(slot)) }))
    .filter(({ owners }) => owners.length > 0);
  const alternatives =
    kind === 'join' ? ['wait: the others bear its keys'] : ['keep it: more than is needed'];
  const priority = kind === 'join' ? 'safety' : 'shrink';
  return { members, overrides: kept, priority, why, alternatives };
}

/** Slices that are too hot, and overrides that nobody wants any more. */
function hotStep(
  state: HashringState,
  view: ServiceView,
  spec: RingSpec,
  ring: RingView,
  waitMs: number | null,
): ControllerStep<HashringState> {
  const isOn = spec.hotKeys.enabled && spec.exportThanos === undefined;
  if (!isOn && ring.overrides.length === 0) return resting(state, waitMs);
  const measuredMs = ring.publishedMs + HOT_LOOK_MS;
  if (view.nowMs < measuredMs) return resting(state, waitMs ?? measuredMs);
  const look = isCurrent(state.hot, ring, view.nowMs)
    ? state.hot
    : hotLook(view, spec, ring, slicesLeft(state, spec));
  const next = { ...state, hot: look };
  if (look === null || look.overrides === null) {
    return resting(next, waitMs ?? view.nowMs + HOT_LOOK_MS);
  }
  const alternatives = ['bear it: within the tolerance it would be'];
  return proposed(next, view, spec, {
    members: ring.members,
    overrides: look.overrides,
    priority: 'rebalance',
    why: look.why,
    alternatives,
  });
}

function hotLook(view: ServiceView, spec: RingSpec, ring: RingView, left: number): HotLook {
  const look = { generation: ring.generation, atMs: view.nowMs };
  if (!spec.hotKeys.enabled) {
    const overrides = left < 1 ? null : ring.overrides.slice(left);
    return { ...look, overrides, why: 'ring.hotKeys is switched off: slices go back' };
  }
  const found = hotKeyOverrides(view, spec, ring, left);
  const tolerance = Math.round(spec.hotKeys.tolerance * 100);
  const slices = `${found?.moved ?? 0} slices make a load more than ${tolerance} % above the mean`;
  const why = `${slices}; ${left} may move this hour`;
  return { ...look, overrides: found?.overrides ?? null, why };
}

function isCurrent(look: HotLook | null, { generation }: RingView, nowMs: number): boolean {
  return look !== null && look.generation === generation && nowMs - look.atMs < HOT_LOOK_MS;
}

/** Slices that may still get other owners in this hour. */
function slicesLeft({ churn }: HashringState, { hotKeys }: RingSpec): number {
  const used = churn.reduce((sum, { slices }) => sum + slices, 0);
  return Math.max(0, Math.floor(hotKeys.churnPerHour * SLICES) - used);
}

function noteOverrides(state: HashringState, { ring, nowMs }: ServiceView): HashringState {
  const overrides = ring?.overrides ?? [];
  const kept = state.churn.filter(({ atMs }) => nowMs - atMs < HOUR_MS);
  const slices = changedSlices(state.overrides, overrides);
  const churn = slices === 0 ? kept : [...kept, { slices, atMs: nowMs }];
  const [first, second, ...rest] = churn;
  if (churn.length <= CHURN_MAX || first === undefined || second === undefined) {
    return { ...state, overrides, churn };
  }
  const merged = { slices: first.slices + second.slices, atMs: second.atMs };
  return { ...state, overrides, churn: [merged, ...rest] };
}

function changedSlices(before: readonly SliceOverride[], after: readonly SliceOverride[]): number {
  const name = ({ owners }: SliceOverride): string => owners.join(' ');
  const had = new Map(before.map((one) => [one.slice, name(one)]));
  const has = new Map(after.map((one) => [one.slice, name(one)]));
  const slices = new Set([...had.keys(), ...has.keys()]);
  return [...slices].filter((slice) => had.get(slice) !== has.get(slice)).length;
}

/** By zone, and only where a table can honour them. */
function weightsOf(view: ServiceView, spec: RingSpec, members: readonly SlotId[]): number[] {
  const isWeighted =
    hasWeights(view.spec.kind, spec.algorithm) && Object.keys(spec.weights).length > 0;
  return members.map((slot) => {
    if (!isWeighted) return 1;
    const zone = slotParts(slot)?.zone ?? '';
    return spec.weights[zone] ?? 1;
  });
}

function proposed(
  state: HashringState,
  view: ServiceView,
  spec: RingSpec,
  { members, overrides, priority, why, alternatives }: Change,
): ControllerStep<HashringState> {
  const sorted = members.toSorted(compareText);
  const generation = highestGeneration(view) + 1;
  const weights = weightsOf(view, spec, sorted);
  const act = { kind: 'publishRing', generation, members: sorted, weights, overrides } as const;
  return intended(state, view, act, { priority, why, alternatives });
}

function intended(
  state: HashringState,
  view: ServiceView,
  act: RingAct,
  { priority, why, alternatives }: Pick<Change, 'priority' | 'why' | 'alternatives'>,
): ControllerStep<HashringState> {
  const intent: Intent = {
    who: 'hashring',
    service: view.name,
    act,
    priority,
    why,
    inputs: inputsOf(view),
    alternatives,
    expiresMs: view.nowMs + INTENT_EXPIRES_MS,
  };
  const status = `proposes generation ${act.generation}: ${why}`;
  return { state: { ...state, status }, intents: [intent], againMs: view.nowMs };
}

function inputsOf({ ring, goal, nowMs }: ServiceView): Input[] {
  const demand = { name: 'demand', value: String(goal.demand), ageMs: 0 };
  if (ring === null) return [demand];
  const { generation, acknowledged, members, publishedMs } = ring;
  const ageMs = nowMs - publishedMs;
  return [
    demand,
    { name: 'generation', value: String(generation), ageMs },
    { name: 'acknowledged', value: String(acknowledged), ageMs: 0 },
    { name: 'members', value: String(members.length), ageMs },
  ];
}

function resting(state: HashringState, againMs: number | null): ControllerStep<HashringState> {
  return { state, intents: [], againMs };
}

function isEqualList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
