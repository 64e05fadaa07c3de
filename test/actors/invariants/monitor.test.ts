/** Every invariant can fail: for each, a pass that breaks it, and the same pass without the fault. */
import {
  type Act,
  type Decision,
  INVARIANTS,
  type InstanceEntry,
  type Intent,
  InvariantMonitor,
  type PassFacts,
  type ServiceRecord,
  type ServiceView,
  viewOf,
} from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { intentOf, NOW_MS } from '../service-view.ts';
import { FleetWorld } from '../world/fleet-world.ts';

const HEALTH = { readiness: { http: '/r', period: '1s' as const } };

/** A pass over a service that runs, in which nothing happens. */
function quiet(kind: 'sharded' | 'stateless', more: object = {}): PassFacts {
  const size = kind === 'sharded' ? { shards: 3 } : { instances: 6 };
  const world = new FleetWorld({ kind, command: ['x'], health: HEALTH, ...size, ...more } as never);
  world.run(40_000);
  const view = viewOf(world.record, { ...world.around() });
  return { view, before: world.record, after: world.record, decisions: [], effects: [] };
}

const found = (facts: PassFacts): readonly string[] => [
  ...new Set(new InvariantMonitor().check(facts).map(({ invariant }) => invariant)),
];
const admitted = (...intents: readonly Intent[]): readonly Decision[] =>
  intents.map((intent) => ({ intent, verdict: { kind: 'admitted' } }));
const wanted = (act: Act, more: Partial<Intent> = {}): Intent => intentOf(act, more);
const stops = (view: ServiceView, ...at: readonly number[]): readonly Decision[] =>
  admitted(...at.map((i) => wanted({ kind: 'stop', instance: view.instances[i]?.id ?? '' })));
const withAfter = (facts: PassFacts, more: Partial<ServiceRecord>): PassFacts => ({
  ...facts,
  after: { ...facts.after, ...more },
});
const changedInstance = (facts: PassFacts, more: Partial<InstanceEntry>): PassFacts => {
  const instances = new Map(facts.after.instances);
  const [id, entry] = [...instances][0] as [string, InstanceEntry];
  instances.set(id, { ...entry, ...more });
  return withAfter(facts, { instances });
};

const sharded = quiet('sharded');
const stateless = quiet('stateless');
const scaled = quiet('stateless', {
  autoscale: { min: 2, max: 9, metric: { name: 'x', target: 1 } },
});
const analysed = quiet('stateless', {
  rollout: { strategy: 'rolling', analysis: [{ metric: 'error_ratio', max: '1%' }] },
});
const ring = sharded.after.ring;
if (ring === null) throw new Error('there is no ring');
const goal = (facts: PassFacts, more: object): PassFacts =>
  withAfter(facts, { goal: { ...facts.after.goal, ...more } });

// Instances 0 to 2 are shards 0 to 2 of zone a, 3 to 5 of zone b.
const broken: readonly (readonly [string, string, PassFacts])[] = [
  ['A1', 'a shard loses its quorum', { ...sharded, decisions: stops(sharded.view, 0, 3) }],
  ['A1', 'a service loses too many', { ...stateless, decisions: stops(stateless.view, 0, 1) }],
  ['A2', 'two zones at once', { ...sharded, decisions: stops(sharded.view, 0, 4) }],
  ['A3', 'a route to one that is ejected', changedInstance(sharded, { isEjected: true })],
  [
    'A4',
    'a shard in two zones only',
    withAfter(sharded, {
      ring: { ...ring, generation: ring.generation + 1, members: ring.members.slice(1) },
    }),
  ],
  [
    'A4',
    'two tables of one generation',
    withAfter(sharded, { ring: { ...ring, weights: ring.weights.map(() => 2) } }),
  ],
  ['A4', 'the owner of keys is stopped', { ...sharded, decisions: stops(sharded.view, 0) }],
  [
    'A5',
    'a generation that changes nothing',
    withAfter(sharded, { ring: { ...ring, generation: ring.generation + 1 } }),
  ],
  ['A6', 'routes go back', withAfter(sharded, { routes: { ...sharded.after.routes, number: 0 } })],
  ['A7', 'a deposed leader is heard', { ...sharded, acceptedFromDeposed: 1 }],
  [
    'A8',
    'an empty ring',
    withAfter(sharded, {
      ring: { ...ring, generation: ring.generation + 1, members: [], weights: [] },
    }),
  ],
  [
    'A9',
    'promoted on missing data',
    {
      ...analysed,
      decisions: admitted(
        wanted(
          { kind: 'setStable', revision: 'r2' },
          { inputs: [{ name: 'error_ratio', value: 'missing', ageMs: 0 }] },
        ),
      ),
    },
  ],
  [
    'A9',
    'more slots than the split has',
    {
      ...stateless,
      before: { ...stateless.before, slots: new Map() },
      after: {
        ...stateless.after,
        goal: { ...stateless.after.goal, shares: stateless.after.goal.shares.slice(1) },
      },
    },
  ],
  [
    'A10',
    'too many remedies in one pass',
    {
      ...stateless,
      decisions: admitted(
        ...[0, 1].map((i) => {
          const { id, slot } = stateless.view.instances[i] as ServiceView['instances'][number];
          const act: Act = { kind: 'replace', slot, instance: id, revision: 'r' };
          return wanted(act, { who: 'healer', priority: 'heal' });
        }),
      ),
    },
  ],
  ['A11', 'below its least', goal(scaled, { demand: 1 })],
  [
    'A13',
    'on an old look',
    {
      ...stateless,
      view: {
        ...stateless.view,
        instances: stateless.view.instances.map((one) => ({ ...one, seenMs: 0 })),
      },
      decisions: stops(stateless.view, 0),
    },
  ],
  [
    'A15',
    'the rollout scales',
    { ...stateless, decisions: admitted(wanted({ kind: 'setDemand', count: 9 })) },
  ],
  [
    'A18',
    'an effect without a record',
    {
      ...stateless,
      effects: [{ kind: 'kill', key: 'kill x#1', service: 'shop', instance: 'x#1' }],
    },
  ],
];

describe('invariants', () => {
  test.each([
    ['sharded', sharded],
    ['stateless', stateless],
    ['scaled', scaled],
    ['analysed', analysed],
  ] as const)('invariants - a quiet pass of a %s service breaks none', (_, facts) => {
    expect(new InvariantMonitor().check(facts)).toEqual([]);
  });

  test.each(broken)('invariants - %s: %s', (invariant, _, facts) => {
    expect(Object.keys(INVARIANTS)).toContain(invariant);
    expect(found(facts)).toContain(invariant);
  });

  test('invariants - A12: a demand that turns back twice in a window', () => {
    const monitor = new InvariantMonitor();
    const demands = [6, 8, 5, 8, 4];
    const all = demands.slice(1).flatMap((demand, i) => {
      const act: Act = { kind: 'setDemand', count: demand };
      const decisions = admitted(wanted(act, { who: 'autoscaler' }));
      const view = { ...scaled.view, nowMs: NOW_MS + 1000 * i };
      const before = goal(scaled, { demand: demands[i] }).after;
      return monitor.check({ ...goal(scaled, { demand }), view, before, decisions });
    });
    expect(all.map(({ invariant }) => invariant)).toContain('A12');
  });

  test('invariants - A16: it says for how long something is not as it is wanted', () => {
    const monitor = new InvariantMonitor();
    const at = (nowMs: number, isWell: boolean): PassFacts => {
      const instances = sharded.view.instances.map((one, i) =>
        i === 0 && !isWell ? { ...one, state: 'unready' as const, readySinceMs: null } : one,
      );
      return { ...sharded, view: { ...sharded.view, nowMs, instances } };
    };
    const { nowMs } = sharded.view;
    monitor.check(at(nowMs, true));
    expect(monitor.unsettledForMs(nowMs)).toBe(0);
    monitor.check(at(nowMs + 1000, false));
    monitor.check(at(nowMs + 9000, false));
    expect(monitor.unsettledForMs(nowMs + 9000)).toBe(8000);
    monitor.check(at(nowMs + 10_000, true));
    expect(monitor.unsettledForMs(nowMs + 10_000)).toBe(0);
  });
});
