/** Who owns how much of a table, against tables whose shares are known, and against counting. */
import { test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { buildJump } from '../../../src/hotpath/hashring/jump-builder.ts';
import { buildKetama } from '../../../src/hotpath/hashring/ketama-builder.ts';
import { buildMaglev } from '../../../src/hotpath/hashring/maglev-builder.ts';
import { ownership } from '../../../src/hotpath/hashring/ownership.ts';
import { RendezvousBuilder } from '../../../src/hotpath/hashring/rendezvous-builder.ts';
import { SLOT_RANKS } from '../../../src/hotpath/hashring/table-layout.ts';
import { anyMembers, members, publish, publishAs } from './ring-fixtures.ts';

describe('ownership', () => {
  test('ownership - of slots by hand: as many of 256 as a member is the first of', () => {
    const image = new RendezvousBuilder(members(3), { slotBits: 8 }).image();
    const table = publishAs('rendezvous', image);
    // The same owners for each eight slots: three, one and four of them.
    const owners = [1, 2, 3, 1, 1, 3, 3, 3].map((owner) => owner - 1);
    for (let slot = 0; slot < 256; slot++) {
      table.cells[slot * SLOT_RANKS] = owners[slot % owners.length] as number;
    }
    expect(ownership(table)).toEqual({ shares: Float64Array.of(3 / 8, 1 / 8, 4 / 8), samples: 0 });
  });

  test('ownership - of arcs by hand: the circle is cut where its sections lie', () => {
    const table = publishAs(
      'ketama',
      buildKetama(members(2), { replicas: 1, sectionsPerMember: 2 }),
    );
    // Sections at 1/4, 1/2, 3/4 and 7/8 of the circle; an arc belongs to the section at its end.
    const ends = [0x4000_0000, 0x8000_0000, 0xc000_0000, 0xe000_0000];
    ends.forEach((end, i) => {
      table.hashes.set([end, 0], 2 * i);
      table.cells[i] = [0, 1, 1, 0][i] as number;
    });
    // 1/4, and 1/8 before the last, and the last 1/8, which goes on to the first section.
    expect(ownership(table)).toEqual({ shares: Float64Array.of(1 / 2, 1 / 2), samples: 0 });
    table.cells[3] = 1;
    expect(ownership(table).shares).toEqual(Float64Array.of(3 / 8, 5 / 8));
  });

  test('ownership - each member of a jump table has the same', () => {
    const list = members(5).map((member, shard) => ({ ...member, shard }));
    const { shares, samples } = ownership(publish(buildJump(list)));
    expect([samples, [...shares]]).toEqual([0, Array(5).fill(0.2)]);
  });

  test('ownership - a maglev table is about even, and counted by its residues', () => {
    const { shares, samples } = ownership(publish(buildMaglev(members(7))));
    expect(samples).toBe(0);
    for (const share of shares) expect(Math.abs(share - 1 / 7)).toBeLessThan(0.01 / 7);
  });

  property.prop([anyMembers], { numRuns: 50 })('ownership - shares are together all', (list) => {
    const image = new RendezvousBuilder(list, { slotBits: 8 }).image();
    const { shares } = ownership(publish(image));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  });
});
