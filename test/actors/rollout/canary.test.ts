/** The canary strategy from start to end: steps, weights, gates, baseline, and the way back. */
import type { ServiceInput } from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { FakeFleet } from './fake-fleet.ts';

type Canary = Extract<NonNullable<ServiceInput['rollout']>, { strategy: 'canary' }>;

const ANALYSIS = [{ metric: 'error_ratio', max: '1%' }];
const STEPS: Canary['steps'] = [{ weight: 10 }, { pause: '30s' }, { weight: 40 }, { pause: '60s' }];

function canary(more: Partial<Canary> = {}, demand = 10): FakeFleet {
  const comparison = { enabled: false };
  const rollout: Canary = { strategy: 'canary', steps: STEPS, comparison, ...more };
  return new FakeFleet({ kind: 'stateless', command: ['x'], instances: demand, rollout }, demand);
}

/** Weights of the target, in the order in which they were seen, each once in a row. */
function weights(fleet: FakeFleet, until: () => boolean): (number | null)[] {
  const seen: (number | null)[] = [];
  fleet.until(() => {
    const weight = fleet.weightOf('r2');
    if (seen.at(-1) !== weight) seen.push(weight);
    return until();
  });
  return seen;
}

describe('canary', () => {
  test('canary - the weights of its steps in order, then all, and it ends', () => {
    const fleet = canary();
    fleet.apply('r2');
    expect(weights(fleet, () => fleet.isDone('r2'))).toEqual([null, 0, 10, 40, 100, null]);
    expect(fleet.shares).toEqual([{ revision: 'r2', count: 10, weight: null, isBaseline: false }]);
    expect(fleet.refused).toEqual([]);
  });

  test('canary - stable stays whole until the router sends it nothing', () => {
    const fleet = canary();
    fleet.apply('r2');
    fleet.until(() => {
      if (fleet.weightOf('r2') !== null) expect(fleet.countOf('r1')).toBe(10);
      return fleet.isDone('r2');
    });
  });

  test('canary - the weight waits for the instances and for the routers', () => {
    const fleet = canary();
    fleet.apply('r2', { bootS: 20 });
    fleet.seconds(10);
    expect(fleet.weightOf('r2')).toBe(0);
    fleet.isDeaf = true;
    fleet.seconds(60);
    expect(fleet.weightOf('r2')).toBe(10);
    expect(fleet.state.status.step).toBe(1);
    fleet.isDeaf = false;
    fleet.until(() => fleet.isDone('r2'));
  });

  test('canary - by instances the split is in their numbers', () => {
    const fleet = canary({ traffic: 'instances' });
    fleet.apply('r2');
    const counts = new Set<number>();
    fleet.until(() => {
      counts.add(fleet.countOf('r2'));
      expect(fleet.weightOf('r2')).toBeNull();
      const total = fleet.countOf('r1') + fleet.countOf('r2');
      expect(total).toBeLessThanOrEqual(13);
      return fleet.isDone('r2');
    });
    expect(counts.has(1) && counts.has(4)).toBe(true);
  });

  test('canary - a step may say how many instances, whatever the weight', () => {
    const fleet = canary({ steps: [{ replicas: 3 }, { weight: 10 }, { pause: 'manual' }] });
    fleet.apply('r2');
    fleet.until(() => fleet.state.phase === 'paused');
    expect([fleet.countOf('r2'), fleet.weightOf('r2')]).toEqual([3, 10]);
  });

  test('canary - a dynamic stable shrinks with its traffic, and is whole before it takes it back', () => {
    const fleet = canary({ dynamicStable: true });
    fleet.apply('r2');
    fleet.until(() => fleet.weightOf('r2') === 40 && fleet.countOf('r1') === 6);
    fleet.seconds(5);
    fleet.say('abort');
    fleet.seconds(1);
    let last = fleet.weightOf('r2') ?? 0;
    expect(last).toBeGreaterThan(0);
    fleet.until(() => {
      const weight = fleet.weightOf('r2') ?? 0;
      expect(weight).toBeLessThanOrEqual(last);
      last = weight;
      return fleet.state.phase === 'aborted';
    });
    expect(fleet.countOf('r1')).toBe(10);
  });

  test('canary - an aborted one gets no more traffic, though stable loses instances', () => {
    const fleet = canary({ dynamicStable: true }); // Guards: A9.
    fleet.apply('r2');
    fleet.until(() => fleet.weightOf('r2') === 40 && fleet.countOf('r1') === 6);
    fleet.seconds(5);
    fleet.say('abort');
    fleet.seconds(1);
    const weight = fleet.weightOf('r2') ?? 0;
    const stable = fleet.instances.filter(({ revision }) => revision === 'r1');
    for (const one of stable.slice(0, -2)) one.isEjected = true;
    fleet.seconds(2);
    expect(fleet.weightOf('r2')).toBeLessThanOrEqual(weight);
    expect(fleet.weightOf('r2')).toBeGreaterThan(0);
  });

  test('canary - a manual pause waits for promote', () => {
    const fleet = canary({ steps: [{ weight: 20 }, { pause: 'manual' }, { weight: 60 }] });
    fleet.apply('r2');
    fleet.seconds(700);
    expect(fleet.weightOf('r2')).toBe(20);
    expect(fleet.state.status.pausedFor).toContain('step 2');
    fleet.say('promote');
    fleet.until(() => fleet.isDone('r2'));
  });

  test('canary - promoteFull skips steps, but not readiness', () => {
    const fleet = canary({ steps: [{ weight: 20 }, { pause: 'manual' }, { weight: 60 }] });
    fleet.apply('r2', { bootS: 5 });
    fleet.until(() => fleet.state.phase === 'paused');
    fleet.say('promoteFull');
    fleet.until(() => {
      const ready = fleet.instances.filter((one) => one.revision === 'r2' && one.state === 'ready');
      if (fleet.weightOf('r2') === 100) expect(ready.length).toBe(10);
      return fleet.isDone('r2');
    });
  });

  test('canary - one that never becomes ready gets no traffic and is rolled back', () => {
    const fleet = canary({ progressDeadline: '60s' }); // Guards: A9.
    fleet.apply('r2', { bootS: null });
    expect(weights(fleet, () => fleet.state.phase === 'aborted')).toEqual([null, 0, null]);
    expect(fleet.countOf('r1')).toBe(10);
  });

  test('canary - a failed threshold takes the traffic first, then the instances', () => {
    const fleet = canary({ analysis: ANALYSIS }); // Guards: A9.
    fleet.apply('r2', { bootS: 2 }, 'bad');
    fleet.until(() => fleet.state.aborted !== null);
    expect([fleet.weightOf('r2'), fleet.countOf('r2')]).toEqual([0, 1]);
    fleet.until(() => fleet.state.phase === 'aborted', 10);
    expect(fleet.shares).toEqual([{ revision: 'r1', count: 10, weight: null, isBaseline: false }]);
  });

  test.each(['missing', 'stale', 'notANumber', 'scarce'] as const)(
    'canary - data that turns out %s on the way never lets its part grow', // Guards: A9.
    (health) => {
      const fleet = canary({ analysis: ANALYSIS });
      fleet.apply('r2');
      fleet.until(() => fleet.weightOf('r2') === 10);
      fleet.measure('r2', health);
      fleet.seconds(1000);
      expect(fleet.weightOf('r2') ?? 0).toBeLessThanOrEqual(10);
      expect(['aborted', 'paused']).toContain(fleet.state.phase);
      expect(fleet.stable).toBe('r1');
    },
  );

  test('canary - a canary that is a hundred times worse in 3 of 10 points is found', () => {
    const fleet = canary({ analysis: [{ metric: 'error_ratio', max: '1%', interval: '10s' }] });
    fleet.apply('r2');
    fleet.until(() => fleet.weightOf('r2') === 10);
    const aborted = fleet.until(() => {
      const tenth = Math.floor(fleet.nowMs / 10_000) % 10;
      fleet.measure('r2', tenth < 3 ? 'bad' : 'good');
      return fleet.state.aborted !== null || fleet.isDone('r2');
    }, 200);
    expect(aborted).toBeLessThan(110);
    expect(fleet.state.aborted).not.toBeNull();
  });

  test('canary - the same by the comparison alone', () => {
    const steps: Canary['steps'] = [{ weight: 10 }, { analyze: '10m' }];
    const fleet = canary({ comparison: { enabled: true }, steps, maxSurge: '50%' });
    fleet.apply('r2');
    fleet.until(() => {
      const tenth = Math.floor(fleet.nowMs / 10_000) % 10;
      fleet.measure('r2', tenth < 3 ? 'bad' : 'good');
      return fleet.state.aborted !== null || fleet.isDone('r2');
    });
    expect(fleet.state.aborted?.reason).toContain('worse than the baseline');
  });

  test('canary - a baseline of its own size where the surge has room for both', () => {
    const comparison = { enabled: true };
    const fleet = canary({ comparison, steps: [{ weight: 10 }, { pause: 'manual' }] });
    fleet.apply('r2');
    fleet.until(() => fleet.shares.some((share) => share.isBaseline && share.weight === 10));
    expect(fleet.shares).toContainEqual({
      revision: 'r1',
      count: 1,
      weight: 10,
      isBaseline: true,
    });
    expect(fleet.shares.reduce((sum, { weight }) => sum + (weight ?? 0), 0)).toBe(100);
    fleet.until(() => fleet.state.phase === 'paused');
    fleet.say('promote');
    fleet.until(() => fleet.isDone('r2'));
  });

  test('canary - without room it is compared with stable itself, and says so', () => {
    const comparison = { enabled: true };
    const fleet = canary({ comparison, steps: [{ weight: 40 }, { pause: 'manual' }] });
    fleet.apply('r2');
    let why = '';
    fleet.until(() => {
      why = fleet.intents.find(({ act }) => act.kind === 'setSplit')?.why ?? why;
      return fleet.weightOf('r2') === 40;
    });
    expect(why).toContain('compared with stable itself: maxSurge is 3, two groups are 8');
    expect(fleet.shares.some((share) => share.isBaseline)).toBe(false);
  });

  test('canary - another target in the middle: weight to 0, and again from stable', () => {
    const fleet = canary();
    fleet.apply('r2');
    fleet.until(() => fleet.weightOf('r2') === 40);
    fleet.apply('r3');
    fleet.seconds(1);
    expect(fleet.weightOf('r2')).toBe(0);
    fleet.until(() => fleet.weightOf('r3') === 10);
    expect(fleet.countOf('r2')).toBe(0);
    fleet.until(() => fleet.isDone('r3'));
  });

  test('canary - a demand that changes in the middle changes both sizes', () => {
    const fleet = canary({ steps: [{ weight: 20 }, { pause: 'manual' }] });
    fleet.apply('r2');
    fleet.until(() => fleet.state.phase === 'paused');
    fleet.demand = 30;
    fleet.seconds(5);
    expect([fleet.countOf('r1'), fleet.countOf('r2')]).toEqual([30, 6]);
    fleet.say('promote');
    fleet.until(() => fleet.isDone('r2'));
    expect(fleet.countOf('r2')).toBe(30);
  });

  test('canary - an aborted one may be kept, without traffic', () => {
    const fleet = canary({ keepAborted: true });
    fleet.apply('r2');
    fleet.until(() => fleet.weightOf('r2') === 40);
    fleet.say('abort');
    fleet.until(() => fleet.state.phase === 'aborted');
    fleet.seconds(100);
    expect([fleet.countOf('r2'), fleet.weightOf('r2')]).toEqual([4, 0]);
    expect(fleet.weightOf('r1')).toBe(100);
    fleet.apply('r3');
    fleet.until(() => fleet.isDone('r3'));
    expect(fleet.countOf('r2')).toBe(0);
  });

  test('canary - back to one of the last revisions without steps', () => {
    const fleet = canary({ rollbackWindow: 2, steps: [{ weight: 10 }, { pause: 'manual' }] });
    fleet.apply('r2');
    fleet.until(() => fleet.state.phase === 'paused');
    fleet.say('promote');
    fleet.until(() => fleet.isDone('r2'));
    fleet.say('undo');
    fleet.until(() => fleet.isDone('r1'), 60);
  });

  test('canary - without autoRollback a failed gate waits for somebody', () => {
    const fleet = canary({ analysis: ANALYSIS, autoRollback: false });
    fleet.apply('r2', { bootS: 2 }, 'bad');
    fleet.seconds(300);
    expect(fleet.state.run?.pause?.kind).toBe('failed');
    expect(fleet.weightOf('r2')).toBe(10);
    fleet.say('abort');
    fleet.until(() => fleet.state.phase === 'aborted');
  });

  test('canary - an analysis that wants successes in a row ends with them, not with its time', () => {
    // Guards: A9.
    const limits = { interval: '10s', failureLimit: 20, consecutiveSuccessLimit: 5 };
    const analysis = [{ metric: 'error_ratio', max: '1%', ...limits }];
    const fleet = canary({ steps: [{ weight: 10 }, { analyze: '30s' }, { weight: 50 }], analysis });
    fleet.apply('r2', { bootS: 2 }, 'good');
    fleet.until(() => fleet.weightOf('r2') === 10);
    fleet.until(() => fleet.state.run?.step === 1);
    fleet.seconds(15);
    fleet.measure('r2', 'bad');
    fleet.seconds(25);
    const fromMs = fleet.nowMs;
    fleet.measure('r2', 'good');
    fleet.until(() => fleet.state.run?.step === 2, 200);
    expect(fleet.nowMs - fromMs).toBeGreaterThanOrEqual(41_000);
    expect(fleet.nowMs - fromMs).toBeLessThanOrEqual(55_000);
    fleet.until(() => fleet.isDone('r2'));
  });
});
