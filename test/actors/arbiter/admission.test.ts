/** What the arbiter admits, delays and refuses, and that it never takes away more than it may. */
import { fc, test as property } from '@fast-check/vitest';
import {
  type Act,
  admit,
  type Decision,
  type InstanceState,
  type InstanceView,
  type Intent,
  isAvailable,
  type ServiceView,
} from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import {
  instanceView,
  intentOf,
  NOW_MS,
  ringView,
  shardedView,
  statelessView,
} from '../service-view.ts';

const verdicts = (decisions: readonly Decision[]): readonly string[] =>
  decisions.map(({ verdict }) =>
    verdict.kind === 'admitted' ? 'admitted' : `${verdict.kind}: ${verdict.rule}`,
  );
const one = (view: ServiceView, intent: Intent): string =>
  verdicts(admit(view, [intent]))[0] as string;
const replace = (view: ServiceView, at: number, more: Partial<Intent> = {}): Intent => {
  const { id, slot } = view.instances[at] as InstanceView;
  return intentOf({ kind: 'replace', instance: id, slot, revision: 'r2' }, more);
};
const stop = (view: ServiceView, at: number, more: Partial<Intent> = {}): Intent =>
  intentOf({ kind: 'stop', instance: (view.instances[at] as InstanceView).id }, more);
const publishing = (generation: number, members: readonly string[]): Intent => {
  const weights = members.map(() => 1);
  const act: Act = { kind: 'publishRing', generation, members, weights, overrides: [] };
  return intentOf(act, { who: 'hashring', priority: 'rebalance' });
};
const withInstance = (view: ServiceView, at: number, more: Partial<InstanceView>): ServiceView => {
  const isReady = more.state === undefined || more.state === 'ready';
  return {
    ...view,
    instances: view.instances.map((instance, i) =>
      i === at
        ? { ...instance, readySinceMs: isReady ? instance.readySinceMs : null, ...more }
        : instance,
    ),
  };
};

describe('admission', () => {
  test('admission - a field has one owner, beside the operator', () => {
    const view = statelessView(4);
    const demand: Act = { kind: 'setDemand', count: 9 };
    expect(one(view, intentOf(demand))).toBe('refused: owner');
    expect(one(view, intentOf(demand, { who: 'autoscaler', priority: 'safety' }))).toBe('admitted');
    expect(one(view, intentOf(demand, { who: 'operator' }))).toBe('admitted');
    // Two owners on one field in one pass: the first by priority has it.
    const both = [
      intentOf(demand, { who: 'autoscaler', priority: 'shrink' }),
      intentOf({ kind: 'setDemand', count: 3 }, { who: 'operator', priority: 'safety' }),
    ];
    expect(admit(view, both).map(({ intent, verdict }) => [intent.who, verdict.kind])).toEqual([
      ['operator', 'admitted'],
      ['autoscaler', 'delayed'],
    ]);
  });

  test('admission - what is late, frozen, blocked, unknown or not seen is not done', () => {
    const view = statelessView(4);
    expect(one(view, replace(view, 0, { expiresMs: NOW_MS }))).toBe('refused: expired');
    const frozen = { ...view, isFrozen: true };
    expect(one(frozen, replace(view, 0))).toBe('delayed: frozen');
    expect(one(frozen, replace(view, 0, { who: 'operator' }))).toBe('admitted');
    const blocked = {
      ...view,
      revisions: [{ id: 'r2', version: 'v2', isBlocked: true, stableMs: null }],
    };
    expect(one(blocked, replace(view, 0))).toBe('refused: blocked revision');
    expect(one(view, intentOf({ kind: 'stop', instance: 'shop/eu/z/9#1' }))).toBe(
      'refused: target',
    );
    const unseen = withInstance(view, 0, { seenMs: NOW_MS - 15_001 });
    expect(one(unseen, replace(view, 0))).toBe('delayed: stale');
    expect(one(withInstance(view, 0, { seenMs: NOW_MS - 15_000 }), replace(view, 0))).toBe(
      'admitted',
    );
  });

  test('admission - a stateless service keeps its demand less what may be missing', () => {
    // Guards: A1.
    const view = statelessView(4);
    expect(verdicts(admit(view, [replace(view, 0), replace(view, 1)]))).toEqual([
      'admitted',
      'delayed: budget',
    ]);
    // One is missing by itself: nothing more may go, but what is broken may be repaired.
    const broken = withInstance(view, 2, { state: 'failed' });
    expect(one(broken, replace(broken, 0))).toBe('delayed: budget');
    expect(one(broken, replace(broken, 2))).toBe('admitted');
    // More than is needed may go.
    const surplus = { ...view, goal: { ...view.goal, demand: 3 } };
    expect(verdicts(admit(surplus, [stop(view, 0), stop(view, 1), stop(view, 2)]))).toEqual([
      'admitted',
      'admitted',
      'delayed: budget',
    ]);
    // An operation that is open, or whose end nobody has seen, is charged.
    for (const outcome of ['issued', 'unknown'] as const) {
      const target = (view.instances[3] as InstanceView).id;
      const operations = [{ key: 'k', kind: 'stop', target, outcome, issuedMs: 0 }];
      expect(one({ ...view, operations }, replace(view, 0))).toBe('delayed: budget');
    }
  });

  test('admission - of a shard a quorum stays, and one zone at a time is disrupted', () => {
    // Guards: A1, A2.
    const view = shardedView(3);
    // Instances 0 to 2 are zone a; 3 to 5 are zone b.
    expect(verdicts(admit(view, [replace(view, 0), replace(view, 1), replace(view, 2)]))).toEqual([
      'admitted',
      'admitted',
      'admitted',
    ]);
    expect(verdicts(admit(view, [replace(view, 0), replace(view, 4)]))).toEqual([
      'admitted',
      'delayed: zone',
    ]);
    // A shard that has lost a replica by itself keeps the other two; other shards are whole.
    const broken = withInstance(view, 3, { state: 'failed' });
    expect(one(broken, replace(view, 0))).toBe('delayed: budget');
    expect(one(broken, replace(view, 1))).toBe('admitted');
    expect(one(broken, replace(view, 3, { who: 'healer', priority: 'heal' }))).toBe('admitted');
    // One that has just become ready does not count yet.
    const fresh = withInstance(view, 3, { readySinceMs: NOW_MS - 9_999 });
    expect(one(fresh, replace(view, 0))).toBe('delayed: budget');
  });

  test('admission - a rollback is not held back by what the broken revision has used up', () => {
    let view = shardedView(3);
    for (const at of [0, 1, 2]) view = withInstance(view, at, { revision: 'r2', state: 'unready' });
    const back = (at: number, more: Partial<Intent>): Intent => {
      const { id, slot } = view.instances[at] as InstanceView;
      return intentOf({ kind: 'replace', instance: id, slot, revision: 'r1' }, more);
    };
    const all = [0, 1, 2].map((at) => back(at, { priority: 'rollback' }));
    expect(verdicts(admit(view, all))).toEqual(['admitted', 'admitted', 'admitted']);
    // One of them serves: it may go all the same when only its own revision is what is missing.
    view = withInstance(view, 0, { revision: 'r2', state: 'ready', readySinceMs: 0 });
    expect(verdicts(admit(view, [back(0, { priority: 'rollback' })]))).toEqual(['admitted']);
  });

  test('admission - nobody who owns keys is stopped before routers know another owner', () => {
    // Guards: A4.
    const view = shardedView(3);
    const members = view.instances.map(({ slot }) => slot);
    const tail = (view.instances[2] as InstanceView).slot;
    const ring = ringView(7, members);
    expect(one({ ...view, ring }, stop(view, 2))).toBe('delayed: ring barrier');
    const left = {
      ...ringView(
        8,
        members.filter((slot) => slot !== tail),
      ),
      acknowledged: 7,
    };
    expect(one({ ...view, ring: left }, stop(view, 2))).toBe('delayed: ring barrier');
    expect(one({ ...view, ring: { ...left, acknowledged: 8 } }, stop(view, 2))).toBe('admitted');
    // Publishing waits for nobody.
    const publish = publishing(9, members);
    expect(one({ ...view, ring: left }, publish)).toBe('admitted');
  });

  test('admission - a ring is never empty, never older, and never loses many at once', () => {
    // Guards: A6, A8.
    const view = shardedView(10);
    const members = view.instances.map(({ slot }) => slot);
    const withRing = { ...view, ring: ringView(3, members) };
    const publish = (generation: number, keep: number): string => {
      const kept = view.instances.filter(({ ordinal }) => ordinal < keep).map(({ slot }) => slot);
      return one(withRing, publishing(generation, kept));
    };
    expect(publish(4, 0)).toBe('refused: ring');
    expect(publish(3, 10)).toBe('refused: ring');
    expect(publish(5, 10)).toBe('refused: ring');
    expect(publish(4, 7)).toBe('admitted');
    expect(publish(4, 6)).toBe('refused: ring');
  });

  const states: readonly InstanceState[] = [
    'ready',
    'unready',
    'failed',
    'leaving',
    'stopping',
    'starting',
  ];
  const views = fc.tuple(
    fc.boolean(),
    fc.array(fc.tuple(fc.constantFrom(...states), fc.boolean(), fc.nat({ max: 20_000 })), {
      minLength: 12,
      maxLength: 12,
    }),
    fc.nat({ max: 12 }),
  );
  const acts = fc.array(
    fc.tuple(
      fc.constantFrom('replace', 'stop', 'eject'),
      fc.nat({ max: 11 }),
      fc.constantFrom('rollback', 'heal', 'rollout', 'shrink'),
    ),
    { maxLength: 20 },
  );

  function viewOf([isSharded, seen, demand]: [
    boolean,
    [InstanceState, boolean, number][],
    number,
  ]): ServiceView {
    const base = isSharded ? shardedView(4) : statelessView(12);
    const instances = base.instances.map(({ zone, ordinal }, i) => {
      const [state, isEjected, ageMs] = seen[i] as [InstanceState, boolean, number];
      return instanceView({ zone, ordinal }, { state, isEjected, seenMs: NOW_MS - ageMs });
    });
    return { ...base, instances, goal: { ...base.goal, demand } };
  }
  function intentsOf(
    view: ServiceView,
    list: readonly [string, number, string][],
  ): readonly Intent[] {
    return list.map(([kind, at, priority]) => {
      const { id, slot } = view.instances[at] as InstanceView;
      const act = { kind, instance: id, slot, revision: 'r2' } as Act;
      return intentOf(act, { who: 'operator', priority: priority as Intent['priority'] });
    });
  }
  const serves = (view: ServiceView, instance: InstanceView): boolean =>
    isAvailable(instance, view.nowMs, view.spec.kind === 'sharded' ? 10_000 : 0);

  property.prop([views, acts], { numRuns: 500 })(
    'admission - whatever is wanted, no more goes than may, and no violation is made worse',
    (seen, list) => {
      // Guards: A1, A2, A13.
      const view = viewOf(seen);
      const admitted = admit(view, intentsOf(view, list)).filter(
        ({ verdict }) => verdict.kind === 'admitted',
      );
      const gone = new Set(
        admitted.flatMap(({ intent: { act } }) => ('instance' in act ? [act.instance] : [])),
      );
      const taken = view.instances.filter(
        (instance) => gone.has(instance.id) && serves(view, instance),
      );
      for (const instance of taken) expect(NOW_MS - instance.seenMs).toBeLessThanOrEqual(15_000);
      const left = (is: (instance: InstanceView) => boolean): number =>
        view.instances.filter(
          (instance) => is(instance) && serves(view, instance) && !gone.has(instance.id),
        ).length;
      if (view.spec.kind === 'stateless') {
        if (taken.length > 0) expect(left(() => true)).toBeGreaterThanOrEqual(view.goal.demand - 1);
        return;
      }
      for (const { ordinal } of taken) {
        expect(left((instance) => instance.ordinal === ordinal)).toBeGreaterThanOrEqual(2);
      }
      const zones = new Set(taken.map(({ zone }) => zone));
      expect(zones.size).toBeLessThanOrEqual(1);
    },
  );

  property.prop([views, acts, fc.integer()], { numRuns: 200 })(
    'admission - the order in which intents arrive changes nothing',
    (seen, list, seed) => {
      // Guards: A14.
      const view = viewOf(seen);
      const intents = intentsOf(view, list);
      const shuffled = intents.toSorted((a, b) => hash(a, seed) - hash(b, seed));
      expect(admit(view, shuffled)).toEqual(admit(view, intents));
    },
  );
});

function hash({ act }: Intent, seed: number): number {
  let value = seed | 1;
  for (const char of JSON.stringify(act)) value = (Math.imul(value, 31) + char.charCodeAt(0)) | 0;
  return value;
}
