/** The life of an instance: its ordinary course, and that no order of events leaves the drawing. */
import { fc, test as property } from '@fast-check/vitest';
import {
  fleet,
  INSTANCE_EDGES,
  type InstanceConfig,
  type InstanceInput,
  type InstanceRecord,
  type InstanceState,
  instanceStep,
  isFailing,
  newInstance,
  probesOf,
  type ServiceInput,
} from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';

type Happening = InstanceInput extends infer I
  ? I extends unknown
    ? Omit<I, 'nowMs'>
    : never
  : never;

function configOf(health: NonNullable<ServiceInput['health']>): InstanceConfig {
  const service: ServiceInput = { kind: 'stateless', command: ['x'], stopGrace: '30s', health };
  const regions = [{ name: 'eu', zones: ['a'] }];
  const { shop } = fleet({ name: 'test', regions, services: { shop: service } }).services;
  if (shop === undefined) throw new Error('the fleet has lost its service');
  return shop;
}
const FULL = configOf({
  startup: { tcp: true, failures: 3 },
  liveness: { http: '/live', failures: 3 },
  readiness: { http: '/ready', failures: 2, successes: 2 },
  drain: { http: '/drain' },
});
const BARE = configOf({});

class Life {
  record: InstanceRecord = newInstance(0);
  nowMs = 0;
  readonly effects: string[] = [];
  readonly config: InstanceConfig;

  constructor(config: InstanceConfig) {
    this.config = config;
  }

  /** What happens, a second apart. */
  sees(...inputs: readonly Happening[]): this {
    for (const input of inputs) {
      this.nowMs += 1000;
      const step = instanceStep(
        this.record,
        { ...input, nowMs: this.nowMs } as InstanceInput,
        this.config,
      );
      this.record = step.record;
      this.effects.push(...step.effects);
    }
    return this;
  }

  get state(): InstanceState {
    return this.record.state;
  }
}

const running: Happening = { kind: 'agent', word: 'running' };
const ended: Happening = { kind: 'agent', word: 'ended' };
const silent: Happening = { kind: 'agent', word: 'silent' };
const tick: Happening = { kind: 'tick' };
const order = (of: 'start' | 'leave' | 'stay' | 'drain' | 'stop' | 'fence'): Happening => ({
  kind: 'order',
  order: of,
});
const probe = (of: 'startup' | 'liveness' | 'readiness', isWell: boolean): Happening => ({
  kind: 'probe',
  probe: of,
  isWell,
});
const up = (): Life =>
  new Life(FULL).sees(
    order('start'),
    running,
    probe('startup', true),
    probe('readiness', true),
    probe('readiness', true),
  );

describe('instance', () => {
  test('instance - starts, warms up, serves, leaves, drains, stops', () => {
    const life = new Life(FULL).sees(order('start'));
    expect(life.effects).toEqual(['start']);
    expect(life.sees(running).state).toBe('starting');
    expect(probesOf(life.record, FULL)).toEqual(['startup']);
    expect(life.sees(probe('startup', true)).state).toBe('warming');
    expect(probesOf(life.record, FULL)).toEqual(['liveness', 'readiness']);
    expect(life.sees(probe('readiness', true)).state).toBe('warming');
    expect(life.sees(probe('readiness', true)).state).toBe('ready');
    expect(life.record.readySinceMs).toBe(life.nowMs);
    expect(life.sees(order('leave')).state).toBe('leaving');
    expect(life.sees(order('drain')).state).toBe('draining');
    expect(life.sees({ kind: 'drain', answer: 'tooEarly' }, tick).record.mayStop).toBe(false);
    expect(life.effects).toEqual(['start', 'askDrain', 'askDrain']);
    expect(life.sees({ kind: 'drain', answer: 'mayStop' }, tick).record.mayStop).toBe(true);
    expect(life.sees(order('stop')).state).toBe('stopping');
    expect(life.sees(ended).state).toBe('stopped');
    expect(life.effects).toEqual(['start', 'askDrain', 'askDrain', 'terminate']);
    expect(life.sees(running, order('start'), tick).state).toBe('stopped');
  });

  test('instance - without probes it is ready when it runs, and drains at once', () => {
    const life = new Life(BARE).sees(order('start'), running);
    expect(life.state).toBe('ready');
    expect(life.sees(order('leave'), order('drain')).record.mayStop).toBe(true);
    expect(life.effects).toEqual(['start']);
  });

  test('instance - readiness takes enough in a row to turn, either way', () => {
    const life = up();
    expect(
      life.sees(probe('readiness', false), probe('readiness', true), probe('readiness', false))
        .state,
    ).toBe('ready');
    expect(life.sees(probe('readiness', false)).state).toBe('unready');
    expect(life.record.readySinceMs).toBeNull();
    expect(
      life.sees(probe('readiness', true), probe('readiness', false), probe('readiness', true))
        .state,
    ).toBe('unready');
    expect(life.sees(probe('readiness', true)).state).toBe('ready');
  });

  test('instance - a failed liveness is told, not acted on', () => {
    const life = up().sees(...Array.from({ length: 3 }, () => probe('liveness', false)));
    expect([life.state, isFailing(life.record), life.effects]).toEqual(['ready', true, ['start']]);
    const slow = new Life(FULL).sees(
      order('start'),
      running,
      ...Array.from({ length: 3 }, () => probe('startup', false)),
    );
    expect([slow.state, isFailing(slow.record)]).toEqual(['starting', true]);
  });

  test('instance - a leave can be called off, and the next one asks again', () => {
    const life = up().sees(order('leave'), order('drain'), { kind: 'drain', answer: 'mayStop' });
    expect(life.sees(order('stay')).state).toBe('ready');
    expect(life.sees(order('leave'), order('drain')).record.mayStop).toBe(false);
  });

  test('instance - who does not go is killed after its grace, again and again', () => {
    const life = up().sees(order('stop'));
    life.nowMs += 28_000;
    expect(life.sees(tick).effects.at(-1)).toBe('terminate');
    expect(life.sees(tick, tick).effects.slice(-2)).toEqual(['kill', 'kill']);
    expect(life.record.isKilled).toBe(true);
    // It has not gone before the agent says so.
    expect(life.state).toBe('stopping');
  });

  test('instance - what ends by itself has failed; what was to end has stopped', () => {
    expect(up().sees(ended).state).toBe('failed');
    expect(up().sees(ended, order('stop')).state).toBe('stopped');
    expect(up().sees(order('leave'), ended).state).toBe('failed');
    expect(up().sees(order('fence'), ended).state).toBe('stopped');
    expect(up().sees(order('stop'), silent, ended).state).toBe('stopped');
  });

  test('instance - one that nobody sees is taken up where it was', () => {
    expect(up().sees(silent).state).toBe('unknown');
    expect(up().sees(silent, running).state).toBe('ready');
    expect(up().sees(order('leave'), silent, running).state).toBe('leaving');
    expect(up().sees(order('stop'), silent, running).state).toBe('stopping');
    expect(new Life(FULL).sees(silent, running).state).toBe('starting');
    expect(up().sees(silent, ended).state).toBe('failed');
  });

  const happenings = fc.array(
    fc.oneof(
      fc.constantFrom(running, running, ended, silent, tick),
      fc
        .constantFrom('start', 'leave', 'stay', 'drain', 'stop', 'fence')
        .map((of) => order(of as 'start')),
      fc
        .tuple(fc.constantFrom('startup', 'liveness', 'readiness'), fc.boolean())
        .map(([of, isWell]) => probe(of as 'startup', isWell)),
      fc
        .constantFrom('mayStop', 'tooEarly', 'no')
        .map((answer): Happening => ({ kind: 'drain', answer: answer as 'no' })),
    ),
    { maxLength: 80 },
  );

  property.prop([happenings, fc.boolean()], { numRuns: 1000 })(
    'instance - no order of events leaves the drawing',
    (list, isFull) => {
      const life = new Life(isFull ? FULL : BARE);
      let wasTold = false;
      for (const one of list) {
        const before = life.state;
        life.sees(one);
        const isNext = INSTANCE_EDGES[before].includes(life.state);
        // Nothing to ask for: a running process may pass through several states at once.
        const isThrough = one.kind === 'agent' || one.kind === 'probe';
        if (before !== life.state && !isThrough) expect(isNext).toBe(true);
        if (before === 'stopped') expect(life.state).toBe('stopped');
        expect(life.record.readySinceMs === null).toBe(life.state !== 'ready');
        wasTold ||= one.kind === 'agent' && one.word === 'ended';
        // Only the agent's word, or an order to one that has ended, makes it stopped.
        if (life.state === 'stopped') expect(wasTold).toBe(true);
        expect(JSON.parse(JSON.stringify(life.record))).toEqual(life.record);
      }
    },
  );
});
