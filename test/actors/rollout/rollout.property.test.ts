/** What holds in whatever order instances fail, demands change, operators speak and metrics vanish. */
import { fc, test as property } from '@fast-check/vitest';
import {
  rolloutStep,
  type ServiceInput,
  type Share,
  type VerbView,
} from 'ringmaster/control-plane';
import { describe, expect } from 'vitest';
import { FakeFleet } from './fake-fleet.ts';

type Rollout = NonNullable<ServiceInput['rollout']>;

type Canary = Extract<Rollout, { strategy: 'canary' }>;

const KNOBS = {
  progressDeadline: '60s',
  analysis: [{ metric: 'error_ratio', max: '1%', interval: '5s' }],
  comparison: { minBlocks: 3, minRequests: 100 },
};
const STEPS: Canary['steps'] = [
  { weight: 10 },
  { pause: '10s' },
  { weight: 40 },
  { analyze: '20s' },
  { weight: 70 },
];
const FIRST_WEIGHT = 10;

const STRATEGIES: readonly Rollout[] = [
  { strategy: 'rolling', ...KNOBS },
  { strategy: 'rolling', maxSurge: 0, maxUnavailable: 1, ...KNOBS },
  { strategy: 'canary', steps: STEPS, ...KNOBS },
  { strategy: 'canary', steps: STEPS, maxSurge: '100%', keepAborted: true, ...KNOBS },
  { strategy: 'canary', steps: STEPS, dynamicStable: true, ...KNOBS },
  { strategy: 'canary', steps: STEPS, traffic: 'instances', ...KNOBS },
  { strategy: 'blueGreen', keepOld: '10s', ...KNOBS },
  { strategy: 'zones', soak: '5s', exposure: [1], ...KNOBS },
  { strategy: 'zones', soak: '5s', maxUnavailable: 1, rollbackWindow: 1, ...KNOBS },
];

const HEALTH = ['good', 'good', 'bad', 'missing', 'stale', 'notANumber', 'scarce'] as const;
type Health = (typeof HEALTH)[number];
type Event =
  | { readonly kind: 'wait' | 'fail'; readonly count: number }
  | { readonly kind: 'demand'; readonly count: number }
  | { readonly kind: 'verb'; readonly verb: VerbView['verb'] }
  | { readonly kind: 'apply'; readonly bootS: number | null; readonly health: Health }
  | { readonly kind: 'measure'; readonly health: Health }
  | { readonly kind: 'freeze' | 'deafen' };

const healths = fc.constantFrom(...HEALTH);
const events: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('wait'), count: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fail'), count: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('demand'), count: fc.nat(12) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('verb'),
      verb: fc.constantFrom<VerbView['verb']>(
        ...(['pause', 'resume', 'abort', 'retry', 'undo', 'restart'] as const),
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('apply'),
      bootS: fc.constantFrom(null, 1, 3, 20),
      health: healths,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('measure'), health: healths }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('freeze', 'deafen') }) },
) as fc.Arbitrary<Event>;

/** A fleet that is watched second by second. */
class WatchedFleet {
  readonly fleet: FakeFleet;
  private readonly rollout: Rollout;
  private revision = 1;
  /** By revision; what is written here holds from then on. */
  private readonly fares = new Map<string, { bootS: number | null }>();
  private readonly health = new Map<string, Health>();
  /** Revisions of which something good was measured, or that need no measure: they were stable. */
  private readonly known = new Set(['r1']);
  /** Slots that served when they were to be replaced, and do not again yet. */
  private open = new Map<string, string>();

  constructor(rollout: Rollout, demand: number) {
    this.rollout = rollout;
    this.fleet = new FakeFleet(
      rollout.strategy === 'zones'
        ? { kind: 'sharded', command: ['x'], shards: Math.max(1, demand), rollout }
        : { kind: 'stateless', command: ['x'], instances: demand, rollout },
      rollout.strategy === 'zones' ? Math.max(1, demand) : demand,
    );
  }

  happen(event: Event): void {
    const { fleet } = this;
    switch (event.kind) {
      case 'wait':
        for (let i = 0; i < event.count; i++) this.second();
        return;
      case 'fail':
        fleet.fail(event.count);
        break;
      case 'demand':
        fleet.demand = this.rollout.strategy === 'zones' ? Math.max(1, event.count) : event.count;
        break;
      case 'verb':
        fleet.say(event.verb);
        break;
      case 'apply':
        this.apply(`r${++this.revision}`, event.bootS, event.health);
        break;
      case 'measure':
        this.measure(fleet.target, event.health);
        break;
      case 'freeze':
        fleet.isFrozen = !fleet.isFrozen;
        break;
      case 'deafen':
        fleet.isDeaf = !fleet.isDeaf;
    }
    this.second();
  }

  second(): void {
    const { fleet } = this;
    const { target, stable } = fleet;
    if ((this.health.get(target) ?? 'good') === 'good') this.known.add(target);
    const before = { part: this.partOf(target), aborted: this.isGivenUp(), split: fleet.shares };
    const served = new Map(fleet.slots.map((slot) => [slot.id, this.isServed(slot.id)]));
    fleet.second();
    this.checkSplit(before.split);
    this.checkZones(served);
    if (before.aborted && this.isGivenUp() && target === fleet.target) {
      expect(this.partOf(target)).toBeLessThanOrEqual(before.part);
    }
    // Without anything good that was measured: never stable, and no further than the first step.
    if (!this.known.has(target)) {
      expect(fleet.stable).not.toBe(target);
      expect(fleet.weightOf(target) ?? 0).toBeLessThanOrEqual(FIRST_WEIGHT);
    }
    if (fleet.stable !== stable) this.known.add(fleet.stable);
    expect(fleet.refused).toEqual([]);
    const view = fleet.view();
    const once = rolloutStep(fleet.state, { view });
    expect(rolloutStep(once.state, { view }).intents).toEqual(once.intents);
  }

  /** Everything is well from now on. */
  heal(): void {
    const { fleet } = this;
    for (let i = 1; i <= this.revision; i++) {
      this.measure(`r${i}`, 'good');
      const fares = this.fares.get(`r${i}`);
      if (fares !== undefined) fares.bootS = 1;
    }
    fleet.isFrozen = false;
    fleet.isDeaf = false;
    if (fleet.demand === 0) fleet.demand = 3;
    for (let i = 0; i < 1500 && !(i > 20 && this.isSettled()); i++) this.second();
  }

  isSettled(): boolean {
    const { phase, status } = this.fleet.state;
    if (phase === 'idle') return this.fleet.intents.length === 0;
    return phase === 'aborted' || (phase === 'paused' && status.pausedFor !== null);
  }

  private apply(id: string, bootS: number | null, health: Health): void {
    const fares = { bootS };
    this.fares.set(id, fares);
    this.health.set(id, health);
    this.fleet.apply(id, fares, health);
  }

  private measure(id: string, health: Health): void {
    this.health.set(id, health);
    this.fleet.measure(id, health);
  }

  /** An instance of it is ready and stays. */
  private isServed(slot: string): boolean {
    return this.fleet.instances.some(
      (one) => one.slot === slot && one.state === 'ready' && !one.isGoing,
    );
  }

  /** What a revision has of the service. */
  private partOf(revision: string): number {
    const { fleet } = this;
    if (this.rollout.strategy === 'zones') return fleet.slotsAt(revision).length;
    return fleet.weightOf(revision) ?? 0;
  }

  private isGivenUp(): boolean {
    const { state, revisions, target } = this.fleet;
    const isBlocked = revisions.some(({ id, isBlocked }) => id === target && isBlocked);
    return state.retrying !== target && (isBlocked || state.aborted?.revision === target);
  }

  private checkSplit(before: readonly Share[]): void {
    const { demand, admitted } = this.fleet;
    for (const act of admitted) {
      if (act.kind !== 'setSplit') continue;
      const weights = act.shares.flatMap(({ weight }) => weight ?? []);
      if (weights.length > 0) expect(weights.reduce((a, b) => a + b, 0)).toBe(100);
      const sum = (shares: readonly Share[]): number =>
        shares.reduce((total, { count }) => total + count, 0);
      expect(sum(act.shares)).toBeLessThanOrEqual(Math.max(this.most(demand), sum(before)));
    }
  }

  /** Demand and surge; a canary and its baseline, or a preview, beside a whole stable revision. */
  private most(demand: number): number {
    const { rollout } = this;
    if (rollout.strategy === 'rolling') {
      return demand + (rollout.maxSurge === 0 ? 0 : Math.ceil(demand / 4));
    }
    const surge = rollout.strategy === 'canary' && rollout.maxSurge === '100%' ? 1 : 0.25;
    if (rollout.strategy === 'canary' && rollout.traffic === 'instances') {
      return demand + Math.ceil(demand * surge);
    }
    return 2 * Math.max(demand, 1) + Math.ceil(demand * surge);
  }

  /** By decision one zone at a time misses what it had. */
  private checkZones(served: ReadonlyMap<string, boolean>): void {
    const { fleet } = this;
    if (this.rollout.strategy !== 'zones') return;
    for (const slot of this.open.keys()) {
      const isGone = !fleet.slots.some(({ id }) => id === slot);
      if (isGone || this.isServed(slot)) this.open.delete(slot);
    }
    for (const act of fleet.admitted) {
      if (act.kind !== 'replace' || served.get(act.slot) !== true) continue;
      this.open.set(act.slot, act.slot.split('/')[2] ?? '');
    }
    expect(new Set(this.open.values()).size).toBeLessThanOrEqual(1);
  }
}

describe('rollout', () => {
  // Guards: A2, A9.
  property.prop(
    [
      fc.constantFrom(...STRATEGIES),
      fc.integer({ min: 1, max: 10 }),
      fc.array(events, { maxLength: 25 }),
    ],
    { numRuns: 150 },
  )(
    'rollout - nothing grows on missing data or after an abort, one zone at a time, and it ends',
    (rollout, demand, sequence) => {
      const watched = new WatchedFleet(rollout, demand);
      for (const event of sequence) watched.happen(event);
      watched.heal();
      expect(watched.isSettled(), watched.fleet.log.slice(-8).join('\n')).toBe(true);
    },
  );
});
