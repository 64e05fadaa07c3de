/**
 * The brain of one region: the only one that decides there. It makes a pass over each service in each
 * period and soon after anything that matters, stores what was decided, and tells the executor. It leads
 * by a token that it is given; when the store or the executor knows a later one, it ends. Whoever spawns
 * it holds the leadership; see `campaign` of the store. Long, since it is one idea: whatever one leader is
 * told, and does in turn.
 */
import {
  type ActorDefinition,
  type AnyRef,
  actor,
  type Context,
  reply,
  type Store,
} from '../../runtime/index.ts';
import { applyProblem, atOnce, newService, shrinkProblem } from '../arbiter/apply-spec.ts';
import { isObservation } from '../arbiter/check-observation.ts';
import type { Effect } from '../arbiter/effects.ts';
import type { Observation } from '../arbiter/observations.ts';
import { waitsOf } from '../arbiter/policy-wave.ts';
import type { ServiceRecord } from '../arbiter/records.ts';
import { lastMsOf, recovered } from '../arbiter/recovery.ts';
import type { GoneService } from '../arbiter/removal.ts';
import { DecisionLog } from '../decisions/decision-log.ts';
import type { Violation } from '../invariants/invariant.ts';
import type { CarryOut } from '../ports/executor.ts';
import { ADMITTED, type Decision, type Verdict } from '../protocol/decision.ts';
import type { Reservation } from '../protocol/fleet-view.ts';
import type { Intent } from '../protocol/intent.ts';
import type {
  AppliedSpec,
  ArbiterMessages,
  FleetStatus,
  OperatorChange,
  ServiceStatus,
} from './arbiter-messages.ts';
import { attentionOf } from './attention.ts';
import { Companions } from './companions.ts';
import type { ControllerName } from './controllers.ts';
import { fleetRevision, recordRevision } from './record-revision.ts';
import { isWeather, type LeaderToken, RecordStore } from './record-store.ts';
import { RegionPart } from './region-part.ts';
import { Reissue } from './reissue.ts';
import { type LoopOutcome, ServiceLoop } from './service-loop.ts';
import { ServiceTally } from './service-tally.ts';
import { SliceLoads } from './slice-loads.ts';
import type { StepAnswer, StepQuestion } from './snapshot.ts';

/** What a region's brain is given. Lengths of time are milliseconds; see `policy` of a fleet. */
export type ArbiterArgs = {
  readonly region: string;
  readonly zones: readonly string[];
  readonly period: number;
  readonly answerWithin: number;
  readonly maxStaleness: number;
  /** Default: a minute, as in a fleet. */
  readonly routerSilence?: number;
  /** On this thread. */
  readonly store: Store;
  /** Of all keys of this region; ends with a slash. */
  readonly prefix: string;
  readonly leader: LeaderToken;
  /** Understands `carryOut`; see ports/executor.ts. */
  readonly executor: AnyRef;
  /** Understands `probe`; null: others tell what probes say. */
  readonly prober: AnyRef | null;
  /** Understands `read`; null: every reading is missing. */
  readonly metrics: AnyRef | null;
  /** Understands `report`: of several regions. Absent or null: there is one, or operators reserve. */
  readonly coordinator?: AnyRef | null;
};

/** Between an event and the pass that it causes: what happens together is decided together. Ms. */
const SOON_MS = 20;
/** A service of which nothing is known to have changed is looked at all the same after so long. Ms. */
const IDLE_MS = 10_000;

/** As `policy.routerSilence` of a fleet. Milliseconds. */
const ROUTER_SILENCE_MS = 60_000;

/** An operator's intent that waits for the pass after this one. */
const NOT_JUDGED = {
  rule: 'priority',
  why: 'more waits to be judged than one pass takes',
  unblock: 'the passes that follow',
} as const;

type Tended = {
  readonly loop: ServiceLoop;
  readonly companions: Companions;
  readonly reissue: Reissue;
  readonly tally: ServiceTally;
  readonly slices: SliceLoads;
  /** When it has to be looked at next, in decision time. */
  dueMs: number;
  /** Not looked at before: its last pass was more than the store takes. */
  notBeforeMs: number;
};

/** Spawned by whoever leads. */
export const Arbiter: ActorDefinition<ArbiterArgs, ArbiterMessages> = actor(import.meta.url, {
  name: 'Arbiter',
  setup: async (args: ArbiterArgs, ctx: Context) => {
    const brain = new Brain(args, ctx);
    await brain.begin();
    ctx.timers.every('period', args.period, 'tick');
    if (args.coordinator) ctx.timers.every('report', args.period, 'report');
    return brain.handlers();
  },
});

class Brain {
  private readonly args: ArbiterArgs;
  private readonly ctx: Context;
  private readonly store: RecordStore;
  private readonly log: DecisionLog = new DecisionLog();
  private readonly tended: Map<string, Tended> = new Map();
  private hasBegun = false;
  private isFrozen = false;
  private reservations: readonly Reservation[] | null = null;
  private readonly part: RegionPart | null;
  private sequence = 0;
  /** Decision time less the clock's. */
  private offsetMs = 0;

  constructor(args: ArbiterArgs, ctx: Context) {
    this.args = args;
    this.ctx = ctx;
    this.store = new RecordStore(args.store, args.prefix, args.leader);
    const { coordinator, region, leader } = args;
    this.part = coordinator ? new RegionPart(coordinator, region, leader.token, ctx.now()) : null;
  }

  /** Takes up what was stored; while the store is away, later. Rejects with what is no weather. */
  async begin(): Promise<void> {
    try {
      await this.takeUp();
      this.hasBegun = true;
    } catch (error) {
      if (!isWeather(error)) throw error;
    }
  }

  private async takeUp(): Promise<void> {
    this.tended.clear();
    await this.store.migrate();
    this.log.restore(await this.store.decisions());
    const found: (readonly [ServiceRecord, number, Violation | null])[] = [];
    for (const name of await this.store.names()) {
      const { record, revision } = await this.store.read(name);
      if (record !== null) found.push([record, revision, await this.store.held(name)]);
    }
    const stored = await this.store.lastMs();
    const lastMs = Math.max(stored, ...found.map(([record]) => lastMsOf(record)));
    this.isFrozen = await this.store.isFrozen();
    this.reservations = await this.store.reservations();
    this.offsetMs = lastMs - this.ctx.now();
    // Of an arbiter that was restarted with the same token: later than any that it gave.
    this.sequence = this.nowMs();
    for (const [record, revision, heldBy] of found) {
      const { companions } = this.loopOf(recovered(record, this.nowMs()), revision, heldBy);
      await companions.start();
    }
  }

  handlers(): ArbiterMessages {
    return {
      apply: (what) => this.apply(what),
      check: (what) => this.check(what),
      remove: (service) => this.remove(service),
      observe: ({ service, list }) => this.observe(service, list),
      loads: ({ service, router, loads }) =>
        this.tended.get(service)?.slices.take(router, loads, this.nowMs()),
      order: (what) => this.order(what),
      want: (intent) => this.want(intent),
      freeze: (isFrozen) => this.freeze(isFrozen),
      change: (what) => this.change(what),
      freezeIf: async ({ isFrozen, ifRevision }) => {
        expectSame(this.fleet().revision, ifRevision, 'the fleet');
        await this.freeze(isFrozen);
      },
      fleet: () => this.fleet(),
      reserve: async (reservations) => {
        this.reservations = reservations;
        this.lookAgain();
        await this.store.reserve(reservations);
      },
      release: (service) => this.release(service),
      status: (service) => this.status(service),
      services: () => [...this.tended.keys()],
      why: (query) => this.log.find(query),
      tallies: () => [...this.tended.values()].map(({ tally }) => tally.figures()),
      journal: (service) => this.tended.get(service)?.loop.journal.spans ?? [],
      shard: ({ service, ordinal }) => this.tended.get(service)?.companions.shard(ordinal) ?? null,
      granted: (answer) => {
        if (this.part?.answered(answer, this.ctx.now())) this.lookAgain();
      },
      wave: (isWanted) => {
        if (this.part !== null) this.part.wantsWave = isWanted;
      },
      tick: () => this.tick(),
      report: () => this.report(),
    };
  }

  private status(service: string): ServiceStatus | null {
    const loop = this.tended.get(service)?.loop;
    if (loop === undefined) return null;
    const { record, hasPassed, isSettled } = loop;
    const limits = { routerSilenceMs: this.args.routerSilence ?? ROUTER_SILENCE_MS };
    const nowMs = this.nowMs();
    const held = loop.heldBy;
    const holds = {
      heldBy: held && `${held.invariant}: ${held.what}`,
      isFleetFrozen: this.isFrozen,
    };
    const attention = attentionOf(record, limits, nowMs);
    const waits = waitsOf(record, nowMs);
    const revision = recordRevision(record, holds);
    const around = this.around(loop, nowMs);
    return { nowMs, hasPassed, isSettled, record, revision, around, ...holds, attention, waits };
  }

  private fleet(): FleetStatus {
    const { isFrozen } = this;
    return { isFrozen, revision: fleetRevision(isFrozen, [...this.tended.keys()]) };
  }

  private around({ heldBy }: ServiceLoop, nowMs: number): ServiceStatus['around'] {
    const { region, zones, maxStaleness: maxStalenessMs } = this.args;
    const isFrozen = this.isFrozen || heldBy !== null;
    return { nowMs, region, zones, maxStalenessMs, isFrozen, reservations: this.reserved() };
  }

  private async freeze(isFrozen: boolean): Promise<void> {
    this.isFrozen = isFrozen;
    this.lookAgain();
    await this.store.freeze(isFrozen);
  }

  private async change({ service, ifRevision, change }: OperatorChange): Promise<Verdict> {
    if (ifRevision !== null) {
      expectSame(this.status(this.tendedCalled(service).loop.name)?.revision, ifRevision, service);
    }
    if (change.kind === 'want') return this.want(change.intent);
    await (change.kind === 'release'
      ? this.release(service)
      : this.order({ service, list: change.list }));
    return ADMITTED;
  }

  private async release(service: string): Promise<void> {
    const tended = this.tendedCalled(service);
    tended.loop.heldBy = null;
    this.lookAgain();
    await this.ordered(tended);
  }

  /** Decision time: whole milliseconds, going on where the records end. */
  private nowMs(): number {
    return Math.floor(this.ctx.now() + this.offsetMs);
  }

  private async apply(what: AppliedSpec): Promise<void> {
    const { name, spec, revision, allow = [] } = what;
    await this.check({ ...what, zones: this.args.zones.length });
    const known = this.tended.get(name);
    if (known === undefined) {
      const gone = await this.goneCalled(name);
      const record = newService(name, spec, revision, this.nowMs(), gone);
      const { companions } = this.loopOf(record, 0);
      await companions.start();
    } else known.loop.observe([{ kind: 'apply', spec, revision, allow }]);
    const tended = this.tended.get(name);
    const end = tended === undefined ? 'away' : (await this.pass(tended)).kind;
    if (end === 'overtaken') {
      throw reply.error('NOT_LEADER', `another brain leads; apply ${name} there.`);
    }
  }

  private async check({
    name,
    spec,
    revision,
    allow = [],
    zones: zonesCount,
  }: AppliedSpec & { readonly zones: number }): Promise<void> {
    if (!this.hasBegun) await this.begin();
    if (!this.hasBegun) {
      const message = 'the store is away, and nothing was read from it yet. Apply again later.';
      throw reply.error('STORE_AWAY', message);
    }
    const record = this.tended.get(name)?.loop.record;
    if (record === undefined) return;
    const reservations = this.reserved();
    const around = { zonesCount, allow, hasRegions: reservations !== null };
    const shrink = { reservations, nowMs: this.nowMs(), allow };
    const now = atOnce(record, spec, { ...around, revision, nowMs: shrink.nowMs });
    const problem = applyProblem(record, spec, around) ?? shrinkProblem(record, now.spec, shrink);
    if (problem !== null) throw reply.error(problem.reason, `${name}: ${problem.message}`);
  }

  /** Where a service of that name stood; rejects while the store is away: numbers are not given twice. */
  private async goneCalled(name: string): Promise<GoneService | null> {
    try {
      return await this.store.gone(name);
    } catch (error) {
      if (!isWeather(error)) throw error;
      throw reply.error('STORE_AWAY', `the store is away: ${name} may have been here before.`);
    }
  }

  private async remove(service: string): Promise<void> {
    const tended = this.tendedCalled(service);
    tended.loop.observe([{ kind: 'remove' }]);
    const end = (await this.pass(tended)).kind;
    if (end === 'overtaken') {
      throw reply.error('NOT_LEADER', `another brain leads; remove ${service} there.`);
    }
  }

  /** Nothing is left of it: its name is free. */
  private async ended({ loop, companions }: Tended): Promise<boolean> {
    const end = await loop.end();
    if (end === 'overtaken') this.ctx.exit();
    if (end !== 'done') return false;
    this.tended.delete(loop.name);
    this.part?.forget(loop.name);
    companions.stop();
    return true;
  }

  private tendedCalled(service: string): Tended {
    const tended = this.tended.get(service);
    if (tended !== undefined) return tended;
    const names = [...this.tended.keys()].join(', ') || 'none';
    throw reply.error('NO_SERVICE', `there is no service ${service}; there are: ${names}.`);
  }

  private async order({ service, list }: Parameters<ArbiterMessages['order']>[0]): Promise<void> {
    const tended = this.tendedCalled(service);
    tended.loop.observe(list.filter(isObservation));
    await this.ordered(tended);
  }

  private async want(intent: Intent): Promise<Verdict> {
    const tended = this.tendedCalled(intent.service);
    tended.loop.want(intent);
    const decisions = await this.ordered(tended);
    const own = decisions.find((one) => one.intent === intent);
    // It was not looked at yet: more waits than one pass takes.
    return own?.verdict ?? { ...NOT_JUDGED, kind: 'delayed' };
  }

  /** What was ordered is known to this brain; answered when the next one would know it, too. */
  private async ordered(tended: Tended): Promise<readonly Decision[]> {
    const outcome = await this.pass(tended);
    if (outcome.kind === 'done') return outcome.result.decisions;
    if (outcome.kind === 'overtaken') {
      throw reply.error('NOT_LEADER', 'another brain leads; order it there.');
    }
    const message = 'the store is away: it is done when the store is back, if this brain lives.';
    throw reply.error('STORE_AWAY', message);
  }

  private observe(service: string, list: readonly Observation[]): void {
    if (!Array.isArray(list)) return;
    const seen = list.filter(isObservation);
    const tended = this.tended.get(service);
    tended?.loop.observe(seen);
    tended?.tally.observed(seen);
    const { metrics } = this.args;
    for (const one of seen) {
      // Its share of what is counted is not waited for any more either.
      if (one.kind === 'routerGone' && metrics !== null) this.ctx.tell(metrics, 'detach', one.id);
    }
    // Answers of probes come all the time, and are looked at in the next period.
    if (seen.some(({ kind }) => kind !== 'probe')) this.soon();
  }

  private soon(): void {
    this.ctx.timers.once('soon', SOON_MS, 'tick');
  }

  private lookAgain(): void {
    for (const one of this.tended.values()) one.dueMs = 0;
    this.soon();
  }

  private async tick(): Promise<void> {
    if (!this.hasBegun) await this.begin();
    for (const one of this.tended.values()) {
      if (one.notBeforeMs > this.nowMs()) continue;
      if (one.loop.isWaiting || one.dueMs <= this.nowMs()) await this.passAlone(one);
    }
  }

  /** A service whose pass the store does not take is left for a while; the others go on. */
  private async passAlone(tended: Tended): Promise<void> {
    try {
      await this.pass(tended);
    } catch (error) {
      if ((error as { readonly code?: string }).code !== 'RM_PASS_TOO_LARGE') throw error;
      tended.notBeforeMs = this.nowMs() + IDLE_MS;
    }
  }

  private async pass(tended: Tended): Promise<LoopOutcome> {
    const { loop, companions, reissue, tally, slices } = tended;
    const nowMs = this.nowMs();
    const { part } = this;
    const down = part?.intentFor(loop.record, this.ctx.now(), nowMs) ?? null;
    if (down !== null) loop.want(down);
    const begunMs = this.ctx.now();
    const before = loop.record;
    const outcome = await loop.pass({
      ...this.around(loop, nowMs),
      sliceLoads: slices.sum(nowMs),
    });
    tally.passed(before, outcome, this.ctx.now() - begunMs);
    if (outcome.kind === 'overtaken') this.ctx.exit();
    if (outcome.kind !== 'done') return outcome;
    tended.dueMs = dueAfter(outcome, nowMs);
    // A hold is stored at once, whatever else there is to do.
    if (loop.hasHoldToStore) this.soon();
    // It goes on at once with what one transaction did not take.
    if (Number.isFinite(loop.pace) && tended.dueMs <= nowMs) this.soon();
    const { decisions } = outcome.result;
    part?.note({ view: outcome.view, record: loop.record, decisions });
    const effects = reissue.due(outcome.result.effects, nowMs);
    if (effects.length > 0) this.issue(effects);
    if (await this.ended(tended)) return outcome;
    await companions.follow(loop.record, outcome.view);
    return outcome;
  }

  /** What this region may do for a while; null: it is the only one. */
  private reserved(): readonly Reservation[] | null {
    return this.part?.reservations(this.ctx.now(), this.offsetMs) ?? this.reservations;
  }

  /** Nobody waits for an answer: without one, a region only grows. */
  private report(): void {
    const { part } = this;
    if (part === null || !this.hasBegun || !part.hasSeen(this.tended.keys())) return;
    const isHeld = [...this.tended.values()].some(({ loop }) => loop.heldBy !== null);
    const report = part.report(isHeld, this.ctx.now());
    this.ctx.tell(part.coordinator, 'report', { report, to: this.ctx.self });
  }

  /** What is not heard is issued again; what is refused was a deposed leader's. */
  private issue(effects: readonly Effect[]): void {
    const order: CarryOut = {
      epoch: this.args.leader.token,
      sequence: ++this.sequence,
      effects,
    };
    this.ctx.ask(this.args.executor, 'carryOut', order).then(
      (isAccepted) => {
        if (isAccepted === false) this.ctx.exit();
      },
      () => undefined,
    );
  }

  private loopOf(record: ServiceRecord, revision: number, heldBy: Violation | null = null): Tended {
    const { answerWithin, metrics, prober } = this.args;
    const companions = new Companions(this.ctx, record.name, prober);
    const parts = {
      store: this.store,
      log: this.log,
      ask: async (name: ControllerName, question: StepQuestion) =>
        (await companions.ask(name, question, answerWithin)) as StepAnswer,
      metrics,
      readWithinMs: answerWithin,
    };
    const loop = new ServiceLoop(record, revision, parts, heldBy);
    const tally = new ServiceTally(record.name);
    const own = { reissue: new Reissue(), tally, slices: new SliceLoads() };
    const tended = { loop, companions, ...own, dueMs: 0, notBeforeMs: 0 };
    this.tended.set(record.name, tended);
    return tended;
  }
}

/** At once while something is under way; else when somebody asked for it, and now and then. */
function dueAfter(
  { isCalm, againMs }: Extract<LoopOutcome, { kind: 'done' }>,
  nowMs: number,
): number {
  return isCalm ? Math.min(againMs ?? Number.POSITIVE_INFINITY, nowMs + IDLE_MS) : nowMs;
}

/** @throws RM_REPLY with reason CHANGED */
function expectSame(now: string | undefined, before: string, what: string): void {
  if (now === before) return;
  const message = `${what} is not what it was at revision ${before}; look again.`;
  throw reply.error('CHANGED', message, { revision: now ?? '' });
}
