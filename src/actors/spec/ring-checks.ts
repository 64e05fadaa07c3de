/**
 * What the fields of a ring say together with the service that has it: combinations that no table could
 * honour, or that others who read the ring could not be told. Pure.
 */
import type { FleetSpec, ServiceSpec } from './fleet-schema.ts';
import { type Problem, problemAt } from './problem.ts';

type Path = readonly (string | number)[];

/** All that is wrong with a service's ring. */
export function ringProblems(
  fleet: FleetSpec,
  { kind, ring }: ServiceSpec,
  path: Path,
): readonly Problem[] {
  if (ring === undefined) return [];
  const problems: Problem[] = [];
  const add = (key: Path, message: string): void => {
    problems.push(problemAt([...path, 'ring', ...key], message));
  };
  const { algorithm, boundedLoad, exportThanos, hotKeys, weights } = ring;
  if (kind === 'sharded' && boundedLoad !== undefined) {
    add(['boundedLoad'], 'moves keys by load, but these members own their keys; remove it');
  }
  if (kind === 'stateless' && algorithm === 'jump') {
    const message =
      'numbers members without a gap, and these come and go; use ketama or rendezvous';
    add(['algorithm'], message);
  }
  if (exportThanos !== undefined && hotKeys.enabled) {
    add(['hotKeys'], 'cannot be told to Thanos; switch one of hotKeys and exportThanos off');
  }
  if (exportThanos !== undefined && algorithm !== 'ketama') {
    add(['exportThanos'], `needs ketama: Thanos does not read ${algorithm}; change the algorithm`);
  }
  const names = new Set(fleet.regions.flatMap(({ zones }) => zones));
  const weighted = Object.keys(weights);
  for (const key of weighted.filter((one) => !names.has(one))) {
    add(['weights', key], `is no zone of any region; expected ${[...names].join(', ')}`);
  }
  if (weighted.length === 0) return problems;
  if (kind === 'sharded') {
    add(['weights'], 'change nothing: every zone has a copy of every key; remove them');
  } else if (algorithm !== 'rendezvous' && algorithm !== 'maglev') {
    add(['weights'], `${algorithm} has no weights; use rendezvous or maglev, or remove them`);
  }
  return problems;
}
