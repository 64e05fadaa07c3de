/**
 * Bounded loads and tenant rules: choices on top of a table.
 */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { BoundedLoad } from '../../../src/hotpath/hashring/bounded-load.ts';
import { buildMaglev } from '../../../src/hotpath/hashring/maglev-builder.ts';
import { RendezvousBuilder } from '../../../src/hotpath/hashring/rendezvous-builder.ts';
import { NO_MEMBER } from '../../../src/hotpath/hashring/table-layout.ts';
import { matchTenant } from '../../../src/hotpath/hashring/tenant-match.ts';
import { anyMembers, members, publishAs } from './ring-fixtures.ts';

describe('bounded load', () => {
  property.prop([anyMembers, fc.constantFrom(1.05, 1.25, 2), fc.nat()], { numRuns: 60 })(
    'bounded load - no member exceeds its capacity, and nobody is passed over without need',
    (list, factor, seed) => {
      const table = publishAs('maglev', buildMaglev(list, { slots: 251 }));
      const bounded = new BoundedLoad(table, factor);
      const loads = new Uint32Array(list.length);
      for (let total = 0; total < 300; total += 1) {
        const hash = Math.imul(total + seed, 0x9e3779b1) >>> 0;
        const member = bounded.pick(hash, loads, total);
        expect(member).not.toBe(NO_MEMBER);
        expect(loads[member] as number).toBeLessThan(bounded.capacity(member, total + 1));
        for (let rank = 0; rank < 4 && table.owner(hash, rank) !== member; rank += 1) {
          const passed = table.owner(hash, rank);
          if (passed === NO_MEMBER) continue;
          expect(loads[passed]).toBeGreaterThanOrEqual(bounded.capacity(passed, total + 1));
        }
        loads[member] = (loads[member] as number) + 1;
      }
    },
  );

  test('bounded load - with room everywhere the first owner is chosen', () => {
    const table = publishAs(
      'rendezvous',
      new RendezvousBuilder(members(10), { slotBits: 8 }).image(),
    );
    const bounded = new BoundedLoad(table);
    const loads = new Int32Array(new SharedArrayBuffer(40));
    for (let hash = 0; hash < 2 ** 32; hash += 2 ** 24 + 12_345) {
      expect(bounded.pick(hash, loads, 0)).toBe(table.primary(hash));
    }
  });

  test('bounded load - when loads exceed the stated total nobody has room: a value, not a loop', () => {
    const table = publishAs(
      'rendezvous',
      new RendezvousBuilder(members(3), { slotBits: 8 }).image(),
    );
    expect(new BoundedLoad(table).pick(7, Uint32Array.of(100, 100, 100), 3)).toBe(NO_MEMBER);
  });

  test('bounded load - capacities follow weights; the drained have none', () => {
    const list = [{ name: 'a', weight: 3 }, { name: 'b' }, { name: 'c', weight: 0 }];
    const table = publishAs('rendezvous', new RendezvousBuilder(list, { slotBits: 8 }).image());
    const bounded = new BoundedLoad(table, 1.25);
    expect([0, 1, 2, 3].map((member) => bounded.capacity(member, 80))).toEqual([75, 25, 0, 0]);
  });

  test.each([1, 0, -1, Number.NaN, Infinity, 101])(
    'bounded load - refuses a factor of %d',
    (factor) => {
      const table = publishAs(
        'rendezvous',
        new RendezvousBuilder(members(3), { slotBits: 8 }).image(),
      );
      expect(() => new BoundedLoad(table, factor)).toThrow('RM_TABLE_OPTION');
    },
  );
});

describe('tenant', () => {
  test.each([
    ['*', 'anything', true],
    ['*', '', true],
    ['*', 'a/b', false],
    ['prefix*', 'prefix', true],
    ['prefix*', 'prefi', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['a*b', 'a/b', false],
    ['a/*', 'a/b', true],
    ['ab*ba', 'aba', false],
    ['**', 'x', true],
    ['a.c', 'abc', false],
    ['', 'x', false],
  ])('tenant - glob %j against %j: %j', (pattern, tenant, expected) => {
    expect(matchTenant([{ tenants: [pattern], matcher: 'glob' }], tenant)).toBe(expected ? 0 : -1);
  });

  property.prop([
    fc.array(fc.constantFrom('a', 'b', '*', '/')),
    fc.array(fc.constantFrom('a', 'b', '/')),
  ])('tenant - globs agree with a regular expression', (pattern, text) => {
    const glob = pattern.join('');
    const expression = new RegExp(
      `^${pattern.map((unit) => (unit === '*' ? '[^/]*' : unit)).join('')}$`,
    );
    const rule = { tenants: [glob], matcher: 'glob' as const };
    const tenant = text.join('');
    expect(matchTenant([rule], tenant)).toBe(expression.test(tenant) ? 0 : -1);
  });

  test('tenant - the first rule that serves wins; a rule without tenants serves all', () => {
    const rules = [{ tenants: ['a'] }, { tenants: ['a', 'b*'] }, {}, { tenants: ['z'] }];
    expect(['a', 'b*', 'z', ''].map((tenant) => matchTenant(rules, tenant))).toEqual([0, 1, 2, 2]);
    expect(matchTenant([], 'a')).toBe(-1);
  });

  test.each(['a?', '[ab]', 'a\\*'])(
    'tenant - refuses the pattern %s instead of never matching it',
    (pattern) => {
      expect(() => matchTenant([{ tenants: [pattern], matcher: 'glob' }], 'a')).toThrow(
        'RM_TABLE_OPTION',
      );
    },
  );
});
