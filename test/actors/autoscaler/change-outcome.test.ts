/** What the autoscaler makes of its own changes: reached, failed, set back; flapping; waking from nothing. */
import {
  AUTOSCALER_START,
  type AutoscalerState,
  autoscalerStep,
  type FleetInput,
  type MetricReading,
  readFleet,
  type ServiceInput,
  type ServiceView,
} from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { instanceView, NOW_MS, serviceView } from '../service-view.ts';

const DEADLINE_MS = 600_000;
type Scale = NonNullable<Extract<ServiceInput, { kind: 'stateless' }>['autoscale']>;

const value = (of: number): MetricReading => ({
  kind: 'value',
  value: of,
  samples: 100,
  ageMs: 1000,
});

/** A service that is told by one value how many it needs; instances appear when a test says so. */
class Small {
  state: AutoscalerState = AUTOSCALER_START;
  nowMs: number = NOW_MS;
  demand = 10;
  ready = 10;
  /** There, but not ready. */
  booting = 0;
  need = 10;
  more: Partial<ServiceView> = {};
  readonly scale: Partial<Scale>;

  constructor(scale: Partial<Scale> = {}) {
    this.scale = scale;
  }

  view(): ServiceView {
    const { nowMs, ready, booting, demand, scale } = this;
    const instances = Array.from({ length: ready + booting }, (_, ordinal) =>
      instanceView(
        { zone: 'a', ordinal },
        { state: ordinal < ready ? 'ready' : 'starting', seenMs: nowMs },
      ),
    );
    const metric = { name: 'load', target: 1, kind: 'valuePerInstance' } as const;
    return serviceView(
      {
        kind: 'stateless',
        command: ['x'],
        instances: 10,
        autoscale: { min: 0, max: 1000, metric, settle: '0s', down: { window: '0s' }, ...scale },
      },
      {
        nowMs,
        instances,
        goal: { number: 1, demand, stable: 'r1', target: 'r1', shares: [] },
        metric: () => value(this.need),
        ...this.more,
      },
    );
  }

  /** What it asks for; null: nothing. */
  asks(): number | null {
    const { state, intents } = autoscalerStep(this.state, { view: this.view() });
    this.state = JSON.parse(JSON.stringify(state));
    const [act] = intents.map((intent) => intent.act);
    return act?.kind === 'setDemand' ? act.count : null;
  }

  /** It asks and gets it; nobody has followed yet. */
  changes(need: number): number | null {
    this.need = need;
    const asked = this.asks();
    if (asked !== null) this.demand = asked;
    return asked;
  }

  after(ms: number): this {
    this.nowMs += ms;
    return this;
  }
}

describe('autoscaler and its last change', () => {
  test('autoscaler - growing that nobody follows has failed, and growing waits longer each time', () => {
    const small = new Small();
    let demand = 10;
    for (const waitMs of [10_000, 20_000, 40_000]) {
      demand += 5;
      expect(small.changes(demand)).toBe(demand);
      expect(small.after(1000).asks()).toBe(null);
      expect(small.after(DEADLINE_MS).asks()).toBe(null);
      small.need = demand + 5;
      expect(small.after(waitMs - 1).asks()).toBe(null);
      expect(small.after(1).asks()).toBe(demand + 5);
    }
  });

  test('autoscaler - as long as something moves nothing has failed, and what is reached is forgiven', () => {
    const small = new Small();
    expect(small.changes(13)).toBe(13);
    small.after(1000).asks();
    for (const ready of [11, 12]) {
      expect(small.after(DEADLINE_MS - 1).asks()).toBe(null);
      small.ready = ready;
      expect(small.asks()).toBe(null);
    }
    expect(small.state.outcome.failures.up.count).toBe(0);
    // One more and it is there; before that it stands still for too long once.
    small.after(DEADLINE_MS).asks();
    expect(small.state.outcome.failures.up.count).toBe(1);
    expect(small.after(15_000).changes(15)).toBe(15);
    small.after(1000).asks();
    small.ready = 15;
    small.asks();
    expect(small.state.outcome.failures.up).toEqual({ count: 0, untilMs: 0 });
  });

  test('autoscaler - a rollout under way and a freeze are not held against it', () => {
    const target = { number: 1, demand: 15, stable: 'r1', target: 'r2', shares: [] };
    for (const more of [{ isFrozen: true }, { goal: target }]) {
      const small = new Small();
      small.changes(15);
      small.more = more;
      for (let i = 0; i < 5; i++) small.after(DEADLINE_MS).asks();
      expect(small.state.outcome.failures.up.count).toBe(0);
      small.more = {};
      small.after(DEADLINE_MS).asks();
      expect(small.state.outcome.failures.up.count).toBe(1);
    }
  });

  test('autoscaler - what somebody sets back waits that way only', () => {
    const small = new Small();
    expect(small.changes(20)).toBe(20);
    small.asks();
    small.ready = 20;
    small.after(1000).asks();
    // An operator: ten are enough.
    small.demand = 10;
    expect(small.after(1000).asks()).toBe(null);
    expect(small.after(9999).asks()).toBe(null);
    small.need = 5;
    expect(small.asks()).toBe(5);
    small.need = 20;
    expect(small.after(1).asks()).toBe(20);
  });

  test('autoscaler - shrinking that nobody follows never keeps it from growing', () => {
    const small = new Small();
    expect(small.changes(5)).toBe(5);
    small.after(1000).asks();
    small.after(DEADLINE_MS).asks();
    expect(small.state.outcome.failures.down.count).toBe(1);
    small.need = 4;
    expect(small.asks()).toBe(null);
    small.need = 8;
    expect(small.asks()).toBe(8);
  });

  test("autoscaler - an operator's hold is no change of its own", () => {
    const small = new Small();
    small.more = { hold: { count: 30, untilMs: NOW_MS + 10 * DEADLINE_MS } };
    expect(small.changes(10)).toBe(30);
    for (let i = 0; i < 5; i++) small.after(DEADLINE_MS).asks();
    expect(small.state.outcome.attempt).toBe(null);
    expect(small.state.outcome.failures.up.count).toBe(0);
  });
});

describe('autoscaler and its flap budget', () => {
  test('autoscaler - a ramp is one change however many steps it takes; turning back is another', () => {
    // Guards: A12.
    const small = new Small({ flapBudget: { changes: 4, window: '1h' } });
    const goes = (need: number): number | null => {
      const asked = small.after(20_000).changes(need);
      small.ready = small.demand;
      return asked;
    };
    for (let need = 12; need <= 40; need += 4) expect(goes(need)).toBe(need);
    expect(goes(20)).toBe(20);
    expect(goes(30)).toBe(30);
    // Up, down, up: this is the fourth.
    expect(goes(20)).toBe(20);
    // Going on is no turn.
    expect(goes(15)).toBe(15);
    expect(goes(30)).toBe(30);
    expect(goes(20)).toBe(null);
    // Growing for need never is.
    expect(goes(50)).toBe(50);
    expect(small.after(3_600_000).changes(20)).toBe(20);
  });
});

describe('autoscaler and turning back', () => {
  test('autoscaler - what was given back too soon is given back later the next time', () => {
    // Guards: A12.
    const small = new Small({ settle: '60s' });
    const shrinksAfter = (need: number): number => {
      small.need = need;
      for (let s = 0; s < 7200; s += 10) {
        const asked = small.after(10_000).changes(need);
        if (asked !== null) return s + 10;
      }
      return Number.POSITIVE_INFINITY;
    };
    const grows = (need: number): void => {
      expect(small.after(10_000).changes(need)).toBe(need);
      small.after(1).asks();
    };
    grows(20);
    expect(shrinksAfter(10)).toBe(60);
    grows(20);
    // Up, down, up: sixteen times as long.
    expect(shrinksAfter(15)).toBe(960);
    // Going on is no turn; the change is seen one pass later.
    expect(shrinksAfter(10)).toBe(70);
    grows(20);
    // Five turns: longer still, but no longer than the first of them are within the hour.
    expect(shrinksAfter(10)).toBe(2490);
  });

  test('autoscaler - within the tolerance of what there is, nothing is given back', () => {
    const small = new Small();
    small.demand = 20;
    small.ready = 20;
    for (const [need, asked] of [
      [19, null],
      [18.5, null],
      [17.9, 18],
    ] as const) {
      small.need = need;
      expect(small.after(20_000).asks()).toBe(asked);
    }
    // Of 19, 17.05 needs 18: that is hardly less.
    small.demand = 19;
    small.need = 17.05;
    expect(small.after(20_000).asks()).toBe(null);
    small.need = 16.9;
    expect(small.after(20_000).asks()).toBe(17);
  });
});

describe('autoscaler and shards', () => {
  test('autoscaler - a shard is reached when all of its zones serve', () => {
    const places = (shards: number) =>
      ['a', 'b', 'c'].flatMap((zone) =>
        Array.from({ length: shards }, (_, ordinal) =>
          instanceView({ zone, ordinal }, { seenMs: NOW_MS }),
        ),
      );
    let state = AUTOSCALER_START;
    const look = (demand: number, instances: ReturnType<typeof places>, nowMs: number) => {
      const view = serviceView(
        {
          kind: 'sharded',
          command: ['x'],
          shards: 2,
          autoscale: {
            min: 1,
            max: 9,
            metric: { name: 'load', target: 1, kind: 'valuePerInstance' },
          },
        },
        {
          nowMs,
          instances,
          goal: { number: 1, demand, stable: 'r1', target: 'r1', shares: [] },
          metric: () => value(3),
        },
      );
      state = autoscalerStep(state, { view }).state;
      return state.outcome.attempt?.isReached;
    };
    look(2, places(2), NOW_MS);
    const late = places(3).map((one) =>
      one.ordinal === 2 && one.zone === 'c'
        ? { ...one, state: 'starting' as const, readySinceMs: null }
        : one,
    );
    expect(look(3, late, NOW_MS + 1000)).toBe(false);
    expect(look(3, places(3), NOW_MS + 2000)).toBe(true);
  });
});

describe('autoscaler and nobody', () => {
  const asks = (autoscale: Scale, readings: Readonly<Record<string, MetricReading>>) => {
    const view = serviceView(
      { kind: 'stateless', command: ['x'], instances: autoscale.min, autoscale },
      {
        goal: { number: 1, demand: 0, stable: 'r1', target: 'r1', shares: [] },
        metric: ({ name, scope }) =>
          scope.instance === undefined
            ? (readings[name] ?? { kind: 'missing' })
            : { kind: 'missing' },
      },
    );
    const { intents } = autoscalerStep(AUTOSCALER_START, { view });
    return intents.map(({ act }) => (act.kind === 'setDemand' ? act.count : act.kind));
  };
  const rate = { name: 'rate', target: 100 };

  test('autoscaler - the rate of the whole service wakes it from nothing', () => {
    const scale: Scale = { min: 0, max: 50, metric: rate };
    expect(asks(scale, { rate: value(250) })).toEqual([3]);
    expect(asks(scale, { rate: value(0.1) })).toEqual([1]);
    expect(asks(scale, { rate: value(0) })).toEqual([]);
    expect(asks(scale, {})).toEqual([]);
    // Also when all that may come at once is a share of those that are there.
    const shares: Scale = { ...scale, up: { policies: [{ percent: '100%', period: '15s' }] } };
    expect(asks(shares, { rate: value(250) })).toEqual([1]);
    // Other metrics cannot be asked, and do not keep it from growing.
    const two: Scale = { ...scale, metrics: [{ name: 'heap', target: 5 }] };
    expect(asks(two, { rate: value(250) })).toEqual([3]);
  });

  test('autoscaler - a queue wakes it, also when nobody can say how long one takes', () => {
    const queue = { arrivals: 'arrivals', serviceTime: 'seconds', concurrency: 4 };
    const scale: Scale = { min: 0, max: 50, queue };
    expect(asks(scale, { arrivals: value(200), seconds: value(0.2) })).toEqual([4]);
    expect(asks(scale, { arrivals: value(200) })).toEqual([1]);
    expect(asks(scale, { arrivals: value(0) })).toEqual([]);
  });

  test('autoscaler - who was woken and is not ready yet is not sent back to sleep', () => {
    const small = new Small({ metric: { name: 'backlog', target: 10, kind: 'value' } });
    small.demand = 0;
    small.ready = 0;
    expect(small.changes(35)).toBe(4);
    small.booting = 4;
    for (let i = 0; i < 40; i++) expect(small.after(10_000).asks()).toBe(null);
  });

  test('autoscaler - min 0 with nothing that could wake it is refused, with the cure', () => {
    const problems = (autoscale: Scale): readonly string[] => {
      const input: FleetInput = {
        apiVersion: 'ringmaster/v1',
        kind: 'Fleet',
        name: 'test',
        regions: [{ name: 'eu', zones: ['a'] }],
        services: { shop: { kind: 'stateless', command: ['x'], instances: 1, autoscale } },
      };
      const read = readFleet(input);
      return read.ok ? [] : read.problems.map(({ message }) => message);
    };
    const of = (metric: Scale['metric']): Scale => ({ min: 0, max: 5, metric });
    const heap = { name: 'heap', target: 5 };
    expect(problems(of(heap))).toEqual([
      'is 0, and only instances tell heap: with none of them it would never grow again; ' +
        'set min to 1, or add rate, a queue, or a metric with kind: value',
    ]);
    expect(problems(of({ ...rate, kind: 'utilization' }))).toHaveLength(1);
    expect(problems({ ...of(heap), min: 1 })).toEqual([]);
    expect(problems({ ...of(heap), metrics: [rate] })).toEqual([]);
    expect(problems(of({ ...heap, kind: 'value' }))).toEqual([]);
    const queue = { arrivals: 'rate', serviceTime: 'seconds', concurrency: 1 };
    expect(problems({ ...of(heap), queue })).toEqual([]);
  });
});
