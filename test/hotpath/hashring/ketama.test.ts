/**
 * Ketama tables against the rule itself, with BigInt, a full sort and a linear search.
 */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import xxhash from 'xxhash-wasm';
import { buildKetama } from '../../../src/hotpath/hashring/ketama-builder.ts';
import { SECTIONS_MAX } from '../../../src/hotpath/hashring/ketama-sections.ts';
import type { Member } from '../../../src/hotpath/hashring/member.ts';
import { NO_MEMBER } from '../../../src/hotpath/hashring/table-layout.ts';
import { bytesOf, members, publishAs } from './ring-fixtures.ts';

const reference = await xxhash();

const anyRing = fc
  .uniqueArray(
    fc.record({
      name: fc.string({ minLength: 1, maxLength: 8 }),
      zone: fc.constantFrom('', 'a', 'b', 'c'),
    }),
    { minLength: 1, maxLength: 10, selector: (member) => member.name },
  )
  .chain((list) =>
    fc.record({
      list: fc.constant(list),
      replicas: fc.integer({ min: 1, max: list.length }),
      sectionsPerMember: fc.integer({ min: 1, max: 12 }),
    }),
  );

/** Names of a key's replicas: laps around the ring, as the rule says. */
function modelOwners(
  list: readonly Member[],
  sections: number,
  replicas: number,
  key: bigint,
): string[] {
  const ring = list
    .flatMap((member) =>
      Array.from({ length: sections }, (_, index) => ({
        member,
        hash: reference.h64(`${member.name}:${index + 1}`),
      })),
    )
    .sort((a, b) => (a.hash < b.hash ? -1 : 1));
  const start = Math.max(
    0,
    ring.findIndex((section) => section.hash >= key),
  );
  const chosen: Member[] = [];
  for (let at = start; chosen.length < replicas; at = (at + 1) % ring.length) {
    const { member } = ring[at] as (typeof ring)[number];
    if (chosen.includes(member)) continue;
    const count = (zone?: string): number => chosen.filter((other) => other.zone === zone).length;
    const open = list.filter((other) => !chosen.includes(other)).map((other) => count(other.zone));
    if (count(member.zone) <= Math.min(...open)) chosen.push(member);
  }
  return chosen.map((member) => member.name);
}

describe('ketama', () => {
  property.prop(
    [anyRing, fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 1 })],
    {
      numRuns: 100,
    },
  )(
    'ketama - every key has the replicas of the rule, at section borders too',
    (ring, randomKeys) => {
      const { list, replicas, sectionsPerMember } = ring;
      const table = publishAs('ketama', buildKetama(list, { replicas, sectionsPerMember }));
      const border = (BigInt(table.hashes[0] as number) << 32n) | BigInt(table.hashes[1] as number);
      const keys = [0n, 2n ** 64n - 1n, border, border - 1n, border + 1n, ...randomKeys];
      for (const key of keys) {
        const [high, low] = [Number(key >> 32n), Number(key & 0xffffffffn)];
        const names = Array.from({ length: replicas }, (_, rank) =>
          table.members.name(table.owner(high, low, rank)),
        );
        expect(names).toEqual(modelOwners(list, sectionsPerMember, replicas, key));
        expect(table.primary(high | 0, low | 0)).toBe(table.owner(high, low, 0));
      }
    },
  );

  test('ketama - the order in which endpoints are listed does not matter', () => {
    const list = members(7, 3);
    const options = { replicas: 3, sectionsPerMember: 50 };
    expect(bytesOf(buildKetama([...list].reverse(), options))).toEqual(
      bytesOf(buildKetama(list, options)),
    );
  });

  test('ketama - batches agree with single look-ups', () => {
    const table = publishAs('ketama', buildKetama(members(9, 3), { sectionsPerMember: 100 }));
    const keys = Uint32Array.from({ length: 400 }, (_, index) => Math.imul(index + 1, 0x9e3779b1));
    const primaries = new Uint16Array(200);
    const sets = new Uint16Array(600);
    table.primaries(keys, primaries);
    table.replicaSets(keys, sets);
    for (let index = 0; index < 200; index += 1) {
      const [high, low] = [keys[2 * index] as number, keys[2 * index + 1] as number];
      expect(primaries[index]).toBe(table.owner(high, low, 0));
      for (let rank = 0; rank < 3; rank += 1) {
        expect(sets[3 * index + rank]).toBe(table.owner(high, low, rank));
      }
    }
    expect(table.owner(0, 0, 3)).toBe(NO_MEMBER);
    expect(table.header.parameter).toBe(100);
  });

  test('ketama - zones of one member among large ones end the walk and share fairly', () => {
    const list = [
      ...members(6).map((member) => ({ ...member, zone: 'big' })),
      { name: 'lone', zone: 'small' },
    ];
    const table = publishAs('ketama', buildKetama(list, { replicas: 5, sectionsPerMember: 20 }));
    for (let key = 0; key < 100; key += 1) {
      const high = Math.imul(key, 0x9e3779b1) >>> 0;
      const owners = Array.from({ length: 5 }, (_, rank) => table.owner(high, 0, rank));
      expect(new Set(owners).size).toBe(5);
      expect(owners).toContain(table.members.indexOf('lone'));
    }
  });

  test('ketama - more replicas than members, weights and impossible sections are refused', () => {
    expect(() => buildKetama(members(2), { replicas: 3 })).toThrow(
      'got 2 members, expected at least 3',
    );
    expect(() => buildKetama([{ name: 'a', weight: 2 }])).toThrow('ketama has no weights');
    expect(() => buildKetama([{ name: 'a', weight: 0 }])).toThrow('ketama has no weights');
    expect(() => buildKetama(members(2), { replicas: 0 })).toThrow('RM_TABLE_OPTION');
    for (const sectionsPerMember of [0, -1, 1.5, Number.NaN, SECTIONS_MAX]) {
      expect(() => buildKetama(members(2), { sectionsPerMember })).toThrow('RM_TABLE_OPTION');
    }
  });
});
// Guards: HOT-18
