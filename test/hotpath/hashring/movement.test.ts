/**
 * Movement reports against counting keys, and the promise that rendezvous moves no key in vain.
 */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { buildJump } from '../../../src/hotpath/hashring/jump-builder.ts';
import { buildKetama } from '../../../src/hotpath/hashring/ketama-builder.ts';
import { buildMaglev } from '../../../src/hotpath/hashring/maglev-builder.ts';
import { movement } from '../../../src/hotpath/hashring/movement.ts';
import { RendezvousBuilder } from '../../../src/hotpath/hashring/rendezvous-builder.ts';
import { anyMembers, members, publish, publishAs } from './ring-fixtures.ts';

describe('movement', () => {
  property.prop([anyMembers, fc.nat(), fc.constantFrom('join', 'leave', 'heavier', 'lighter')], {
    numRuns: 100,
  })(
    'movement - rendezvous moves exactly the minimum for one join, leave or weight',
    (list, pick, step) => {
      const builder = new RendezvousBuilder(list, { slotBits: 8 });
      const before = publish(builder.image());
      const target = list[pick % list.length] as (typeof list)[number];
      const weight = target.weight ?? 1;
      if (step === 'join') builder.join({ name: 'the-newcomer-itself', zone: 'b', weight: 2 });
      if (step === 'heavier') builder.change({ ...target, weight: weight * 2 + 1 });
      const isLast = list.every((member) => member === target || member.weight === 0);
      if (step === 'leave' && !isLast) builder.leave(target.name);
      if (step === 'lighter' && !isLast) builder.change({ ...target, weight: weight / 4 });
      const report = movement(before, publish(builder.image()));
      expect(report.movedShare).toBe(report.minimumShare);
      expect([report.ratio, report.method, report.samples]).toEqual([1, 'exact', 0]);
    },
  );

  test('movement - flows name who loses and who gains, largest first', () => {
    const builder = new RendezvousBuilder(members(5), { slotBits: 12 });
    const before = publishAs('rendezvous', builder.image());
    builder.leave('node-2');
    const report = movement(before, publishAs('rendezvous', builder.image()));
    expect(new Set(report.flows.map((flow) => flow.from))).toEqual(new Set(['node-2']));
    expect(report.flows.map((flow) => flow.to).sort()).toEqual([
      'node-0',
      'node-1',
      'node-3',
      'node-4',
    ]);
    const shares = report.flows.map((flow) => flow.share);
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(report.movedShare, 12);
    expect(report.movedSlots.length / 4096).toBe(report.movedShare);
    for (const slot of report.movedSlots) {
      expect(before.members.name(before.cells[slot * 4] as number)).toBe('node-2');
    }
  });

  test('movement - nothing moves between equal tables, or tables of twice the slots', () => {
    const list = members(9, 3);
    const [coarse, fine] = [8, 9].map((slotBits) =>
      publish(new RendezvousBuilder(list, { slotBits }).image()),
    );
    if (coarse === undefined || fine === undefined) throw new Error('two tables expected');
    expect(movement(fine, fine)).toMatchObject({
      movedShare: 0,
      minimumShare: 0,
      ratio: 1,
      flows: [],
    });
    const report = movement(coarse, fine);
    expect(report.method).toBe('exact');
    expect(report.movedSlots.length).toBe(0);
    expect(report.movedShare).toBeGreaterThan(0.5); // Slots of another size race anew.
  });

  test('movement - maglev moves a little more than it must, measured over all hashes', () => {
    const before = publish(buildMaglev(members(100)));
    const report = movement(before, publish(buildMaglev(members(99))));
    expect(report.method).toBe('exact');
    expect(report.minimumShare).toBeCloseTo(0.01, 3);
    expect(report.ratio).toBeGreaterThan(1);
    expect(report.movedShare).toBeLessThan(0.06);
  });

  test('movement - ketama is measured arc by arc and agrees with counting keys', () => {
    const [before, after] = [members(10), members(11)].map((list) =>
      publishAs('ketama', buildKetama(list, { sectionsPerMember: 40 })),
    );
    if (before === undefined || after === undefined) throw new Error('two tables expected');
    const report = movement(before, after);
    expect([report.method, report.ratio]).toEqual(['exact', 1]);
    expect(new Set(report.flows.map((flow) => flow.to))).toEqual(new Set(['node-10']));
    let moved = 0;
    for (let index = 0; index < 65_536; index += 1) {
      const high = (index * 65_536 + 32_768) >>> 0;
      const from = before.members.name(before.primary(high, 0));
      if (from !== after.members.name(after.primary(high, 0))) moved += 1;
    }
    expect(moved / 65_536).toBeCloseTo(report.movedShare, 2);
    expect(movement(after, after).movedShare).toBe(0);
    expect(movement(after, before).ratio).toBe(1);
  });

  test('movement - tables without a common division are sampled, and say so', () => {
    const sequence = (count: number) =>
      publish(
        buildJump(Array.from({ length: count }, (_, shard) => ({ name: `s${shard}`, shard }))),
      );
    const grown = movement(sequence(10), sequence(11));
    expect([grown.method, grown.samples, grown.ratio]).toEqual(['sampled', 65_536, 1]);
    expect(grown.movedShare).toBeCloseTo(1 / 11, 2);
    const slots = publish(new RendezvousBuilder(members(10)).image());
    const changed = movement(slots, publish(buildMaglev(members(10))));
    expect(changed.method).toBe('sampled');
    expect(changed.movedShare).toBeCloseTo(0.9, 1);
    expect(changed.ratio).toBeGreaterThan(10);
  });

  test('movement - a table of hashes and one of keys cannot be compared', () => {
    const slots = publish(new RendezvousBuilder(members(3), { slotBits: 8 }).image());
    const keys = publish(buildKetama(members(3), { sectionsPerMember: 5 }));
    expect(() => movement(slots, keys)).toThrow('RM_TABLE_KIND');
    expect(() => movement(keys, slots)).toThrow('RM_TABLE_KIND');
  });

  test('movement - a refined table pays a few more slots for its balance, and the report shows it', () => {
    const builder = new RendezvousBuilder(members(100, 3));
    const before = publish(builder.image({ capPermille: 1010 }));
    builder.join({ name: 'node-100', zone: 'zone-1' });
    const report = movement(before, publish(builder.image({ capPermille: 1010 })));
    expect(report.ratio).toBeGreaterThan(1);
    expect(report.movedShare).toBeLessThan(0.03);
  });
});
// Guards: HOT-8
