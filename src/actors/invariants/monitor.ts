/**
 * Watches the passes of one service, and remembers what one pass alone does not show: which slots a
 * decision has taken, how the demand turned, since when something is not as wanted. Its cost follows
 * what changed. It reports; what is done about it is its caller's.
 */
import { isAvailable, minReadyOf, type ServiceView } from '../protocol/fleet-view.ts';
import { type SlotId, slotParts } from '../protocol/identity.ts';
import { indexOf } from '../protocol/pass-index.ts';
import { usedZones } from '../protocol/ring-layout.ts';
import { owns, quorumViolations, staleViolations, takenInstances } from './availability.ts';
import {
  demandViolations,
  exposureViolations,
  ownerViolations,
  remedyViolations,
  traceViolations,
} from './goals.ts';
import { admittedOf, type PassFacts, type Violation } from './invariant.ts';
import {
  barrierViolations,
  drainViolations,
  orderViolations,
  ringViolations,
  routeViolations,
} from './tables.ts';

const CHECKS = [
  quorumViolations,
  staleViolations,
  routeViolations,
  drainViolations,
  barrierViolations,
  ringViolations,
  orderViolations,
  exposureViolations,
  remedyViolations,
  demandViolations,
  ownerViolations,
  traceViolations,
] as const;

/** Thread rule: whoever makes the passes. One for each service. */
export class InvariantMonitor {
  /** Slots that a decision took while they served, until they serve again. */
  private readonly taken: Set<SlotId> = new Set();
  /** Turns of the demand by the autoscaler: from growing to shrinking, or back. */
  private turns: number[] = [];
  private direction = 0;
  /** Since when something is not as it is wanted; null: everything is. */
  private unsettledMs: number | null = null;

  /** Another one that remembers the same: for a pass that may come to nothing. */
  copy(): InvariantMonitor {
    const other = new InvariantMonitor();
    for (const slot of this.taken) other.taken.add(slot);
    other.turns = this.turns;
    other.direction = this.direction;
    other.unsettledMs = this.unsettledMs;
    return other;
  }

  /** One pass. @returns what does not hold */
  check(facts: PassFacts): readonly Violation[] {
    const found = CHECKS.flatMap((check) => [...check(facts)]);
    const accepted = facts.acceptedFromDeposed ?? 0;
    if (accepted > 0) {
      found.push({ invariant: 'A7', what: `${accepted} acts of a deposed leader were accepted` });
    }
    found.push(...this.zones(facts), ...this.thrash(facts));
    this.unsettledMs = isAsWanted(facts.view) ? null : (this.unsettledMs ?? facts.view.nowMs);
    return found;
  }

  /**
   * A16: since when something is not as it is wanted, in milliseconds; 0: everything is. Whoever knows
   * that nothing more happens compares it with what boot, drain and backoff take.
   */
  unsettledForMs(nowMs: number): number {
    return this.unsettledMs === null ? 0 : nowMs - this.unsettledMs;
  }

  /** A2. */
  private zones(facts: PassFacts): readonly Violation[] {
    const { view } = facts;
    if (view.spec.kind !== 'sharded') return [];
    const minReadyMs = minReadyOf(view.spec);
    for (const one of view.instances) {
      if (!one.isGoing && isAvailable(one, view.nowMs, minReadyMs)) this.taken.delete(one.slot);
      // Out of the traffic, and then ill by itself: it would be away without the decision.
      if (!one.isGoing && one.isEjected && one.state !== 'ready') this.taken.delete(one.slot);
    }
    const slots = new Set(view.slots.map(({ id }) => id));
    for (const slot of this.taken) if (!slots.has(slot)) this.taken.delete(slot);
    // By itself it would be away as well: no decision keeps it from serving.
    for (const { slot } of view.failures) {
      const isThere = view.instances.some((one) => one.slot === slot);
      if (!isThere) this.taken.delete(slot);
    }
    for (const one of takenInstances(facts)) if (owns(view, one)) this.taken.add(one.slot);
    const zones = new Set([...this.taken].map((slot) => slotParts(slot)?.zone));
    if (zones.size <= 1) return [];
    const what = `decisions disrupt zones ${[...zones].join(' and ')} at once`;
    return [{ invariant: 'A2', what: `${what}: ${[...this.taken].join(', ')}` }];
  }

  /** A12. */
  private thrash(facts: PassFacts): readonly Violation[] {
    const { before, after, view } = facts;
    const { autoscale } = after.spec;
    const change = Math.sign(after.goal.demand - before.goal.demand);
    if (autoscale === undefined || change === 0) return [];
    const isOwn = admittedOf(facts).some(
      ({ who, act }) => who === 'autoscaler' && act.kind === 'setDemand',
    );
    if (!isOwn) {
      this.direction = 0;
      return [];
    }
    const { window } = autoscale.down;
    this.turns = this.turns.filter((atMs) => view.nowMs - atMs < window);
    // Growing again is need; only what shrank and has to shrink again is swinging.
    if (change < 0 && this.direction > 0) this.turns = [...this.turns, view.nowMs];
    this.direction = change;
    if (this.turns.length <= 1) return [];
    return [{ invariant: 'A12', what: `the demand turned back ${this.turns.length} times` }];
  }
}

/** Every slot that is wanted serves at its revision, and nobody is left who is not wanted. */
export function isAsWanted(view: ServiceView): boolean {
  if (view.isRemoved === true) return false;
  const minReadyMs = minReadyOf(view.spec);
  for (const one of view.instances) {
    if (one.isGoing || !isAvailable(one, view.nowMs, minReadyMs)) return false;
  }
  const { bySlot } = indexOf(view);
  const used = usedZones(view);
  const wanted =
    view.spec.kind === 'sharded'
      ? view.slots.filter(({ ordinal, zone }) => ordinal < view.goal.demand && used.includes(zone))
      : view.slots;
  if (wanted.length !== view.slots.length) return false;
  if (view.spec.kind === 'stateless') {
    const count = view.goal.shares.reduce((sum, share) => sum + share.count, 0);
    if (view.slots.length !== count) return false;
  }
  return wanted.every(({ id, isReplacing }) => bySlot.has(id) && !isReplacing);
}
