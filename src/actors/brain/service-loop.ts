/**
 * The passes of one service with everything that takes time: metrics are read, controllers are asked
 * within their deadline, the outcome is stored, and only then is anything issued. Called by the arbiter's
 * actor, one pass at a time. Between passes it holds what was observed.
 */
import type { AnyRef } from '../../runtime/index.ts';
import type { Observation } from '../arbiter/observations.ts';
import type { ServiceRecord } from '../arbiter/records.ts';
import { recovered } from '../arbiter/recovery.ts';
import { isGone } from '../arbiter/removal.ts';
import { decide, look, type PassResult } from '../arbiter/service-pass.ts';
import type { PassSurroundings } from '../arbiter/service-view.ts';
import type { DecisionLog } from '../decisions/decision-log.ts';
import { controlError } from '../errors.ts';
import type { Violation } from '../invariants/invariant.ts';
import { InvariantMonitor, isAsWanted } from '../invariants/monitor.ts';
import type { ServiceView } from '../protocol/fleet-view.ts';
import { type Intent, targetOf } from '../protocol/intent.ts';
import {
  checkedReading,
  type MetricQuery,
  type MetricReading,
} from '../protocol/metric-reading.ts';
import { CONTROLLER_NAMES, type ControllerName } from './controllers.ts';
import { decisionText, Journal, queryText } from './journal.ts';
import { type CommitResult, isWeather, type RecordStore } from './record-store.ts';
import { type StepAnswer, type StepQuestion, snapshotOf } from './snapshot.ts';

/** What a loop works with. */
export type LoopParts = {
  readonly store: RecordStore;
  readonly log: DecisionLog;
  /** Asks a controller; rejects or is late: it has not answered. */
  readonly ask: (name: ControllerName, question: StepQuestion) => Promise<StepAnswer>;
  /** Reads metrics; null: there is no source, and every reading is missing. */
  readonly metrics: AnyRef | null;
  readonly readWithinMs: number;
};

/** What came of a pass. Nothing was issued unless it is `done`. */
export type LoopOutcome =
  | {
      readonly kind: 'done';
      readonly result: PassResult;
      readonly view: ServiceView;
      readonly againMs: number | null;
      readonly violations: readonly Violation[];
      /** Everything was as it is wanted, and nothing was decided or is under way. */
      readonly isCalm: boolean;
    }
  /** Another brain leads: this one has to end. */
  | { readonly kind: 'overtaken' }
  /** The store is away: what was observed is kept, and the next pass begins where this one did. */
  | { readonly kind: 'away' };

/** Instances of a pass, once the store has refused one: half of it then, and so on, down to the least. */
const PACE_FIRST = 512;
const PACE_MIN = 8;
/** Passes after which more is tried. Higher: longer slow; lower: more passes are made for nothing. */
const TAKEN_MIN = 60;
/** Observations that wait for a pass. Range: several of each instance. Higher: more memory, no gain. */
const QUEUE_MAX = 50_000;
/** What is said again and again; an end is said once. */
function isLook(one: Observation): boolean {
  if (one.kind === 'agent') return one.word !== 'ended';
  return one.kind === 'probe' || one.kind === 'drain' || one.kind === 'router';
}

/** Rounds in which a controller may ask for readings that it lacks. */
const ROUNDS_MAX = 4;

/** Thread rule: the arbiter's. One for each service. */
export class ServiceLoop {
  readonly name: string;
  readonly journal: Journal = new Journal();
  record: ServiceRecord;
  /** Everything that takes something away is held: an invariant does not hold. */
  heldBy: Violation | null;
  /** As it is stored. */
  private storedHold: Violation | null;
  /** Records that were read say what was wanted; who serves is made anew by the first pass. */
  hasPassed = false;
  /** Of the last pass. */
  private isCalm = false;
  private revision: number;
  private isStored: boolean;
  /** A commit had no answer: the records have to be read before anything else. */
  private isUnsure = false;
  /** Acts, moves, ends and observations of one pass; Infinity: the store has taken all so far. */
  pace: number = Number.POSITIVE_INFINITY;
  /** Passes in a row that the store has taken. */
  private taken = 0;
  /** What a commit without an answer was made of. */
  private unsure = { observations: 0, intents: 0, isHeld: false };
  private queue: Observation[] = [];
  private wanted: Intent[] = [];
  private readonly asked: Map<ControllerName, readonly MetricQuery[]> = new Map();
  private monitor: InvariantMonitor = new InvariantMonitor();
  private readonly parts: LoopParts;

  /**
   * `revision`: of the stored head; 0: the records are new and stored with the first pass. `heldBy`: as it
   * is stored.
   */
  constructor(
    record: ServiceRecord,
    revision: number,
    parts: LoopParts,
    heldBy: Violation | null = null,
  ) {
    this.heldBy = heldBy;
    this.storedHold = heldBy;
    this.name = record.name;
    this.record = record;
    this.revision = revision;
    this.isStored = revision > 0;
    this.parts = parts;
  }

  /** For the next pass. While none can be made, looks are forgotten, the oldest first: they come again. */
  observe(list: readonly Observation[]): void {
    this.queue.push(...list);
    if (this.queue.length <= QUEUE_MAX) return;
    const kept = this.queue.length - QUEUE_MAX / 2;
    this.queue = this.queue.filter((one, i) => i >= kept || !isLook(one));
  }

  /** For the next pass, as an operator's. */
  want(intent: Intent): void {
    // Wanted again: the last word counts.
    const target = targetOf(intent.act);
    this.wanted = this.wanted.filter(
      (one) => one.who !== intent.who || targetOf(one.act) !== target,
    );
    this.wanted.push(intent);
  }

  /** Whether the store has another hold than the one that holds. */
  get hasHoldToStore(): boolean {
    return this.heldBy !== this.storedHold;
  }

  /** Nothing is under way, and nothing waits to be judged. */
  get isSettled(): boolean {
    const isOrdered = this.wanted.length > 0 || this.queue.some((one) => !isLook(one));
    return this.isCalm && !isOrdered && !this.isUnsure;
  }

  /** Whether anything waits for a pass. */
  get isWaiting(): boolean {
    const hasInput = this.queue.length > 0 || this.wanted.length > 0;
    return hasInput || !this.isStored || this.isUnsure || this.hasHoldToStore;
  }

  /** One pass. Rejects with what is nobody's weather: a store that has failed, a record too new. */
  async pass(around: Omit<PassSurroundings, 'metric'>): Promise<LoopOutcome> {
    const { store, log } = this.parts;
    if (this.isUnsure && !(await this.reread(around.nowMs))) return { kind: 'away' };
    const before = this.record;
    const { pace } = this;
    const given = Number.isFinite(pace) ? { ...around, pace } : around;
    const observations = this.queue;
    const intents = this.wanted.slice(0, pace);
    const missing = (): MetricReading => ({ kind: 'missing' });
    const seen = look(before, observations, { ...given, metric: missing });
    const readings = await this.readAhead();
    const { states, answered, silent, againMs } = await this.askAll(
      seen.record,
      seen.view,
      readings,
    );
    const result = decide(seen, { states, intents: [...intents, ...answered] });
    const plan = log.plan(result.decisions, result.firstAdmitted, around.nowMs);
    const stored = this.isStored ? before : null;
    const { view } = seen;
    const facts = { view, before, after: result.record, decisions: result.decisions };
    const monitor = this.monitor.copy();
    const violations = monitor.check({ ...facts, effects: result.effects });
    // What is wrong with a pass is stored with it: whoever leads next has to know.
    const heldBy = this.heldBy ?? violations[0] ?? null;
    const held = heldBy === this.storedHold ? {} : { held: heldBy };
    const commit = await store.commit(stored, result.record, this.revision, {
      plan,
      nowMs: around.nowMs,
      ...held,
    });
    if (commit.kind === 'tooMuch') return this.slower(around);
    if (commit.kind === 'away') return commit;
    if (commit.kind === 'overtaken') return commit;
    if (commit.kind === 'unknown') {
      this.isUnsure = true;
      const isHeld = heldBy !== this.heldBy;
      this.unsure = { observations: observations.length, intents: intents.length, isHeld };
      return { kind: 'away' };
    }
    this.queue = [...seen.deferred, ...this.queue.slice(observations.length)];
    this.wanted = this.wanted.slice(intents.length);
    this.record = result.record;
    this.revision = commit.revision;
    this.isStored = true;
    this.storedHold = heldBy;
    // Meanwhile somebody may have said release, of what held before.
    this.heldBy ??= violations[0] ?? null;
    this.monitor = monitor;
    this.hasPassed = true;
    this.hasten();
    log.accept(plan);
    this.journal.note(before, result.record, {
      observations: seen.used,
      intents,
      silent,
      around: given,
      readings: [...readings],
      decided: decisionText(result.decisions),
    });
    this.isCalm = isCalmAfter(result, view);
    return { kind: 'done', result, view, againMs, violations, isCalm: this.isCalm };
  }

  /** Its records go, if nothing is left of it. @returns what came of it; null: it is not gone yet */
  async end(): Promise<CommitResult['kind'] | null> {
    if (this.isUnsure || !this.isStored || !isGone(this.record)) return null;
    const { kind } = await this.parts.store.remove(this.record, this.revision);
    if (kind === 'unknown') this.isUnsure = true;
    return kind;
  }

  /** More than one transaction may have: half as much at a time, from now on. */
  private slower(around: Omit<PassSurroundings, 'metric'>): Promise<LoopOutcome> {
    if (this.pace <= PACE_MIN) {
      const message =
        `a pass over ${this.name} is more than the store takes in one transaction, even with ` +
        `${this.pace} instances at a time. Open the store with higher limits.`;
      return Promise.reject(controlError('RM_PASS_TOO_LARGE', message, { service: this.name }));
    }
    this.taken = 0;
    this.pace = Math.min(PACE_FIRST, Math.floor(this.pace / 2));
    return this.pass(around);
  }

  /** The store has taken so many passes in a row: twice as much at a time may pass again. */
  private hasten(): void {
    if (!Number.isFinite(this.pace) || ++this.taken < TAKEN_MIN) return;
    this.taken = 0;
    this.pace *= 2;
  }

  /** It may have been written or not: what is stored is what is true. @returns whether it is known */
  private async reread(nowMs: number): Promise<boolean> {
    try {
      const { store, log } = this.parts;
      const found = await store.read(this.name);
      // Its decisions may be there as well: their numbers are not given twice.
      log.restore(await store.decisions());
      this.storedHold = await store.held(this.name);
      if (this.unsure.isHeld) this.heldBy ??= this.storedHold;
      this.isUnsure = false;
      if (found.record === null) return true;
      if (found.revision !== this.revision) {
        // It was written: what it was made of is not said twice.
        this.queue = this.queue.slice(this.unsure.observations);
        this.wanted = this.wanted.slice(this.unsure.intents);
      }
      this.record = recovered(found.record, nowMs);
      this.revision = found.revision;
      this.isStored = true;
      return true;
    } catch (error) {
      if (isWeather(error)) return false;
      throw error;
    }
  }

  /** What controllers asked for in the last pass, at one moment. */
  private async readAhead(): Promise<Map<string, MetricReading>> {
    const readings = new Map<string, MetricReading>();
    await this.read([...this.asked.values()].flat(), readings);
    return readings;
  }

  private async read(
    queries: readonly MetricQuery[],
    readings: Map<string, MetricReading>,
  ): Promise<void> {
    const open = new Map<string, MetricQuery>();
    for (const query of queries) {
      const key = queryText(query);
      if (!readings.has(key)) open.set(key, query);
    }
    if (open.size === 0) return;
    let found: readonly unknown[] = [];
    const { metrics, readWithinMs } = this.parts;
    try {
      if (metrics !== null) {
        const answer = await metrics.ask('read', [...open.values()], { timeout: readWithinMs });
        if (Array.isArray(answer)) found = answer;
      }
    } catch {
      // Nobody answers: that is what missing means.
    }
    [...open.keys()].forEach((key, i) => {
      readings.set(key, checkedReading(found[i]));
    });
  }

  /** All of them at once, and again those who lack readings: late is late, however many are. */
  private async askAll(
    { controllers }: ServiceRecord,
    view: ServiceView,
    readings: Map<string, MetricReading>,
  ): Promise<AllAnswers> {
    const snapshot = snapshotOf(view);
    const steps = new Map<ControllerName, StepAnswer & { readonly kind: 'step' }>();
    let open: readonly ControllerName[] = CONTROLLER_NAMES;
    for (let round = 0; round < ROUNDS_MAX && open.length > 0; round++) {
      const known = [...readings];
      const answers = await Promise.all(
        open.map((name) =>
          this.parts.ask(name, { state: controllers[name], snapshot, readings: known }).catch(
            // It has crashed or is late: its supervisor restarts it, and what it decided before holds.
            () => null,
          ),
        ),
      );
      const lacking: ControllerName[] = [];
      const queries: MetricQuery[] = [];
      // In the order of the controllers, whoever answered first.
      open.forEach((name, i) => {
        const answer = answers[i] ?? null;
        if (answer?.kind === 'step') steps.set(name, answer);
        if (answer?.kind !== 'lacks') return;
        lacking.push(name);
        queries.push(...answer.asked);
      });
      await this.read(queries, readings);
      open = lacking;
    }
    return this.gathered(steps);
  }

  private gathered(
    steps: ReadonlyMap<ControllerName, StepAnswer & { readonly kind: 'step' }>,
  ): AllAnswers {
    const states: Record<string, unknown> = {};
    const intents: Intent[] = [];
    const silent: ControllerName[] = [];
    let againMs: number | null = null;
    for (const name of CONTROLLER_NAMES) {
      const answer = steps.get(name);
      if (answer === undefined) {
        silent.push(name);
        continue;
      }
      this.asked.set(name, answer.asked);
      states[name] = answer.step.state;
      intents.push(...answer.step.intents);
      const { againMs: own } = answer.step;
      if (own !== null) againMs = Math.min(againMs ?? own, own);
    }
    return { states, answered: intents, silent, againMs };
  }
}

/** What came of one round of questions. */
type AllAnswers = {
  readonly states: Readonly<Record<string, unknown>>;
  readonly answered: readonly Intent[];
  readonly silent: readonly ControllerName[];
  readonly againMs: number | null;
};

function isCalmAfter({ decisions, record, effects }: PassResult, view: ServiceView): boolean {
  const hasActed = decisions.some(({ verdict }) => verdict.kind === 'admitted');
  // By another policy something else may be wanted.
  const isSpec = view.spec === record.spec;
  const isQuiet = record.operations.size === 0 && effects.length === 0;
  return !hasActed && isQuiet && isSpec && isAsWanted(view);
}
