/** Published tables on one thread: options, headers, slots, readers, the barrier, every misuse. */
import { test as propertyTest } from '@fast-check/vitest';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SharedMem } from '../../../src/hotpath/mem.ts';
import {
  formatPublished,
  NO_SLOT_FREE,
  NOTHING_PUBLISHED,
  PublishedReader,
  Publisher,
  type PublishOptions,
  publishBytes,
} from '../../../src/hotpath/publish/index.ts';
import {
  CURRENT_WORD,
  stampOf,
  stampSlot,
  VERSIONS,
} from '../../../src/hotpath/publish/publish-layout.ts';
import { codeOf } from '../error-code.ts';

const SIZES = { slotBytes: 64, slots: 3, readers: 2 };

function tableOf(options: Partial<PublishOptions> = {}) {
  const sizes = { ...SIZES, ...options };
  const mem = new SharedMem(new SharedArrayBuffer(publishBytes(sizes)));
  formatPublished(mem, sizes);
  const readers = Array.from(
    { length: sizes.readers },
    (_, index) => new PublishedReader(mem, index),
  );
  return { mem, publisher: new Publisher(mem), readers };
}

function publishValue(mem: SharedMem, publisher: Publisher, value: number): number {
  const at = publisher.begin();
  expect(at).toBeGreaterThan(0);
  mem.words[at / 4] = value;
  return publisher.publish();
}

describe('publish', () => {
  test('publish - nothing is pinned before the first version', () => {
    const { readers } = tableOf();
    expect(readers[0]?.pin()).toBe(NOTHING_PUBLISHED);
    expect(readers[0]?.version).toBe(-1);
  });

  test('publish - a reader sees the newest version and keeps it while newer ones come', () => {
    // Guards: HOT-5 HOT-6 R4
    const { mem, publisher, readers } = tableOf();
    const [reader] = readers as [PublishedReader, PublishedReader];
    publishValue(mem, publisher, 1);
    const at = reader.pin();
    for (let value = 2; value < 20; value++) publishValue(mem, publisher, value);
    expect(mem.words[at / 4]).toBe(1);
    expect(mem.words[reader.pin() / 4]).toBe(19);
    expect(reader.version).toBe(19);
  });

  test('publish - with every other slot pinned there is none to write, and one after an unpin', () => {
    const { mem, publisher, readers } = tableOf();
    const [first, second] = readers as [PublishedReader, PublishedReader];
    publishValue(mem, publisher, 1);
    first.pin();
    publishValue(mem, publisher, 2);
    second.pin();
    publishValue(mem, publisher, 3);
    expect(publisher.begin()).toBe(NO_SLOT_FREE);
    first.unpin();
    expect(publisher.begin()).toBeGreaterThan(0);
  });

  test('publish - the slot of a dead reader is free after it was evicted', () => {
    const { mem, publisher, readers } = tableOf({ readers: 1 });
    publishValue(mem, publisher, 1);
    const pinnedAt = readers[0]?.pin();
    publishValue(mem, publisher, 2);
    for (let value = 3; value < 9; value++) publishValue(mem, publisher, value);
    publisher.evict(0);
    const offsets = new Set<number>();
    for (let value = 0; value < 4; value++) {
      offsets.add(publisher.begin());
      publisher.publish();
    }
    expect(offsets.has(pinnedAt as number)).toBe(true);
  });

  test('publish - a reader has reached a version when it is on it, past it or offline', () => {
    const { mem, publisher, readers } = tableOf();
    const [first, second] = readers as [PublishedReader, PublishedReader];
    const one = publishValue(mem, publisher, 1);
    first.pin();
    const two = publishValue(mem, publisher, 2);
    second.pin();
    expect([publisher.hasReached(0, one), publisher.hasReached(0, two)]).toEqual([true, false]);
    expect([publisher.hasReached(1, one), publisher.allReached(two)]).toEqual([true, false]);
    first.unpin();
    expect(publisher.allReached(two)).toBe(true);
  });

  test('publish - an aborted version is never seen', () => {
    const { mem, publisher, readers } = tableOf();
    publishValue(mem, publisher, 1);
    mem.words[publisher.begin() / 4] = 99;
    publisher.abort();
    expect(mem.words[(readers[0]?.pin() ?? 0) / 4]).toBe(1);
    expect(publisher.version).toBe(1);
  });

  test('publish - misuse is refused by name', () => {
    const { mem, publisher } = tableOf();
    expect(codeOf(() => publisher.publish())).toBe('RM_PUBLISH_STATE');
    publisher.begin();
    expect(codeOf(() => publisher.begin())).toBe('RM_PUBLISH_STATE');
    expect(codeOf(() => publisher.hasReached(2, 0))).toBe('RM_PUBLISH_OPTION');
    expect(codeOf(() => publisher.evict(-1))).toBe('RM_PUBLISH_OPTION');
    expect(codeOf(() => new PublishedReader(mem, 2))).toBe('RM_PUBLISH_OPTION');
    expect(codeOf(() => new Publisher(mem))).toBe('RM_PUBLISH_INVALID');
    expect(() => new Publisher(mem, { takeOver: true })).not.toThrow();
    publisher.close();
    expect(() => new Publisher(mem)).not.toThrow();
    publisher.close();
    expect(codeOf(() => new Publisher(mem))).toBe('RM_PUBLISH_INVALID');
  });

  test('publish - the barrier answers for versions that were published, and for no others', () => {
    const { mem, publisher } = tableOf({ firstVersion: VERSIONS - 1 });
    const version = publishValue(mem, publisher, 1);
    expect(version).toBe(0);
    expect(publisher.allReached(VERSIONS - 1)).toBe(true);
    for (const none of [-1, 1, 2, 0.5, Number.NaN, VERSIONS, undefined as unknown as number]) {
      expect([none, codeOf(() => publisher.allReached(none))]).toEqual([none, 'RM_PUBLISH_OPTION']);
    }
  });

  test('publish - a reader that stays is never taken to have moved, however far it falls behind', () => {
    const { mem, publisher, readers } = tableOf({ readers: 1 });
    const [reader] = readers as [PublishedReader];
    publishValue(mem, publisher, 1);
    reader.pin();
    publishValue(mem, publisher, 2);
    // As if 2^26 + 1 and then nearly 2^27 versions had been published meanwhile.
    for (const missed of [VERSIONS / 2 + 1, VERSIONS - 5]) {
      const current = mem.words[CURRENT_WORD] as number;
      mem.words[CURRENT_WORD] = stampOf(1 + missed, stampSlot(current));
      const late = new Publisher(mem, { takeOver: true });
      expect(late.allReached(late.version)).toBe(false);
    }
    const last = new Publisher(mem, { takeOver: true });
    for (let version = 0; version < 3; version++) {
      expect(last.begin()).toBeGreaterThan(0);
      last.publish();
    }
    expect(last.begin()).toBe(NO_SLOT_FREE);
  });

  test('publish - memory that names a slot which is not there is refused', () => {
    const { mem, readers } = tableOf();
    mem.words[CURRENT_WORD] = stampOf(5, 15);
    expect(codeOf(() => readers[0]?.pin())).toBe('RM_PUBLISH_INVALID');
  });

  test.each([
    ['slots', { slots: 2 }],
    ['slots', { slots: 17 }],
    ['readers', { readers: 0 }],
    ['readers', { readers: 1025 }],
    ['slotBytes', { slotBytes: 100 }],
    ['slotBytes', { slotBytes: 2 ** 30 }],
    ['slotBytes', { slotBytes: Number.NaN }],
  ])('publish - an impossible %s is refused by name: %j', (name, options) => {
    expect(() => publishBytes({ ...SIZES, ...options })).toThrow(
      new RegExp(`RM_PUBLISH_OPTION: ${name} `),
    );
  });

  test('publish - memory that is no published table is refused', () => {
    const empty = new SharedMem(new SharedArrayBuffer(4096));
    expect(codeOf(() => new Publisher(empty))).toBe('RM_PUBLISH_INVALID');
    expect(codeOf(() => new PublishedReader(new SharedMem(new SharedArrayBuffer(64)), 0))).toBe(
      'RM_PUBLISH_INVALID',
    );
    expect(codeOf(() => formatPublished(empty, { ...SIZES, slotBytes: 8192 }))).toBe(
      'RM_PUBLISH_INVALID',
    );
    expect(codeOf(() => formatPublished(empty, { ...SIZES, firstVersion: VERSIONS }))).toBe(
      'RM_PUBLISH_OPTION',
    );
    const { mem } = tableOf();
    mem.words[1] = 99;
    expect(() => new Publisher(mem)).toThrow(/got layout version 99; expected 1/);
    const short = tableOf().mem;
    short.words[2] = 128;
    expect(codeOf(() => new Publisher(short))).toBe('RM_PUBLISH_INVALID');
  });

  // Guards: HOT-5 HOT-6 R4
  propertyTest.prop([
    fc.constantFrom(0, VERSIONS - 3, VERSIONS / 2 - 3),
    fc.integer({ min: 3, max: 16 }),
    fc.array(fc.record({ who: fc.integer({ min: 0, max: 3 }), pins: fc.boolean() }), {
      maxLength: 200,
    }),
  ])('publish - readers hold what they pinned, at any wrap', (firstVersion, slots, turns) => {
    const { mem, publisher, readers } = tableOf({ firstVersion, slots, readers: 3 });
    const held = new Map<number, { at: number; value: number }>();
    let newest = 0;
    let last = firstVersion;
    for (const { who, pins } of turns) {
      const reader = readers[who];
      if (reader === undefined) {
        const at = publisher.begin();
        if (at === NO_SLOT_FREE) continue;
        mem.words[at / 4] = ++newest;
        const version = publisher.publish();
        expect(version).toBe((last + 1) % VERSIONS);
        last = version;
      } else if (pins) {
        const at = reader.pin();
        if (newest === 0) expect(at).toBe(NOTHING_PUBLISHED);
        else held.set(who, { at, value: newest });
      } else {
        reader.unpin();
        held.delete(who);
      }
      for (const { at, value } of held.values()) expect(mem.words[at / 4]).toBe(value);
      const behind = [...held.values()].some(({ value }) => value < newest);
      expect(publisher.allReached(last)).toBe(!behind);
    }
    expect(mem.words[CURRENT_WORD] === 0 && newest > 0).toBe(false);
  });
});
