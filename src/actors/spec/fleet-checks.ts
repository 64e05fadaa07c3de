/**
 * What several fields of a fleet say together: combinations that could never work, or that would do
 * something else than they seem to. Each check says what, where and the cure. Pure.
 */
import type { FleetSpec, ServiceSpec, ShardedSpec, StatelessSpec } from './fleet-schema.ts';
import { resolved } from './int-or-percent.ts';
import { exposedMetrics } from './metric-sources.ts';
import { type Problem, problemAt } from './problem.ts';
import { ringProblems } from './ring-checks.ts';
import { rolloutProblems } from './rollout-checks.ts';
import { routeProblems } from './route-checks.ts';

type Path = readonly (string | number)[];
type ScaleMetric = NonNullable<ServiceSpec['autoscale']>['metrics'][number];

/** All that is wrong. */
export function fleetProblems(fleet: FleetSpec): Problem[] {
  const problems = [...regionProblems(fleet), ...policyProblems(fleet), ...routeProblems(fleet)];
  for (const [name, service] of Object.entries(fleet.services)) {
    const path = ['services', name];
    problems.push(
      ...templateProblems(service, path),
      ...autoscaleProblems(service, path),
      ...remoteWriteProblems(service, path),
      ...rolloutProblems(service, path),
      ...ringProblems(fleet, service, path),
      ...(service.kind === 'sharded'
        ? shardedProblems(fleet, service, path)
        : statelessProblems(service, path)),
    );
  }
  return problems;
}

/** Replicas of a key: as written, or one in each zone, at most three. */
export function replicasOf(service: ShardedSpec, zonesCount: number): number {
  return service.replicas ?? Math.min(3, zonesCount);
}

/** The least of a shard that has to be available: as written, or the majority of its replicas. */
export function minAvailableOf(service: ShardedSpec, zonesCount: number): number {
  return service.budget.minAvailable ?? Math.floor(replicasOf(service, zonesCount) / 2) + 1;
}

function regionProblems({ regions }: FleetSpec): Problem[] {
  const problems: Problem[] = [];
  const twice = (names: readonly string[], path: Path, what: string): void => {
    names.forEach((name, i) => {
      if (names.indexOf(name) === i) return;
      problems.push(
        problemAt([...path, i], `${what} ${name} is there twice; give it another name`),
      );
    });
  };
  twice(
    regions.map(({ name }) => name),
    ['regions'],
    'region',
  );
  regions.forEach(({ zones }, i) => void twice(zones, ['regions', i, 'zones'], 'zone'));
  return problems;
}

function policyProblems({ policy }: FleetSpec): Problem[] {
  const problems: Problem[] = [];
  if (policy.answerWithin >= policy.period) {
    const message = `is ${policy.answerWithin} ms; expected less than policy.period, ${policy.period} ms`;
    problems.push(problemAt(['policy', 'answerWithin'], message));
  }
  if (policy.leaseTtl < 3 * policy.period) {
    const least = `at least three periods (${policy.period} ms each)`;
    const message = `is ${policy.leaseTtl} ms; expected ${least}: one late look would depose the leader`;
    problems.push(problemAt(['policy', 'leaseTtl'], message));
  }
  if (policy.maxStaleness < policy.period) {
    const least = `at least policy.period, ${policy.period} ms`;
    const message = `is ${policy.maxStaleness} ms; expected ${least}: nothing could ever be stopped`;
    problems.push(problemAt(['policy', 'maxStaleness'], message));
  }
  return problems;
}

function templateProblems(service: ServiceSpec, path: Path): Problem[] {
  const problems: Problem[] = [];
  const add = (key: Path, message: string): void => {
    problems.push(problemAt([...path, ...key], message));
  };
  const { actor, command, health, heal } = service;
  if ((actor === undefined) === (command === undefined)) {
    const got = actor === undefined ? 'neither actor nor command' : 'both actor and command';
    add([], `has ${got}; expected exactly one of them`);
  }
  for (const kind of ['startup', 'liveness', 'readiness'] as const) {
    const probe = health[kind];
    if (probe === undefined) continue;
    if (probe.timeout > probe.period) {
      add(
        ['health', kind, 'timeout'],
        `is ${probe.timeout} ms, longer than the period of ${probe.period} ms; make the period longer`,
      );
    }
    if ('actor' in probe && actor === undefined) {
      add(
        ['health', kind, 'actor'],
        'asks an actor, but instances are commands; use http, tcp or exec',
      );
    }
    if (!('actor' in probe) && command === undefined && actor !== undefined) {
      add(['health', kind], 'asks a process, but instances are actors; use actor: ping');
    }
  }
  if (heal.backoff.first > heal.backoff.max) {
    add(['heal', 'backoff', 'first'], `is longer than max, ${heal.backoff.max} ms; swap them`);
  }
  return problems;
}

function autoscaleProblems(service: ServiceSpec, path: Path): Problem[] {
  const problems: Problem[] = [];
  const { autoscale, resources } = service;
  if (autoscale === undefined) return problems;
  const add = (key: Path, message: string): void => {
    problems.push(problemAt([...path, 'autoscale', ...key], message));
  };
  const { min, max, metric, metrics, queue, tolerance, panic } = autoscale;
  if (min > max) add(['min'], `is ${min}, more than max, ${max}; swap them`);
  const all = metric === undefined ? metrics : [metric, ...metrics];
  if (all.length === 0 && queue === undefined) {
    add([], 'has no metric, metrics or queue; expected something that decides');
  }
  if (all.some(({ name }) => name === 'cpu') && resources.cpu === undefined) {
    add([], 'decides by cpu, a share of what instances ask for; say resources.cpu');
  }
  if (tolerance >= 1) add(['tolerance'], 'is 100%: nothing would ever shrink; expected less');
  if (panic !== undefined && panic.window >= panic.stable) {
    const message = `is ${panic.window} ms; expected less than panic.stable, ${panic.stable} ms`;
    add(['panic', 'window'], message);
  }
  const shares = all.filter(({ name, kind }) => name === 'cpu' || kind === 'utilization');
  if (panic !== undefined && (service.kind === 'sharded' || shares.length > 0)) {
    const why =
      service.kind === 'sharded'
        ? 'counts instances, and a shard has several'
        : `compares amounts, and ${shares[0]?.name} is a share`;
    add(['panic'], `${why}; leave it out`);
  }
  if (panic !== undefined && panic.threshold <= 1) {
    const message = `is ${100 * panic.threshold}%: it would always panic; expected more than 100%`;
    add(['panic', 'threshold'], message);
  }
  const [key, count] =
    service.kind === 'sharded'
      ? (['shards', service.shards] as const)
      : (['instances', service.instances] as const);
  if (min <= max && (count < min || count > max)) {
    const message = `is ${count}; autoscale keeps it between ${min} and ${max}: begin inside`;
    problems.push(problemAt([...path, key], message));
  }
  if (service.kind === 'sharded' && min === 0) {
    add(['min'], 'is 0; a ring is never empty: expected at least 1');
  } else if (
    min === 0 &&
    queue === undefined &&
    all.length > 0 &&
    !all.some(isSeenWithoutInstances)
  ) {
    const names = all.map(({ name }) => name).join(', ');
    const cure = 'set min to 1, or add rate, a queue, or a metric with kind: value';
    add(
      ['min'],
      `is 0, and only instances tell ${names}: with none of them it would never grow again; ${cure}`,
    );
  }
  return problems;
}

/** Metrics that are to be written, and that nobody decides by. */
function remoteWriteProblems(service: ServiceSpec, path: Path): Problem[] {
  const { remoteWrite } = service;
  if (remoteWrite === undefined) return [];
  const at = [...path, 'remoteWrite'];
  const all = exposedMetrics(service);
  if (all.length === 0) {
    const cure = 'name a metric in autoscale or rollout.analysis, or leave it out';
    return [problemAt(at, `says where metrics come from, and nothing is decided by any; ${cure}`)];
  }
  return remoteWrite.metrics.flatMap((name, i) => {
    if (all.includes(name)) return [];
    const message = `${name} is not decided by, or told by others; expected of ${all.join(', ')}`;
    return [problemAt([...at, 'metrics', i], message)];
  });
}

/** Metrics that are there when no instance is: what callers ask for, and values of something else. */
function isSeenWithoutInstances({ name, kind }: ScaleMetric): boolean {
  if (kind === 'value' || kind === 'valuePerInstance') return true;
  return kind !== 'utilization' && (name === 'rate' || name === 'requests');
}

function shardedProblems(fleet: FleetSpec, service: ShardedSpec, path: Path): Problem[] {
  const problems: Problem[] = [];
  const { budget } = service;
  const add = (key: Path, message: string): void => {
    problems.push(problemAt([...path, ...key], message));
  };
  for (const { name, zones } of fleet.regions) {
    const replicas = replicasOf(service, zones.length);
    if (replicas > zones.length) {
      const got = `is ${replicas}; region ${name} has ${zones.length} zones (${zones.join(', ')})`;
      add(['replicas'], `${got}: add zones, or set replicas to ${zones.length}`);
      continue;
    }
    const least = minAvailableOf(service, zones.length);
    if (least >= replicas) {
      const got = `a shard has ${replicas} replicas in region ${name} and must keep ${least}`;
      add(
        ['budget', 'minAvailable'],
        `${got}: nothing could ever be replaced; set it to ${replicas - 1} or less, or add a zone`,
      );
    }
  }
  if (budget.maxUnavailable === 0) {
    add(['budget', 'maxUnavailable'], 'is 0: nothing could ever be replaced; expected at least 1');
  }
  return problems;
}

function statelessProblems(service: StatelessSpec, path: Path): Problem[] {
  const problems: Problem[] = [];
  const { rollout, budget } = service;
  if (budget.minAvailable !== undefined) {
    const message = 'is for shards; a stateless service has maxUnavailable';
    problems.push(problemAt([...path, 'budget', 'minAvailable'], message));
  }
  // Of as many as it may come to have: a share of none is none.
  const most = Math.max(1, service.instances, service.autoscale?.max ?? 0);
  const surge = 'maxSurge' in rollout ? resolved(rollout.maxSurge, most, 'up') : null;
  if (budget.maxUnavailable === 0 && surge === 0) {
    const message = 'and rollout.maxSurge are 0: nothing could ever be replaced; raise one of them';
    problems.push(problemAt([...path, 'budget', 'maxUnavailable'], message));
  }
  return problems;
}
