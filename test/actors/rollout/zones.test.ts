/** The zones strategy from start to end: order, guards, gates, and the way back. */
import type { ServiceInput } from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { FakeFleet } from './fake-fleet.ts';

type Zones = Extract<NonNullable<ServiceInput['rollout']>, { strategy: 'zones' }>;

function zones(more: Partial<Zones> = {}, shards = 4): FakeFleet {
  const rollout: Zones = { strategy: 'zones', comparison: { enabled: false }, ...more };
  return new FakeFleet({ kind: 'sharded', command: ['x'], shards, rollout }, shards);
}

const ANALYSIS = [{ metric: 'error_ratio', max: '1%' }];

/** Zones in which something does not serve. */
function disrupted(fleet: FakeFleet): string[] {
  const broken = fleet.slots.filter(
    (slot) => !fleet.instances.some((one) => one.slot === slot.id && one.state === 'ready'),
  );
  return [...new Set(broken.map(({ zone }) => zone))];
}

describe('zones', () => {
  test('zones - one zone after the other, and it ends', () => {
    const fleet = zones(); // Guards: A2.
    fleet.apply('r2');
    const order: string[] = [];
    fleet.until(() => {
      expect(disrupted(fleet).length).toBeLessThanOrEqual(1);
      for (const act of fleet.admitted) if (act.kind === 'replace') order.push(act.slot);
      return fleet.isDone('r2');
    });
    expect(order).toEqual([...order].toSorted());
    expect(order.length).toBe(12);
    expect(fleet.refused).toEqual([]);
  });

  test('zones - exposure first, in the first zone', () => {
    const fleet = zones({ exposure: [1, '50%'], analysis: ANALYSIS });
    fleet.apply('r2');
    const sizes = new Set<number>();
    fleet.until(() => {
      sizes.add(fleet.slotsAt('r2').length);
      return fleet.isDone('r2');
    });
    expect([...sizes]).toEqual([0, 1, 2, 4, 8, 12]);
  });

  test('zones - no more than maxUnavailable of a zone at a time', () => {
    const fleet = zones({ maxUnavailable: 1 });
    fleet.apply('r2');
    fleet.until(() => {
      expect(fleet.slots.filter((slot) => slot.isReplacing).length).toBeLessThanOrEqual(1);
      return fleet.isDone('r2');
    });
  });

  test('zones - it waits while another zone is not whole', () => {
    const fleet = zones();
    fleet.slots = fleet.slots.filter(({ id }) => id !== 'shop/eu/c/0');
    fleet.instances = fleet.instances.filter(({ slot }) => slot !== 'shop/eu/c/0');
    fleet.apply('r2');
    fleet.second();
    expect(fleet.intents).toEqual([]);
    fleet.until(() => fleet.isDone('r2'));
  });

  test('zones - it proposes nothing while two zones are not whole', () => {
    const fleet = zones();
    const lost = ['shop/eu/a/0', 'shop/eu/c/0'];
    for (const one of fleet.instances) if (lost.includes(one.slot)) one.isEjected = true;
    fleet.apply('r2');
    fleet.seconds(50);
    expect(fleet.slotsAt('r2')).toEqual([]);
    expect(fleet.intents).toEqual([]);
    for (const one of fleet.instances) one.isEjected = false;
    fleet.until(() => fleet.isDone('r2'));
  });

  test('zones - a revision that never becomes ready is rolled back, slot by slot', () => {
    const fleet = zones({ progressDeadline: '60s' }); // Guards: A9.
    fleet.apply('r2', { bootS: null });
    fleet.until(() => fleet.state.phase === 'aborted', 300);
    expect(fleet.slotsAt('r2')).toEqual([]);
    expect(fleet.revisions.find(({ id }) => id === 'r2')?.isBlocked).toBe(true);
    fleet.seconds(100);
    expect(fleet.slotsAt('r2')).toEqual([]);
    expect(fleet.refused).toEqual([]);
  });

  test('zones - a failed threshold in the second zone takes both back', () => {
    const fleet = zones({ analysis: ANALYSIS });
    fleet.apply('r2');
    fleet.until(() => fleet.slotsAt('r2').length > 4);
    fleet.measure('r2', 'bad');
    fleet.until(() => {
      expect(disrupted(fleet).length).toBeLessThanOrEqual(1);
      return fleet.state.phase === 'aborted';
    });
    expect(fleet.slotsAt('r1').length).toBe(12);
  });

  test.each(['missing', 'stale', 'notANumber', 'scarce'] as const)(
    'zones - data that is %s never gets it past the first zone', // Guards: A9.
    (health) => {
      const fleet = zones({ analysis: ANALYSIS });
      fleet.apply('r2', { bootS: 2 }, health);
      fleet.seconds(1000);
      expect(fleet.slotsAt('r2').length).toBeLessThanOrEqual(4);
      expect(['aborted', 'paused']).toContain(fleet.state.phase);
    },
  );

  test('zones - a first revision that never served is replaced at once', () => {
    const fleet = zones();
    fleet.revisions = [{ id: 'r1', version: 'v1', isBlocked: false, stableMs: null }];
    for (const one of fleet.instances) {
      one.state = 'starting';
      one.readySinceMs = null;
      one.createdMs = fleet.nowMs + 1e9;
    }
    fleet.apply('r2');
    fleet.until(() => fleet.isDone('r2'), 400);
  });

  test('zones - another target in the middle begins again from stable', () => {
    const fleet = zones();
    fleet.apply('r2');
    fleet.until(() => fleet.slotsAt('r2').length > 4);
    fleet.apply('r3');
    fleet.until(() => fleet.isDone('r3'));
    expect(fleet.slotsAt('r3').length).toBe(12);
  });

  test('zones - shards that are added in the middle get there too', () => {
    const fleet = zones();
    fleet.apply('r2');
    fleet.until(() => fleet.slotsAt('r2').length > 4);
    fleet.demand = 6;
    fleet.until(() => fleet.isDone('r2'));
    expect(fleet.slotsAt('r2').length).toBe(18);
  });

  test.each([1, 2, 3, 40])(
    'zones - a demand that becomes %i on the way skips neither a zone nor its soak', // Guards: A9.
    (demand) => {
      const soakS = 60;
      const fleet = zones({ exposure: ['25%', '50%'], soak: `${soakS}s` }, 8);
      fleet.apply('r2');
      const whole = (zone: string): boolean => {
        const own = fleet.slots.filter((slot) => slot.zone === zone);
        return own.length > 0 && own.every(({ revision }) => revision === 'r2');
      };
      fleet.until(() => whole('a') && fleet.slotsAt('r2').some((id) => id.includes('/b/')));
      fleet.demand = demand;
      const wholeMs = new Map<string, number>();
      let lastStep = fleet.state.run?.step ?? 0;
      fleet.until(() => {
        for (const zone of ['b', 'c']) {
          if (whole(zone) && !wholeMs.has(zone)) wholeMs.set(zone, fleet.nowMs);
        }
        const isInC = fleet.slotsAt('r2').some((id) => id.includes('/c/'));
        if (isInC) {
          expect(fleet.nowMs - (wholeMs.get('b') ?? fleet.nowMs)).toBeGreaterThan(soakS * 1000);
        }
        const step = fleet.state.run?.step ?? lastStep;
        expect(step).toBeGreaterThanOrEqual(lastStep);
        lastStep = step;
        return fleet.isDone('r2');
      });
      expect(fleet.slotsAt('r2').length).toBe(3 * demand);
    },
  );

  test('zones - parts that a small demand does not have are no steps', () => {
    const fleet = zones({ exposure: [1, 2, '50%', 5], analysis: ANALYSIS, soak: '1s' }, 2);
    fleet.apply('r2');
    const sizes = new Set<number>();
    fleet.until(() => {
      sizes.add(fleet.slotsAt('r2').length);
      return fleet.isDone('r2');
    });
    expect([...sizes]).toEqual([0, 1, 2, 4, 6]);
  });

  test('zones - a comparison with untouched zones finds a worse one', () => {
    const fleet = zones({ comparison: { enabled: true } });
    fleet.apply('r2', { bootS: 2 }, 'bad');
    fleet.until(() => fleet.state.phase === 'aborted');
    expect(fleet.state.aborted?.reason).toContain('compared with b and c');
    expect(fleet.slotsAt('r1').length).toBe(12);
  });

  test('zones - without thresholds the comparison has to have seen enough', () => {
    const fleet = zones({ comparison: { enabled: true } });
    fleet.apply('r2');
    const took = fleet.until(() => fleet.isDone('r2'), 5000);
    expect(took).toBeGreaterThan(600);
    expect(took).toBeLessThan(1200);
  });

  test('zones - a comparison without data pauses and says so', () => {
    const fleet = zones({ comparison: { enabled: true } }); // Guards: A9.
    fleet.apply('r2', { bootS: 2 }, 'missing');
    fleet.until(() => fleet.state.phase === 'paused');
    expect(fleet.state.status.pausedFor).toContain('blocks');
    expect(fleet.slotsAt('r2').length).toBe(4);
    fleet.say('promote');
    fleet.until(() => fleet.slotsAt('r2').length === 8);
  });
});
