/**
 * Every bad input has a defined outcome: members, options, places, and memory that is no table.
 */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { buildJump } from '../../../src/hotpath/hashring/jump-builder.ts';
import { buildKetama } from '../../../src/hotpath/hashring/ketama-builder.ts';
import { buildMaglev } from '../../../src/hotpath/hashring/maglev-builder.ts';
import { MEMBERS_MAX, type Member } from '../../../src/hotpath/hashring/member.ts';
import { openTable } from '../../../src/hotpath/hashring/open-table.ts';
import { buildPantheon } from '../../../src/hotpath/hashring/pantheon-builder.ts';
import { RendezvousBuilder } from '../../../src/hotpath/hashring/rendezvous-builder.ts';
import { ShuffleSharder } from '../../../src/hotpath/hashring/shuffle-shard.ts';
import type { TableImage } from '../../../src/hotpath/hashring/table-image.ts';
import { HEADER_WORD, NO_MEMBER } from '../../../src/hotpath/hashring/table-layout.ts';
import { verifyTable } from '../../../src/hotpath/hashring/verify-table.ts';
import { codeOf } from '../error-code.ts';
import { bytesOf, keyOf, members, publish } from './ring-fixtures.ts';

type Build = (list: Iterable<Member>) => TableImage;

const rendezvous: Build = (list) => new RendezvousBuilder(list, { slotBits: 8 }).image();
const maglev: Build = (list) => buildMaglev(list, { slots: 251 });
const ketama: Build = (list) => buildKetama(list, { sectionsPerMember: 1, replicas: 1 });

const builds: [string, Build][] = [
  ['rendezvous', rendezvous],
  ['maglev', maglev],
  ['ketama', ketama],
  ['pantheon', buildPantheon],
  ['jump', buildJump],
];

function numbered(count: number): Member[] {
  return Array.from({ length: count }, (_, shard) => ({ name: `m${shard}`, shard }));
}

describe.each(builds)('bad input - %s', (kind, build) => {
  const mebibyte = 'x'.repeat(1 << 20);
  test.each<[string, Member[]]>([
    ['no members', []],
    [
      'two members of one name',
      [
        { name: 'a', shard: 0 },
        { name: 'a', shard: 1 },
      ],
    ],
    ['a weight of NaN', [{ name: 'a', shard: 0, weight: Number.NaN }]],
    ['a weight below 0', [{ name: 'a', shard: 0, weight: -1 }]],
    ['a weight of infinity', [{ name: 'a', shard: 0, weight: Infinity }]],
    ['a weight above a million', [{ name: 'a', shard: 0, weight: 1e6 + 1 }]],
    ['a weight below a thousandth', [{ name: 'a', shard: 0, weight: 0.0009 }]],
    ['nothing but weights of 0', [{ name: 'a', shard: 0, weight: 0 }]],
    ['an empty name', [{ name: '', shard: 0 }]],
    ['a name of a mebibyte', [{ name: mebibyte, shard: 0 }]],
    ['a name of 1,025 bytes in 1,024 characters', [{ name: `é${'x'.repeat(1023)}`, shard: 0 }]],
    ['a name with a lone surrogate', [{ name: 'a\ud800', shard: 0 }]],
    ['a name that is no text', [{ name: 7 as unknown as string, shard: 0 }]],
    ['a zone of a mebibyte', [{ name: 'a', zone: mebibyte, shard: 0 }]],
    ['a shard below 0', [{ name: 'a', shard: -1 }]],
    ['a shard of 65,535', [{ name: 'a', shard: 65_535 }]],
    ['a shard that is no integer', [{ name: 'a', shard: 0.5 }]],
  ])('bad input - %s is refused by its code', (_, list) => {
    expect(codeOf(() => build(list))).toBe('RM_TABLE_MEMBERS');
  });

  test(`bad input - ${kind} takes 65,535 members and refuses one more`, () => {
    const list = numbered(MEMBERS_MAX + 1);
    list[MEMBERS_MAX] = { name: 'one-more', shard: 0 };
    expect(codeOf(() => build(list))).toBe('RM_TABLE_MEMBERS');
    const table = publish(build(list.slice(0, MEMBERS_MAX)));
    expect(table.members.count).toBe(MEMBERS_MAX);
    expect(table.primary(123_456_789, 42)).toBeLessThan(MEMBERS_MAX);
    expect(table.members.name(MEMBERS_MAX - 1)).toBe('m9999');
  });

  test(`bad input - ${kind} takes names of 1,024 bytes and one member`, () => {
    const name = 'é'.repeat(512);
    const table = publish(build([{ name, zone: name, shard: 0 }]));
    expect(table.members.name(table.primary(1, 2))).toBe(name);
    expect(table.members.zoneName(0)).toBe(name);
    expect([table.members.indexOf(name), table.members.indexOf('x')]).toEqual([0, -1]);
  });

  test(`bad input - ${kind} refuses places and generations that cannot be`, () => {
    const image = build(numbered(3));
    const buffer = new ArrayBuffer(image.byteLength + 64);
    const noBuffer = {} as ArrayBuffer;
    expect(codeOf(() => image.writeTo({ buffer: noBuffer, generation: 1 }))).toBe(
      'RM_TABLE_OPTION',
    );
    for (const byteOffset of [-64, 8, 1, 128, 0.5, Number.NaN]) {
      expect(codeOf(() => image.writeTo({ buffer, byteOffset, generation: 1 }))).toBe(
        'RM_TABLE_OPTION',
      );
    }
    for (const generation of [-1, 0.5, 2 ** 53, Number.NaN]) {
      expect(codeOf(() => image.writeTo({ buffer, generation }))).toBe('RM_TABLE_OPTION');
    }
    image.writeTo({ buffer, byteOffset: 64, generation: 2 ** 53 - 1 });
    const table = openTable(buffer, 64);
    expect([table.kind, table.header.generation]).toEqual([kind, 2 ** 53 - 1]);
  });

  test(`bad input - ${kind}: a short result array is refused before anything is written`, () => {
    const table = publish(build(numbered(3)));
    const owners = new Uint16Array(3).fill(7);
    expect(codeOf(() => table.primaries(new Uint32Array(8), owners))).toBe('RM_TABLE_OPTION');
    if (table.kind !== 'jump') {
      expect(codeOf(() => table.replicaSets(new Uint32Array(8), owners))).toBe('RM_TABLE_OPTION');
    }
    expect([...owners]).toEqual([7, 7, 7]);
    table.primaries(new Uint32Array(0), owners);
    expect([...owners]).toEqual([7, 7, 7]);
  });

  test(`bad input - ${kind}: a member number that is none is a bug of the caller`, () => {
    const table = publish(build(numbered(3)));
    for (const member of [-1, 3, 65_535]) {
      expect(codeOf(() => table.members.name(member))).toBe('RM_ASSERT');
      expect(codeOf(() => table.members.weight(member))).toBe('RM_ASSERT');
    }
    expect(codeOf(() => table.members.zoneName(9))).toBe('RM_ASSERT');
  });

  // Guards: HOT-7
  test(`bad input - ${kind}: equal members give equal bytes and hashes but for the generation`, () => {
    const [one, other] = [bytesOf(build(numbered(5)), 7), bytesOf(build(numbered(5).reverse()), 8)];
    expect(other.slice(0, 16)).toEqual(one.slice(0, 16));
    expect(other.slice(24)).toEqual(one.slice(24));
    expect(other[16]).toBe(8);
  });

  // Guards: HOT-19
  test(`bad input - ${kind}: a table whose head was changed does not open`, () => {
    const good = bytesOf(build(numbered(5)));
    for (const [word, value] of [
      [HEADER_WORD.magic, 0],
      [HEADER_WORD.version, 2],
      [HEADER_WORD.totalBytes, good.length - 64],
      [HEADER_WORD.totalBytes, good.length + 64],
      [HEADER_WORD.kind, 0],
      [HEADER_WORD.kind, 6],
      [HEADER_WORD.members, 0],
      [HEADER_WORD.members, 65_536],
      [HEADER_WORD.zones, 0],
      [HEADER_WORD.zones, 6],
      [HEADER_WORD.replicas, 0],
      [HEADER_WORD.replicas, 65_535],
      [HEADER_WORD.entries, 0],
      [HEADER_WORD.entries, 0x8000_0000],
      [HEADER_WORD.bucketBits, 31],
      [HEADER_WORD.namesBytes, 0xffffffff],
    ] as const) {
      const bytes = new Uint8Array(good);
      new Uint32Array(bytes.buffer)[word] = value;
      expect(codeOf(() => openTable(bytes.buffer))).toBe('RM_TABLE_INVALID');
    }
  });

  test(`bad input - ${kind}: names and zones that point outside do not open`, () => {
    const good = bytesOf(build(numbered(5)));
    const { layout } = openTable(new Uint8Array(good).buffer).header;
    for (const at of [layout.members, layout.members + 4, layout.members + 8, layout.zones + 4]) {
      const bytes = new Uint8Array(good);
      new Uint32Array(bytes.buffer)[at / 4] = 0x7fff_ffff;
      expect(codeOf(() => openTable(bytes.buffer))).toBe('RM_TABLE_INVALID');
    }
  });

  property.prop([fc.nat(), fc.integer({ min: 1, max: 255 })], { numRuns: 60 })(
    `bad input - ${kind}: verification notices any changed byte after the generation`,
    (pick, change) => {
      const bytes = new Uint8Array(bytesOf(build(numbered(5))));
      verifyTable(bytes.buffer);
      const at = 24 + (pick % (bytes.length - 24));
      bytes[at] = (bytes[at] as number) ^ change;
      expect(codeOf(() => verifyTable(bytes.buffer))).toBe('RM_TABLE_INVALID');
    },
  );

  property.prop([fc.nat(), fc.nat(0xffffffff)], { numRuns: 60 })(
    `bad input - ${kind}: damage after the head never hangs or breaks a look-up`,
    (pick, value) => {
      const bytes = new Uint8Array(bytesOf(build(numbered(5))));
      const words = new Uint32Array(bytes.buffer);
      words[32 + (pick % (words.length - 32))] = value;
      if (codeOf(() => openTable(bytes.buffer)) !== 'no error') return;
      expect(typeof openTable(bytes.buffer).primary(pick, value)).toBe('number');
    },
  );
});

describe('bad input', () => {
  test('bad input - a rank that is no number of a replica has no owner', () => {
    const slots = [rendezvous(members(3)), maglev(members(3))].map((image) => publish(image));
    const keys = [ketama(numbered(3)), buildPantheon(numbered(3)), buildJump(numbered(3))];
    for (const rank of [-1, 0.5, 99, Number.NaN]) {
      for (const table of slots) {
        if (table.kind === 'rendezvous' || table.kind === 'maglev') {
          expect(table.owner(7, rank)).toBe(NO_MEMBER);
        }
      }
      for (const table of keys.map((image) => publish(image))) {
        if (table.kind === 'rendezvous' || table.kind === 'maglev') continue;
        expect(table.owner(7, 7, rank)).toBe(NO_MEMBER);
      }
    }
  });

  test('bad input - memory that never was a table does not open', () => {
    for (const [buffer, byteOffset] of [
      [new SharedArrayBuffer(4096), 0],
      [new ArrayBuffer(64), 0],
      [new ArrayBuffer(0), 0],
      [new ArrayBuffer(4096), 8],
      [new ArrayBuffer(4096), -64],
      [new ArrayBuffer(4096), 8192],
      [new Uint8Array(4096) as unknown as ArrayBuffer, 0],
    ] as const) {
      expect(codeOf(() => openTable(buffer, byteOffset))).toBe('RM_TABLE_INVALID');
    }
  });

  test('bad input - verification notices every changed byte but those of the generation', () => {
    const bytes = bytesOf(rendezvous(members(3)), 7);
    const unnoticed: number[] = [];
    for (let at = 0; at < bytes.length; at += 1) {
      bytes[at] = (bytes[at] as number) ^ 0xff;
      if (codeOf(() => verifyTable(bytes.buffer)) === 'no error') unnoticed.push(at);
      bytes[at] = (bytes[at] as number) ^ 0xff;
    }
    // Bytes 22 and 23 belong to it, too, but no generation sets all their bits.
    expect(unnoticed).toEqual([16, 17, 18, 19, 20, 21]);
  });

  // Guards: HOT-7
  test('bad input - a weight of -0 gives the bytes of a weight of 0', () => {
    const drained = (weight: number): Member[] => [{ name: 'a' }, { name: 'b', weight }];
    for (const build of [rendezvous, maglev]) {
      expect(bytesOf(build(drained(-0)))).toEqual(bytesOf(build(drained(0))));
    }
  });

  // Guards: HOT-19
  test.each([0x4000_0000, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_ffff])(
    'bad input - a bucket that starts at section %d, past the end, is taken as the end of the ring',
    (start) => {
      const bytes = bytesOf(buildKetama(members(3), { sectionsPerMember: 10 }));
      const table = openTable(bytes.buffer);
      if (table.kind !== 'ketama') throw new Error(`got a ${table.kind} table`);
      const high = table.hashes[30] as number;
      expect(table.sectionOf(high, 0)).toBe(15);
      const bucket = high >>> (32 - table.header.bucketBits);
      new Uint32Array(bytes.buffer, table.header.layout.parts[1])[bucket] = start;
      expect(table.sectionOf(high, 0)).toBe(0);
      const owners = new Uint16Array(1);
      table.primaries(Uint32Array.of(high, 0), owners);
      expect([table.primary(high, 0), owners[0]]).toEqual([table.cells[0], table.cells[0]]);
    },
  );

  // Guards: HOT-19
  test('bad input - a Pantheon table of more shards than a zone has members does not open', () => {
    const image = buildPantheon([{ name: 'a', shard: 0 }]);
    const buffer = new SharedArrayBuffer(image.byteLength + 64);
    image.writeTo({ buffer, generation: 1 });
    const words = new Uint32Array(buffer);
    words[HEADER_WORD.entries] = 33;
    words[HEADER_WORD.totalBytes] = image.byteLength + 64;
    expect(() => openTable(buffer)).toThrow('got shards 33, expected 1 to 1');
  });

  test('bad input - verification finds owners and buckets that are wrong though the hash fits', () => {
    const image = buildKetama(members(3), { sectionsPerMember: 10, replicas: 1 });
    for (const part of [1, 2] as const) {
      const bytes = new Uint8Array(bytesOf(image));
      const { layout, contentHash } = openTable(bytes.buffer).header;
      new Uint16Array(bytes.buffer)[layout.parts[part] / 2 + 2] = 900;
      const message = (() => {
        try {
          verifyTable(bytes.buffer);
        } catch (error) {
          return (error as Error).message;
        }
        return '';
      })();
      const found = /got content hash (\d+)/.exec(message);
      expect(found).not.toBeNull();
      expect(Number(found?.[1])).not.toBe(contentHash);
      // Repair the hash, as a faulty writer would have written it.
      new Uint32Array(bytes.buffer)[HEADER_WORD.contentHash] = Number(found?.[1]);
      expect(() => verifyTable(bytes.buffer)).toThrow(part === 1 ? 'start of a bucket' : 'owner');
    }
  });

  test.each([0, 5, 1.5, Number.NaN])(
    'bad input - %d replicas of a slot table are refused',
    (replicas) => {
      const builder = new RendezvousBuilder(members(3), { slotBits: 8 });
      expect(codeOf(() => builder.image({ replicas }))).toBe('RM_TABLE_OPTION');
      expect(codeOf(() => buildMaglev(members(3), { replicas }))).toBe('RM_TABLE_OPTION');
    },
  );

  test.each([1000, 2001, 1010.5, Number.NaN])(
    'bad input - a cap of %d permille is refused',
    (capPermille) => {
      const builder = new RendezvousBuilder(members(3), { slotBits: 8 });
      expect(codeOf(() => builder.image({ capPermille }))).toBe('RM_TABLE_OPTION');
    },
  );

  test.each([7, 21, 16.5, Number.NaN])('bad input - %d slot bits are refused', (slotBits) => {
    expect(codeOf(() => new RendezvousBuilder(members(3), { slotBits }))).toBe('RM_TABLE_OPTION');
  });

  test('bad input - a refused join, leave or change leaves the builder as it was', () => {
    const builder = new RendezvousBuilder(members(3), { slotBits: 8 });
    const before = bytesOf(builder.image());
    const attempts = [
      () => builder.join({ name: 'node-1' }),
      () => builder.join({ name: 'x', weight: Number.NaN }),
      () => builder.leave('unknown'),
      () => builder.change({ name: 'unknown' }),
      () => builder.change({ name: 'node-1', weight: -1 }),
    ];
    for (const attempt of attempts) expect(codeOf(attempt)).toBe('RM_TABLE_MEMBERS');
    expect(bytesOf(builder.image())).toEqual(before);
  });

  test('bad input - a full builder refuses a 65,536th member; an emptied one has no image', () => {
    const builder = new RendezvousBuilder(members(2), { slotBits: 8 });
    builder.change({ name: 'node-1', weight: 0 });
    expect(publish(builder.image()).primary(1, 0)).toBe(0);
    builder.leave('node-0');
    expect(codeOf(() => builder.image())).toBe('RM_TABLE_MEMBERS');
    builder.leave('node-1');
    expect(codeOf(() => builder.image())).toBe('RM_TABLE_MEMBERS');
    for (const { name } of numbered(MEMBERS_MAX)) builder.join({ name, weight: 0 });
    expect(codeOf(() => builder.join({ name: 'one-more' }))).toBe('RM_TABLE_MEMBERS');
  });

  test('bad input - an empty label set hashes the tenant, a label of a mebibyte hashes whole', () => {
    expect(keyOf('tenant', [])).not.toEqual(keyOf('other', []));
    expect(keyOf('', [])).not.toEqual(keyOf('', [['', '']]));
    const large = 'v'.repeat(1 << 20);
    expect(keyOf('t', [['l', large]])).not.toEqual(keyOf('t', [['l', `${large}w`]]));
    expect(keyOf('t', [['l', large]])).toEqual(keyOf('t', [['l', large]]));
  });

  test.each([-1, 1.5, Number.NaN])('bad input - a shard size of %d is refused', (shardSize) => {
    const sharder = new ShuffleSharder(members(3), { shardSize });
    expect(codeOf(() => sharder.pick('t'))).toBe('RM_TABLE_OPTION');
  });

  test('bad input - a shard size of 0 gives a tenant all members', () => {
    expect(new ShuffleSharder(members(3), { shardSize: 0 }).pick('t').length).toBe(3);
  });
});
