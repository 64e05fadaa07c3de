/** A ring as the page says it, and the way of its shares from what they were to what they are. */
import { describe, expect, test } from 'vitest';
import { isSame, type Part, sharesBetween } from '../../src/inspector/page/charts/moving-shares.ts';
import {
  balanceOf,
  becauseOf,
  isWasteful,
  movedText,
  type RingShown,
  type RingStep,
} from '../../src/inspector/page/views/ring-words.ts';

const STEP: RingStep = {
  ...{ from: 7, to: 8, agoMs: 42_000, why: 'shard 3 serves', slices: 0 },
  ...{ movedShare: 0.2501, minimumShare: 0.2496, isExact: true, flows: [], flowsCount: 0 },
};
const RING_OF = (balance: RingShown['balance']): RingShown => ({
  ...{ service: 'kv', generation: 8, algorithm: 'ketama', sections: 1000, moved: 0 },
  ...{ members: [], changes: [], balance },
});

describe('ring', () => {
  test('ring - what moved is told against the least possible, to a tenth of a percent', () => {
    expect(movedText(STEP)).toBe(
      'generation 7 → 8: 25.0 % of keys moved; 25.0 % is the least possible',
    );
    expect(movedText({ ...STEP, isExact: false })).toMatch(/about 25.0 %/);
    expect(movedText({ ...STEP, slices: 2 })).toMatch(
      /; 2 hot slices of 1,024 moved apart from it$/,
    );
    const none = { ...STEP, movedShare: 0, minimumShare: 0 };
    expect(movedText(none)).toBe('generation 7 → 8: no key moved');
    expect(movedText({ ...none, slices: 1 })).toMatch(/by the table; 1 hot slice of 1,024/);
    expect([STEP, { ...STEP, movedShare: 0.28 }].map(isWasteful)).toEqual([false, true]);
    expect(becauseOf(STEP)).toBe('42 s ago: shard 3 serves');
    expect(becauseOf({ ...STEP, agoMs: null, why: null })).toBe('');
  });

  test('ring - the largest share against its mean, and what is borne', () => {
    expect(balanceOf(RING_OF({ imbalance: 1.05, most: 1.1, isExact: true }))).toEqual({
      used: expect.closeTo(0.5, 10),
      isOver: false,
      text: '1.050 × the mean; up to 1.10 × is borne',
    });
    expect(balanceOf(RING_OF({ imbalance: 1.2, most: 1.1, isExact: false }))).toMatchObject({
      isOver: true,
      text: expect.stringMatching(/over fixed keys$/),
    });
    expect(balanceOf(RING_OF(null))).toBeNull();
  });
});

describe('moving shares', () => {
  const part = (name: string, weight: number, step = 1): Part => ({ name, weight, step });
  const before = [part('a', 1), part('b', 1, 2)];
  const after = [part('a', 2), part('c', 2, 3)];

  test('moving shares - whoever is new grows, who is gone shrinks, and the whole stays one', () => {
    expect(sharesBetween(before, after, 0)).toEqual([
      part('a', 0.5),
      part('b', 0.5, 2),
      part('c', 0, 3),
    ]);
    expect(sharesBetween(before, after, 0.5)).toEqual([
      part('a', 0.5),
      part('b', 0.25, 2),
      part('c', 0.25, 3),
    ]);
    for (const at of [0.1, 0.7, 0.99]) {
      const sum = sharesBetween(before, after, at).reduce((all, { weight }) => all + weight, 0);
      expect(sum).toBeCloseTo(1, 12);
    }
    expect(sharesBetween(before, after, 1)).toBe(after);
  });

  test('moving shares - nothing moves where nothing is other than before', () => {
    expect(isSame(before, [part('a', 1), part('b', 1, 2)])).toBe(true);
    expect([isSame(before, after), isSame(before, before.slice(1))]).toEqual([false, false]);
  });
});
