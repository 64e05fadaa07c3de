/**
 * How much may be missing at once, for all reasons together: rollout, healing, shrinking and draining
 * draw from one budget, and what is lost by itself counts, too. A repair is never blocked by what it
 * repairs: an act that takes nothing away is free. Pure; one budget for one service and one pass,
 * charged at its worst case as intents are admitted.
 *
 * Sharded: each shard keeps `minAvailable` (its quorum, unless declared lower) and misses at most
 * `maxUnavailable`; and only one zone is disrupted by decision at a time, since a zone is one replica of
 * every shard. Stateless: the service keeps its demand less `maxUnavailable`. Nobody is counted on who
 * was not seen for too long: an old look at one is no ground to take away another.
 */

import { ADMITTED, type Verdict } from '../protocol/decision.ts';
import {
  type InstanceView,
  isAvailable,
  minReadyOf,
  type ServiceView,
} from '../protocol/fleet-view.ts';
import {
  type InstanceId,
  type RevisionId,
  type SlotId,
  slotOf,
  slotParts,
} from '../protocol/identity.ts';
import { isOnItsWayOut } from '../protocol/instance-state.ts';
import { DISRUPTIVE } from '../protocol/intent.ts';
import { minAvailableOf, replicasOf } from '../spec/fleet-checks.ts';

/** What one instance is to the budget. */
type Standing = {
  readonly view: InstanceView;
  /** Serves, and is counted on. */
  isServing: boolean;
  /** Is being taken away by decision. */
  isLeaving: boolean;
};

/** Thread rule: none; it is a value of one pass. */
export class DisruptionBudget {
  private readonly view: ServiceView;
  private readonly standings: ReadonlyMap<InstanceId, Standing>;
  private readonly bySlot: ReadonlyMap<SlotId, readonly Standing[]>;
  private readonly byOrdinal: ReadonlyMap<number, readonly Standing[]>;
  private servingCount: number;
  /** Slots whose instance is being taken away, by zone. */
  private readonly leaving: Map<string, Set<SlotId>>;
  /** Slots whose instance is being taken away and is not seen any more. */
  private readonly emptied: readonly SlotId[];
  /** Of the ring; made when it is first asked for. */
  private members: ReadonlySet<SlotId> | null = null;
  /** Members of the generation that was admitted in this pass. */
  private published: ReadonlySet<SlotId>;

  constructor(view: ServiceView) {
    this.view = view;
    const open = new Set(
      view.operations
        .filter(({ kind, outcome }) => DISRUPTIVE.includes(kind) && isOpen(outcome))
        .map(({ target }) => target),
    );
    const minReadyMs = minReadyOf(view.spec);
    this.standings = new Map(
      view.instances.map((one) => {
        const isLeaving = isVoluntary(one) || open.has(one.id);
        const isFresh = view.nowMs - one.seenMs <= view.maxStalenessMs;
        const isServing = !isLeaving && isFresh && isAvailable(one, view.nowMs, minReadyMs);
        return [one.id, { view: one, isServing, isLeaving }];
      }),
    );
    this.emptied = [...open].filter((id) => !this.standings.has(id)).map(slotOf);
    this.published = new Set();
    this.bySlot = groupedBy(this.standings, ({ slot }) => slot);
    this.byOrdinal = groupedBy(this.standings, ({ ordinal }) => ordinal);
    this.servingCount = 0;
    this.leaving = new Map();
    for (const standing of this.standings.values()) {
      if (standing.isServing) this.servingCount++;
      if (standing.isLeaving) this.noteLeaving(standing.view);
    }
  }

  /**
   * Whether an instance may be taken away now. `despite`: losses of this revision do not count; what a
   * broken revision has used up must not keep it from being rolled back.
   */
  verdict(instance: InstanceView, despite: RevisionId | null): Verdict {
    const standing = this.standings.get(instance.id);
    if (standing === undefined || !standing.isServing) return ADMITTED;
    if (this.view.spec.kind === 'stateless') return this.stateless();
    if (!this.ownsKeys(instance) || this.hasSubstitute(instance)) return ADMITTED;
    return this.sharded(instance, despite);
  }

  /** Another instance of its slot serves. */
  hasSubstitute(instance: InstanceView): boolean {
    return this.isServed(instance.slot, instance.id);
  }

  /** Whether a slot has an instance that serves, other than one. */
  isServed(slot: SlotId, except: InstanceId | null = null): boolean {
    for (const { view, isServing } of this.bySlot.get(slot) ?? []) {
      if (isServing && view.id !== except) return true;
    }
    return false;
  }

  /** It is taken away: from now on it counts as gone. */
  charge(instance: InstanceView): void {
    const standing = this.standings.get(instance.id);
    if (standing === undefined) return;
    if (standing.isServing) this.servingCount--;
    standing.isLeaving = true;
    standing.isServing = false;
    this.noteLeaving(instance);
  }

  /** A ring is published: from now on its members own keys, and those of the last one still do. */
  publish(members: readonly SlotId[]): void {
    this.published = new Set(members);
  }

  private noteLeaving({ zone, slot }: InstanceView): void {
    const slots = this.leaving.get(zone) ?? new Set();
    this.leaving.set(zone, slots.add(slot));
  }

  private stateless(): Verdict {
    const { goal, spec } = this.view;
    const serving = this.servingCount;
    const least = goal.demand - spec.budget.maxUnavailable;
    if (serving - 1 >= least) return ADMITTED;
    return {
      kind: 'delayed',
      rule: 'budget',
      why: `${serving} of ${goal.demand} instances serve, and ${Math.max(0, least)} have to`,
      unblock: 'more instances become available, or budget.maxUnavailable is raised',
    };
  }

  private sharded(instance: InstanceView, despite: RevisionId | null): Verdict {
    const { spec, zones } = this.view;
    if (spec.kind !== 'sharded') return ADMITTED;
    const cutOver = this.cutOver();
    if (cutOver !== null) return cutOver;
    const zone = this.leavingZone(instance.zone);
    if (zone !== null) {
      return {
        kind: 'delayed',
        rule: 'zone',
        why: `zone ${zone} is being disrupted, and ${instance.zone} is another one`,
        unblock: `all of zone ${zone} is available again`,
      };
    }
    const serving = this.servingOf(instance.ordinal);
    const missing = this.missing(instance.ordinal, despite);
    const least = minAvailableOf(spec, zones.length);
    const most = spec.budget.maxUnavailable;
    if (serving - 1 >= least && missing + 1 <= most) return ADMITTED;
    const limit =
      serving - 1 < least ? `${least} have to` : `${missing} are missing, at most ${most}`;
    return {
      kind: 'delayed',
      rule: 'budget',
      why: `${serving} replicas of shard ${instance.ordinal} serve; ${limit}`,
      unblock: `another replica of shard ${instance.ordinal} becomes available`,
    };
  }

  /** Some routers go by a ring with other zones: what one of them can spare, another cannot. */
  private cutOver(): Verdict | null {
    const { ring } = this.view;
    const from = ring?.former?.layout?.replicas ?? null;
    const to = ring?.layout?.replicas ?? null;
    if (ring === null || from === to || from === null || to === null) return null;
    if (ring.acknowledged >= ring.generation) return null;
    return {
      kind: 'delayed',
      rule: 'ring barrier',
      why: `the ring goes from ${from} zones to ${to}, and not every router has heard of it`,
      unblock: 'every router acknowledges it, or an operator says that one is gone',
    };
  }

  /** Another zone that is being disrupted by decision; null: none. */
  private leavingZone(own: string): string | null {
    for (const [zone, slots] of this.leaving) {
      if (zone === own) continue;
      for (const slot of slots) if (!this.isServed(slot)) return zone;
    }
    for (const slot of this.emptied) {
      const zone = slotParts(slot)?.zone ?? own;
      if (zone !== own && !this.isServed(slot)) return zone;
    }
    return null;
  }

  /** A slot that is in no ring that anybody may know serves nobody. */
  private ownsKeys({ slot }: InstanceView): boolean {
    const { ring } = this.view;
    if (ring === null || ring.acknowledged < ring.generation) return true;
    this.members ??= new Set(ring.members);
    return this.members.has(slot) || this.published.has(slot);
  }

  /** Zones in which a shard has nothing that serves. */
  private missing(ordinal: number, despite: RevisionId | null): number {
    const { zones, spec } = this.view;
    if (spec.kind !== 'sharded') return 0;
    const excused = new Set<SlotId>();
    for (const { view } of this.byOrdinal.get(ordinal) ?? []) {
      if (view.revision !== despite) continue;
      if (!this.isServed(view.slot)) excused.add(view.slot);
    }
    const gone = replicasOf(spec, zones.length) - this.servingOf(ordinal);
    return Math.max(0, gone - excused.size);
  }

  /** Slots of a shard that own keys and have an instance that serves. */
  private servingOf(ordinal: number): number {
    const slots = new Set<SlotId>();
    for (const { view, isServing } of this.byOrdinal.get(ordinal) ?? []) {
      if (isServing && this.ownsKeys(view)) slots.add(view.slot);
    }
    return slots.size;
  }
}

function groupedBy<Key>(
  standings: ReadonlyMap<InstanceId, Standing>,
  keyOf: (view: InstanceView) => Key,
): ReadonlyMap<Key, readonly Standing[]> {
  const groups = new Map<Key, Standing[]>();
  for (const standing of standings.values()) {
    const list = groups.get(keyOf(standing.view));
    if (list === undefined) groups.set(keyOf(standing.view), [standing]);
    else list.push(standing);
  }
  return groups;
}

/** Ejected is away by decision, too; what has failed beside that is not. */
function isVoluntary({ state, isEjected, isGoing }: InstanceView): boolean {
  return isGoing || isOnItsWayOut(state) || (state === 'ready' && isEjected);
}

function isOpen(outcome: string): boolean {
  return outcome === 'issued' || outcome === 'unknown';
}
