/** A change of policy in one of several regions: what waits, what does not, and what ends the wait. */
import { fc, test as property } from '@fast-check/vitest';
import {
  applyProblem,
  type DecisionEntry,
  DecisionLog,
  minAvailableOf,
  type Reservation,
  replicasOf,
  type ServiceInput,
  waitsOf,
} from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { intentOf } from '../service-view.ts';
import { Watched } from '../world/watched.ts';

const HEALTH: ServiceInput['health'] = {
  readiness: { http: '/ready', period: '1s', failures: 1 },
};

const stateless = (more: object = {}): ServiceInput => ({
  kind: 'stateless',
  version: 'v1',
  command: ['x'],
  instances: 4,
  health: HEALTH,
  ...more,
});

const sharded = (more: object = {}): ServiceInput => ({
  kind: 'sharded',
  version: 'v1',
  command: ['x'],
  shards: 2,
  health: HEALTH,
  rollout: { strategy: 'zones', soak: '5s', comparison: { enabled: false } },
  ...more,
});

const scaled = (min: number, max: number): object => ({
  instances: min,
  autoscale: { min, max, metric: { name: 'rate', target: 100 } },
});

const WAVE: Reservation = { kind: 'wave', untilMs: 1e12 };
const CALMER = { heal: { remedyMax: '5%' } };

/** It runs in one of several regions. */
function started(service: ServiceInput): Watched {
  const world = new Watched(service);
  world.reservations = [];
  world.run(40_000);
  return world;
}

const remedyMax = (world: Watched): number => world.record.spec.heal.remedyMax;

describe('policy waves', () => {
  test('policy waves - one region takes a change at once, and one of several when it is its turn', () => {
    const alone = started(stateless());
    alone.reservations = null;
    alone.apply(stateless(CALMER));
    alone.tick();
    expect(remedyMax(alone)).toBe(0.05);
    expect(alone.record.waiting ?? null).toBeNull();

    const world = started(stateless());
    world.apply(stateless(CALMER));
    world.run(60_000);
    expect(remedyMax(world)).toBe(0.1);
    expect(waitsOf(world.record, world.nowMs).join()).toMatch(
      /^heal were applied 59000 ms ago and wait until the coordinator grants this region a wave/,
    );
    world.reservations = [
      { kind: 'shrink', untilMs: 1e12 },
      { ...WAVE, untilMs: world.nowMs },
    ];
    world.run(5000);
    expect(remedyMax(world)).toBe(0.1);
    world.reservations = [WAVE];
    world.tick();
    expect(remedyMax(world)).toBe(0.05);
    expect(world.record.waiting).toBeNull();
    expect(waitsOf(world.record, world.nowMs)).toEqual([]);
    world.expectSound();
  });

  test('policy waves - the log says what waits for what, and when it has taken hold', () => {
    const world = started(stateless());
    const log = new DecisionLog();
    const note = world.onPass;
    world.onPass = (before, pass) => {
      note(before, pass);
      log.accept(log.plan(pass.decisions, pass.firstAdmitted, world.nowMs));
    };
    world.apply(stateless({ ...CALMER, budget: { maxUnavailable: 2 } }));
    world.run(10_000);
    world.reservations = [WAVE];
    world.tick();
    const [waited, taken] = log.find({ about: 'policy' }) as [DecisionEntry, DecisionEntry];
    expect(waited).toMatchObject({ times: 10, verdict: { kind: 'delayed', rule: 'region' } });
    expect(JSON.stringify(waited.verdict)).toMatch(/budget\.maxUnavailable, heal.*allowed/);
    expect(taken.verdict.kind).toBe('admitted');
    expect(taken.intent.why).toContain('budget.maxUnavailable, heal');
  });

  test('policy waves - the last word counts: another change waits instead, and the old one ends it', () => {
    const world = started(stateless());
    world.apply(stateless(CALMER));
    world.run(10_000);
    world.apply(stateless({ heal: { remedyMax: '50%' }, budget: { maxUnavailable: 3 } }));
    world.run(5000);
    expect(world.record.waiting?.fields).toEqual(['budget.maxUnavailable', 'heal']);
    expect(world.record.waiting?.parts.heal.remedyMax).toBe(0.5);
    world.apply(stateless());
    world.run(5000);
    expect(world.record.waiting).toBeNull();
    world.reservations = [WAVE];
    world.run(5000);
    expect(remedyMax(world)).toBe(0.1);
  });

  test('policy waves - who says its token does not wait, nor does an operator who wants it', () => {
    const world = started(stateless());
    world.apply(stateless(CALMER), ['wave-0000000000000000']);
    world.tick();
    const { token = '' } = world.record.waiting ?? {};
    expect(waitsOf(world.record, world.nowMs).join()).toContain(token);
    // Of this change only.
    world.apply(stateless({ heal: { remedyMax: '50%' } }), [token]);
    world.tick();
    expect(remedyMax(world)).toBe(0.1);
    world.apply(stateless(CALMER), [token]);
    world.tick();
    expect(remedyMax(world)).toBe(0.05);
    world.apply(stateless());
    world.tick();
    const { waiting } = world.record;
    if (!waiting) throw new Error('the way back waits as well');
    const act = { kind: 'takePolicy' as const, fields: waiting.fields, token: waiting.token };
    world.want(intentOf({ ...act, token }, { who: 'operator', expiresMs: 1e12 }));
    world.tick();
    expect(remedyMax(world)).toBe(0.05);
    world.want(intentOf(act, { who: 'operator', expiresMs: 1e12 }));
    world.tick();
    expect(remedyMax(world)).toBe(0.1);
  });

  test('policy waves - another brain waits on, from what was stored', () => {
    const world = started(stateless());
    world.apply(stateless(CALMER));
    world.tick({ at: 'afterCommit' });
    world.run(20_000);
    expect(remedyMax(world)).toBe(0.1);
    world.reservations = [WAVE];
    world.tick({ at: 'beforeCommit' });
    expect(remedyMax(world)).toBe(0.1);
    world.tick();
    expect(remedyMax(world)).toBe(0.05);
    // The only region: nobody is waited for any more.
    world.reservations = [];
    world.apply(stateless());
    world.run(5000);
    expect(remedyMax(world)).toBe(0.05);
    world.reservations = null;
    world.tick();
    expect(remedyMax(world)).toBe(0.1);
  });

  test('policy waves - another revision does not wait, and is rolled out as it was written to be', () => {
    const world = started(stateless());
    const revision = world.apply(
      stateless({ version: 'v2', ...CALMER, rollout: { strategy: 'rolling', minReady: '7s' } }),
    );
    world.run(90_000);
    expect(world.record.goal.stable).toBe(revision);
    expect(world.versions()).toEqual({ v2: 4 });
    expect(world.record.spec.rollout.minReady).toBe(7000);
    expect(world.record.waiting?.fields).toEqual(['heal']);
    // Without another revision it is a change of policy like any other.
    world.apply(
      stateless({ version: 'v2', ...CALMER, rollout: { strategy: 'rolling', minReady: '9s' } }),
    );
    world.run(5000);
    expect(world.record.spec.rollout.minReady).toBe(7000);
    expect(world.record.waiting?.fields).toEqual(['heal', 'rollout']);
    world.reservations = [WAVE];
    world.tick();
    expect(world.record.spec.rollout.minReady).toBe(9000);
    expect(remedyMax(world)).toBe(0.05);
    world.expectSound();
  });

  test('policy waves - what is urgent does not wait: a freeze, verbs, more instances', () => {
    const world = started(stateless());
    world.apply(stateless({ ...CALMER, frozen: true, instances: 6 }));
    world.tick();
    expect(world.record.isFrozen).toBe(true);
    expect(world.record.goal.demand).toBe(6);
    expect(remedyMax(world)).toBe(0.1);
    // Frozen, nothing is taken up either.
    world.reservations = [WAVE];
    world.run(5000);
    expect(remedyMax(world)).toBe(0.1);
    world.observe({ kind: 'freeze', isFrozen: false });
    world.tick();
    expect(remedyMax(world)).toBe(0.05);

    const other = started(stateless());
    other.behaviours.set('v2', { isReady: false });
    const bad = other.apply(stateless({ version: 'v2', ...CALMER }));
    other.run(10_000);
    other.say('abort');
    other.run(30_000);
    expect(other.record.revisions.find(({ id }) => id === bad)?.blocked).not.toBeNull();
    expect(other.versions()).toEqual({ v1: 4 });
    expect(other.record.waiting).not.toBeNull();
    other.expectSound();
  });

  test('policy waves - what keeps a quorum goes with the replicas that it counts', () => {
    // Guards: A1.
    for (const isTaken of ['before', 'after'] as const) {
      const world = started(sharded());
      const two = sharded({ replicas: 2, budget: { minAvailable: 1 }, ...CALMER });
      const problem = applyProblem(world.record, world.specOf(two), { zonesCount: 3 });
      const token = /relayout-[0-9a-f]{16}/.exec(problem?.message ?? '')?.[0] ?? '';
      const check = (): void => {
        const { spec } = world.record;
        if (spec.kind !== 'sharded') throw new Error('it is sharded');
        const [replicas, least] = [replicasOf(spec, 3), minAvailableOf(spec, 3)];
        expect([replicas, least]).toEqual(replicas === 3 ? [3, 2] : [2, 1]);
      };
      const [deaf] = world.routers;
      if (deaf === undefined) throw new Error('there are routers');
      deaf.isDeaf = true;
      world.apply(two, [token]);
      world.tick();
      expect(world.record.waiting?.fields).toEqual(['heal']);
      for (let i = 0; i < 240; i++) {
        if (i === (isTaken === 'before' ? 20 : 200)) world.reservations = [WAVE];
        if (i === 60) deaf.isDeaf = false;
        world.tick();
        check();
      }
      expect(world.record.dual).toBeNull();
      expect(world.record.spec).toMatchObject({ replicas: 2, budget: { minAvailable: 1 } });
      expect(remedyMax(world)).toBe(0.05);
      world.expectSound();
    }
    // By itself it is policy.
    const world = started(sharded());
    world.apply(sharded({ budget: { minAvailable: 1 } }));
    world.run(5000);
    expect(world.record.waiting?.fields).toEqual(['budget.minAvailable']);
    expect(world.record.spec.budget.minAvailable).toBeUndefined();
    world.reservations = [WAVE];
    world.tick();
    expect(world.record.spec.budget.minAvailable).toBe(1);
  });

  test('policy waves - a turn shrinks nothing; lower bounds are reached with a reservation for that', () => {
    const world = started(stateless(scaled(6, 8)));
    world.load = 10;
    world.run(60_000);
    expect(world.record.goal.demand).toBe(6);
    world.apply(stateless(scaled(2, 4)));
    world.run(10_000);
    expect(world.record.goal.demand).toBe(6);
    world.reservations = [WAVE];
    world.run(600_000);
    expect(world.record.spec.autoscale).toMatchObject({ min: 2, max: 4 });
    expect(world.record.goal.demand).toBe(6);
    world.reservations = [{ kind: 'shrink', untilMs: 1e12, floors: { shop: 3 } }];
    world.want(
      intentOf(
        { kind: 'setDemand', count: 5 },
        { who: 'region', priority: 'shrink', expiresMs: 1e12 },
      ),
    );
    world.tick();
    // Above the bounds, on its way to them.
    expect(world.record.goal.demand).toBe(5);
    world.reservations = [{ kind: 'shrink', untilMs: 1e12, floors: { shop: 2 } }];
    world.run(700_000);
    expect(world.record.goal.demand).toBeLessThanOrEqual(4);
    world.expectSound();
  });

  test('policy waves - whether it is scaled waits together with how many are written', () => {
    const world = started(stateless());
    world.apply(stateless(scaled(7, 9)));
    world.run(10_000);
    expect(world.record.goal.demand).toBe(4);
    expect(world.record.waiting?.fields).toEqual(['autoscale', 'size']);
    world.reservations = [WAVE];
    world.run(5000);
    expect(world.record.goal.demand).toBeGreaterThanOrEqual(7);
    world.expectSound();
  });

  property.prop([
    fc.array(
      fc.record({
        remedy: fc.constantFrom('5%', '10%', '20%'),
        budget: fc.integer({ min: 1, max: 3 }),
        version: fc.constantFrom('v1', 'v2'),
        size: fc.integer({ min: 3, max: 6 }),
        bounds: fc.constantFrom(null, [2, 6], [4, 9]),
        turn: fc.constantFrom('none', 'wave', 'alone'),
        crash: fc.boolean(),
      }),
      { minLength: 1, maxLength: 8 },
    ),
  ])(
    'policy waves - whatever is applied and whenever it is its turn, what was applied last holds',
    (all) => {
      const world = started(stateless());
      for (const { remedy, budget, version, size, bounds, turn, crash } of all) {
        const [min = 0, max = 0] = bounds ?? [];
        const service = stateless({
          version,
          heal: { remedyMax: remedy },
          budget: { maxUnavailable: budget },
          ...(bounds === null ? { instances: size } : scaled(min, max)),
        });
        const wanted = world.specOf(service);
        world.apply(service);
        world.reservations = turn === 'none' ? [] : turn === 'wave' ? [WAVE] : null;
        world.tick(crash ? { at: 'afterCommit' } : null);
        world.run(3000);
        const { spec, waiting } = world.record;
        const holds = [spec.heal.remedyMax, spec.budget.maxUnavailable, spec.autoscale?.max];
        const asked = [wanted.heal.remedyMax, wanted.budget.maxUnavailable, wanted.autoscale?.max];
        if (turn !== 'none') expect(waiting ?? null).toBeNull();
        if (!waiting) expect(holds).toEqual(asked);
        else {
          const { heal, budget: limits, autoscale } = waiting.parts;
          expect([heal.remedyMax, limits.maxUnavailable, autoscale?.max]).toEqual(asked);
        }
      }
      world.expectSound();
    },
  );
});
