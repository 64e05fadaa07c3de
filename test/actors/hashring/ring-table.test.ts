/** Tables that every router builds alike, what a change of a ring moves, and the file for Thanos. */
import { fc, test as property } from '@fast-check/vitest';
import {
  hashringsJson,
  hotSlices,
  memberLoads,
  memberOf,
  openedTable,
  type RingTableInput,
  ringTable,
  ringWhatIf,
  SLICES,
  type SliceLoad,
  sliceOf,
  slotsByMember,
  tableHash,
  thanosHashring,
} from 'ringmaster/control-plane';
import { buildKetama } from 'ringmaster/hotpath';
import { describe, expect, test } from 'vitest';

const ZONES = ['a', 'b', 'c'];
const ALGORITHMS = ['ketama', 'rendezvous', 'maglev', 'jump'] as const;
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const slot = (zone: string, ordinal: number): string => `shop/eu/${zone}/${ordinal}`;
const sharded = (
  shards: number,
  algorithm: (typeof ALGORITHMS)[number] = 'ketama',
): RingTableInput => {
  const members = ZONES.flatMap((zone) => range(shards).map((ordinal) => slot(zone, ordinal)));
  const weights = members.map(() => 1);
  const ring = { algorithm, sections: 1000 };
  return { kind: 'sharded', ring, members, weights, replicas: 3, addresses: null };
};
const stateless = (count: number, algorithm: (typeof ALGORITHMS)[number]): RingTableInput => {
  const members = range(count).map((ordinal) => slot(ZONES[ordinal % 3] as string, ordinal));
  return { ...sharded(1, algorithm), kind: 'stateless', members, weights: members.map(() => 1) };
};

describe('tables', () => {
  // Guards: A4.
  test('tables - the same ring gives the same hash, in whatever order its members are listed', () => {
    for (const algorithm of ALGORITHMS) {
      const input = sharded(5, algorithm);
      const shuffled = { ...input, members: input.members.toReversed() };
      expect(tableHash(ringTable(shuffled))).toBe(tableHash(ringTable(input)));
      expect(tableHash(ringTable(sharded(6, algorithm)))).not.toBe(tableHash(ringTable(input)));
    }
  });

  // Guards: A4.
  test('tables - every owner of a key is the same shard, once in each zone', () => {
    const input = sharded(4);
    const slots = slotsByMember(input);
    expect(slots.get('shop/2')).toEqual(['shop/eu/a/2', 'shop/eu/b/2', 'shop/eu/c/2']);
    expect(openedTable(ringTable(input)).members.count).toBe(4);
    expect(memberOf('shop/eu/b/3', input)).toBe('shop/3');
  });

  test('tables - weights are honoured where the algorithm has them', () => {
    const input = { ...stateless(4, 'rendezvous'), weights: [3, 1, 1, 1] };
    const table = openedTable(ringTable(input));
    if (table.kind !== 'rendezvous') throw new Error('another table was asked for');
    const heavy = range(4096).filter(
      (i) => table.members.name(table.primary(i * 2 ** 20)) === input.members[0],
    );
    expect(heavy.length / 4096).toBeCloseTo(0.5, 1);
    const ketama = { ...input, ring: { algorithm: 'ketama', sections: 10 } } as const;
    expect(() => ringTable(ketama)).not.toThrow();
  });

  test('tables - with addresses, the very table that Thanos builds', () => {
    const input = sharded(3);
    const addresses = new Map(input.members.map((id, i) => [id, `10.0.0.${i}:10901`]));
    const members = input.members.map((id) => ({
      name: addresses.get(id) ?? '',
      zone: id.split('/')[2] ?? '',
      shard: Number(id.split('/')[3]),
    }));
    const theirs = buildKetama(members, { replicas: 3, sectionsPerMember: 1000 });
    expect(tableHash(ringTable({ ...input, addresses }))).toBe(tableHash(theirs));
  });

  test('tables - slices are equal parts of all hashes', () => {
    expect([sliceOf(0), sliceOf(0xffffffff), sliceOf(0x80000000)]).toEqual([
      0,
      SLICES - 1,
      SLICES / 2,
    ]);
  });
});

describe('what if', () => {
  // Guards: A5.
  test('what if - one more moves 1/(n + 1) of the keys within a tenth, and only to the newcomer', () => {
    for (const algorithm of ALGORITHMS) {
      for (const shards of [3, 8]) {
        const answer = ringWhatIf(sharded(shards, algorithm), 1);
        const { report } = answer ?? {};
        expect(answer?.isWithin, `${algorithm} ${shards}: ${report?.movedShare}`).toBe(true);
        if (algorithm === 'maglev') continue;
        expect(new Set(report?.flows.map(({ to }) => to))).toEqual(new Set([`shop/${shards}`]));
      }
    }
  });

  // Guards: A5.
  test('what if - one less moves only what the leaver had', () => {
    for (const algorithm of ['ketama', 'rendezvous', 'jump'] as const) {
      const answer = ringWhatIf(sharded(6, algorithm), -1);
      expect(answer).toMatchObject({ before: 6, after: 5, isWithin: true });
      const froms = new Set(answer?.report.flows.map(({ from }) => from));
      expect(froms).toEqual(new Set(['shop/5']));
    }
    expect(ringWhatIf(sharded(2), -2)).toBeNull();
  });

  test('what if - a stateless newcomer goes to the emptiest zone and weighs as its neighbours', () => {
    const input = { ...stateless(4, 'rendezvous'), weights: [2, 1, 1, 2] };
    const answer = ringWhatIf(input, 2);
    expect(answer).toMatchObject({ before: 4, after: 6 });
    const names = new Set(answer?.report.flows.map(({ to }) => to));
    expect(names).toEqual(new Set(['shop/eu/b/4', 'shop/eu/c/5']));
  });
});

describe('hot slices', () => {
  const loadsOf = (list: readonly (readonly [number, string])[]): SliceLoad[] =>
    list.map(([load, member], slice) => ({ slice, load, owners: [{ member, share: 1 }] }));

  test('hot slices - the hottest of the hottest goes to the coolest that can bear it', () => {
    const loads = loadsOf([
      [50, 'a'],
      [40, 'a'],
      [30, 'a'],
      [60, 'b'],
      [30, 'c'],
    ]);
    const moves = hotSlices({ loads, members: ['c', 'b', 'a'], tolerance: 0.1, slicesMax: 9 });
    expect(moves).toEqual([{ slice: 1, owners: ['c'] }]);
  });

  test('hot slices - one that nobody could bear is divided', () => {
    const loads = loadsOf([
      [300, 'a'],
      [10, 'b'],
      [10, 'c'],
    ]);
    const moves = hotSlices({ loads, members: ['a', 'b', 'c'], tolerance: 0.1, slicesMax: 9 });
    expect(moves).toEqual([{ slice: 0, owners: ['a', 'b', 'c'] }]);
  });

  const load = fc.record({
    load: fc.integer({ min: 0, max: 1000 }),
    owners: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 4 }),
  });
  property.prop([fc.array(load, { maxLength: 40 }), fc.nat(12)])(
    'hot slices - the most loaded never gets worse, and no more move than may',
    (list, slicesMax) => {
      const members = ['a', 'b', 'c', 'd'];
      const loads = list.map(({ load: each, owners }, slice) => ({
        slice,
        load: each,
        owners: owners.map((member) => ({ member, share: 1 / owners.length })),
      }));
      const moves = hotSlices({ loads, members, tolerance: 0.1, slicesMax });
      expect(moves.length).toBeLessThanOrEqual(slicesMax);
      expect(new Set(moves.map(({ slice }) => slice)).size).toBe(moves.length);
      const moved = new Map(moves.map(({ slice, owners }) => [slice, owners]));
      const after = loads.map((one) => {
        const owners = moved.get(one.slice);
        if (owners === undefined) return one;
        const shares = owners.map((member) => ({ member, share: 1 / owners.length }));
        return { ...one, owners: shares };
      });
      const most = (of: readonly SliceLoad[]): number =>
        Math.max(...memberLoads(of, members).values());
      expect(most(after)).toBeLessThanOrEqual(most(loads) + 1e-6);
    },
  );
});

describe('thanos', () => {
  const ring = { members: [slot('b', 0), slot('a', 0)] };
  const addresses = new Map([
    [slot('a', 0), 'a-0:10901'],
    [slot('b', 0), 'b-0:10901'],
  ]);

  test('thanos - the file lists endpoints by address, and hashrings with tenants first', () => {
    const all = thanosHashring('receiver', ring, addresses, undefined);
    if (all === null) throw new Error('every member has an address');
    const text = hashringsJson([all, { ...all, name: 'soft', tenants: ['t2', 't1'] }]);
    expect(JSON.parse(text ?? '')).toEqual([
      {
        hashring: 'soft',
        tenants: ['t1', 't2'],
        endpoints: [
          { address: 'a-0:10901', az: 'a' },
          { address: 'b-0:10901', az: 'b' },
        ],
        algorithm: 'ketama',
      },
      {
        hashring: 'receiver',
        endpoints: [
          { address: 'a-0:10901', az: 'a' },
          { address: 'b-0:10901', az: 'b' },
        ],
        algorithm: 'ketama',
      },
    ]);
    const swapped = { members: ring.members.toReversed() };
    const again = thanosHashring('receiver', swapped, addresses, undefined);
    expect(hashringsJson(again === null ? [] : [again])).toBe(hashringsJson([all]));
  });

  test('thanos - tenants that use a part of the members are told as its shuffle sharding', () => {
    const overrides = [{ tenants: ['big-*'], matcher: 'glob' as const, shardSize: 6 }];
    const one = thanosHashring('receiver', ring, addresses, { shardSize: 3, overrides });
    const [written] = JSON.parse(hashringsJson(one === null ? [] : [one]) ?? '[]');
    expect(written.shuffle_sharding_config).toEqual({
      shard_size: 3,
      overrides: [{ shard_size: 6, tenants: ['big-*'], tenant_matcher_type: 'glob' }],
    });
  });

  // Guards: A8.
  test('thanos - no file is written for an empty ring, or while a member has no address', () => {
    expect(hashringsJson([])).toBeNull();
    const partial = new Map([...addresses].slice(1));
    expect(thanosHashring('receiver', ring, partial, undefined)).toBeNull();
  });
});
