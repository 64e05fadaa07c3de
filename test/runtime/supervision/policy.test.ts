/** The numbers behind a supervisor: its window against a plain list, its backoff, its options. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { seededRandom } from '../../../src/runtime/ports/random.ts';
import { Backoff, sharedEndMs } from '../../../src/runtime/supervision/backoff.ts';
import { RestartWindow } from '../../../src/runtime/supervision/restart-window.ts';
import {
  type ChildOptions,
  readChildOptions,
  readSupervisorOptions,
  type SupervisorOptions,
} from '../../../src/runtime/supervision/supervisor-options.ts';
import { codeOf } from '../../hotpath/error-code.ts';

describe('restart window', () => {
  // Guards: S1
  test.prop([fc.nat(6), fc.nat(30), fc.array(fc.nat(12), { maxLength: 60 })])(
    'restart window - decides as a list of all restarts does',
    (restarts, withinMs, gaps) => {
      const window = new RestartWindow({ restarts, withinMs });
      const all: number[] = [];
      let nowMs = 0.5;
      for (const gap of gaps) {
        nowMs += gap;
        const counted = all.filter((atMs) => nowMs <= atMs + withinMs).length;
        const isAllowed = counted + 1 <= restarts;
        expect(window.allows(nowMs)).toBe(isAllowed);
        if (isAllowed) all.push(nowMs);
      }
    },
  );

  // Guards: S1
  test.each([
    [3, 5000, [0, 0, 0, 5000], [true, true, true, false]],
    [3, 5000, [0, 0, 0, 5000.001], [true, true, true, true]],
    [1, 0, [7, 7], [true, false]],
    [0, 5000, [0], [false]],
    [Number.POSITIVE_INFINITY, 5000, [0, 0, 0, 0], [true, true, true, true]],
  ])(
    'restart window - %d within %d ms, restarts at %j: %j',
    (restarts, withinMs, times, allowed) => {
      const window = new RestartWindow({ restarts, withinMs });
      expect(times.map((nowMs) => window.allows(nowMs))).toEqual(allowed);
    },
  );
});

describe('backoff', () => {
  const limits = { initialMs: 100, maxMs: 1000, firstAtOnce: true, healthyAfterMs: 5000 };

  test.prop([fc.integer({ min: 1, max: 2 ** 31 }), fc.integer(), fc.boolean()])(
    'backoff - is bounded, and at least half of its bound with equal jitter',
    (failures, seed, firstAtOnce) => {
      const draw = (jitter: 'full' | 'equal' | 'none'): number =>
        new Backoff({ ...limits, firstAtOnce, jitter }, seededRandom(seed)).delayMs(failures);
      const longestMs = draw('none');
      expect(longestMs).toBeLessThanOrEqual(1000);
      for (const jitter of ['full', 'equal'] as const) {
        expect(draw(jitter)).toBe(draw(jitter));
        expect(draw(jitter)).toBeLessThanOrEqual(longestMs);
        expect(draw(jitter)).toBeGreaterThanOrEqual(jitter === 'full' ? 0 : longestMs / 2);
      }
    },
  );

  test('backoff - doubles from the second restart in a row, and health forgives', () => {
    const backoff = new Backoff({ ...limits, jitter: 'none' }, seededRandom(1));
    expect([1, 2, 3, 4, 5, 6, 99].map((failures) => backoff.delayMs(failures))).toEqual([
      0, 100, 200, 400, 800, 1000, 1000,
    ]);
    expect(backoff.failuresAfter(0, Number.NaN, 1)).toBe(1);
    expect([backoff.failuresAfter(4, 1000, 5999), backoff.failuresAfter(4, 1000, 6000)]).toEqual([
      5, 1,
    ]);
  });
});

describe('backoff, shared ends', () => {
  const wait = fc.double({ min: 0, max: 60_000, noNaN: true });

  test.prop([fc.double({ min: 0, max: 1e9, noNaN: true }), wait])(
    'backoff - a wait never ends early, and at most a 32nd of it or 32 ms late',
    (startMs, delayMs) => {
      // Guards: S3, R2.
      const endMs = startMs + delayMs;
      const sharedMs = sharedEndMs(endMs, delayMs);
      expect(sharedMs).toBeGreaterThanOrEqual(endMs);
      expect(sharedMs - endMs).toBeLessThanOrEqual(Math.min(32, delayMs / 32));
    },
  );

  test('backoff - 10,000 waits of up to 30 s end at 1,900 moments', () => {
    const random = seededRandom(3);
    const ends = new Set<number>();
    for (let i = 0; i < 10_000; i++) {
      const delayMs = (random.nextU32() / 2 ** 32) * 30_000;
      ends.add(Math.floor(sharedEndMs(1000.5 + delayMs, delayMs)));
    }
    expect(ends.size).toBeLessThan(2000);
  });
});

describe('supervisor options', () => {
  test('supervisor options - have the documented defaults', () => {
    expect(readSupervisorOptions()).toEqual({
      strategy: 'one_for_one',
      intensity: { restarts: 3, withinMs: 5000 },
      backoff: {
        initialMs: 100,
        maxMs: 30_000,
        jitter: 'full',
        firstAtOnce: true,
        healthyAfterMs: 10_000,
      },
    });
    expect(readChildOptions()).toEqual({
      restart: 'permanent',
      startDeadlineMs: 5000,
      stopDeadlineMs: 5000,
    });
  });

  test.each([
    { strategy: 'all' },
    { intensity: { restarts: -1 } },
    { intensity: { restarts: 1.5 } },
    { intensity: { restarts: Number.POSITIVE_INFINITY }, backoff: false },
    { backoff: { jitter: 'some' } },
    { backoff: { initial: '2s', max: '1s' } },
  ])('supervisor options - %j is refused', (options) => {
    expect(codeOf(() => readSupervisorOptions(options as SupervisorOptions))).toBe(
      'RM_SUPERVISOR_OPTION',
    );
  });

  test('supervisor options - a child that is restarted always, or a bad duration, is refused', () => {
    const restart = 'always' as unknown as 'permanent';
    expect(codeOf(() => readChildOptions({ restart }))).toBe('RM_SUPERVISOR_OPTION');
    const bad = { stopDeadline: '5' } as unknown as ChildOptions;
    expect(codeOf(() => readChildOptions(bad))).toBe('RM_TIMER_OPTION');
  });
});
