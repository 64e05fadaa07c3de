/** Rollouts against the whole brain: its records, its placement, its routers; every pass is checked. */
import type { RolloutState, ServiceInput } from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import type { Behaviour } from '../world/fleet-world.ts';
import { Watched } from '../world/watched.ts';

type Rollout = NonNullable<ServiceInput['rollout']>;

const ANALYSIS = [{ metric: 'error_ratio', max: '1%' }];
const STEPS: Extract<Rollout, { strategy: 'canary' }>['steps'] = [
  { weight: 10 },
  { pause: '30s' },
  { weight: 50 },
  { analyze: '60s' },
];
const READY = { readiness: { http: '/ready', period: '1s' } };

function service(version: string, rollout: Rollout): ServiceInput {
  const common = { version, command: ['x'], health: READY, rollout };
  return rollout.strategy === 'zones'
    ? { kind: 'sharded', shards: 4, ...common }
    : { kind: 'stateless', instances: 8, ...common };
}

/** From v1, which serves, to v2; until nothing moves any more. */
function rolledOut(rollout: Rollout, v2: Partial<Behaviour>) {
  const world = new Watched(service('v1', rollout), { load: 6000 });
  const phase = (): string => (world.record.controllers.rollout as RolloutState).phase;
  world.run(60_000);
  world.behaviours.set('v2', v2);
  world.apply(service('v2', rollout));
  world.run(3000);
  world.until(() => ['idle', 'aborted', 'paused'].includes(phase()));
  world.run(60_000);
  world.expectSound();
  return { world, phase: phase() };
}

const WELL: readonly [string, Rollout][] = [
  ['rolling', { strategy: 'rolling', analysis: ANALYSIS }],
  ['canary', { strategy: 'canary', steps: STEPS, analysis: ANALYSIS }],
  ['canary by instances', { strategy: 'canary', steps: STEPS, traffic: 'instances' }],
  ['blueGreen', { strategy: 'blueGreen' }],
  ['zones', { strategy: 'zones', analysis: ANALYSIS, exposure: [1] }],
  ['zones, compared', { strategy: 'zones' }],
];

const BROKEN: readonly [string, Rollout, Partial<Behaviour>][] = [
  ['rolling, never ready', { strategy: 'rolling', progressDeadline: '100s' }, { isReady: false }],
  ['canary, errors', { strategy: 'canary', steps: STEPS, analysis: ANALYSIS }, { errorRatio: 0.3 }],
  ['canary, compared', { strategy: 'canary', steps: STEPS }, { errorRatio: 0.05 }],
  ['zones, never ready', { strategy: 'zones', progressDeadline: '100s' }, { isReady: false }],
  [
    'zones, ends again and again',
    { strategy: 'zones', progressDeadline: '100s' },
    { isReady: false, crashAfterMs: 3000 },
  ],
  ['zones, compared', { strategy: 'zones' }, { errorRatio: 0.05 }],
];

describe('rollout and brain', () => {
  test.each(WELL)('rollout and brain - %s: a good one gets there', (_name, rollout) => {
    const { world, phase } = rolledOut(rollout, {});
    expect(phase).toBe('idle');
    expect(Object.keys(world.versions())).toEqual(['v2']);
  });

  // Guards: A9.
  test.each(BROKEN)('rollout and brain - %s: a broken one is rolled back', (_n, rollout, v2) => {
    const { world, phase } = rolledOut(rollout, v2);
    expect(phase).toBe('aborted');
    expect(Object.keys(world.versions())).toEqual(['v1']);
  });
});
