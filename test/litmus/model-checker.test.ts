/**
 * The model checker itself: it must find what is broken and must not complain about what is sound.
 * Small programs whose outcomes are known from the literature on memory models.
 */
import { describe, expect, test } from 'vitest';
import { assert } from '../../src/hotpath/errors.ts';
import { explore, sample } from '../model-checker/explorer.ts';
import type { ExploreOptions, Scenario } from '../model-checker/scenario.ts';

type Parts = Pick<Scenario, 'threads'> & Partial<Scenario>;

function program(parts: Parts): Scenario {
  return {
    name: 'program',
    words: 4,
    init: () => undefined,
    marks: {},
    check: () => undefined,
    ...parts,
  };
}

/** Every pair of observations that some schedule ends with. */
function outcomesOf(threads: Scenario['threads'], options: ExploreOptions): string[] {
  const seen = new Set<string>();
  const scenario = program({ threads, check: ({ observed }) => void seen.add(observed.join('|')) });
  const report = explore(scenario, options);
  expect(report.violation).toBeNull();
  return [...seen].sort();
}

const X = 0;
const Y = 1;

const storeBuffering: Scenario['threads'] = [
  (mem, { begin, observe }) => {
    begin();
    mem.store(X, 1);
    observe(mem.load(Y));
  },
  (mem, { begin, observe }) => {
    begin();
    mem.store(Y, 1);
    observe(mem.load(X));
  },
];

const plainMessagePassing: Scenario['threads'] = [
  (mem, { begin }) => {
    begin();
    mem.set(X, 7);
    mem.set(Y, 1);
  },
  (mem, { begin, observe }) => {
    begin();
    observe(mem.get(Y));
    observe(mem.get(X));
  },
];

describe('model checker', () => {
  test('model checker - atomics are sequentially consistent: store buffering never gives 0 and 0', () => {
    expect(outcomesOf(storeBuffering, {})).toEqual(['0|1', '1|0', '1|1']);
  });

  test('model checker - a plain flag is a data race', () => {
    const report = explore(program({ threads: plainMessagePassing }));
    expect(report.violation?.message).toMatch(/data race: word \d/);
    expect(report.violation?.trace.length).toBeGreaterThan(0);
  });

  test('model checker - with stale loads a plain flag lets the payload be missed', () => {
    const options = { reportRaces: false, staleLoads: true, granularity: 'every' } as const;
    expect(outcomesOf(plainMessagePassing, options)).toContain('|1,0');
  });

  test('model checker - an atomic flag orders the payload, stale loads or not', () => {
    const threads: Scenario['threads'] = [
      (mem, { begin }) => {
        begin();
        mem.set(X, 7);
        mem.store(Y, 1);
      },
      (mem, { begin, observe }) => {
        begin();
        if (mem.load(Y) === 1) observe(mem.get(X));
      },
    ];
    expect(outcomesOf(threads, { staleLoads: true, granularity: 'every' })).toEqual(['|', '|7']);
  });

  test('model checker - a lost update is found, and the same with compare-and-swap is not', () => {
    const lost: Scenario['threads'][number] = (mem, { begin }) => {
      begin();
      mem.store(X, mem.load(X) + 1);
    };
    const swapped: Scenario['threads'][number] = (mem, { begin }) => {
      begin();
      for (let attempt = 0; attempt < 3; attempt++) {
        const seen = mem.load(X);
        if (mem.compareExchange(X, seen, seen + 1) === seen) return;
      }
    };
    const check: Scenario['check'] = ({ mem }) => assert(mem.get(X) === 2, `count ${mem.get(X)}`);
    expect(explore(program({ threads: [lost, lost], check })).violation?.message).toMatch(
      /count 1/,
    );
    expect(explore(program({ threads: [swapped, swapped], check })).violation).toBeNull();
  });

  test('model checker - a killed thread stops at every access in turn', () => {
    const ends = new Set<number>();
    const threads: Scenario['threads'] = [
      (mem, { begin }) => {
        begin();
        for (let value = 1; value <= 5; value++) mem.store(X, value);
      },
    ];
    const check: Scenario['check'] = ({ mem }) => void ends.add(mem.get(X));
    explore(program({ threads, check, killable: [0] }));
    expect([...ends].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('model checker - visiting each state once loses no outcome', () => {
    const writer = (base: number): Scenario['threads'][number] => {
      return (mem, { begin, observe }) => {
        begin();
        for (let step = 0; step < 3; step++) {
          observe(mem.load(X));
          mem.store(X, base + step);
        }
      };
    };
    const threads = [writer(10), writer(20)];
    const exhaustive = outcomesOf(threads, {});
    const seen = new Set<string>();
    const check: Scenario['check'] = ({ observed }) => void seen.add(observed.join('|'));
    sample(program({ threads, check }), 42, 20_000);
    // Random schedules visit no outcome that the search missed, and nearly all that it found.
    for (const outcome of seen) expect(exhaustive).toContain(outcome);
    expect(seen.size).toBeGreaterThan(exhaustive.length / 2);
  });

  test('model checker - a bounded search says what it left out and needs fewer schedules', () => {
    const bounded = explore(program({ threads: storeBuffering }), { preemptionsMax: 0 });
    const full = explore(program({ threads: storeBuffering }));
    expect(bounded.schedules).toBeLessThan(full.schedules);
    expect(explore(program({ threads: storeBuffering }), { statesMax: 3 }).complete).toBe(false);
  });

  test('model checker - the same seed makes the same schedules', () => {
    const first = sample(program({ threads: storeBuffering }), 7, 50);
    expect(sample(program({ threads: storeBuffering }), 7, 50)).toEqual(first);
  });

  test('model checker - code that spins is found', () => {
    const threads: Scenario['threads'] = [
      (mem) => {
        while (mem.get(X) === 0);
      },
    ];
    expect(explore(program({ threads })).violation?.message).toMatch(/thread 0 spins/);
  });
});
