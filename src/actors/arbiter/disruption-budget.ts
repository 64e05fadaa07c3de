/**
 * How much may be missing at once, for all reasons together: rollout, healing, shrinking and draining
 * draw from one budget, and what is lost by itself counts, too. A repair is never blocked by what it
 * repairs: an act that takes nothing away is free. Pure; one budget for one service and one pass,
 * charged at its worst case as intents are admitted.
 *
 * Sharded: each shard keeps `minAvailable` (its quorum, unless declared lower) and misses at most
 * `maxUnavailable`; and only one zone is disrupted by decision at a time, since a zone is one replica of
 * every shard. Stateless: the service keeps its demand less `maxUnavailable`.
 */

import { ADMITTED, type Verdict } from '../protocol/decision.ts';
import {
  type InstanceView,
  isAvailable,
  minReadyOf,
  type ServiceView,
} from '../protocol/fleet-view.ts';
import type { InstanceId, RevisionId } from '../protocol/identity.ts';
import { minAvailableOf } from '../spec/fleet-checks.ts';

/** Kinds of operations that take an instance away while they are open. */
const DISRUPTIVE: readonly string[] = ['replace', 'stop', 'eject', 'fence'];

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
        const isServing = !isLeaving && isAvailable(one, view.nowMs, minReadyMs);
        return [one.id, { view: one, isServing, isLeaving }];
      }),
    );
  }

  /**
   * Whether an instance may be taken away now. `despite`: losses of this revision do not count; what a
   * broken revision has used up must not keep it from being rolled back.
   */
  verdict(instance: InstanceView, despite: RevisionId | null): Verdict {
    const standing = this.standings.get(instance.id);
    if (standing === undefined || !standing.isServing) return ADMITTED;
    if (this.view.spec.kind === 'stateless') return this.stateless();
    // A slot that owns no key serves nobody.
    const { ring } = this.view;
    if (ring !== null && !ring.members.includes(instance.slot)) return ADMITTED;
    return this.sharded(instance, despite);
  }

  /** It is taken away: from now on it counts as gone. */
  charge(instance: InstanceView): void {
    const standing = this.standings.get(instance.id);
    if (standing === undefined) return;
    standing.isLeaving = true;
    standing.isServing = false;
  }

  private stateless(): Verdict {
    const { goal, spec } = this.view;
    const serving = this.count(() => true);
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
    const zone = this.leavingZone(instance.zone);
    if (zone !== null) {
      return {
        kind: 'delayed',
        rule: 'zone',
        why: `zone ${zone} is being disrupted, and ${instance.zone} is another one`,
        unblock: `all of zone ${zone} is available again`,
      };
    }
    const isOfShard = ({ view }: Standing): boolean => view.ordinal === instance.ordinal;
    const serving = this.count(isOfShard);
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

  /** Another zone that is being disrupted by decision; null: none. */
  private leavingZone(own: string): string | null {
    for (const { view, isLeaving } of this.standings.values()) {
      if (isLeaving && view.zone !== own && !this.hasSuccessor(view)) return view.zone;
    }
    return null;
  }

  /** Its slot has another instance that serves: nothing is missing there. */
  private hasSuccessor(gone: InstanceView): boolean {
    for (const { view, isServing } of this.standings.values()) {
      if (isServing && view.slot === gone.slot) return true;
    }
    return false;
  }

  /** Zones in which a shard has nothing that serves. */
  private missing(ordinal: number, despite: RevisionId | null): number {
    const { zones, spec } = this.view;
    const replicas = spec.kind === 'sharded' ? (spec.replicas ?? Math.min(3, zones.length)) : 0;
    const excused = [...this.standings.values()].filter(
      ({ view, isServing }) =>
        view.ordinal === ordinal && !isServing && despite !== null && view.revision === despite,
    );
    const serving = this.count(({ view }) => view.ordinal === ordinal);
    return Math.max(0, replicas - serving - new Set(excused.map(({ view }) => view.slot)).size);
  }

  /** Slots with an instance that serves and of which this is true. */
  private count(is: (standing: Standing) => boolean): number {
    const slots = new Set<string>();
    let pool = 0;
    for (const standing of this.standings.values()) {
      if (!standing.isServing || !is(standing)) continue;
      slots.add(standing.view.slot);
      pool++;
    }
    return this.view.spec.kind === 'sharded' ? slots.size : pool;
  }
}

function isVoluntary({ state }: InstanceView): boolean {
  return state === 'leaving' || state === 'draining' || state === 'stopping';
}

function isOpen(outcome: string): boolean {
  return outcome === 'issued' || outcome === 'unknown';
}
