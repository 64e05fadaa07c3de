/**
 * What the brain of a region understands, and what it answers: its vocabulary, apart from what it does.
 * Spoken by the fleet's host, the drivers, and by whoever embeds a fleet.
 */
import type { AnyRef } from '../../runtime/index.ts';
import type { Observation } from '../arbiter/observations.ts';
import type { ServiceRecord } from '../arbiter/records.ts';
import type { PassSurroundings } from '../arbiter/service-view.ts';
import type { DecisionEntry, DecisionQuery } from '../decisions/decision-log.ts';
import type { Verdict } from '../protocol/decision.ts';
import type { Reservation } from '../protocol/fleet-view.ts';
import type { Intent } from '../protocol/intent.ts';
import type { SliceReading } from '../protocol/slice-load.ts';
import type { CoordinatorAnswer } from '../region/region-report.ts';
import type { ServiceSpec } from '../spec/fleet-schema.ts';
import type { JournalSpan } from './journal.ts';
import type { ServiceTallyFigures } from './service-tally.ts';

/** A service, for people. */
export type ServiceStatus = {
  /** Decision time: what the records are dated by. */
  readonly nowMs: number;
  /** False of what was only read from the store: its routes are not made yet, and mean nothing. */
  readonly hasPassed: boolean;
  /** Everything is as it is wanted, nothing was decided in the last pass, and nothing waits for one. */
  readonly isSettled: boolean;
  readonly record: ServiceRecord;
  /** Another one: something has changed that a person would decide by; see record-revision.ts. */
  readonly revision: string;
  /** What a pass made now would be given beside the records. */
  readonly around: Omit<PassSurroundings, 'metric' | 'sliceLoads' | 'pace'>;
  /** An invariant does not hold: nothing is taken away until somebody says `release`. */
  readonly heldBy: string | null;
  /** Nothing voluntary is done in the whole fleet; `isFrozen` of the record: of this service. */
  readonly isFleetFrozen: boolean;
  /** What waits for a human. */
  readonly attention: readonly string[];
  /** What of its specification waits for this region's turn, and what ends that. */
  readonly waits: readonly string[];
};

/** A fleet, for people. */
export type FleetStatus = { readonly isFrozen: boolean; readonly revision: string };

/** What an operator changes of one service: as `order`, `want` and `release`. */
export type OperatorChange = {
  readonly service: string;
  /** The `revision` that it was decided by; null: whatever it is by now. */
  readonly ifRevision: string | null;
  readonly change:
    | { readonly kind: 'order'; readonly list: readonly Observation[] }
    | { readonly kind: 'want'; readonly intent: Intent }
    | { readonly kind: 'release' };
};

/** What is applied to one service. */
export type AppliedSpec = {
  readonly name: string;
  readonly spec: ServiceSpec;
  readonly revision: string;
  /** What an operator says beside it: tokens that a refusal named. */
  readonly allow?: readonly string[];
};

/** Of one router. `loads`: by number of the slice, all of them. */
export type SaidLoads = {
  readonly service: string;
  readonly router: string;
  readonly loads: readonly SliceReading[] | null;
};

/** What it understands. */
export type ArbiterMessages = {
  /**
   * A specification and the name of its revision; answered when it is stored, or will be with the next
   * pass. With several regions a change of policy waits for this one's turn (`waits` of its status), or
   * takes hold at once with the token that is named there. @throws (rejects) RM_REPLY with reason
   * STORE_AWAY when nothing could be read from it yet, and with CANNOT_FOLLOW for another kind of
   * service, and NEEDS_TOKEN for another layout of its ring, or a shrink in one of several regions
   * without a reservation
   */
  apply(what: AppliedSpec): Promise<void>;
  /** As `apply`, and nothing comes of it. `zones`: how many there will be. @throws as `apply` */
  check(what: AppliedSpec & { readonly zones: number }): Promise<void>;
  /**
   * A service goes: its instances are drained and stopped whatever they own, then its records are
   * deleted. Applied again before its routes have said so, it stays. Answered when that is stored.
   * @throws (rejects) RM_REPLY with reason NO_SERVICE
   */
  remove(service: string): Promise<void>;
  /** What is no observation, and what concerns no service, is left out. */
  observe(what: { readonly service: string; readonly list: readonly Observation[] }): void;
  /** Requests by slice of the keys, as a router counts them; null: it does not. */
  loads(what: SaidLoads): void;
  /**
   * What operators order by observations (verbs, holds, freezes): answered when it is stored.
   * @throws (rejects) RM_REPLY with reason NO_SERVICE, STORE_AWAY
   */
  order(what: { readonly service: string; readonly list: readonly Observation[] }): Promise<void>;
  /**
   * An operator's intent, judged like everybody's; answered with the verdict when that is stored.
   * @throws (rejects) RM_REPLY with reason NO_SERVICE, STORE_AWAY
   */
  want(intent: Intent): Promise<Verdict>;
  /** Of the fleet: everything voluntary stops, or goes on; answered when it is stored. */
  freeze(isFrozen: boolean): Promise<void>;
  /** Null: there is one region. Outlives this brain; answered when it is stored. */
  reserve(reservations: readonly Reservation[] | null): Promise<void>;
  /** A violated invariant was looked at; answered when that is stored. @throws as `order` */
  release(service: string): Promise<void>;
  /**
   * One of these, unless the service is not what it was any more: then nothing is done.
   * @throws (rejects) RM_REPLY with reason CHANGED, NO_SERVICE, STORE_AWAY
   */
  change(what: OperatorChange): Promise<Verdict>;
  /** As `freeze`, unless the fleet is not what it was any more. @throws (rejects) RM_REPLY, as `change` */
  freezeIf(what: { readonly isFrozen: boolean; readonly ifRevision: string }): Promise<void>;
  /** Of the fleet. */
  fleet(): FleetStatus;
  /** Null: there is no such service. */
  status(service: string): ServiceStatus | null;
  /** Names of those that it tends. */
  services(): readonly string[];
  /** Entries of the decision log, oldest first. */
  why(query: DecisionQuery): readonly DecisionEntry[];
  /** What the passes over each service came to, since this brain tends it. */
  tallies(): readonly ServiceTallyFigures[];
  /** What its last passes were given, to be replayed; empty for one that there is not. */
  journal(service: string): readonly JournalSpan[];
  /** Null: there is no such shard. */
  shard(which: { readonly service: string; readonly ordinal: number }): AnyRef | null;
  /** The coordinator's answer to a report. */
  granted(answer: CoordinatorAnswer): void;
  /**
   * A change beside those of services, such as `policy` of the fleet, waits for this region's turn, or
   * does not wait any more.
   */
  wave(isWanted: boolean): void;
  /** From its own timer: passes over those that are due. */
  tick(): Promise<void>;
  /** From its own timer: a report to the coordinator. */
  report(): void;
};
