/**
 * Pantheon's rendezvous: every property that its table names, and the digit tree against hashing each
 * shard on its own. The table's rows are run by test/conformance.
 */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test, vi } from 'vitest';
import xxhash from 'xxhash-wasm';
import type { Member } from '../../../src/hotpath/hashring/member.ts';
import { buildPantheon } from '../../../src/hotpath/hashring/pantheon-builder.ts';
import type { PantheonTable } from '../../../src/hotpath/hashring/pantheon-table.ts';
import type { SeriesLabel } from '../../../src/hotpath/hashring/series-key.ts';
import { pickShards } from '../../../src/hotpath/hashring/shuffle-shard.ts';
import { NO_MEMBER } from '../../../src/hotpath/hashring/table-layout.ts';
import { keyOf, publishAs, tables } from './ring-fixtures.ts';

interface PantheonTables {
  measured: {
    distribution10x10000: number[];
    movedFraction10to11: number;
    movedToAnOldShard: number;
  };
}

const table = tables<PantheonTables>('pantheon_rendezvous.json');
const reference = await xxhash();

/** `sizes[z]` shards in zone z. */
function shards(...sizes: number[]): Member[] {
  return sizes.flatMap((size, zone) =>
    Array.from({ length: size }, (_, shard) => ({
      name: `pod-${zone}-${shard}`,
      zone: `zone-${zone}`,
      shard,
    })),
  );
}

function open(list: readonly Member[]): PantheonTable {
  return publishAs('pantheon', buildPantheon(list));
}

function instance(index: number): SeriesLabel[] {
  return [
    ['__name__', 'test_metric'],
    ['instance', `instance-${index}`],
  ];
}

describe('pantheon', () => {
  property.prop(
    [fc.nat(0xffffffff), fc.nat(0xffffffff), fc.constantFrom(7, 10, 11, 100, 101, 1234, 10_021)],
    {
      numRuns: 40,
    },
  )('pantheon - the shard is the one whose own XXH64 is highest', (high, low, count) => {
    const key = new Uint8Array(8);
    new DataView(key.buffer).setUint32(0, low, true);
    new DataView(key.buffer).setUint32(4, high, true);
    let best = 0;
    let bestScore = -1n;
    for (let shard = 0; shard < count; shard += 1) {
      const digits = new TextEncoder().encode(String(shard));
      const score = reference.h64Raw(Uint8Array.of(...key, ...digits));
      if (score <= bestScore) continue;
      best = shard;
      bestScore = score;
    }
    expect(open(shards(count)).shardOf(high, low)).toBe(best);
  });

  // Guards: HOT-18
  test('pantheon - replicas of a series are the same shard in every zone', () => {
    const ring = open(shards(5, 5, 5));
    for (let index = 0; index < 200; index += 1) {
      const [high, low] = keyOf('tenant1', instance(index));
      const shard = ring.shardOf(high, low);
      for (let rank = 0; rank < 3; rank += 1) {
        const member = ring.owner(high, low, rank);
        expect(ring.members.name(member)).toBe(`pod-${rank}-${shard}`);
        expect(ring.members.zoneName(ring.members.zone(member))).toBe(`zone-${rank}`);
      }
      expect(ring.primary(high, low)).toBe(ring.owner(high, low, 0));
    }
  });

  // Upstream: "insufficient nodes". On the hot path a missing replica is a value, not a throw.
  test('pantheon - a replica past the last zone is nobody', () => {
    const ring = open(shards(2, 2));
    expect(ring.owner(1, 2, 2)).toBe(NO_MEMBER);
    expect(ring.owner(1, 2, -1)).toBe(NO_MEMBER);
  });

  test('pantheon - 10 shards share 10,000 series as recorded, each within 30 % of the mean', () => {
    const ring = open(shards(10));
    const counts = new Array<number>(10).fill(0);
    for (let index = 0; index < 10_000; index += 1) {
      const shard = ring.shardOf(...keyOf('tenant1', instance(index)));
      counts[shard] = (counts[shard] as number) + 1;
    }
    expect(counts).toEqual(table.measured.distribution10x10000);
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(300);
  });

  test('pantheon - an eleventh shard takes the recorded share and nothing moves between old ones', () => {
    const [before, after] = [open(shards(10)), open(shards(11))];
    let moved = 0;
    let toOld = 0;
    for (let index = 0; index < 4000; index += 1) {
      const key = keyOf('t', [['i', `${index}`]]);
      if (before.shardOf(...key) === after.shardOf(...key)) continue;
      moved += 1;
      if (after.shardOf(...key) !== 10) toOld += 1;
    }
    expect(moved / 4000).toBe(table.measured.movedFraction10to11);
    expect(toOld).toBe(table.measured.movedToAnOldShard);
  });

  test('pantheon - zones of unequal size use the shards that every zone has, up to the first gap', () => {
    expect(open(shards(3, 5, 4)).shards).toBe(3);
    const gap = shards(5, 5).filter((member) => member.name !== 'pod-1-2');
    const ring = open(gap);
    expect(ring.shards).toBe(2);
    expect(ring.members.count).toBe(9);
  });

  test('pantheon - a shuffle shard of 6 over 3 zones is the same 2 shards in every zone', () => {
    const all = shards(10, 10, 10);
    for (const tenant of ['a', 'b', 'c']) {
      const picked = pickShards(all, tenant, { shardSize: 6 });
      const numbers = [0, 1, 2].map((zone) =>
        picked
          .filter((member) => member.zone === `zone-${zone}`)
          .map((member) => member.name.split('-')[2]),
      );
      expect(picked.length).toBe(6);
      expect(numbers[1]).toEqual(numbers[0]);
      expect(numbers[2]).toEqual(numbers[0]);
      expect(open(picked as Member[]).shards).toBe(2);
    }
    expect(pickShards(all, 'a', { shardSize: 0 }).length).toBe(30);
  });

  test('pantheon - shuffle shards: an override wins, and more shards than there are is refused', () => {
    const sizes = {
      shardSize: 3,
      overrides: [{ tenants: ['big*'], matcher: 'glob' as const, shardSize: 99 }],
    };
    expect(pickShards(shards(4, 4, 4), 'small', sizes).length).toBe(3);
    expect(() => pickShards(shards(4, 4, 4), 'big-1', sizes)).toThrow(
      'shard size 99 is larger than number of nodes in AZ zone-0 (4)',
    );
    expect(() => pickShards([{ name: 'a' }], 't', sizes)).toThrow('RM_TABLE_MEMBERS');
    const twice = [...shards(2, 2), { name: 'x', zone: 'zone-0', shard: 1 }];
    expect(() => pickShards(twice, 't', sizes)).toThrow('shard 1 of zone "zone-0" again in "x"');
    expect(() => pickShards(shards(2), 't', { shardSize: 1.5 })).toThrow('RM_TABLE_OPTION');
  });

  test.each([
    [
      'zones that do not equal the replicas',
      shards(2, 2),
      { replicas: 3 },
      'got 2 zones for 3 replicas',
    ],
    [
      'a zone without shard 0',
      shards(2, 2).filter(({ name }) => name !== 'pod-1-0'),
      {},
      'without shard 0',
    ],
    [
      'a shard twice in a zone',
      [...shards(2, 2), { name: 'x', zone: 'zone-0', shard: 1 }],
      {},
      'again in "x"',
    ],
    [
      'a shard twice behind a gap',
      ['x', 'y'].map((name) => ({ name, shard: 60_000 })),
      {},
      'again in "y"',
    ],
    [
      'a member without a shard',
      [...shards(1), { name: 'x', zone: 'zone-0' }],
      {},
      'without a shard',
    ],
    ['a weight', [{ name: 'x', shard: 0, weight: 2 }], {}, 'has no weights'],
  ])('pantheon - refuses %s', (_, list: Member[], options, message) => {
    expect(() => buildPantheon(list, options)).toThrow(message);
    expect(() => buildPantheon(list, options)).toThrow('RM_TABLE_MEMBERS');
  });

  // A row for each shard number that occurs, a cell per zone in it: 8.6 GB for 65,535 such members.
  test('pantheon - a build takes no more cells than there are members, however many zones', () => {
    const lone = Array.from({ length: 3000 }, (_, index) => ({
      name: `n${index}`,
      zone: `z${index}`,
      shard: 0,
    }));
    const far = lone.map((member, index) => (index === 0 ? { ...member, shard: 65_534 } : member));
    let cellsMax = 0;
    vi.stubGlobal(
      'Uint16Array',
      new Proxy(Uint16Array, {
        construct(target, args: unknown[], newTarget) {
          if (typeof args[0] === 'number') cellsMax = Math.max(cellsMax, args[0]);
          return Reflect.construct(target, args, newTarget) as object;
        },
      }),
    );
    try {
      expect(() => buildPantheon(far)).toThrow('without shard 0');
      buildPantheon(lone);
    } finally {
      vi.unstubAllGlobals();
    }
    expect(cellsMax).toBe(3000);
    expect(open(lone).shards).toBe(1);
  });

  test('pantheon - batches agree with single look-ups', () => {
    const ring = open(shards(13, 13));
    const keys = Uint32Array.from({ length: 100 }, (_, index) => Math.imul(index + 1, 0x9e3779b1));
    const primaries = new Uint16Array(50);
    const sets = new Uint16Array(100);
    ring.primaries(keys, primaries);
    ring.replicaSets(keys, sets);
    for (let index = 0; index < 50; index += 1) {
      const [high, low] = [keys[2 * index] as number, keys[2 * index + 1] as number];
      expect(primaries[index]).toBe(ring.primary(high, low));
      expect(sets[2 * index + 1]).toBe(ring.owner(high, low, 1));
    }
  });
});
