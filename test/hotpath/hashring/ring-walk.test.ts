/**
 * The walk for replicas against the rule itself, lap by lap; and what it costs where somebody is rare.
 */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { type Ring, takeCensus, walkReplicas } from '../../../src/hotpath/hashring/ring-walk.ts';

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

  // Searching the ring section by section would read some 8 million owners.
  // Guards: HOT-9
  test.each([
    ['zone', [0, 0, 1]],
    ['member', [0, 0, 0]],
  ])(
    'ring walk - a %s of one section is a replica everywhere, for a few reads a section',
    (_, zones) => {
      const sections = 4001;
      const owners = Uint16Array.from({ length: sections }, (_, section) => section % 2);
      owners[2000] = 2;
      let reads = 0;
      const counted = new Proxy(owners, {
        get(target, key) {
          reads += 1;
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      const plain = { owners, zoneOf: Uint16Array.from(zones), zones: 2, members: 3 };
      const cells = new Uint16Array(sections * 3);
      const shape = { replicas: 3, stride: 3 };
      walkReplicas({ ...plain, owners: counted }, takeCensus(plain), cells, shape);
      for (let at = 0; at < cells.length; at += 3) expect(cells.subarray(at, at + 3)).toContain(2);
      expect(reads).toBeLessThan(sections * 3 * 6);
    },
  );
});
