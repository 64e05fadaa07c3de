/**
 * What became of the autoscaler's last change, from what is seen alone: it was reached; nothing moved
 * towards it for as long as a rollout may stand still, which is a failure; or somebody else has set it
 * back, which is one, too. While a rollout is under way or the service is frozen nobody is blamed.
 * After a failure the same direction waits, longer each time; the other one is free. Pure.
 */
import { doubled } from '../arithmetic/doubling.ts';
import { isAvailable, minReadyOf, type ServiceView } from '../protocol/fleet-view.ts';

/** A change that the autoscaler asked for and got. */
type Attempt = {
  readonly direction: Direction;
  /** Units that there are to be: so many available going up, so many left going down. */
  readonly goal: number;
  /** Nearest to it so far, and since when; monotonic milliseconds. */
  readonly best: number;
  readonly sinceMs: number;
  readonly isReached: boolean;
};

/** Which way a change goes. */
export type Direction = 'up' | 'down';

/** Failures in one direction, one after the other; nothing is proposed that way before `untilMs`. */
export type Failures = { readonly count: number; readonly untilMs: number };

/** What is remembered of changes. Plain data. */
export type ChangeOutcome = {
  /** What was asked for in the last pass; null: nothing. */
  readonly wanted: number | null;
  readonly attempt: Attempt | null;
  readonly failures: Readonly<Record<Direction, Failures>>;
};

const NONE: Failures = { count: 0, untilMs: 0 };
/** Nothing was changed yet. */
export const OUTCOME_START: ChangeOutcome = {
  wanted: null,
  attempt: null,
  failures: { up: NONE, down: NONE },
};

/** After a failed change: so long, then twice as long, up to the most. Milliseconds. */
const BACKOFF_MS = { first: 10_000, max: 600_000 };

/** One look. `before`: the demand at the last one; null: there was none. */
export function noteOutcome(
  outcome: ChangeOutcome,
  view: ServiceView,
  before: number | null,
): ChangeOutcome {
  const { demand } = view.goal;
  const isSame = before === null || demand === before;
  return judged(isSame ? outcome : changed(outcome, view, before), view);
}

/** The demand is another one: what was asked for, or what somebody else has said. */
function changed(outcome: ChangeOutcome, view: ServiceView, before: number): ChangeOutcome {
  const { demand } = view.goal;
  const { wanted, attempt } = outcome;
  const direction: Direction = demand > before ? 'up' : 'down';
  if (demand !== wanted) {
    // A part of what was asked for is granted: nobody has set anything back.
    const isPart = wanted !== null && Math.sign(wanted - before) === Math.sign(demand - before);
    const isSetBack = attempt !== null && attempt.direction !== direction && !isPart;
    return isSetBack ? failed(outcome, attempt, view.nowMs) : { ...outcome, attempt: null };
  }
  const best = unitsOf(view, direction);
  const start = direction === 'up' ? Math.min(best, before) : Math.max(best, before);
  const isOpen = attempt !== null && !attempt.isReached && attempt.direction === direction;
  const goal = (isOpen ? attempt.goal : start) + demand - before;
  const next = { direction, goal, best, sinceMs: view.nowMs, isReached: false };
  return { ...outcome, attempt: next };
}

function judged(outcome: ChangeOutcome, view: ServiceView): ChangeOutcome {
  const { attempt } = outcome;
  if (attempt === null || attempt.isReached) return outcome;
  const { direction, goal } = attempt;
  const { nowMs } = view;
  const units = unitsOf(view, direction);
  const isNearer = (one: number, other: number): boolean =>
    direction === 'up' ? one > other : one < other;
  if (!isNearer(goal, units)) {
    const failures = { ...outcome.failures, [direction]: NONE };
    return { ...outcome, attempt: { ...attempt, isReached: true }, failures };
  }
  if (isNearer(units, attempt.best)) {
    return { ...outcome, attempt: { ...attempt, best: units, sinceMs: nowMs } };
  }
  if (view.isFrozen || isRollingOut(view)) {
    return { ...outcome, attempt: { ...attempt, sinceMs: nowMs } };
  }
  const isOverdue = nowMs - attempt.sinceMs >= view.spec.rollout.progressDeadline;
  return isOverdue ? failed(outcome, attempt, nowMs) : outcome;
}

function failed(outcome: ChangeOutcome, { direction }: Attempt, nowMs: number): ChangeOutcome {
  const count = outcome.failures[direction].count + 1;
  const own = { count, untilMs: nowMs + doubled(count, BACKOFF_MS) };
  return { ...outcome, attempt: null, failures: { ...outcome.failures, [direction]: own } };
}

/** Whether it is moving is judged by the rollout. One that was blocked moves no more. */
function isRollingOut({ goal, revisions }: ServiceView): boolean {
  if (goal.target === goal.stable) return false;
  return revisions.find(({ id }) => id === goal.target)?.isBlocked !== true;
}

/** Units that can be counted on, going up; that are still there, going down. A shard in all zones. */
function unitsOf(view: ServiceView, direction: Direction): number {
  const { spec, nowMs } = view;
  const minReadyMs = minReadyOf(spec);
  const counted = view.instances.filter((one) =>
    direction === 'up'
      ? !one.isGoing && isAvailable(one, nowMs, minReadyMs)
      : one.state !== 'stopped' && one.state !== 'failed',
  );
  if (spec.kind !== 'sharded') return counted.length;
  if (direction === 'down') return new Set(counted.map(({ ordinal }) => ordinal)).size;
  const places = new Set(counted.map(({ slot }) => slot));
  const lacking = new Set(
    view.slots.filter(({ id }) => !places.has(id)).map(({ ordinal }) => ordinal),
  );
  return new Set(view.slots.map(({ ordinal }) => ordinal).filter((one) => !lacking.has(one))).size;
}
