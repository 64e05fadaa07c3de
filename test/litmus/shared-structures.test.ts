/**
 * The shared structures under the model checker: production code, every interleaving of small
 * scenarios, every kill, counters next to their wrap. Exhaustive: a cut search fails the test.
 */
import { describe, expect, test } from 'vitest';
import * as windowFlip from '../../src/hotpath/metrics/window-flip.ts';
import * as publish from '../../src/hotpath/publish/index.ts';
import * as ring from '../../src/hotpath/ring/index.ts';
import { explore } from '../model-checker/explorer.ts';
import { publishScenarios } from '../model-checker/publish-scenarios.ts';
import { ringScenarios } from '../model-checker/ring-scenarios.ts';
import { windowScenarios } from '../model-checker/window-scenarios.ts';

// Guards: HOT-1 HOT-2 HOT-4 HOT-5 HOT-6 D1 D2 D4 D6 R4
const scenarios = [
  ...ringScenarios(ring),
  ...publishScenarios(publish),
  ...windowScenarios(windowFlip),
];

describe.each(scenarios)('shared structures - $name', (scenario) => {
  test.each(['atomic', 'every'] as const)('switched at %s access', (granularity) => {
    const report = explore(scenario, { granularity });
    expect(report.violation).toBeNull();
    expect(report.complete).toBe(true);
    for (const [mark, isHit] of Object.entries(scenario.marks))
      expect([mark, isHit]).toEqual([mark, true]);
  });
});
