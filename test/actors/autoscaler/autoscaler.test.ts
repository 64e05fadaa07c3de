/**
 * The autoscaler in a small world: load, boots that take time, rollouts that add instances, noise. Long,
 * since it is one idea: whatever that world may do to it.
 */
import { fc, test as property } from '@fast-check/vitest';
import { seededRandom } from 'ringmaster';
import {
  AUTOSCALER_START,
  type AutoscalerState,
  autoscalerStep,
  type InstanceView,
  type MetricQuery,
  type MetricReading,
  type ServiceInput,
  type ServiceView,
} from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { instanceView, NOW_MS, serviceView } from '../service-view.ts';

const PERIOD_MS = 15_000;
const BOOT_MS = 30_000;
const TARGET = 100;

type Scale = NonNullable<Extract<ServiceInput, { kind: 'stateless' }>['autoscale']>;
type World = {
  state: AutoscalerState;
  demand: number;
  nowMs: number;
  /** When each instance was created. */
  created: number[];
  readonly sizes: number[];
};

const SERVICE = (scale: Partial<Scale> = {}): ServiceInput => ({
  kind: 'stateless',
  command: ['x'],
  instances: 10,
  autoscale: { min: 1, max: 1000, metric: { name: 'load', target: TARGET }, ...scale },
});

const value = (of: number): MetricReading => ({
  kind: 'value',
  value: of,
  samples: 100,
  ageMs: 1000,
});

function world(demand: number): World {
  const created = Array.from({ length: demand }, () => NOW_MS - 1_000_000);
  return { state: AUTOSCALER_START, demand, nowMs: NOW_MS, created, sizes: [] };
}

/** What is seen while `load` is spread over whoever is ready, `surge` of a rollout included. */
function seen(
  { demand, nowMs, created }: World,
  load: number,
  { scale = {}, surge = 0, reading, hold = null }: Look = {},
): ServiceView {
  const instances: InstanceView[] = created.map((createdMs, ordinal) => {
    const isReady = nowMs - createdMs >= BOOT_MS;
    return instanceView(
      { zone: 'a', ordinal },
      {
        state: isReady ? 'ready' : 'starting',
        createdMs,
        readySinceMs: isReady ? createdMs + BOOT_MS : null,
        seenMs: nowMs,
      },
    );
  });
  for (let i = 0; i < surge; i++) {
    instances.push(
      instanceView({ zone: 'b', ordinal: 10_000 + i }, { revision: 'r2', readySinceMs: 0 }),
    );
  }
  const ready = instances.filter(({ state }) => state === 'ready').length;
  const share = ready === 0 ? 0 : load / ready;
  const metric = (query: MetricQuery): MetricReading =>
    reading ?? value(query.scope.instance === undefined ? load : share);
  const goal = { number: 1, demand, stable: 'r1', target: 'r1', shares: [] };
  return serviceView(SERVICE(scale), { nowMs, instances, goal, hold, metric });
}
type Look = {
  readonly scale?: Partial<Scale>;
  readonly surge?: number;
  readonly reading?: MetricReading;
  readonly hold?: ServiceView['hold'];
};

/** One pass; what it wants is done at once. @returns the demand after it */
function pass(of: World, load: number, look: Look = {}): number {
  const { state, intents } = autoscalerStep(of.state, { view: seen(of, load, look) });
  of.state = state;
  for (const { act } of intents) {
    if (act.kind !== 'setDemand') continue;
    while (of.created.length < act.count) of.created.push(of.nowMs);
    of.created.length = act.count;
    of.demand = act.count;
  }
  of.nowMs += PERIOD_MS;
  of.sizes.push(of.demand);
  return of.demand;
}

const run = (of: World, passes: number, load: number, look: Look = {}): number => {
  for (let i = 0; i < passes; i++) pass(of, load, look);
  return of.demand;
};

describe('autoscaler', () => {
  test('autoscaler - follows the load, up at once and down after its window', () => {
    const of = world(10);
    expect(pass(of, 1500)).toBe(15);
    expect(run(of, 4, 1500)).toBe(15);
    // Twice as many at most in a quarter of a minute.
    expect(pass(of, 9000)).toBe(30);
    // As many as that, within the tolerance.
    const most = run(of, 20, 9000);
    expect(most).toBeGreaterThan(81);
    expect(most).toBeLessThanOrEqual(90);
    // The most that was asked for in five minutes.
    expect(run(of, 19, 1000)).toBe(most);
    expect(run(of, 4, 1000)).toBe(10);
  });

  test('autoscaler - within the tolerance nothing moves', () => {
    for (const load of [901, 1000, 1099]) expect(run(world(10), 30, load)).toBe(10);
    expect(pass(world(10), 1101)).toBe(12);
  });

  test('autoscaler - the 383 that became 664: surge and canaries are no demand', () => {
    // A rollout of 383 instances that adds a quarter, at every load for which 383 is right.
    for (const load of [0.92, 0.97, 1, 1.05, 1.09]) {
      const of = world(383);
      for (let i = 0; i < 40; i++) {
        pass(of, 383 * TARGET * load, { surge: Math.ceil(of.demand * 0.25) });
        expect(of.demand).toBe(383);
      }
    }
    // More load than that is seen through the surge: what is needed, and not a quarter more.
    const of = world(383);
    expect(run(of, 10, 500 * TARGET, { surge: 96 })).toBe(500);
  });

  test('autoscaler - instances that start are capacity in flight', () => {
    const of = world(10);
    pass(of, 2000);
    expect(of.demand).toBe(20);
    // Ten carry all of it while the others boot: no more are asked for.
    expect(run(of, 2, 2000)).toBe(20);
  });

  test('autoscaler - without data it never shrinks, and says what is missing', () => {
    // Guards: A11.
    const readings: readonly MetricReading[] = [
      { kind: 'missing' },
      { kind: 'stale', ageMs: 90_000 },
      { kind: 'notANumber', samples: 0, ageMs: 0 },
    ];
    for (const reading of readings) {
      const of = world(10);
      expect(run(of, 60, 10, { reading })).toBe(10);
      const { recommendation } = autoscalerStep(of.state, {
        view: seen(of, 10, { reading }),
      });
      expect(recommendation.why).toBe('no metric says anything');
    }
    // One of two metrics is missing: it may grow, not shrink.
    const two: Partial<Scale> = { metrics: [{ name: 'other', target: 1, kind: 'value' }] };
    const other = (load: number, of: World): ServiceView => {
      const view = seen(of, load, { scale: two });
      const metric = (query: MetricQuery): MetricReading =>
        query.name === 'other' ? { kind: 'missing' } : view.metric(query);
      return { ...view, metric };
    };
    const of = world(10);
    const decide = (load: number) => autoscalerStep(AUTOSCALER_START, { view: other(load, of) });
    expect(decide(100).intents).toEqual([]);
    expect(decide(100).recommendation.why).toContain('a metric is missing');
    expect(decide(2000).intents.map(({ act }) => act)).toEqual([{ kind: 'setDemand', count: 20 }]);
  });

  test('autoscaler - one of two routers is silent in a surge: it grows by what the other one counts', () => {
    // Guards: A11.
    const metrics: readonly Partial<Scale>[] = [
      { metric: { name: 'rate', target: TARGET } },
      { metric: { name: 'rate', target: TARGET, kind: 'valuePerInstance' } },
      { metric: { name: 'rate', target: 10 * TARGET, kind: 'value' } },
      { metric: { name: 'rate', target: TARGET }, metrics: [{ name: 'p99', target: 50 }] },
    ];
    for (const scale of metrics) {
      const of = world(10);
      const half = (load: number): ServiceView => {
        const view = seen(of, load, { scale });
        const metric = (query: MetricQuery): MetricReading => {
          const reading = view.metric(query);
          if (query.name !== 'rate' || reading.kind !== 'value') return { kind: 'stale', ageMs: 1 };
          return { kind: 'stale', ageMs: 20_000, atLeast: reading.value / 2 };
        };
        return { ...view, metric };
      };
      const decide = (load: number) => autoscalerStep(AUTOSCALER_START, { view: half(load) });
      // Half of the load of before, or of twice as much, is no ground for anything.
      for (const load of [10, 1000, 2000]) expect(decide(load).intents).toEqual([]);
      const { intents, recommendation } = decide(4000);
      expect(intents.map(({ act }) => act)).toEqual([{ kind: 'setDemand', count: 20 }]);
      expect(recommendation.why).toContain('at least: not everybody is heard');
      expect(intents[0]?.inputs[0]?.value).toMatch(/^at least /);
    }
    // A bound that is no number is none.
    const reading: MetricReading = { kind: 'stale', ageMs: 1, atLeast: Number.POSITIVE_INFINITY };
    expect(pass(world(10), 4000, { reading })).toBe(10);
  });

  test('autoscaler - growing by a little waits for proof, growing by more and growing on do not', () => {
    const of = world(20);
    run(of, 3, 2000);
    of.nowMs -= PERIOD_MS - 5000;
    // More than a quarter is at once, and so is what follows.
    const much = structuredClone(of);
    expect(pass(much, 2600)).toBe(26);
    // A peak of a few looks is none.
    const looks = [2400, 2400, 1900, 2400, 2400];
    for (const load of looks) {
      expect(pass(of, load)).toBe(20);
      of.nowMs -= PERIOD_MS - 5000;
    }
    for (let i = 0; i < 2; i++) {
      pass(of, 2300);
      of.nowMs -= PERIOD_MS - 5000;
    }
    expect(pass(of, 2400)).toBe(23);
    of.nowMs -= PERIOD_MS - 5000;
    expect(pass(of, 2700)).toBe(27);
  });

  test('autoscaler - replacements of a rollout are no newcomers, and do not hold growth back', () => {
    const of = world(10);
    expect(pass(of, 1300)).toBe(13);
    of.nowMs += 120_000;
    run(of, 4, 1300);
    // All of them are replaced, and a while later the load doubles.
    const replaced = (load: number): ServiceView => {
      const view = seen(of, load);
      const instances = view.instances.map((one) => ({ ...one, readySinceMs: of.nowMs - 10_000 }));
      return { ...view, instances };
    };
    const { intents } = autoscalerStep(of.state, { view: replaced(2600) });
    const [act] = intents.map((intent) => intent.act);
    // Three of them may be newcomers, by what it has grown; ten are not.
    expect(act?.kind === 'setDemand' ? act.count : 0).toBeGreaterThanOrEqual(21);
  });

  test('autoscaler - an operator holds it, until that expires', () => {
    const of = world(10);
    const hold = { count: 42, untilMs: NOW_MS + 60_000 };
    expect(pass(of, 100, { hold })).toBe(42);
    expect(pass(of, 100, { hold })).toBe(42);
    of.nowMs = hold.untilMs;
    expect(run(of, 30, 100)).toBe(1);
  });

  test('autoscaler - a dry run says what it would do, and asks for nothing', () => {
    const of = world(10);
    const view = seen(of, 3000, { scale: { dryRun: true } });
    const step = autoscalerStep(AUTOSCALER_START, { view });
    expect(step.intents).toEqual([]);
    expect(step.recommendation).toMatchObject({ count: 20 });
    expect(step.recommendation.why).toContain('load is 300, its target 100; 30 was asked for');
  });

  test('autoscaler - a queue is sized by its arrivals and the time that one takes', () => {
    const queue = { arrivals: 'arrivals', serviceTime: 'seconds', concurrency: 4 };
    const view = serviceView(
      { kind: 'stateless', command: ['x'], instances: 10, autoscale: { min: 1, max: 99, queue } },
      {
        goal: { number: 1, demand: 10, stable: 'r1', target: 'r1', shares: [] },
        metric: ({ name }) => value(name === 'arrivals' ? 200 : 0.3),
      },
    );
    const { intents } = autoscalerStep(AUTOSCALER_START, { view });
    // 200 a second × 0.3 s are 60 under way; four for each instance.
    expect(intents.map(({ act }) => act)).toEqual([{ kind: 'setDemand', count: 15 }]);
  });

  test('autoscaler - panic: a short window that shows far too much grows at once, and holds', () => {
    const scale: Partial<Scale> = {
      panic: {},
      tolerance: '10%',
      down: { window: '0s' },
      settle: '0s',
    };
    const of = world(10);
    const look = (short: number, long: number): number => {
      const view = seen(of, long, { scale });
      const metric = (query: MetricQuery): MetricReading =>
        query.windowMs === 6000 ? value(short) : view.metric(query);
      const { state, intents } = autoscalerStep(of.state, {
        view: { ...view, metric },
      });
      of.state = state;
      of.nowMs += 2000;
      const [act] = intents.map((intent) => intent.act);
      return act?.kind === 'setDemand' ? act.count : of.demand;
    };
    expect(look(1000, 1000)).toBe(10);
    // The minute's mean is still low; six seconds are not.
    expect(look(5000, 1400)).toBe(20);
    expect(look(400, 1000)).toBe(20);
  });

  test('autoscaler - stationary noise does not make it swing', () => {
    // Guards: A12.
    const random = seededRandom(5);
    const of = world(100);
    const passes = (3600 * 1000 * 4) / PERIOD_MS;
    // Scraped each 5 s with a coefficient of variation of 30 %; a reading is the mean of a minute.
    const scraped: number[] = [];
    for (let i = 0; i < passes; i++) {
      for (let j = 0; j < 3; j++) {
        // A sum of uniforms is nearly normal.
        let sum = 0;
        for (let k = 0; k < 12; k++) sum += random.below(1_000_000) / 1_000_000;
        scraped.push(Math.max(0, 100 * TARGET * (1 + 0.3 * (sum - 6))));
      }
      const minute = scraped.slice(-12);
      pass(of, minute.reduce((sum, load) => sum + load, 0) / minute.length);
    }
    const steady = of.sizes.slice(passes / 4);
    let [moved, reversals, direction] = [0, 0, 0];
    for (let i = 1; i < steady.length; i++) {
      const change = (steady[i] as number) - (steady[i - 1] as number);
      moved += Math.abs(change);
      if (change !== 0 && direction !== 0 && Math.sign(change) !== direction) reversals++;
      if (change !== 0) direction = Math.sign(change);
    }
    const mean = steady.reduce((sum, size) => sum + size, 0) / steady.length;
    const net = Math.abs((steady.at(-1) as number) - (steady[0] as number));
    const hours = (steady.length * PERIOD_MS) / 3_600_000;
    expect((moved - net) / mean / hours).toBeLessThanOrEqual(0.5);
    // At most one in each window of five minutes.
    expect(reversals).toBeLessThanOrEqual(hours * 12);
  });

  property.prop([
    fc.array(fc.tuple(fc.nat({ max: 3000 }), fc.constantFrom('value', 'missing', 'stale')), {
      maxLength: 60,
    }),
    fc.nat({ max: 30 }),
    fc.nat({ max: 30 }),
    fc.nat({ max: 40 }),
  ])(
    'autoscaler - whatever is seen, it keeps between min and max, and its state stays small',
    (seenLoads, low, more, first) => {
      // Guards: A11.
      const scale = { min: low, max: low + more + 1 };
      const of = world(first);
      for (const [load, kind] of seenLoads) {
        const before = of.demand;
        const look =
          kind === 'value' ? { scale } : { scale, reading: { kind, ageMs: 1 } as MetricReading };
        // The specification needs a first size inside of its bounds.
        const view = { ...seen(of, load, { reading: look.reading ?? value(load) }) };
        const spec = {
          ...view.spec,
          autoscale: { ...view.spec.autoscale, ...scale },
        } as ServiceView['spec'];
        const { state, intents, recommendation } = autoscalerStep(of.state, {
          view: { ...view, spec },
        });
        of.state = JSON.parse(JSON.stringify(state));
        expect(of.state).toEqual(state);
        expect(state.asked.length).toBeLessThanOrEqual(130);
        for (const { act } of intents) {
          if (act.kind !== 'setDemand') throw new Error('it owns the demand only');
          expect(act.count).toBeGreaterThanOrEqual(scale.min);
          expect(act.count).toBeLessThanOrEqual(scale.max);
          of.demand = act.count;
          of.created = Array.from({ length: act.count }, () => 0);
        }
        const bounded = Math.min(Math.max(before, scale.min), scale.max);
        if (kind !== 'value') expect(of.demand).toBe(bounded);
        expect(recommendation.why).not.toBe('');
        of.nowMs += PERIOD_MS;
      }
    },
  );
});

describe('autoscaler and infinite metrics', () => {
  const metric = { name: 'load', target: TARGET };
  const looks: readonly (readonly [string, Partial<Scale>])[] = [
    ['an average', { metric }],
    ['a value', { metric: { ...metric, kind: 'value' } }],
    ['panic', { metric, panic: {} }],
    ['a queue', { queue: { arrivals: 'a', serviceTime: 'b', concurrency: 1 } }],
  ];
  test.each(looks)('autoscaler - %s that is infinite says nothing', (_name, scale) => {
    for (const of of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const view = seen(world(10), 0, { scale, reading: value(of) });
      const { state, intents } = autoscalerStep(AUTOSCALER_START, {
        view,
      });
      expect(intents).toEqual([]);
      expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    }
  });
});
