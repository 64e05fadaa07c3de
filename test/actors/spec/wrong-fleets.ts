/** A fleet, and every way to get it wrong with its message. */
/** Plain data. */
export type Json = Record<string, unknown>;
const sharded = (): Json => ({
  kind: 'sharded',
  command: ['node', 'receiver.js'],
  shards: 4,
  autoscale: { min: 2, max: 64, metric: { name: 'series_per_shard', target: 100_000 } },
});
const stateless = (): Json => ({ kind: 'stateless', command: ['node', 'web.js'], instances: 4 });
/** A fleet of one service of each kind, without problems. */
export const writtenFleet = (): Json => ({
  apiVersion: 'ringmaster/v1',
  kind: 'Fleet',
  name: 'shop',
  regions: [{ name: 'eu', zones: ['a', 'b', 'c'] }],
  services: { receiver: sharded(), web: stateless() },
});

/** What is set where, and which problem is found where. Without a place: none. */
export const WRONG: readonly (readonly [string, unknown, string, string])[] = [
  [
    'apiVersion',
    'ringmaster/v2',
    'apiVersion',
    'got "ringmaster/v2"; this version of Ringmaster reads ringmaster/v1',
  ],
  ['nmae', 'x', 'nmae', 'did you mean name?'],
  ['services.receiver.shrads', 4, 'services.receiver.shrads', 'did you mean shards?'],
  [
    'services.receiver.health',
    { livenes: {} },
    'services.receiver.health.livenes',
    'did you mean liveness?',
  ],
  [
    'services.receiver.health',
    { liveness: { http: '/ok', perod: '1s' } },
    'services.receiver.health.liveness.perod',
    'did you mean period?',
  ],
  [
    'services.receiver.zzzzzzzzz',
    1,
    'services.receiver.zzzzzzzzz',
    'expected kind, shards, replicas',
  ],
  [
    'services.receiver.stopGrace',
    30,
    'services.receiver.stopGrace',
    'got 30; expected a length of time such as 500ms',
  ],
  ['services.receiver.stopGrace', '0s', 'services.receiver.stopGrace', 'expected more than 0'],
  ['services.receiver.stopGrace', '9999d', 'services.receiver.stopGrace', 'expected at most 365d'],
  [
    'services.receiver.heal',
    { maxUnhealthy: 0.2 },
    'services.receiver.heal.maxUnhealthy',
    'got 0.2; expected a percentage such as 5%',
  ],
  [
    'services.receiver.heal',
    { maxUnhealthy: '120%' },
    'services.receiver.heal.maxUnhealthy',
    'expected at most 100%',
  ],
  [
    'services.receiver.kind',
    'shard',
    'services.receiver.kind',
    'got "shard"; expected sharded or stateless; did you mean sharded?',
  ],
  [
    'services.receiver.ring',
    { algorithm: 'ketma' },
    'services.receiver.ring.algorithm',
    'did you mean ketama?',
  ],
  [
    'services.receiver.shards',
    0,
    'services.receiver.shards',
    'got 0; expected an integer from 1 to 10000',
  ],
  [
    'services.receiver.shards',
    1.5,
    'services.receiver.shards',
    'got 1.5; expected an integer from 1 to 10000',
  ],
  ['services.receiver.command', [], 'services.receiver.command', 'got []; expected at least 1'],
  [
    'services.receiver.resources',
    { memory: '1GB' },
    'services.receiver.resources.memory',
    'memory such as 256Mi',
  ],
  ['services.Web', stateless(), 'services.Web', 'small letters'],
  ['regions', [], 'regions', 'expected at least 1'],
  // What several fields say together.
  [
    'regions',
    [
      { name: 'eu', zones: ['a', 'b', 'c'] },
      { name: 'eu', zones: ['a', 'b', 'c'] },
    ],
    'regions[1]',
    'is there twice',
  ],
  ['regions', [{ name: 'eu', zones: ['a', 'b', 'a'] }], 'regions[0].zones[2]', 'is there twice'],
  [
    'policy',
    { answerWithin: '2s' },
    'policy.answerWithin',
    'expected less than policy.period, 1000 ms',
  ],
  ['policy', { leaseTtl: '2s' }, 'policy.leaseTtl', 'at least three periods'],
  ['services.web.command', undefined, 'services.web', 'neither actor nor command'],
  ['services.web.actor', './a.ts#A', 'services.web', 'both actor and command'],
  [
    'services.web.health',
    { liveness: { http: '/', period: '1s', timeout: '2s' } },
    'services.web.health.liveness.timeout',
    'longer than the period',
  ],
  [
    'services.web.health',
    { liveness: { actor: 'ping' } },
    'services.web.health.liveness.actor',
    'use http, tcp or exec',
  ],
  [
    'services.web.heal',
    { backoff: { first: '9m' } },
    'services.web.heal.backoff.first',
    'swap them',
  ],
  [
    'services.receiver.autoscale',
    { min: 9, max: 3, metric: { name: 'x', target: 1 } },
    'services.receiver.autoscale.min',
    'is 9, more than max, 3',
  ],
  [
    'services.receiver.autoscale',
    { min: 1, max: 9 },
    'services.receiver.autoscale',
    'no metric, metrics or queue',
  ],
  [
    'services.receiver.autoscale',
    { min: 1, max: 9, metric: { name: 'cpu', target: 70 } },
    'services.receiver.autoscale',
    'say resources.cpu',
  ],
  [
    'services.receiver.autoscale',
    { min: 5, max: 9, metric: { name: 'x', target: 1 } },
    'services.receiver.shards',
    'is 4; autoscale keeps it between 5 and 9',
  ],
  [
    'services.receiver.autoscale',
    { min: 0, max: 9, metric: { name: 'x', target: 1 } },
    'services.receiver.autoscale.min',
    'a ring is never empty',
  ],
  [
    'regions',
    [{ name: 'eu', zones: ['a', 'b'] }],
    'services.receiver.budget.minAvailable',
    'must keep 2: nothing could ever be replaced; set it to 1 or less',
  ],
  ['services.receiver.replicas', 3, '', ''],
  [
    'services.receiver.budget',
    { minAvailable: 3 },
    'services.receiver.budget.minAvailable',
    'nothing could ever be replaced',
  ],
  [
    'services.receiver.budget',
    { maxUnavailable: 0 },
    'services.receiver.budget.maxUnavailable',
    'nothing could ever be replaced',
  ],
  [
    'services.receiver.ring',
    { boundedLoad: 1.25 },
    'services.receiver.ring.boundedLoad',
    'own their keys',
  ],
  [
    'services.receiver.ring',
    { hotKeys: { enabled: true }, exportThanos: 'x.json' },
    'services.receiver.ring.hotKeys',
    'cannot be told to Thanos',
  ],
  [
    'services.receiver.ring',
    { weights: { z: 2 } },
    'services.receiver.ring.weights.z',
    'is no zone of any region; expected a, b, c',
  ],
  [
    'services.receiver.ring',
    { weights: { a: 2 }, algorithm: 'jump' },
    'services.receiver.ring.weights',
    'jump has no weights',
  ],
  ['services.web.budget', { minAvailable: 2 }, 'services.web.budget.minAvailable', 'is for shards'],
  [
    'services.web.rollout',
    { strategy: 'zones' },
    'services.web.rollout.strategy',
    'use rolling, canary or blueGreen',
  ],
  [
    'services.receiver.rollout',
    { strategy: 'rolling' },
    'services.receiver.rollout.strategy',
    'use zones',
  ],
  [
    'services.web.rollout',
    { strategy: 'rolling', minReady: '20m' },
    'services.web.rollout.minReady',
    'nothing would be available before',
  ],
  [
    'services.web.rollout',
    { strategy: 'rolling', comparison: { block: '5s' } },
    'services.web.rollout.comparison.block',
    'at least 10s',
  ],
  [
    'services.web.rollout',
    { strategy: 'rolling', analysis: [{ metric: 'error_ratio', max: 5 }] },
    'services.web.rollout.analysis[0].max',
    'did you mean 5%?',
  ],
  [
    'services.web.rollout',
    { strategy: 'rolling', analysis: [{ metric: 'x', max: 1, min: 2 }] },
    'services.web.rollout.analysis[0].min',
    'nothing could succeed',
  ],
  [
    'services.web.rollout',
    { strategy: 'rolling', analysis: [{ metric: 'x' }] },
    'services.web.rollout.analysis[0]',
    'neither max nor min',
  ],
  [
    'services.web.rollout',
    { strategy: 'canary', steps: [{ weight: 20 }, { weight: 20 }] },
    'services.web.rollout.steps[1].weight',
    'expected steps that increase',
  ],
  [
    'services.web.rollout',
    { strategy: 'canary', steps: [{ wait: 20 }] },
    'services.web.rollout.steps[0].wait',
    'is no known key',
  ],
  [
    'services.web.rollout',
    { strategy: 'canary', steps: [{ analyze: '1m' }], comparison: { enabled: false } },
    'services.web.rollout.steps[0].analyze',
    'has nothing to measure',
  ],
  [
    'services.web.rollout',
    { strategy: 'canary', steps: [{ weight: 5 }], traffic: 'instances', dynamicStable: true },
    'services.web.rollout.dynamicStable',
    'needs a router',
  ],
];
