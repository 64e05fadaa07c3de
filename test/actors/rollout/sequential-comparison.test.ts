/** What the sequential comparison calls worse and not worse, and what it refuses to judge at all. */
import { fc, test as property } from '@fast-check/vitest';
import {
  COMPARISON_DEFAULT,
  COMPARISON_START,
  type ComparisonBlock,
  type ComparisonState,
  compareBlock,
  comparisonReport,
  type SideCounts,
} from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import {
  abortedAt,
  burstFoundAt,
  CALM,
  fixedSize,
  NULLS,
} from '../../../bench/sequential/comparisons.ts';

const side = (requests: number, errors: number, slow = 0): SideCounts => ({
  requests,
  errors,
  slow,
});
const after = (blocks: readonly ComparisonBlock[]): ComparisonState =>
  blocks.reduce<ComparisonState>(
    (state, block) => compareBlock(COMPARISON_DEFAULT, state, block),
    COMPARISON_START,
  );
const same = (blocks: number, requests: number, errors = 0): ComparisonBlock[] =>
  Array.from({ length: blocks }, () => ({
    canary: side(requests, errors),
    baseline: side(requests, errors),
  }));
const verdict = (blocks: readonly ComparisonBlock[]): string =>
  comparisonReport(COMPARISON_DEFAULT, after(blocks)).verdict;
const codeOf = (block: ComparisonBlock, config = COMPARISON_DEFAULT): unknown => {
  try {
    compareBlock(config, COMPARISON_START, block);
    return null;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

describe('sequential comparison', () => {
  test('abort - a canary whose every request fails is worse after the second block', () => {
    const bad = { canary: side(500, 500), baseline: side(500, 5) };
    expect(verdict([bad, bad])).toBe('worse');
  });

  test('abort - stays so whatever comes after it', () => {
    const bad = { canary: side(500, 500), baseline: side(500, 5) };
    expect(verdict([bad, bad, ...same(200, 1000)])).toBe('worse');
  });

  test('promotion - nothing on 29 blocks, however many requests they hold', () => {
    expect(verdict(same(29, 1_000_000, 1))).toBe('undecided');
    expect(verdict(same(30, 1_000_000, 1))).toBe('notWorse');
  });

  test('promotion - nothing on 499 requests of one side, nor while the margin is open', () => {
    const few = same(30, 10).map(({ canary }) => ({ canary, baseline: side(100_000, 0) }));
    const report = comparisonReport(COMPARISON_DEFAULT, after(few));
    expect(report).toMatchObject({ verdict: 'undecided', why: '300 of 500 requests' });
    expect(verdict(same(60, 10))).toBe('undecided');
  });

  test('pairs - a block without requests on one side says nothing and is counted apart', () => {
    const state = after([{ canary: side(0, 0), baseline: side(100, 100) }]);
    expect(state).toEqual({ ...COMPARISON_START, unpairedBlocks: 1 });
  });

  test('refusal - counts and knobs that cannot be', () => {
    const good = side(10, 1, 1);
    const absurd = [
      side(Number.NaN, 0),
      side(-1, 0),
      side(1.5, 0),
      side(10, 11),
      side(10, -1),
      side(10, 0, 11),
      side(Number.POSITIVE_INFINITY, 0),
      side(2e9, 0),
    ];
    for (const bad of absurd) {
      expect(codeOf({ canary: bad, baseline: good })).toBe('RM_COMPARISON_INVALID');
      expect(codeOf({ canary: good, baseline: bad })).toBe('RM_COMPARISON_INVALID');
    }
    for (const knob of [{ alpha: 0 }, { alpha: Number.NaN }, { margin: -1 }, { minBlocks: 0 }]) {
      const config = { ...COMPARISON_DEFAULT, ...knob };
      expect(codeOf({ canary: good, baseline: good }, config)).toBe('RM_COMPARISON_INVALID');
    }
  });

  const counts = fc
    .tuple(fc.nat(5000), fc.nat(5000), fc.nat(5000))
    .map(([a, b, c]) => side(a, Math.min(a, b), Math.min(a, c)));
  const blocks = fc.array(fc.record({ canary: counts, baseline: counts }), { maxLength: 20 });

  property.prop([blocks])('state - is plain data that goes on from its JSON', (list) => {
    let stored = COMPARISON_START;
    for (const block of list) {
      stored = JSON.parse(JSON.stringify(compareBlock(COMPARISON_DEFAULT, stored, block)));
    }
    const report = comparisonReport(COMPARISON_DEFAULT, stored);
    expect(report).toEqual(comparisonReport(COMPARISON_DEFAULT, after(list)));
    expect(report.errors.inflation).toBeGreaterThanOrEqual(1);
    expect(Number.isFinite(report.errors.logWorse + report.slow.logNotWorse)).toBe(true);
  });

  test('level - at most 1 % of null runs are aborted under constant peeking', () => {
    for (const traffic of Object.values(NULLS)) {
      let aborted = 0;
      for (let seed = 1; seed <= 200; seed++) {
        if (abortedAt({ ...CALM, ...traffic }, 120, seed) !== null) aborted++;
      }
      expect(aborted).toBeLessThanOrEqual(2);
    }
  });

  test('power - twice the errors with a third of the samples of a fixed-size test', () => {
    const found = Array.from(
      { length: 200 },
      (_, seed) => abortedAt({ ...CALM, requests: 50, ratio: 2 }, 2000, seed + 1) ?? 2000,
    ).sort((a, b) => a - b);
    expect((found[100] ?? 2000) * 50).toBeLessThanOrEqual(fixedSize(0.01, 0.015, true) / 3);
  });

  test('power - a canary 100 times worse for 3 of 10 blocks is found', () => {
    let found = 0;
    for (let seed = 1; seed <= 200; seed++) if (burstFoundAt(seed) !== null) found++;
    expect(found).toBeGreaterThanOrEqual(196);
  });
});
