/**
 * `npm run autoscaling -- [--runs N] [--seed N] [--save]`: how far the autoscaler swings under noise,
 * and how far it overshoots when the load grows twice or five times, in virtual time with the default
 * knobs. Does not answer what real load and real boots are like: that is assumed (world.ts).
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { machineBlock } from '../harness/machine.ts';
import { oscillationIndex, overshoot, secondsToReach, since, turnsInWindow } from './measures.ts';
import { type Scenario, STEP_MS, scaled } from './world.ts';

/** What is promised. */
const LIMITS = { index: 0.5, reversals: 1, overshoot: 0.2 };
const HOUR_MS = 3_600_000;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    save: { type: 'boolean', default: false },
  },
});
const runs = Number(values.runs);
const seed = Number(values.seed);
if (!(Number.isInteger(runs) && runs >= 1)) {
  throw new Error(`--runs is ${values.runs}; expected an integer of 1 or more.`);
}
if (!Number.isInteger(seed)) throw new Error(`--seed is ${values.seed}; expected an integer.`);

function say(data: object): void {
  process.stdout.write(`${JSON.stringify(data)}\n`);
}

/** Rounded to a thousandth. */
function spread(all: readonly number[]) {
  const sorted = [...all].sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(
      (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0) * 1e3,
    ) / 1e3;
  const mean = all.reduce((sum, one) => sum + one, 0) / all.length;
  return { mean: Math.round(mean * 1e3) / 1e3, median: at(0.5), p95: at(0.95), worst: at(1) };
}

const MIXED: Scenario['bootMs'] = [5000, 60_000];

/** Stationary load whose scrapes vary by 30 %, all together or each instance by itself. */
function steady(need: number, more: Pick<Scenario, 'noise' | 'ownNoise' | 'metric'>) {
  const scenario = { need, factor: 1, bootMs: MIXED, lengthMs: STEP_MS + 2 * HOUR_MS, ...more };
  const all = Array.from({ length: runs }, (_, run) =>
    since(scaled(scenario, seed * 1_000_003 + run), STEP_MS),
  );
  const row = {
    need,
    ...more,
    index: spread(all.map(oscillationIndex)),
    reversals: spread(all.map((sizes) => turnsInWindow(sizes, 'back'))),
    turns: spread(all.map((sizes) => turnsInWindow(sizes, 'both'))),
    aboveNeed: spread(
      all.map(
        ({ demand }) => demand.reduce((sum, size) => sum + size, 0) / demand.length / need - 1,
      ),
    ),
  };
  say(row);
  return row;
}

function step(factor: number, bootMs: Scenario['bootMs'], more: Partial<Scenario>) {
  const scenario: Scenario = {
    ...{ need: 10, noise: 0, ownNoise: 0.3, metric: 'gauge', lengthMs: STEP_MS + HOUR_MS / 2 },
    ...{ factor, bootMs },
    ...more,
  };
  const all = Array.from({ length: runs }, (_, run) => scaled(scenario, seed * 1_000_003 + run));
  const reached = all.flatMap((sizes) => secondsToReach(sizes, scenario) ?? []);
  const { need, noise, ownNoise, metric } = scenario;
  const row = {
    ...{ need, factor, bootS: bootMs.map((ms) => ms / 1000), noise, ownNoise, metric },
    overshoot: spread(all.map((sizes) => overshoot(sizes, scenario))),
    reached: reached.length,
    reachedS: spread(reached),
    reversals: spread(all.map((sizes) => turnsInWindow(since(sizes, STEP_MS), 'back'))),
  };
  say(row);
  return row;
}

const stationary = [10, 50].flatMap((need) =>
  (['gauge', 'rate'] as const).flatMap((metric) => [
    steady(need, { metric, noise: 0.3, ownNoise: 0 }),
    steady(need, { metric, noise: 0, ownNoise: 0.3 }),
  ]),
);
const BOOTS: readonly Scenario['bootMs'][] = [
  [5000, 5000],
  [30_000, 30_000],
  [60_000, 60_000],
  MIXED,
];
const FACTORS = [2, 5];
const steps = FACTORS.flatMap((factor) =>
  BOOTS.flatMap((bootMs) => [
    step(factor, bootMs, {}),
    step(factor, bootMs, { metric: 'rate' }),
    step(factor, bootMs, { noise: 0.1 }),
  ]),
);
/** A minute's load is really that much: not held to the limit, shown so that one knows what happens. */
const beyond = FACTORS.map((factor) => step(factor, MIXED, { noise: 0.3, ownNoise: 0 }));
const isSound =
  stationary.every(
    ({ index, reversals }) => index.mean <= LIMITS.index && reversals.worst <= LIMITS.reversals,
  ) && steps.every((row) => row.overshoot.worst <= LIMITS.overshoot && row.reached === runs);
const report = {
  takenAt: new Date().toISOString(),
  machine: machineBlock(),
  ...{ seed, runs, isSound, limits: LIMITS, stationary, steps, beyond },
};
say({ isSound });
if (values.save) {
  const path = new URL('../../../bench/results/autoscaling.json', import.meta.url);
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
}
process.exit(isSound ? 0 : 1);
