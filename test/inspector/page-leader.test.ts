/** Leadership and regions as the page says them. */
import { describe, expect, test } from 'vitest';
import { lasting } from '../../src/inspector/page/views/format.ts';
import {
  changesText,
  type Leader,
  leaseOf,
  leaveText,
  servingText,
  tenuresOf,
} from '../../src/inspector/page/views/leader-words.ts';

const one = (token: number, agoMs: number) => {
  return { machine: 'host-7', pid: token, token, sinceIso: '2026-01-01T00:00:00.000Z', agoMs };
};
const LEADER: Leader = {
  ...{ machine: 'host-7', pid: 3, token: 3, key: 'fleet/leader', ledForMs: 60_000 },
  ...{ ttlMs: 10_000, renewedAgoMs: 2000, leftMs: 8000, leadersCount: 3 },
  leaders: [one(3, 60_000), one(2, 7_200_000), one(1, 10_800_000)],
};

describe('leader', () => {
  test('leader - a lease that is renewed in time, and one that is not', () => {
    expect(leaseOf(LEADER)).toEqual({
      ...{ share: 0.8, isLate: false },
      text: 'renewed 2.00 s ago; unless it is renewed, it ends in 8.00 s of 10.0 s',
    });
    const late = leaseOf({ ...LEADER, renewedAgoMs: 7000, leftMs: 3000 });
    expect(late.isLate).toBe(true);
    expect(late.text).toMatch(/was not renewed in time, and ends in 3.00 s/);
  });

  test('leader - how often it changed, and for how long each one led', () => {
    expect(changesText(LEADER)).toBe(
      '3 leaders so far; 1 change in the last hour, the last 1 min ago.',
    );
    expect(changesText({ ...LEADER, leaders: LEADER.leaders.slice(1) })).toMatch(/none in the/);
    const fast = { ...LEADER, leaders: [one(3, 1000), one(2, 2000), one(1, 3000)] };
    expect(changesText(fast)).toMatch(/; 2 changes in the last hour/);
    expect(changesText({ ...LEADER, leadersCount: 1 })).toMatch(/the first one/);
    expect(tenuresOf(LEADER).map(({ ms }) => ms)).toEqual([60_000, 7_140_000, 3_600_000]);
    expect([5000, 7_200_000, 200_000_000].map(lasting)).toEqual(['5.00 s', '2.0 h', '2.3 d']);
  });

  test('regions - what this one may do, in a sentence', () => {
    expect(leaveText(1, null)).toMatch(/^The fleet has one region/);
    expect(leaveText(2, null)).toMatch(/^No coordinator is heard here/);
    expect(leaveText(2, [])).toMatch(/^Nothing is reserved/);
    const floors = [{ service: 'web', count: 3 }];
    expect(
      leaveText(2, [
        { kind: 'shrink', leftMs: 30_000, floors },
        { kind: 'shrink', leftMs: 5000, floors: [] },
        { kind: 'wave', leftMs: 1000, floors: [] },
      ]),
    ).toBe(
      'It may shrink for 30.0 s more: web to 3. It may shrink for 5.00 s more: wherever it wants. ' +
        'It may take up new policies for 1.00 s more.',
    );
    const kv = { service: 'kv', unit: 'shard' as const, needed: 1, serving: 1, waits: [] };
    expect([servingText(kv), servingText({ ...kv, needed: 2 })]).toEqual([
      ...['1 of 1 shard', '1 of 2 shards'],
    ]);
  });
});
