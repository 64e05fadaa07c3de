/**
 * The benchmark harness judged by figures that are known: a benchmark that cannot see a stall, or
 * that calls noise a result, would be worse than none. No test here measures real time.
 */
import { describe, expect, test } from 'vitest';
import { reportOf } from '../../bench/harness/compare.ts';
import { type Measurement, measure } from '../../bench/harness/measure.ts';
import type { BenchRow } from '../../bench/harness/row.ts';
import {
  median,
  quantile,
  ratioInterval,
  summarize,
  variation,
} from '../../bench/harness/statistics.ts';

const idle = { prepare: () => ({ opsPerCall: 1, call: () => 1 }) };

function rowWith(target: BenchRow['target']): BenchRow {
  return { id: 'X', name: 'row', unit: 'M ops/s', ours: idle, peers: { peer: idle }, target };
}

function runsOf(perSecond: readonly number[], checksum = 7): Measurement[] {
  return perSecond.map((speed) => ({ perSecond: speed, perSecondP99: speed / 2, checksum }));
}

const options = { quick: false, blocks: 4, warmupMs: 0, measureMs: 0 };
const report = (row: BenchRow, ours: readonly number[], peer: readonly number[]) =>
  reportOf(
    row,
    new Map([
      ['ours', runsOf(ours)],
      ['peer', runsOf(peer)],
    ]),
    options,
  );

describe('bench statistics', () => {
  test('bench statistics - quantiles, medians and spread of known figures', () => {
    const figures = [5, 1, 4, 2, 3];
    expect(summarize(figures)).toEqual({ median: 3, min: 1, max: 5 });
    expect([median([1, 2, 3, 10]), quantile(figures, 0.99), quantile(figures, 0)]).toEqual([
      2.5, 5, 1,
    ]);
    expect(variation([10, 10, 10])).toBe(0);
    expect(variation([8, 12])).toBeCloseTo(0.2);
  });

  test('bench statistics - the interval of a ratio holds the true one and is the same every time', () => {
    const peer = [10, 11, 9, 10, 10.5, 9.5, 10, 10.2];
    const ours = peer.map((speed, block) => speed * (block % 2 === 0 ? 2.9 : 3.1));
    const [low, high] = ratioInterval(ours, peer);
    expect(low).toBeLessThanOrEqual(3);
    expect(high).toBeGreaterThanOrEqual(3);
    expect(ratioInterval(ours, peer)).toEqual([low, high]);
  });
});

describe('bench report', () => {
  test('bench report - the same work twice shows no difference', () => {
    const same = report(
      rowWith({ ratioAtLeast: { peer: 0.95 } }),
      [9e6, 10e6, 11e6, 10e6],
      [9e6, 10e6, 11e6, 10e6],
    );
    expect(same.ratio).toEqual({ peer: 1 });
    expect(same.verdict).toBe('met');
    expect(same.ours).toEqual({ median: 10, min: 9, max: 11, p99: 5 });
  });

  test('bench report - a ratio below its target is missed, and a missing target has no verdict', () => {
    const target = { ratioAtLeast: { peer: 3 } };
    expect(report(rowWith(target), [20e6, 20e6, 20e6], [10e6, 10e6, 10e6]).verdict).toBe('missed');
    expect(report(rowWith({}), [1e6], [1e6]).verdict).toBe('no target');
    expect(report(rowWith({ nsAtMost: 90 }), [10e6, 10e6, 10e6], [1e6, 1e6, 1e6]).verdict).toBe(
      'missed',
    );
    expect(
      report(rowWith({ perSecondAtLeast: 9e6 }), [10e6, 10e6, 10e6], [1e6, 1e6, 1e6]).verdict,
    ).toBe('met');
  });

  test('bench report - an interval across its target is inconclusive, one beside it is not', () => {
    const noisy = [10e6, 20e6, 30e6, 15e6];
    const calm = [10e6, 10e6, 10e6, 10e6];
    const verdict = (target: BenchRow['target']) => report(rowWith(target), noisy, calm).verdict;
    expect(verdict({ ratioAtLeast: { peer: 1.7 } })).toBe('inconclusive');
    expect(verdict({ ratioAtLeast: { peer: 0.1 } })).toBe('met');
    expect(verdict({ ratioAtLeast: { peer: 9 } })).toBe('missed');
    expect(verdict({ nsAtMost: 60 })).toBe('inconclusive');
    expect(verdict({ nsAtMost: 60, ratioAtLeast: { peer: 0.1 } })).toBe('inconclusive');
    expect(verdict({ nsAtMost: 20, ratioAtLeast: { peer: 0.1 } })).toBe('missed');
    expect(verdict({ nsAtMost: 200 })).toBe('met');
  });

  test('bench report - a single block decides only far from its bound', () => {
    const single = (atLeast: number) =>
      report(rowWith({ ratioAtLeast: { peer: atLeast } }), [30e6], [10e6]).verdict;
    expect([single(2), single(2.9), single(3.1), single(4)]).toEqual([
      'met',
      'inconclusive',
      'inconclusive',
      'missed',
    ]);
  });

  test('bench report - different work is an error, not a figure', () => {
    const runs = new Map([
      ['ours', [...runsOf([1], 1), ...runsOf([1], 2)]],
      ['peer', runsOf([1])],
    ]);
    expect(() => reportOf(rowWith({}), runs, options)).toThrow(
      /did different work: checksums 1, 2/,
    );
  });
});

describe('bench report of costs', () => {
  test('bench report - a bound in the unit of the row is judged from the other side', () => {
    const row = (atMost: number): BenchRow => ({ ...rowWith({ atMost }), unit: 'µs/op' });
    const speeds = [0.5e6, 0.5e6, 0.5e6];
    expect(report(row(2), speeds, speeds).verdict).toBe('met');
    expect(report(row(1.9), speeds, speeds).verdict).toBe('missed');
    expect(report(row(2), speeds, speeds).ours).toEqual({ median: 2, min: 2, max: 2, p99: 4 });
  });

  test('bench report - a peer that cannot run is named with its reason, and decides nothing', () => {
    const absent = { ...idle, skip: () => 'it is not installed' };
    const row: BenchRow = {
      ...rowWith({ ratioAtLeast: { peer: 2 }, perSecondAtLeast: 1e6 }),
      peers: { peer: absent },
    };
    const found = reportOf(row, new Map([['ours', runsOf([9e6, 9e6, 9e6])]]), options);
    expect(found.skipped).toEqual({ peer: 'it is not installed' });
    expect([found.peers, found.ratio, found.verdict]).toEqual([{}, {}, 'inconclusive']);
  });
});

describe('bench report of cases', () => {
  const row: BenchRow = { ...rowWith({ p99AtMost: 250 }), unit: 'ms/op', peers: {} };
  /** Blocks of ten cases, of which the first `slow` in each take 300 ms and the others 20. */
  const blocks = (count: number, slow: number): Measurement[] =>
    Array.from({ length: count }, () => {
      const costs = Array.from({ length: 10 }, (_, i) => (i < slow ? 300 : 20));
      return { perSecond: 50, perSecondP99: 50, checksum: 1, cases: costs.map((ms) => 1000 / ms) };
    });
  const judged = (runs: Measurement[]) => reportOf(row, new Map([['ours', runs]]), options);

  test('bench report - the cases of all blocks have one 99th percentile, which is judged', () => {
    const [first, ...others] = blocks(10, 0);
    const oneSlow = judged([...others, ...blocks(1, 1)]);
    expect(oneSlow.cases).toEqual({ count: 100, p50: 20, p99: 20, max: 300 });
    expect(oneSlow.verdict).toBe('met');
    expect(judged([first as Measurement, ...blocks(9, 1)]).verdict).toBe('missed');
  });

  test('bench report - too few cases decide only far from the bound', () => {
    expect(judged(blocks(2, 0)).verdict).toBe('met');
    expect(judged(blocks(2, 1)).verdict).toBe('inconclusive');
    expect(judged(runsOf([50, 50, 50])).verdict).toBe('inconclusive');
  });
});

describe('bench measure', () => {
  test('bench measure - cases that the task lists are all kept', async () => {
    let nowMs = 0;
    const task = { opsPerCall: 1, call: () => ++nowMs, cases: () => [1e6, 2e6, 4e6] };
    const times = { quick: true, warmupMs: 0, measureMs: 2, now: () => nowMs };
    expect(await measure({ prepare: () => task }, times)).toEqual({
      perSecond: 500,
      perSecondP99: 250,
      checksum: 1,
      cases: [1000, 500, 250, 1000, 500, 250],
    });
  });

  test('bench measure - a figure that the task takes itself is what counts', async () => {
    let nowMs = 0;
    let calls = 0;
    const own = {
      prepare: () => ({
        opsPerCall: 1,
        call: () => {
          nowMs += 1;
          return ++calls;
        },
        own: () => (calls % 50 === 0 ? 1e6 : 1000),
      }),
    };
    const times = { quick: true, warmupMs: 10, measureMs: 1000, now: () => nowMs };
    expect(await measure(own, times)).toEqual({
      perSecond: 1e6,
      perSecondP99: 1000,
      checksum: 1,
    });
  });

  test('bench measure - a stall of 200 ms in one call of fifty shows at the 99th percentile', async () => {
    let nowMs = 0;
    let calls = 0;
    const stalling = {
      prepare: () => ({
        opsPerCall: 1000,
        call: () => {
          nowMs += ++calls % 50 === 0 ? 200 : 1;
          return calls;
        },
      }),
    };
    const figures = await measure(stalling, {
      quick: true,
      warmupMs: 10,
      measureMs: 50_000,
      now: () => nowMs,
    });
    // 1000 operations in 200 ms at the slow end; 50 calls in 249 ms on the whole.
    expect(figures.perSecondP99).toBeCloseTo(5000, -2);
    expect(figures.perSecond).toBeGreaterThan(190_000);
    expect(figures.perSecond).toBeLessThan(210_000);
    expect(figures.checksum).toBe(1);
  });
});
