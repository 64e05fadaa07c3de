/**
 * The walk for replicas against the rule itself, lap by lap; and on rings where somebody is rare.
 */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { buildMaglev } from '../../../src/hotpath/hashring/maglev-builder.ts';
import type { Member } from '../../../src/hotpath/hashring/member.ts';
import { type Ring, takeCensus, walkReplicas } from '../../../src/hotpath/hashring/ring-walk.ts';
import { members, publishAs } from './ring-fixtures.ts';

/** Some members may own nothing, and some zones may have nobody. */
const anyRing: fc.Arbitrary<Ring> = fc
  .record({ members: fc.integer({ min: 1, max: 8 }), zones: fc.integer({ min: 1, max: 5 }) })
  .chain(({ members: count, zones }) =>
    fc.record({
      owners: fc.uint16Array({ minLength: 1, maxLength: 40, max: count - 1 }),
      zoneOf: fc.uint16Array({ minLength: count, maxLength: count, max: zones - 1 }),
      zones: fc.constant(zones),
      members: fc.constant(count),
    }),
  );

/** Step by step: who is met joins unless its zone has more replicas than one with members left. */
function modelWalk({ owners, zoneOf }: Ring, section: number, replicas: number): number[] {
  const onRing = [...new Set(owners)];
  const chosen: number[] = [];
  const inZone = (member: number): number =>
    chosen.filter((other) => zoneOf[other] === zoneOf[member]).length;
  for (let at = section; chosen.length < replicas; at = (at + 1) % owners.length) {
    const owner = owners[at] as number;
    if (chosen.includes(owner)) continue;
    const left = onRing.filter((member) => !chosen.includes(member));
    if (inZone(owner) <= Math.min(...left.map(inZone))) chosen.push(owner);
  }
  return chosen;
}

describe('ring walk', () => {
  // Guards: HOT-9
  property.prop([anyRing, fc.nat()], { numRuns: 400 })(
    'ring walk - every section has the replicas that the rule meets, lap by lap',
    (ring, pick) => {
      const census = takeCensus(ring);
      const replicas = 1 + (pick % census.owners);
      const stride = replicas + 1;
      const cells = new Uint16Array(ring.owners.length * stride).fill(999);
      walkReplicas(ring, census, cells, { replicas, stride });
      for (let section = 0; section < ring.owners.length; section += 1) {
        const got = [...cells.subarray(section * stride, (section + 1) * stride)];
        expect(got).toEqual([...modelWalk(ring, section, replicas), 999]);
      }
    },
  );

  // To search the ring for them, section by section, takes longer than a test may run.
  // Guards: HOT-9
  test.each<[string, Member[]]>([
    ['zone', [...heavy(100), { name: 'rare', zone: 'rare', weight: 0.001 }]],
    ['member', [...heavy(2), { name: 'rare', zone: 'zone-0', weight: 0.001 }]],
  ])('ring walk - a %s of one slot is a replica of every slot that needs it', (_, list) => {
    const table = publishAs('maglev', buildMaglev(list, { slots: 131_071 }));
    const rare = table.members.indexOf('rare');
    let holding = 0;
    for (let at = 0; at < table.cells.length; at += 4) {
      if (table.cells.subarray(at, at + 3).includes(rare)) holding += 1;
    }
    expect(holding).toBe(table.header.entries);
  });
});

/** So heavy that the others take their slot in the first turn, and none after. */
function heavy(count: number): Member[] {
  return members(count).map((member) => ({ ...member, weight: 1000 }));
}
