/** What a service's rollout says that could never work. Part of fleet-checks.ts. */
import { minReadyOf } from '../protocol/fleet-view.ts';
import type { ServiceSpec } from './fleet-schema.ts';
import { type IntOrPercent, resolved } from './int-or-percent.ts';
import { type Problem, problemAt } from './problem.ts';

type Path = readonly (string | number)[];
/** Metrics that are shares of 1. */
const SHARES: readonly string[] = ['error_ratio', 'success_ratio'];
/** Shorter blocks are not independent enough. */
const BLOCK_MS_MIN = 10_000;

/** All that is wrong with a rollout. */
export function rolloutProblems(service: ServiceSpec, path: Path): Problem[] {
  const { rollout, kind } = service;
  const problems: Problem[] = [];
  const add = (key: Path, message: string): void => {
    problems.push(problemAt([...path, 'rollout', ...key], message));
  };
  if (kind === 'sharded' && rollout.strategy !== 'zones') {
    const why = 'slots own keys, which do not follow a share of the traffic';
    add(['strategy'], `is ${rollout.strategy} for a sharded service: ${why}; use zones`);
  }
  if (kind === 'stateless' && rollout.strategy === 'zones') {
    add(['strategy'], 'is zones for a stateless service; use rolling, canary or blueGreen');
  }
  const minReady = minReadyOf(service);
  if (minReady >= rollout.progressDeadline) {
    const deadline = `progressDeadline, ${rollout.progressDeadline} ms`;
    const message = `is ${minReady} ms; nothing would be available before ${deadline}`;
    add(['minReady'], message);
  }
  if (rollout.comparison.block < BLOCK_MS_MIN) {
    add(['comparison', 'block'], `is ${rollout.comparison.block} ms; expected at least 10s`);
  }
  rollout.analysis.forEach(({ metric, max, min }, i) => {
    for (const [key, bound] of [
      ['max', max],
      ['min', min],
    ] as const) {
      if (bound === undefined || bound <= 1 || !SHARES.includes(metric)) continue;
      add(['analysis', i, key], `is ${bound}, but ${metric} is a share: did you mean ${bound}%?`);
    }
    if (min !== undefined && max !== undefined && min > max) {
      add(['analysis', i, 'min'], `is ${min}, more than max, ${max}; nothing could succeed`);
    }
  });
  if (rollout.strategy === 'canary') canaryProblems(rollout, add);
  if (rollout.strategy === 'zones' && isNothing(rollout.maxUnavailable)) {
    const got = `is ${rollout.maxUnavailable}: nothing could ever be replaced`;
    add(['maxUnavailable'], `${got}; expected at least 1, or a percentage above 0%`);
  }
  if (rollout.strategy === 'blueGreen' && isNothing(rollout.preview)) {
    const got = `is ${rollout.preview}: nothing would be seen before it is promoted`;
    add(['preview'], `${got}; expected at least 1, or a percentage above 0%`);
  }
  return problems;
}

/** None of any number. */
function isNothing(value: IntOrPercent): boolean {
  return resolved(value, 100, 'up') === 0;
}

function canaryProblems(
  rollout: Extract<ServiceSpec['rollout'], { strategy: 'canary' }>,
  add: (key: Path, message: string) => void,
): void {
  const { steps, traffic, dynamicStable, analysis, comparison } = rollout;
  let reached = -1;
  steps.forEach((step, i) => {
    if ('weight' in step) {
      if (step.weight <= reached) {
        add(
          ['steps', i, 'weight'],
          `is ${step.weight} after ${reached}; expected steps that increase`,
        );
      }
      reached = step.weight;
    }
    if ('replicas' in step && traffic !== 'router') {
      const why = "the numbers of instances are the canary's weight";
      add(['steps', i, 'replicas'], `does nothing where ${why}; use weight, or traffic: router`);
    }
    if ('analyze' in step && traffic === 'router' && reached <= 0) {
      const message =
        'measures before any traffic: nobody could say anything; put a weight before it';
      add(['steps', i, 'analyze'], message);
    }
    if ('analyze' in step && analysis.length === 0 && !comparison.enabled) {
      add(['steps', i, 'analyze'], 'has nothing to measure; add analysis, or enable comparison');
    }
  });
  if (traffic === 'router' && reached <= 0 && analysis.length > 0) {
    const message = 'give the canary no traffic, so that analysis has nothing to measure';
    add(['steps'], `${message}; add a weight before the last one`);
  }
  if (dynamicStable && traffic !== 'router') {
    add(['dynamicStable'], 'needs a router that moves the traffic; set traffic to router');
  }
}
