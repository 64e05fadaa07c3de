/**
 * A service in virtual time for main.ts and the tests: load that is spread over whoever is ready,
 * noise, instances that take a while to boot, and metrics that are means over a window, as they are
 * scraped. What the autoscaler asks for is done at once. The seed draws everything.
 */
import { seededRandom } from 'ringmaster';
import {
  AUTOSCALER_START,
  type AutoscalerState,
  autoscalerStep,
  fleet,
  type InstanceView,
  type MetricQuery,
  type MetricReading,
  type ServiceInput,
  type ServiceView,
} from 'ringmaster/control-plane';

/** What is run. Loads are in instances that are just busy enough. */
export type Scenario = {
  /** Needed at first, and, from `STEP_MS` on, so many times as many. */
  readonly need: number;
  readonly factor: number;
  /** An instance boots for as long as is drawn between the two, in milliseconds. */
  readonly bootMs: readonly [number, number];
  /** Coefficients of variation of a scrape: of all load together, and of each instance. */
  readonly noise: number;
  readonly ownNoise: number;
  /** A gauge is a mean of what was scraped while it was ready; a count starts from nothing. */
  readonly metric: 'gauge' | 'rate';
  readonly lengthMs: number;
};

/** The demand and the ready ones after each scrape. */
export type Sizes = { readonly demand: readonly number[]; readonly ready: readonly number[] };

/** Between two scrapes, and two passes. */
export const SCRAPE_MS = 5000;
/** When the load changes. By then a first stabilization window is over. */
export const STEP_MS = 1_200_000;
/** What one instance is to have. */
const TARGET = 100;

type Instance = {
  readonly ordinal: number;
  readonly readyMs: number;
  /** What was scraped, the oldest first. */
  readonly scrapes: { readonly atMs: number; readonly load: number }[];
};

/** One run; the same seed gives the same one. */
export function scaled(scenario: Scenario, seed: number): Sizes {
  const world = new World(scenario, seed);
  for (let atMs = 0; atMs < scenario.lengthMs; atMs += SCRAPE_MS) world.pass(atMs);
  return world.sizes;
}

class World {
  readonly sizes: { readonly demand: number[]; readonly ready: number[] } = {
    demand: [],
    ready: [],
  };
  private readonly scenario: Scenario;
  private readonly spec: ServiceView['spec'];
  private readonly draw: () => number;
  private state: AutoscalerState = AUTOSCALER_START;
  private readonly instances: Instance[] = [];
  private made = 0;

  constructor(scenario: Scenario, seed: number) {
    this.scenario = scenario;
    const random = seededRandom(seed);
    this.draw = () => random.nextU32() / 2 ** 32;
    this.spec = specOf(scenario);
    // They have been there for an hour.
    for (let i = 0; i < scenario.need; i++) this.add(-3_600_000, 0);
  }

  pass(atMs: number): void {
    const { need, factor, noise, ownNoise } = this.scenario;
    const ready = this.instances.filter(({ readyMs }) => readyMs <= atMs);
    const whole = need * TARGET * (atMs < STEP_MS ? 1 : factor) * this.noisy(noise);
    for (const one of ready) {
      one.scrapes.push({ atMs, load: (whole / ready.length) * this.noisy(ownNoise) });
      if (one.scrapes.length > 20) one.scrapes.shift();
    }
    const { state, intents } = autoscalerStep(this.state, { view: this.view(atMs) });
    this.state = state;
    for (const { act } of intents) {
      if (act.kind !== 'setDemand')
        throw new Error(`It asked for ${act.kind}; it owns the demand.`);
      // The newest go first.
      this.instances.length = Math.min(this.instances.length, act.count);
      const [least, most] = this.scenario.bootMs;
      while (this.instances.length < act.count)
        this.add(atMs, least + (most - least) * this.draw());
    }
    this.sizes.demand.push(this.instances.length);
    this.sizes.ready.push(ready.length);
  }

  private add(atMs: number, bootMs: number): void {
    this.instances.push({ ordinal: this.made++, readyMs: atMs + bootMs, scrapes: [] });
  }

  /** Around 1, never below 0. */
  private noisy(variation: number): number {
    if (variation === 0) return 1;
    const normal = Math.sqrt(-2 * Math.log(1 - this.draw())) * Math.cos(2 * Math.PI * this.draw());
    return Math.max(0, 1 + variation * normal);
  }

  private view(nowMs: number): ServiceView {
    const { spec } = this;
    const byId = new Map(this.instances.map((one) => [`shop/eu/a/${one.ordinal}#1`, one]));
    const instances = [...byId].map(([id, one]) => instanceView(id, one, nowMs));
    const slots = instances.map(({ slot, ordinal }) => ({
      ...{ id: slot, zone: 'a', ordinal, revision: 'r1', isBaseline: false, isReplacing: false },
      ...{ ends: 0, notBeforeMs: 0 },
    }));
    const demand = this.instances.length;
    return {
      ...{ nowMs, region: 'eu', zones: ['a'], name: 'shop', spec, maxStalenessMs: 15_000 },
      goal: { number: 1, demand, stable: 'r1', target: 'r1', shares: [] },
      revisions: [{ id: 'r1', version: 'v1', isBlocked: false, stableMs: 0 }],
      ...{
        slots,
        instances,
        ring: null,
        sliceLoads: null,
        operations: [],
        verbs: [],
        failures: [],
      },
      ...{ routes: { number: 1, acknowledged: 1 }, zombies: [], quarantinedKeys: [] },
      ...{ isFrozen: false, hold: null, reservations: null },
      metric: (query) => this.read(query, byId.get(query.scope.instance ?? ''), nowMs),
    };
  }

  private read({ windowMs }: MetricQuery, one: Instance | undefined, nowMs: number): MetricReading {
    const seen = one?.scrapes.filter(({ atMs }) => nowMs - atMs < windowMs) ?? [];
    if (seen.length === 0) return { kind: 'missing' };
    const sum = seen.reduce((total, { load }) => total + load, 0);
    const over = this.scenario.metric === 'gauge' ? seen.length : windowMs / SCRAPE_MS;
    return { kind: 'value', value: sum / over, samples: seen.length, ageMs: 1000 };
  }
}

function instanceView(id: string, { ordinal, readyMs }: Instance, nowMs: number): InstanceView {
  const isReady = readyMs <= nowMs;
  return {
    ...{ id, slot: `shop/eu/a/${ordinal}`, zone: 'a', ordinal, revision: 'r1' },
    ...{ state: isReady ? 'ready' : 'starting', sinceMs: readyMs, createdMs: readyMs },
    readySinceMs: isReady ? readyMs : null,
    ...{ seenMs: nowMs, restarts: 0, isEjected: false, isBaseline: false, isFailing: false },
    isGoing: false,
    isSurplus: false,
  };
}

function specOf({ need, metric }: Scenario): ServiceView['spec'] {
  const name = metric === 'gauge' ? 'concurrency' : 'rate';
  const shop: ServiceInput = {
    kind: 'stateless',
    command: ['x'],
    instances: need,
    autoscale: { min: 1, max: 10_000, metric: { name, target: TARGET } },
  };
  const regions = [{ name: 'eu', zones: ['a'] }];
  const { shop: spec } = fleet({ name: 'bench', regions, services: { shop } }).services;
  if (spec === undefined) throw new Error('The fleet has lost its service.');
  return spec;
}
