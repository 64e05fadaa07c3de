/**
 * The arbiter's part in the coordination of regions: remembers what its last passes made of each service,
 * reports it, and turns what is granted into reservations of decision time. Without a coordinator a
 * region has only what operators give it.
 */
import type { AnyRef } from '../../runtime/index.ts';
import type { ServiceRecord } from '../arbiter/records.ts';
import { isAsWanted } from '../invariants/monitor.ts';
import { INTENT_EXPIRES_MS } from '../protocol/controller-step.ts';
import type { Decision } from '../protocol/decision.ts';
import {
  isAvailable,
  minReadyOf,
  type Reservation,
  type ServiceView,
} from '../protocol/fleet-view.ts';
import type { Intent } from '../protocol/intent.ts';
import {
  type LinkState,
  linkAnswered,
  linkHolds,
  linkReport,
  linkStart,
  type RegionLook,
} from '../region/region-link.machine.ts';
import type { CoordinatorAnswer, RegionReport } from '../region/region-report.ts';
import { shardViews } from '../shard/shard-view.ts';

type ServiceLook = RegionLook['services'][number] & {
  readonly isCalm: boolean;
  /** A change of its policy waits for this region's turn, and could be taken in it. */
  readonly isWaiting: boolean;
};

/** What a pass made. */
export type PassMade = {
  readonly view: ServiceView;
  readonly record: ServiceRecord;
  readonly decisions: readonly Decision[];
};

/** Thread rule: the arbiter's. Times are the arbiter's clock unless said otherwise. */
export class RegionPart {
  readonly coordinator: AnyRef;
  /** An operator's change of policy, beside those of services, waits for its turn. */
  wantsWave = false;
  private link: LinkState;
  private readonly looks: Map<string, ServiceLook> = new Map();

  constructor(coordinator: AnyRef, region: string, incarnation: number, nowMs: number) {
    this.coordinator = coordinator;
    this.link = linkStart(region, incarnation, nowMs);
  }

  /** A pass over a service was stored. */
  note({ view, record, decisions }: PassMade): void {
    const { name, goal } = record;
    const proposed = decisions.find(
      ({ intent }) => intent.act.kind === 'setDemand' && intent.who === 'autoscaler',
    );
    const act = proposed?.intent.act;
    const wanted = act?.kind === 'setDemand' ? act.count : goal.demand;
    const isCalm = isAsWanted(view) && view.goal.number === goal.number;
    const capacity = Math.min(goal.demand, servingUnits(view));
    const isWaiting = Boolean(record.waiting) && !record.removal && !view.isFrozen;
    this.looks.set(name, { name, demand: goal.demand, capacity, wanted, isCalm, isWaiting });
  }

  /** A service is gone. */
  forget(name: string): void {
    this.looks.delete(name);
  }

  /** Whether all of these were looked at: a report without one would say that nobody needs it. */
  hasSeen(names: Iterable<string>): boolean {
    return [...names].every((name) => this.looks.has(name));
  }

  /** The next report. `isHeld`: an invariant does not hold. */
  report(isHeld: boolean, nowMs: number): RegionReport {
    const looks = [...this.looks.values()];
    const services = looks.map(({ isCalm, isWaiting, ...one }) => one);
    const isCalm = looks.every((one) => one.isCalm);
    const isHealthy = !isHeld && services.every(({ demand, capacity }) => capacity >= demand);
    const wantsWave = this.wantsWave || looks.some(({ isWaiting }) => isWaiting);
    const look = { services, isHealthy, isCalm, wantsWave };
    const { state, report } = linkReport(this.link, look, nowMs);
    this.link = state;
    return report;
  }

  /** @returns whether something was granted */
  answered(answer: CoordinatorAnswer, nowMs: number): boolean {
    const before = this.link.holds.length;
    this.link = linkAnswered(this.link, answer, nowMs);
    return this.link.holds.length > before;
  }

  /** What is held, in decision time, which is the clock's and `offsetMs` more. */
  reservations(nowMs: number, offsetMs: number): readonly Reservation[] {
    return linkHolds(this.link, nowMs).map(({ grant, untilMs }) => {
      const until = Math.floor(untilMs + offsetMs);
      return grant.kind === 'shrink'
        ? { kind: grant.kind, untilMs: until, floors: grant.floors }
        : { kind: grant.kind, untilMs: until };
    });
  }

  /** Where a service wants to go further down than it may, it goes as far as it may. */
  intentFor(record: ServiceRecord, nowMs: number, decisionMs: number): Intent | null {
    const look = this.looks.get(record.name);
    for (const { grant } of linkHolds(this.link, nowMs)) {
      const floor = grant.floors[record.name];
      if (look === undefined || floor === undefined) continue;
      if (look.wanted >= floor || floor >= record.goal.demand) continue;
      return {
        who: 'region',
        service: record.name,
        act: { kind: 'setDemand', count: floor },
        priority: 'shrink',
        why: `${look.wanted} are wanted, and the regions can spare this one down to ${floor}`,
        inputs: [{ name: 'reservation', value: grant.id, ageMs: 0 }],
        alternatives: [`stay at ${record.goal.demand}`],
        expiresMs: decisionMs + INTENT_EXPIRES_MS,
      };
    }
    return null;
  }
}

/** Units that serve: instances, or shards with a quorum. */
export function servingUnits(view: ServiceView): number {
  if (view.spec.kind === 'sharded') {
    return shardViews(view).filter(({ state }) => state !== 'lost').length;
  }
  const minReadyMs = minReadyOf(view.spec);
  return view.instances.filter((one) => isAvailable(one, view.nowMs, minReadyMs)).length;
}
