/**
 * A small fleet for the tests of the rollout: the real admission, a placement that makes and removes
 * slots, instances that become ready after some seconds or never, routers that hear a second later.
 * It tells every second what the rollout decided; nothing in it is random.
 */
import {
  type Act,
  admit,
  type InstanceView,
  type Intent,
  type MetricQuery,
  type MetricReading,
  type RevisionView,
  ROLLOUT_START,
  type RolloutState,
  rolloutStep,
  type ServiceInput,
  type ServiceView,
  type Share,
  type SlotView,
  slotId,
  type VerbView,
} from 'ringmaster/control-plane';
import { serviceView } from '../service-view.ts';

const ZONES = ['a', 'b', 'c'];
const SECOND_MS = 1000;
/** As in the pictures of services. */
const START_MS = 1_000_000;

/** How instances of a revision fare: seconds until they are ready; null: they never are. */
type Fares = { readonly bootS: number | null };
/** What is measured of a revision. */
type Health = 'good' | 'bad' | 'missing' | 'stale' | 'notANumber' | 'scarce';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Instance = Mutable<InstanceView>;
type Slot = Mutable<SlotView>;

/** One second after the other. */
export class FakeFleet {
  nowMs: number = START_MS;
  state: RolloutState = ROLLOUT_START;
  demand: number;
  stable = 'r1';
  target = 'r1';
  shares: readonly Share[] = [];
  revisions: RevisionView[] = [
    { id: 'r1', version: 'v1', isBlocked: false, stableMs: START_MS - 1000 },
  ];
  slots: Slot[] = [];
  instances: Instance[] = [];
  verbs: VerbView[] = [];
  isFrozen = false;
  isDeaf = false;
  service: ServiceInput;
  /** Told in the last second, and which of them were admitted. */
  intents: readonly Intent[] = [];
  admitted: readonly Act[] = [];
  /** Refused, ever: there is to be nothing. */
  refused: string[] = [];
  /** Of each second, for the reader of a failed test. */
  readonly log: string[] = [];
  private readonly fares = new Map<string, Fares>();
  private readonly health = new Map<string, Health>();
  private number = 1;
  private heard = 1;
  private table = '';
  private made = 0;

  constructor(service: ServiceInput, demand: number) {
    this.service = service;
    this.demand = demand;
    if (service.kind === 'stateless') {
      this.shares = [{ revision: 'r1', count: demand, weight: null, isBaseline: false }];
    }
    this.place();
    this.boot();
    for (const one of this.instances) this.ready(one);
    this.route();
    this.heard = this.number;
    this.nowMs += 60_000;
    this.see();
  }

  /** A new specification: another revision is wanted. */
  apply(id: string, fares: Fares = { bootS: 2 }, health: Health = 'good'): void {
    this.fares.set(id, fares);
    this.health.set(id, health);
    if (!this.revisions.some((one) => one.id === id)) {
      const version = id.replace('r', 'v');
      this.revisions.push({ id, version, isBlocked: false, stableMs: null });
    }
    this.target = id;
  }

  measure(id: string, health: Health): void {
    this.health.set(id, health);
  }

  say(verb: VerbView['verb'], to: string | null = null): void {
    this.verbs.push({ number: this.verbs.length + 1, verb, to, atMs: this.nowMs });
  }

  /** An instance ends by itself. */
  fail(index: number): void {
    const live = this.instances.filter(({ state }) => state === 'ready');
    const one = live[index % Math.max(1, live.length)];
    if (one !== undefined) this.instances = this.instances.filter((other) => other !== one);
  }

  weightOf(revision: string): number | null {
    const own = this.shares.filter((share) => share.revision === revision && !share.isBaseline);
    return own[0]?.weight ?? null;
  }

  countOf(revision: string): number {
    return this.shares
      .filter((share) => share.revision === revision && !share.isBaseline)
      .reduce((sum, { count }) => sum + count, 0);
  }

  slotsAt(revision: string): string[] {
    return this.slots.filter((slot) => slot.revision === revision).map(({ id }) => id);
  }

  view(): ServiceView {
    const goal = {
      number: this.number,
      demand: this.demand,
      stable: this.stable,
      target: this.target,
      shares: this.shares,
    };
    return serviceView(this.service, {
      nowMs: this.nowMs,
      goal,
      revisions: this.revisions.map((one) => ({ ...one })),
      slots: this.slots.map((one) => ({ ...one })),
      instances: this.instances.map((one) => ({ ...one })),
      routes: { number: this.number, acknowledged: this.heard },
      verbs: [...this.verbs],
      isFrozen: this.isFrozen,
      metric: (query) => this.metric(query),
    });
  }

  /** One second: the rollout is asked, what it wants is admitted, the fleet follows. */
  second(): void {
    this.nowMs += SECOND_MS;
    this.see();
    const view = this.view();
    const step = rolloutStep(this.state, { view });
    // Whatever is remembered is stored as text.
    this.state = JSON.parse(JSON.stringify(step.state)) as RolloutState;
    this.intents = step.intents;
    const decisions = admit(view, step.intents);
    this.admitted = decisions
      .filter(({ verdict }) => verdict.kind === 'admitted')
      .map(({ intent }) => intent.act);
    for (const { intent, verdict } of decisions) {
      if (verdict.kind === 'refused') this.refused.push(`${intent.act.kind}: ${verdict.why}`);
    }
    for (const act of this.admitted) this.carryOut(act);
    this.place();
    this.boot();
    this.heard = this.isDeaf ? this.heard : this.number;
    this.route();
    const { phase, status, lastNote } = this.state;
    const split = this.shares.map((one) => `${one.revision}:${one.count}@${one.weight}`).join(' ');
    this.log.push(`${this.nowMs} ${phase} ${status.step} ${split} ${status.message} ${lastNote}`);
  }

  seconds(count: number): void {
    for (let i = 0; i < count; i++) this.second();
  }

  /** Until something is so. @returns the seconds that it took */
  until(is: () => boolean, most = 2000): number {
    for (let i = 0; i < most; i++) {
      if (is()) return i;
      this.second();
    }
    throw new Error(`not in ${most} s:\n${this.log.slice(-10).join('\n')}`);
  }

  isDone(revision: string): boolean {
    return this.stable === revision && this.state.phase === 'idle';
  }

  private carryOut(act: Act): void {
    switch (act.kind) {
      case 'setSplit':
        this.shares = act.shares;
        this.number++;
        break;
      case 'setStable':
        this.stable = act.revision;
        this.revise(act.revision, { stableMs: this.nowMs });
        break;
      case 'setTarget':
        this.target = act.revision;
        break;
      case 'blockRevision':
        this.revise(act.revision, { isBlocked: true });
        break;
      case 'unblockRevision':
        this.revise(act.revision, { isBlocked: false });
        break;
      case 'replace':
        this.replace(act.slot, act.revision);
        break;
      case 'start':
        for (const slot of this.slots) if (slot.id === act.slot) slot.revision = act.revision;
        break;
      default:
        throw new Error(`not the rollout's: ${act.kind}`);
    }
  }

  private revise(id: string, more: Partial<RevisionView>): void {
    this.revisions = this.revisions.map((one) => (one.id === id ? { ...one, ...more } : one));
  }

  private replace(id: string, revision: string): void {
    const slot = this.slots.find((one) => one.id === id);
    if (slot === undefined) throw new Error(`no slot ${id}`);
    slot.revision = revision;
    slot.isReplacing = true;
    for (const one of this.instances) if (one.slot === id) one.isGoing = true;
  }

  /** Slots as the goal says. */
  private place(): void {
    if (this.service.kind === 'sharded') this.placeShards();
    else this.placeShares();
  }

  private placeShares(): void {
    for (const { revision, isBaseline, count } of this.shares) {
      const own = this.slots.filter(
        (slot) => slot.revision === revision && slot.isBaseline === isBaseline,
      );
      for (const slot of own.slice(count)) this.remove(slot);
      for (let i = own.length; i < count; i++) this.add(this.made++, revision, isBaseline);
    }
    for (const slot of [...this.slots]) {
      const has = this.shares.some(
        (share) => share.revision === slot.revision && share.isBaseline === slot.isBaseline,
      );
      if (!has) this.remove(slot);
    }
  }

  private placeShards(): void {
    for (const zone of ZONES) {
      for (let ordinal = 0; ordinal < this.demand; ordinal++) {
        const id = slotId({ service: 'shop', region: 'eu', zone, ordinal });
        if (!this.slots.some((slot) => slot.id === id)) {
          this.slots.push(calmSlot(id, zone, ordinal, this.stable, false));
        }
      }
    }
    for (const slot of [...this.slots]) if (slot.ordinal >= this.demand) this.remove(slot);
  }

  private add(ordinal: number, revision: string, isBaseline: boolean): void {
    const zone = ZONES[ordinal % 3] as string;
    const id = slotId({ service: 'shop', region: 'eu', zone, ordinal });
    this.slots.push(calmSlot(id, zone, ordinal, revision, isBaseline));
  }

  private remove(slot: Slot): void {
    this.slots = this.slots.filter((one) => one !== slot);
    this.instances = this.instances.filter((one) => one.slot !== slot.id);
  }

  /** Missing instances begin, those that had time are ready, those that were replaced end. */
  private boot(): void {
    for (const slot of this.slots) {
      const own = this.instances.filter((one) => one.slot === slot.id);
      const next = own.find((one) => !one.isGoing);
      if (next === undefined) {
        this.instances.push(newInstance(slot, this.made++, this.nowMs));
        continue;
      }
      const { bootS } = this.fares.get(next.revision) ?? { bootS: 2 };
      if (bootS !== null && this.nowMs - next.createdMs >= bootS * SECOND_MS) this.ready(next);
      const minReadyMs = this.service.kind === 'sharded' ? 10_000 : 0;
      const { readySinceMs } = next;
      if (readySinceMs === null || this.nowMs - readySinceMs < minReadyMs) continue;
      if (slot.isReplacing || own.length > 1) {
        this.instances = this.instances.filter((one) => one === next || one.slot !== slot.id);
        slot.isReplacing = false;
      }
    }
  }

  private ready(one: Instance): void {
    if (one.state === 'ready') return;
    one.state = 'ready';
    one.sinceMs = this.nowMs;
    one.readySinceMs = this.nowMs;
  }

  private see(): void {
    for (const one of this.instances) one.seenMs = this.nowMs;
  }

  /** The routes are others when other instances serve. */
  private route(): void {
    const table = JSON.stringify([
      this.shares,
      this.instances.filter(({ state }) => state === 'ready').map(({ id }) => id),
    ]);
    if (table === this.table) return;
    this.table = table;
    this.number++;
  }

  private metric({ name, scope }: MetricQuery): MetricReading {
    const health =
      scope.revision === undefined ? 'good' : (this.health.get(scope.revision) ?? 'good');
    if (health === 'missing') return { kind: 'missing' };
    if (health === 'stale') return { kind: 'stale', ageMs: 60_000 };
    if (health === 'notANumber') return { kind: 'notANumber', samples: 0, ageMs: 0 };
    const isBad = health === 'bad';
    const values: Readonly<Record<string, number>> = {
      requests: 1000,
      errors: isBad ? 200 : 2,
      slow: 100,
      p90: 20,
      p99: isBad ? 500 : 40,
      error_ratio: isBad ? 0.2 : 0.002,
    };
    const value = values[name];
    if (value === undefined) return { kind: 'missing' };
    return { kind: 'value', value, samples: health === 'scarce' ? 3 : 1000, ageMs: 0 };
  }
}

function calmSlot(
  id: string,
  zone: string,
  ordinal: number,
  revision: string,
  isBaseline: boolean,
): Slot {
  const calm = { isReplacing: false, ends: 0, notBeforeMs: 0 };
  return { id, zone, ordinal, revision, isBaseline, ...calm };
}

function newInstance(slot: Slot, number: number, nowMs: number): Instance {
  return {
    id: `${slot.id}#${number}`,
    slot: slot.id,
    zone: slot.zone,
    ordinal: slot.ordinal,
    revision: slot.revision,
    state: 'starting',
    sinceMs: nowMs,
    createdMs: nowMs,
    readySinceMs: null,
    seenMs: nowMs,
    restarts: 0,
    isEjected: false,
    isBaseline: slot.isBaseline,
    isFailing: false,
    isGoing: false,
    isSurplus: false,
  };
}
