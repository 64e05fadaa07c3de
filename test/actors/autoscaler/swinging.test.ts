/** A few of the runs of `npm run autoscaling`: it neither swings nor overshoots. */
import { describe, expect, test } from 'vitest';
import {
  oscillationIndex,
  overshoot,
  secondsToReach,
  since,
  turnsInWindow,
} from '../../../bench/autoscaling/measures.ts';
import { type Scenario, STEP_MS, scaled } from '../../../bench/autoscaling/world.ts';

const HALF_HOUR_MS = 1_800_000;

describe('autoscaler in a world of its own', () => {
  test.each([
    [2, 5],
    [2, 60],
    [5, 5],
    [5, 30],
    [5, 60],
  ])(
    'autoscaler - %i times the load and boots of %i s do not overshoot by a fifth',
    (factor, bootS) => {
      for (const metric of ['gauge', 'rate'] as const) {
        const scenario: Scenario = {
          need: 10,
          factor,
          bootMs: [bootS * 1000, bootS * 1000],
          noise: 0,
          ownNoise: 0.3,
          metric,
          lengthMs: STEP_MS + HALF_HOUR_MS,
        };
        const sizes = scaled(scenario, 11);
        expect(overshoot(sizes, scenario)).toBeLessThanOrEqual(0.2);
        expect(secondsToReach(sizes, scenario)).toBeLessThan(bootS + 180);
      }
    },
  );

  test('autoscaler - noise of a third: it turns back once in a window at most', () => {
    // Guards: A12.
    const noises = [
      { noise: 0.3, ownNoise: 0 },
      { noise: 0, ownNoise: 0.3 },
    ];
    const runs = noises.flatMap((noise) =>
      [1, 2, 3].map((seed) => {
        const metric = seed === 3 ? 'rate' : 'gauge';
        const lengthMs = STEP_MS + 4 * HALF_HOUR_MS;
        const scenario: Scenario = {
          ...{ need: 10, factor: 1, bootMs: [5000, 60_000], metric, lengthMs },
          ...noise,
        };
        return since(scaled(scenario, seed), STEP_MS);
      }),
    );
    for (const run of runs) expect(turnsInWindow(run, 'back')).toBeLessThanOrEqual(1);
    const index = runs.reduce((sum, run) => sum + oscillationIndex(run), 0) / runs.length;
    expect(index).toBeLessThanOrEqual(0.5);
  });
});
