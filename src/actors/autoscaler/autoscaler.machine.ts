/**
 * Decides how many instances, or shards, a service needs. It owns the demand and nothing else: what a
 * rollout adds on top is the arbiter's arithmetic. Metrics propose, the highest wins; then a
 * stabilization window, rate limits, a settle time and a flap budget hold it back. These restrain
 * shrinking only, and by that turning back; of growing only the last little waits a moment for proof.
 * Pure.
 *
 *   metrics ─▶ highest ─▶ stabilized ─▶ rates, min and max ─┬ down: settle, flap budget ─┬▶ setDemand
 *      └ one failed: no shrinking                            └ up, a little: confirmed  ──┘
 *                                     and backoff that way after a failed change
 */

import { type ControllerStep, INTENT_EXPIRES_MS } from '../protocol/controller-step.ts';
import type { ServiceView } from '../protocol/fleet-view.ts';
import type { Input, Intent } from '../protocol/intent.ts';
import type { ServiceSpec } from '../spec/fleet-schema.ts';
import { type ChangeOutcome, noteOutcome, OUTCOME_START } from './change-outcome.ts';
import { CALM, type PanicState } from './panic-mode.ts';
import { type Proposal, proposals } from './proposals.ts';
import { stabilize } from './scaling-history.ts';
import { limitReplicas, type ScalingEvent, type ScalingRules } from './scaling-rules.ts';

/** A number of replicas at a time, in monotonic milliseconds. */
export type TimedCount = { readonly count: number; readonly atMs: number };

/** What is remembered between passes. Plain data: it is stored with the decisions. */
export type AutoscalerState = {
  /** What was asked for: the least and the most of each bucket of time, oldest first. */
  readonly asked: readonly TimedCount[];
  /** The same of the last moments, in smaller buckets. Absent: nothing was. */
  readonly lately?: readonly TimedCount[];
  /** Changes of the demand that were seen, whoever made them, oldest first. Down: below zero. */
  readonly changes: readonly TimedCount[];
  /** The demand at the last look; null: there was none. */
  readonly demand: number | null;
  readonly panic: PanicState;
  /** What became of its last change. */
  readonly outcome: ChangeOutcome;
};

/** What it decides from. */
export type AutoscalerInput = { readonly view: ServiceView };

/** What it decided. */
export type AutoscalerStep = ControllerStep<AutoscalerState> & {
  /** What it would do; in a dry run there is nothing else. */
  readonly recommendation: { readonly count: number; readonly why: string };
};

/** Nothing is remembered. */
export const AUTOSCALER_START: AutoscalerState = {
  asked: [],
  changes: [],
  demand: null,
  panic: CALM,
  outcome: OUTCOME_START,
};

/**
 * Buckets of the stabilization window. Range: 10 to 1,000. Higher: the window ends more exactly, and more
 * is stored with each decision.
 */
const BUCKETS = 60;
/**
 * For so long after growing, means of before are taken with care (see load-units.ts). Milliseconds, from a
 * boot and a window of the metrics. Higher: as many of a rollout's replacements as it has grown by are
 * taken for newcomers, and growing may wait a minute. Lower: slow boots overshoot.
 */
const GROWTH_MS = 600_000;
/**
 * Growing by a small part, when nobody has asked for less for so long. A minute's mean of noisy load has
 * a next one that is lower; load that has grown has not. Milliseconds, range: 0 to a minute. Higher:
 * the last little comes later. Lower: grows for noise, and shrinks again.
 */
const CONFIRM_MS = 15_000;
/** The small part. Higher: real growth waits too. Lower: noise of 30 % counts as growth. */
const SMALL_PART = 0.25;
/** For so long after growing, growing on needs no proof. Milliseconds; readings are means of a minute. */
const GROWING_MS = 30_000;
/** Buckets of the proof. */
const CONFIRM_BUCKETS = 5;
/** Changes that are remembered; of more, the oldest are forgotten and limits become wider. */
const CHANGES_MAX = 500;

type Autoscale = NonNullable<ServiceSpec['autoscale']>;
type Held = { readonly count: number; readonly why: string };

/** One pass. A service without `autoscale` has no autoscaler. */
export function autoscalerStep(state: AutoscalerState, { view }: AutoscalerInput): AutoscalerStep {
  const { autoscale } = view.spec;
  const { nowMs } = view;
  const current = view.goal.demand;
  const noted = noteDemand(state, view, autoscale);
  if (autoscale === undefined) {
    const why = 'this service is not scaled by itself';
    const recommendation = { count: current, why };
    return { state: wanting(noted, null), intents: [], againMs: null, recommendation };
  }
  const { hold } = view;
  if (hold !== null && nowMs < hold.untilMs) {
    const why = `an operator holds it at ${hold.count} for ${hold.untilMs - nowMs} ms more`;
    const step = proposed(noted, view, hold.count, [], { count: hold.count, why });
    // The operator's change, not its own.
    return { ...step, state: wanting(noted, null) };
  }

  const grown = noted.changes
    .filter(({ count, atMs }) => count > 0 && nowMs - atMs < GROWTH_MS)
    .reduce((sum, { count }) => sum + count, 0);
  const asked = proposals(view, autoscale, { panic: noted.panic, grown });
  const next = { ...noted, panic: asked.panic };
  const known = asked.list.filter((one) => one.count !== null);
  if (known.length === 0) {
    const count = bounded(current, autoscale);
    return proposed(next, view, count, asked.list, { count, why: 'no metric says anything' });
  }
  const highest = known.reduce((most, one) => ((one.count ?? 0) > (most.count ?? 0) ? one : most));
  let desired = highest.count ?? current;
  let why = highest.why;
  if (desired < current && known.length < asked.list.length) {
    desired = current;
    why = 'it would shrink, but a metric is missing';
  }
  const longestMs = Math.max(autoscale.up.window, autoscale.down.window);
  const remembered = {
    ...next,
    asked: remember(next.asked, { count: desired, atMs: nowMs }, longestMs, BUCKETS),
    lately: remember(
      next.lately ?? [],
      { count: desired, atMs: nowMs },
      CONFIRM_MS,
      CONFIRM_BUCKETS,
    ),
  };
  const limited = limit(remembered, { current, desired, why }, autoscale, nowMs);
  return proposed(remembered, view, limited.count, asked.list, limited);
}

/** The stabilization window, then rates and bounds, then what restrains shrinking. */
function limit(
  state: AutoscalerState,
  {
    current,
    desired,
    why,
  }: { readonly current: number; readonly desired: number; readonly why: string },
  autoscale: Autoscale,
  nowMs: number,
): Held {
  const { min, max, up, down } = autoscale;
  const ages = state.asked.map(({ count, atMs }) => ({
    replicas: count,
    ageS: (nowMs - atMs) / 1000,
  }));
  const windows = { upS: up.window / 1000, downS: down.window / 1000 };
  const stable = stabilize(ages, { current, desired }, windows).replicas;
  const { replicas, condition } = limitReplicas(
    { current, desired: stable },
    { min, max },
    { up: rulesOf(up), down: rulesOf(down) },
    pastOf(state.changes, nowMs),
  );
  // A share of none is none: the first one comes whatever the policies say.
  const isWaking = current === 0 && stable > 0 && up.select !== 'disabled';
  const most = bounded(Math.max(replicas, isWaking ? 1 : 0), autoscale);
  const count = isGrowing(state.changes, nowMs)
    ? most
    : confirmed(state.lately ?? [], { current, most }, autoscale);
  if (count !== desired)
    why += `; ${desired} was asked for, ${stable} after stabilization, ${condition}`;
  const { failures } = state.outcome;
  const failed = count > current ? failures.up : failures.down;
  if (count !== current && nowMs < failed.untilMs && current === bounded(current, autoscale)) {
    const wait = failed.untilMs - nowMs;
    return {
      count: current,
      why: `it would be ${count}, but the last such change failed; waits ${wait} ms`,
    };
  }
  if (count >= current) return { count, why };
  // The most that was asked for in the window is hardly less: the next peak would turn it round.
  if (count > current * (1 - autoscale.tolerance) && current <= max) {
    return { count: current, why: `${why}; ${count} is within the tolerance of ${current}` };
  }
  const restraint = restrained(state.changes, autoscale, nowMs);
  if (restraint !== null)
    return { count: current, why: `it would shrink to ${count}, but ${restraint}` };
  return { count, why };
}

/** What was asked for before has come true a moment ago: the rest of it is no noise. */
function isGrowing(changes: readonly TimedCount[], nowMs: number): boolean {
  const last = changes.at(-1);
  return last !== undefined && last.count > 0 && nowMs - last.atMs < GROWING_MS;
}

/** Growing by a little, only what was asked for all the time; by more, at once. */
function confirmed(
  lately: readonly TimedCount[],
  { current, most }: { readonly current: number; readonly most: number },
  autoscale: Autoscale,
): number {
  if (most <= current || most > current * (1 + SMALL_PART)) return most;
  const least = Math.min(most, ...lately.map(({ count }) => count));
  return Math.max(bounded(current, autoscale), least);
}

/** Why it does not shrink yet, after what has changed before; null: it may. */
function restrained(
  changes: readonly TimedCount[],
  { settle, flapBudget }: Autoscale,
  nowMs: number,
): string | null {
  const last = changes.at(-1);
  if (last === undefined) return null;
  const { window } = flapBudget;
  const turns = runsOf(changes.filter(({ atMs }) => nowMs - atMs < window));
  // Who goes on shrinking does not turn.
  const isTurn = last.count > 0;
  if (isTurn && turns >= flapBudget.changes) return `it turned ${turns} times in ${window} ms`;
  // What was given back and needed again was given back too soon: each turn doubles the wait.
  const waitMs = isTurn && turns > 1 ? settle * 2 ** (turns + 1) : settle;
  const leftMs = last.atMs + waitMs - nowMs;
  return leftMs > 0 ? `it settles for ${leftMs} ms more, after ${turns} turns` : null;
}

/** Changes one after the other in the same direction are one: a ramp is no flapping. */
function runsOf(changes: readonly TimedCount[]): number {
  return changes.filter(({ count }, i) => {
    const before = changes[i - 1];
    return before === undefined || Math.sign(before.count) !== Math.sign(count);
  }).length;
}

function proposed(
  state: AutoscalerState,
  view: ServiceView,
  count: number,
  asked: readonly Proposal[],
  recommendation: Held,
): AutoscalerStep {
  const { autoscale } = view.spec;
  // What it reads may be another number in the very next pass.
  const againMs = view.nowMs;
  if (count === view.goal.demand || autoscale?.dryRun === true) {
    return { state: wanting(state, null), intents: [], againMs, recommendation };
  }
  const inputs: Input[] = asked.flatMap((one) => one.inputs);
  const intent: Intent = {
    who: 'autoscaler',
    service: view.name,
    act: { kind: 'setDemand', count },
    priority: count > view.goal.demand ? 'safety' : 'shrink',
    why: recommendation.why,
    inputs,
    alternatives: asked.map(({ name, count: own }) => `${name}: ${own ?? 'says nothing'}`),
    expiresMs: view.nowMs + INTENT_EXPIRES_MS,
  };
  return { state: wanting(state, count), intents: [intent], againMs, recommendation };
}

function wanting(state: AutoscalerState, wanted: number | null): AutoscalerState {
  return { ...state, outcome: { ...state.outcome, wanted } };
}

/** The demand is another one than at the last look: that is a change, whoever made it. */
function noteDemand(
  before: AutoscalerState,
  view: ServiceView,
  autoscale: Autoscale | undefined,
): AutoscalerState {
  const { nowMs } = view;
  const { demand } = view.goal;
  const state = { ...before, outcome: noteOutcome(before.outcome, view, before.demand) };
  if (state.demand === null || demand === state.demand) return { ...state, demand };
  const longestMs = Math.max(
    GROWTH_MS,
    autoscale?.flapBudget.window ?? 0,
    ...[...(autoscale?.up.policies ?? []), ...(autoscale?.down.policies ?? [])].map(
      ({ period }) => period,
    ),
  );
  const kept = state.changes.filter(({ atMs }) => nowMs - atMs <= longestMs).slice(1 - CHANGES_MAX);
  return { ...state, demand, changes: [...kept, { count: demand - state.demand, atMs: nowMs }] };
}

/** Of each bucket of a window the least and the most: no more is looked at. */
function remember(
  asked: readonly TimedCount[],
  { count, atMs: nowMs }: TimedCount,
  longestMs: number,
  buckets: number,
): readonly TimedCount[] {
  const bucketMs = Math.max(1, longestMs / buckets);
  const bucketOf = (atMs: number): number => Math.floor(atMs / bucketMs);
  const kept = asked.filter(({ atMs }) => nowMs - atMs < longestMs);
  const now = kept.filter(({ atMs }) => bucketOf(atMs) === bucketOf(nowMs)).map((one) => one.count);
  const past = kept.filter(({ atMs }) => bucketOf(atMs) !== bucketOf(nowMs));
  const [least, most] = [Math.min(count, ...now), Math.max(count, ...now)];
  const own = least === most ? [least] : [least, most];
  return [...past, ...own.map((each) => ({ count: each, atMs: nowMs }))];
}

function pastOf(changes: readonly TimedCount[], nowMs: number) {
  const events = (sign: 1 | -1): ScalingEvent[] =>
    changes
      .filter(({ count }) => count * sign > 0)
      .map(({ count, atMs }) => ({ change: count * sign, ageS: (nowMs - atMs) / 1000 }));
  return { up: events(1), down: events(-1) };
}

function rulesOf(rules: Autoscale['up']): ScalingRules {
  return {
    select: rules.select,
    stabilizationS: rules.window / 1000,
    policies: rules.policies.map((policy) =>
      'percent' in policy
        ? { kind: 'percent', value: policy.percent * 100, periodS: policy.period / 1000 }
        : { kind: 'replicas', value: policy.replicas, periodS: policy.period / 1000 },
    ),
  };
}

function bounded(count: number, { min, max }: Autoscale): number {
  return Math.min(Math.max(count, min), max);
}
