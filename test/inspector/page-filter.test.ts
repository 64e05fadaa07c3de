/** The page's filter is a grammar: what it means, and that nothing of it is ever code. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  type Filter,
  numberMatches,
  parseFilter,
  pathMatches,
  withOrder,
} from '../../src/inspector/page/place/filter.ts';
import { hashOf, placeOf } from '../../src/inspector/page/place/place.ts';

/** Whether every path term of a filter lets a path through. */
const lets = (filter: string, path: string): boolean =>
  parseFilter(filter).terms.every((term) => term.kind !== 'path' || pathMatches(path, term));

describe('filter', () => {
  test.each<[string, string, boolean]>([
    ['cart', '/user/cart-1', true],
    ['cart', '/user/mail', false],
    ['c*t', '/user/cart-1', true],
    ['-cart', '/user/cart-1', false],
    ['-cart', '/user/mail', true],
    ['path:/user/*', '/user/cart', true],
    ['path:/user', '/user/cart', false],
    ['path:*/cart-*-x', '/user/cart-1-x', true],
    ['path:a*a', 'a', false],
    ['path:/shop*', '/user/shop', false],
    ['user cart', '/user/cart', true],
    ['user mail', '/user/cart', false],
    ['', '/user/cart', true],
    ['(.*)+$', '/user/cart', false],
    ['.', '/user/cart', false],
  ])('filter - %s lets %s through: %s', (filter, path, expected) => {
    expect(lets(filter, path)).toBe(expected);
  });

  test.each<[string, Filter['terms'][number]]>([
    ['depth>10', { kind: 'number', name: 'depth', is: '>', value: 10 }],
    ['restarts>=1', { kind: 'number', name: 'restarts', is: '>=', value: 1 }],
    ['thread:2', { kind: 'number', name: 'thread', is: '=', value: 2 }],
    ['wait<5ms', { kind: 'number', name: 'wait', is: '<', value: 5000 }],
    ['wait<=1.5s', { kind: 'number', name: 'wait', is: '<=', value: 1_500_000 }],
    ['age>90', { kind: 'number', name: 'age', is: '>', value: 90 }],
    ['age<1.5h', { kind: 'number', name: 'age', is: '<', value: 5400 }],
    ['wait>250', { kind: 'number', name: 'wait', is: '>', value: 250 }],
  ])('filter - %s is a number', (word, term) => {
    expect(parseFilter(word)).toEqual({ terms: [term], order: null, wrong: null });
  });

  test.each([
    ['depth>', /no number/],
    ['depth>ten', /no number/],
    ['born>3', /there is no born/],
    ['age>3w', /"3w" is no number/],
    ['sort:name', /no column name/],
    ['-depth>3', /only a path/],
    ['wait>1h', /no number/],
  ])('filter - %s means nothing, and says so', (word, wrong) => {
    const filter = parseFilter(`cart ${word}`);
    expect(filter.wrong).toMatch(wrong);
    expect(filter.terms).toHaveLength(1);
  });

  test('filter - an order is one of its words, and is replaced by another one', () => {
    expect(parseFilter('cart sort:-depth').order).toEqual({ by: 'depth', isDescending: true });
    expect(withOrder('cart sort:-depth', { by: 'path', isDescending: false })).toBe(
      'cart sort:path',
    );
  });

  test('filter - what was not measured is no number', () => {
    for (const is of ['=', '>', '>=', '<', '<='] as const) {
      expect(numberMatches(Number.NaN, is, 0)).toBe(false);
    }
  });

  property.prop([fc.string(), fc.string()])('filter - any text is read, and fast', (text, path) => {
    const filter = parseFilter(text);
    for (const term of filter.terms) if (term.kind === 'path') pathMatches(path, term);
    expect(filter.terms.length).toBeLessThanOrEqual(20);
  });
});

describe('place', () => {
  const moment = fc.option(fc.integer({ min: 1, max: 2 ** 45 }));
  property.prop([fc.string(), fc.string(), moment, moment])(
    'place - an address says again what it was made of',
    (of, filter, atMs, markMs) => {
      const place = { view: 'actor', of, filter, atMs, markMs } as const;
      expect(placeOf(hashOf(place))).toEqual(place);
    },
  );

  test.each(['', '#', '#/', '#/nowhere', '#/%', '#/overview/x?at=no', '#/overview?at=-1'])(
    'place - %s is the first screen',
    (hash) => {
      expect(placeOf(hash)).toEqual({
        view: 'overview',
        of: '',
        filter: '',
        atMs: null,
        markMs: null,
      });
    },
  );
});
