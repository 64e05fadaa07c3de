/** Whom the healer takes out of the traffic, whom it remedies, and when it keeps its hands off. */
import { fc, test as property } from '@fast-check/vitest';
import {
  type Ejection,
  type EjectionConfig,
  ejectionStep,
  type MemberHealth,
  type MemberTraffic,
  remedyVerdict,
  restartDelayMs,
} from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';

const CONFIG: EjectionConfig = {
  consecutiveErrors: 5,
  deviations: 1.9,
  minMembers: 5,
  minRequests: 100,
  time: 30_000,
  maxEjected: 0.1,
};
const NONE: ReadonlyMap<string, Ejection> = new Map();
const traffic = (
  count: number,
  of: (i: number) => Partial<MemberTraffic> = () => ({}),
): MemberTraffic[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `m${String(i).padStart(2, '0')}`,
    requests: 1000,
    errors: 5,
    consecutiveErrors: 0,
    ...of(i),
  }));

describe('ejection', () => {
  test('ejection - errors in a row, and a success rate far below the others', () => {
    const row = ejectionStep(
      traffic(20, (i) => (i === 3 ? { consecutiveErrors: 5 } : {})),
      NONE,
      CONFIG,
      0,
    );
    expect(row.ejected).toEqual([{ id: 'm03', why: '5 errors in a row' }]);
    const rate = ejectionStep(
      traffic(20, (i) => (i === 7 ? { errors: 200 } : {})),
      NONE,
      CONFIG,
      0,
    );
    expect(rate.ejected).toEqual([
      { id: 'm07', why: expect.stringMatching(/^success rate 80\.0 %; the others' allow 9/) },
    ]);
  });

  test('ejection - few members, few requests and even errors are nothing to compare', () => {
    const of = (count: number, more: Partial<MemberTraffic>): number =>
      ejectionStep(
        traffic(count, (i) => (i === 0 ? { errors: 200, ...more } : {})),
        NONE,
        CONFIG,
        0,
      ).ejected.length;
    expect([of(5, {}), of(4, {}), of(20, { requests: 99, errors: 50 })]).toEqual([1, 0, 0]);
    expect(
      ejectionStep(
        traffic(20, () => ({ errors: 300 })),
        NONE,
        CONFIG,
        0,
      ).ejected,
    ).toEqual([]);
  });

  test('ejection - each time is longer, and its end is told once', () => {
    let { ejections } = ejectionStep(
      traffic(20, (i) => (i === 3 ? { consecutiveErrors: 9 } : {})),
      NONE,
      CONFIG,
      0,
    );
    expect(ejections.get('m03')).toEqual({ times: 1, untilMs: 30_000 });
    const early = ejectionStep(traffic(20), ejections, CONFIG, 29_999);
    expect([early.readmitted, early.ejected]).toEqual([[], []]);
    const over = ejectionStep(traffic(20), early.ejections, CONFIG, 30_000);
    expect(over.readmitted).toEqual(['m03']);
    expect(ejectionStep(traffic(20), over.ejections, CONFIG, 31_000).readmitted).toEqual([]);
    const again = traffic(20, (i) => (i === 3 ? { consecutiveErrors: 9 } : {}));
    ({ ejections } = ejectionStep(again, over.ejections, CONFIG, 40_000));
    expect(ejections.get('m03')).toEqual({ times: 2, untilMs: 100_000 });
  });

  property.prop([
    fc.array(fc.tuple(fc.nat({ max: 1000 }), fc.nat({ max: 9 })), { minLength: 1, maxLength: 40 }),
    fc.nat({ max: 5 }),
  ])(
    'ejection - never more than a share is out, whatever is seen, the worst first',
    (seen, looks) => {
      const members = traffic(seen.length, (i) => {
        const [errors, consecutiveErrors] = seen[i] as [number, number];
        return { errors, consecutiveErrors };
      });
      let before = NONE;
      for (let look = 0; look <= looks; look++) {
        const nowMs = look * 20_000;
        const step = ejectionStep(members, before, CONFIG, nowMs);
        const out = [...step.ejections.values()].filter(({ untilMs }) => untilMs > nowMs).length;
        expect(out).toBeLessThanOrEqual(Math.max(1, Math.floor(seen.length * 0.1)));
        expect(ejectionStep(members.toReversed(), before, CONFIG, nowMs).ejected).toEqual(
          step.ejected,
        );
        before = step.ejections;
      }
    },
  );
});

const health = (count: number, of: (i: number) => Partial<MemberHealth>): MemberHealth[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `m${String(i).padStart(2, '0')}`,
    domain: 'abc'[i % 3] as string,
    isUnhealthy: false,
    isRemedied: false,
    ...of(i),
  }));
const LIMITS = { maxUnhealthy: 0.2, remedyMax: 0.1 };

describe('remedies', () => {
  test('remedies - a few at a time', () => {
    // Guards: A10.
    const members = health(30, (i) => ({ isUnhealthy: i < 5 }));
    expect(remedyVerdict(members, LIMITS, false)).toEqual({
      kind: 'remedy',
      ids: ['m00', 'm01', 'm02'],
      waiting: ['m03', 'm04'],
      failedDomains: [],
    });
    const busy = health(30, (i) => ({ isUnhealthy: i < 5, isRemedied: i < 2 }));
    expect(remedyVerdict(busy, LIMITS, false)).toMatchObject({
      ids: ['m02'],
      waiting: ['m03', 'm04'],
    });
    // Of a small pool one may always be remedied.
    expect(
      remedyVerdict(
        health(3, (i) => ({ isUnhealthy: i === 0 })),
        LIMITS,
        false,
      ),
    ).toMatchObject({ ids: ['m00'] });
  });

  test('remedies - what ails many is not the members', () => {
    // Guards: A10.
    const members = health(30, (i) => ({ isUnhealthy: i < 7 }));
    expect(remedyVerdict(members, LIMITS, false)).toMatchObject({
      kind: 'panic',
      why: '7 of 30 are unhealthy, more than 6: it is not the members',
    });
    expect(remedyVerdict(members, LIMITS, true)).toMatchObject({
      kind: 'panic',
      why: expect.stringContaining('sees nobody'),
    });
  });

  test('remedies - a zone that is gone is left alone, and does not count against the others', () => {
    const gone = health(30, (i) => ({ isUnhealthy: i % 3 === 1 || i === 0 }));
    expect(remedyVerdict(gone, LIMITS, false)).toEqual({
      kind: 'remedy',
      ids: ['m00'],
      waiting: [],
      failedDomains: ['b'],
    });
    // Two of three: nobody can say what has failed.
    const two = health(30, (i) => ({ isUnhealthy: i % 3 !== 2 }));
    expect(remedyVerdict(two, LIMITS, false)).toMatchObject({ kind: 'panic', failedDomains: [] });
    // One domain is all there is.
    const all = health(9, () => ({ domain: 'a', isUnhealthy: true }));
    expect(remedyVerdict(all, LIMITS, false)).toMatchObject({ kind: 'panic' });
  });

  test('remedies - restarts wait longer each time, up to a limit', () => {
    const limits = { first: 10_000, max: 300_000 };
    expect(
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 999].map((ends) => restartDelayMs(ends, limits) / 1000),
    ).toEqual([0, 0, 10, 20, 40, 80, 160, 300, 300, 300]);
  });
});
