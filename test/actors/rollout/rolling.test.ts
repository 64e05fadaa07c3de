/** The rolling strategy from start to end, its gates, and what interrupts it. */
import type { ServiceInput } from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { FakeFleet } from './fake-fleet.ts';

type Rolling = Extract<NonNullable<ServiceInput['rollout']>, { strategy: 'rolling' }>;

function rolling(more: Partial<Rolling> = {}, demand = 10): FakeFleet {
  const rollout: Rolling = { strategy: 'rolling', ...more };
  return new FakeFleet({ kind: 'stateless', command: ['x'], instances: demand, rollout }, demand);
}

const ANALYSIS = [{ metric: 'error_ratio', max: '1%' }];

describe('rolling', () => {
  test('rolling - nothing is proposed while nothing is rolled out', () => {
    const fleet = rolling();
    fleet.seconds(5);
    expect(fleet.intents).toEqual([]);
    expect(fleet.state.phase).toBe('idle');
  });

  test('rolling - the demand of a calm service is followed', () => {
    const fleet = rolling();
    fleet.demand = 13;
    fleet.seconds(2);
    expect(fleet.countOf('r1')).toBe(13);
  });

  test('rolling - never more than the surge, never fewer than may be missing, and it ends', () => {
    const fleet = rolling();
    fleet.apply('r2');
    fleet.until(() => {
      const total = fleet.countOf('r1') + fleet.countOf('r2');
      expect(total).toBeLessThanOrEqual(13);
      const ready = fleet.instances.filter(({ state }) => state === 'ready').length;
      expect(ready).toBeGreaterThanOrEqual(8);
      return fleet.isDone('r2');
    });
    expect(fleet.shares).toEqual([{ revision: 'r2', count: 10, weight: null, isBaseline: false }]);
    expect(fleet.refused).toEqual([]);
  });

  test('rolling - a revision that never becomes ready is rolled back and blocked', () => {
    const fleet = rolling({ progressDeadline: '60s' }); // Guards: A9.
    fleet.apply('r2', { bootS: null });
    fleet.until(() => fleet.state.phase === 'aborted', 120);
    expect(fleet.countOf('r1')).toBe(10);
    expect(fleet.countOf('r2')).toBe(0);
    expect(fleet.stable).toBe('r1');
    fleet.apply('r2', { bootS: 1 });
    fleet.seconds(30);
    expect(fleet.countOf('r2')).toBe(0);
    expect(fleet.state.status.message).toContain('aborted: no progress for');
  });

  test('rolling - a failed threshold turns it back', () => {
    const fleet = rolling({ analysis: ANALYSIS });
    fleet.apply('r2', { bootS: 2 }, 'bad');
    fleet.until(() => fleet.state.phase === 'aborted', 120);
    expect(fleet.countOf('r1')).toBe(10);
    expect(fleet.state.aborted?.reason).toContain('error_ratio is 0.2');
  });

  test.each(['missing', 'stale', 'notANumber', 'scarce'] as const)(
    'rolling - data that is %s never makes it stable', // Guards: A9.
    (health) => {
      const fleet = rolling({ analysis: ANALYSIS });
      fleet.apply('r2', { bootS: 2 }, health);
      fleet.seconds(1000);
      expect(fleet.stable).toBe('r1');
      expect(['aborted', 'paused']).toContain(fleet.state.phase);
    },
  );

  test('rolling - the first deployment goes straight to its target', () => {
    const fleet = rolling();
    fleet.instances = [];
    fleet.slots = [];
    fleet.shares = [];
    fleet.revisions = [{ id: 'r1', version: 'v1', isBlocked: false, stableMs: null }];
    fleet.apply('r2');
    fleet.second();
    expect(fleet.shares).toEqual([{ revision: 'r2', count: 10, weight: null, isBaseline: false }]);
    fleet.until(() => fleet.isDone('r2'), 20);
  });

  test('rolling - a demand that grows in the middle is shared out, and it ends', () => {
    const fleet = rolling();
    fleet.apply('r2');
    fleet.seconds(3);
    fleet.demand = 20;
    fleet.until(() => fleet.isDone('r2'));
    expect(fleet.countOf('r2')).toBe(20);
  });

  test('rolling - another target in the middle supersedes', () => {
    const fleet = rolling();
    fleet.apply('r2');
    fleet.seconds(3);
    fleet.apply('r3');
    fleet.until(() => fleet.isDone('r3'));
    expect(fleet.countOf('r2')).toBe(0);
  });

  test('rolling - paused it stays as it is, resumed it ends', () => {
    const fleet = rolling();
    fleet.apply('r2');
    fleet.seconds(3);
    fleet.say('pause');
    fleet.seconds(1);
    const { shares } = fleet;
    fleet.seconds(30);
    expect(fleet.shares).toEqual(shares);
    expect(fleet.state.phase).toBe('paused');
    fleet.say('resume');
    fleet.until(() => fleet.isDone('r2'));
  });

  test('rolling - frozen it proposes nothing', () => {
    const fleet = rolling();
    fleet.apply('r2');
    fleet.seconds(3);
    fleet.isFrozen = true;
    const { shares } = fleet;
    fleet.seconds(700);
    expect(fleet.shares).toEqual(shares);
    fleet.isFrozen = false;
    fleet.until(() => fleet.isDone('r2'));
  });

  test.each(['missing', 'notANumber'] as const)(
    'rolling - promote ends the wait for readings that are %s, once and for all',
    (health) => {
      const fleet = rolling({
        analysis: [{ ...ANALYSIS[0], consecutiveErrorLimit: 1000 }],
      } as never);
      fleet.apply('r2', { bootS: 20 }, health);
      fleet.until(() => fleet.state.phase === 'paused', 2000);
      fleet.say('promote');
      fleet.until(() => {
        expect(fleet.state.lastNote === null || fleet.state.phase !== 'paused').toBe(true);
        return fleet.isDone('r2');
      }, 300);
    },
  );
});
