/**
 * The shared structures under the model checker: production code, every interleaving of small
 * scenarios, every kill, counters next to their wrap. Exhaustive: a cut search fails the test.
 */
import { describe, expect, test } from 'vitest';
import * as shardRole from '../../src/hotpath/metrics/shard-role.ts';
import * as windowFlip from '../../src/hotpath/metrics/window-flip.ts';
import * as publish from '../../src/hotpath/publish/index.ts';
import * as ring from '../../src/hotpath/ring/index.ts';
import { seededRandom } from '../../src/runtime/ports/random.ts';
import { explore, sample } from '../model-checker/explorer.ts';
import { largePublishScenarios, publishScenarios } from '../model-checker/publish-scenarios.ts';
import { largeRingScenarios, ringScenarios } from '../model-checker/ring-scenarios.ts';
import { roleScenarios, windowScenarios } from '../model-checker/window-scenarios.ts';

// Guards: HOT-1 HOT-2 HOT-4 HOT-5 HOT-6 D1 D2 D4 D6 R4
const scenarios = [
  ...ringScenarios(ring),
  ...publishScenarios(publish),
  ...windowScenarios(windowFlip),
  ...roleScenarios(shardRole),
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

/** Repeat a failure with `SEED=n npx vitest run test/litmus/shared-structures.test.ts`. */
const seeds = [42, Number(process.env.SEED ?? seededRandom(Date.now()).nextU32())];
const large = [...largeRingScenarios(ring), ...largePublishScenarios(publish)];

// Guards: D1 D2 D4 R4
describe.each(large)('shared structures - $name, at random', (scenario) => {
  test.each(seeds)('seed %i', (seed) => {
    const report = sample(scenario, seed, 3000, { granularity: 'every' });
    expect({ seed, violation: report.violation }).toEqual({ seed, violation: null });
    for (const [mark, isHit] of Object.entries(scenario.marks))
      expect([mark, isHit]).toEqual([mark, true]);
  });

  test('few switches, all of them', () => {
    const report = explore(scenario, { preemptionsMax: 2 });
    expect(report.violation).toBeNull();
    expect(report.complete).toBe(true);
    expect(report.schedules).toBeGreaterThan(100);
  });
});
