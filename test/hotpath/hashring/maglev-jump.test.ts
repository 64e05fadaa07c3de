/**
 * Maglev tables against the paper's loop, and jump hash against its published vectors and BigInt.
 */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { murmur3Text } from '../../../src/hotpath/hash/murmur3.ts';
import { buildJump } from '../../../src/hotpath/hashring/jump-builder.ts';
import { jumpHash } from '../../../src/hotpath/hashring/jump-hash.ts';
import { buildMaglev } from '../../../src/hotpath/hashring/maglev-builder.ts';
import type { Member } from '../../../src/hotpath/hashring/member.ts';
import { movement } from '../../../src/hotpath/hashring/movement.ts';
import { seedsOf } from '../../../src/hotpath/hashring/score.ts';
import { NO_MEMBER } from '../../../src/hotpath/hashring/table-layout.ts';
import { anyMembers, bytesOf, members, publish, publishAs } from './ring-fixtures.ts';

/** The paper's loop over turns, with Envoy's rule for weights, over members in order of name. */
function modelOwners(list: readonly Member[], slots: number): string[] {
  const sorted = [...list].sort((a, b) => (a.name < b.name ? -1 : 1));
  const heaviest = Math.max(...sorted.map((member) => member.weight ?? 1));
  const walkers = sorted
    .filter((member) => member.weight !== 0)
    .map(({ name, weight = 1 }) => {
      const [a = 0, b = 0] = seedsOf(name);
      return {
        name,
        at: a % slots,
        skip: (b % (slots - 1)) + 1,
        pace: heaviest / weight,
        taken: 0,
      };
    });
  const owners = new Array<string | undefined>(slots);
  for (let turn = 1, free = slots; free > 0; turn += 1) {
    const due = walkers.filter(
      (walker) => Math.max(1, Math.ceil(walker.taken * walker.pace)) <= turn,
    );
    for (const walker of due) {
      if (free === 0) break;
      while (owners[walker.at] !== undefined) walker.at = (walker.at + walker.skip) % slots;
      owners[walker.at] = walker.name;
      walker.taken += 1;
      free -= 1;
    }
  }
  return owners as string[];
}

describe('maglev', () => {
  test('maglev - equal members claim the slots that the paper gives them', () => {
    const list = members(7, 3);
    const table = publishAs('maglev', buildMaglev(list, { slots: 251 }));
    const expected = modelOwners(list, 251);
    for (let slot = 0; slot < 251; slot += 1) {
      expect(table.members.name(table.cells[slot * 4] as number)).toBe(expected[slot]);
    }
  });

  property.prop([anyMembers], { numRuns: 60 })('maglev - shares follow the weights', (list) => {
    const table = publishAs('maglev', buildMaglev(list, { slots: 4093 }));
    const expected = modelOwners(list, 4093);
    for (const { name } of list) {
      const index = table.members.indexOf(name);
      let count = 0;
      for (let at = 0; at < table.cells.length; at += 4) if (table.cells[at] === index) count += 1;
      // Who claims first within a turn differs; how much anybody gets does not, but for the last turn.
      const wanted = expected.filter((owner) => owner === name).length;
      expect(Math.abs(count - wanted)).toBeLessThanOrEqual(1);
    }
  });

  test('maglev - equal members share 65,537 slots to within one', () => {
    const table = publishAs('maglev', buildMaglev(members(100, 3)));
    const counts = new Uint32Array(100);
    for (let at = 0; at < table.cells.length; at += 4)
      (counts[table.cells[at] as number] as number)++;
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  });

  // Guards: HOT-9
  property.prop([anyMembers], { numRuns: 40 })(
    'maglev - owners of a slot are distinct, the drained are none, three zones hold three replicas',
    (list) => {
      const table = publishAs('maglev', buildMaglev(list, { slots: 251 }));
      const active = list.filter((member) => member.weight !== 0);
      const zones = new Set(active.map((member) => member.zone)).size;
      for (let at = 0; at < table.cells.length; at += 4) {
        const owners = [...table.cells.subarray(at, at + 4)].filter((cell) => cell !== NO_MEMBER);
        expect(new Set(owners).size).toBe(Math.min(4, active.length));
        for (const owner of owners) expect(table.members.weight(owner)).toBeGreaterThan(0);
        const used = new Set(owners.slice(0, 3).map((owner) => table.members.zone(owner)));
        expect(used.size).toBe(Math.min(3, zones, owners.length));
      }
    },
  );

  test('maglev - the order of members does not matter, and look-ups agree', () => {
    const list = members(20, 4);
    const image = buildMaglev(list);
    expect(bytesOf(buildMaglev([...list].reverse()))).toEqual(bytesOf(image));
    const table = publishAs('maglev', image);
    const keys = Array.from({ length: 200 }, (_, index) => `key-${index}`);
    const hashes = Uint32Array.from(keys, (key) => murmur3Text(key));
    const primaries = new Uint16Array(200);
    const sets = new Uint16Array(600);
    table.primaries(hashes, primaries);
    table.replicaSets(hashes, sets);
    for (const [index, key] of keys.entries()) {
      const hash = hashes[index] as number;
      expect(table.slotOf(hash)).toBe(hash % 65_537);
      expect([primaries[index], table.primary(hash), table.primary(hash | 0)]).toEqual(
        Array(3).fill(table.primaryOf(key)),
      );
      for (let rank = 0; rank < 3; rank += 1) {
        expect(sets[index * 3 + rank]).toBe(table.owner(hash, rank));
      }
    }
    expect([table.owner(0, 4), table.owner(0, -1)]).toEqual([NO_MEMBER, NO_MEMBER]);
  });

  test.each([0, 252, 65_536, 250, 4_194_303, 1.5, Number.NaN])(
    'maglev - refuses %d slots',
    (slots) => {
      expect(() => buildMaglev(members(2), { slots })).toThrow('RM_TABLE_OPTION');
    },
  );

  test('maglev - the 651st member moves few keys: the number of slots does not follow members', () => {
    const [before, after] = [650, 651].map((count) => publish(buildMaglev(members(count))));
    if (before === undefined || after === undefined) throw new Error('two tables expected');
    expect([before.header.entries, after.header.entries]).toEqual([65_537, 65_537]);
    expect(movement(before, after).movedShare).toBeLessThan(0.2);
  });
});

describe('jump', () => {
  // Source: dgryski/go-jump, jump_test.go.
  test.each([
    [1, 1, 0],
    [42, 57, 43],
    [0xdead10cc, 1, 0],
    [0xdead10cc, 666, 361],
    [256, 1024, 520],
  ])('jump - key %i over %i buckets goes to %i', (key, buckets, expected) => {
    expect(jumpHash(0, key, buckets)).toBe(expected);
  });

  property.prop([fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.integer({ min: 1, max: 65_535 })])(
    'jump - any key agrees with the paper in BigInt',
    (key, buckets) => {
      let state = key;
      let bucket = 0;
      let next = 0;
      while (next < buckets) {
        bucket = next;
        state = BigInt.asUintN(64, state * 2862933555777941757n + 1n);
        next = Math.trunc((bucket + 1) * (2 ** 31 / (Number(state >> 33n) + 1)));
      }
      expect(jumpHash(Number(key >> 32n), Number(key & 0xffffffffn), buckets)).toBe(bucket);
    },
  );

  const sequence = (count: number): Member[] =>
    Array.from({ length: count }, (_, shard) => ({ name: `shard-${shard}`, shard }));

  test('jump - members are taken by shard number, whatever their names and order', () => {
    const table = publishAs('jump', buildJump(sequence(12).reverse()));
    const keys = Uint32Array.from({ length: 200 }, (_, index) => Math.imul(index, 0x9e3779b1));
    const owners = new Uint16Array(100);
    table.primaries(keys, owners);
    for (let index = 0; index < 100; index += 1) {
      const [high, low] = [keys[2 * index] as number, keys[2 * index + 1] as number];
      expect(table.members.shard(owners[index] as number)).toBe(jumpHash(high, low, 12));
      expect(table.owner(high, low, 0)).toBe(owners[index]);
      expect(table.owner(high, low, 1)).toBe(NO_MEMBER);
    }
  });

  test.each([
    ['a gap', [...sequence(3), { name: 'x', shard: 4 }]],
    ['a number twice', [...sequence(3), { name: 'x', shard: 2 }]],
    ['a member without a number', [...sequence(3), { name: 'x' }]],
    ['a weight', [{ name: 'x', shard: 0, weight: 3 }]],
  ])('jump - refuses %s', (_, list: Member[]) => {
    expect(() => buildJump(list)).toThrow('RM_TABLE_MEMBERS');
  });
});
