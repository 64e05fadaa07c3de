/**
 * What the routes of a fleet say together: two services at one place, and keys without which nobody could
 * be found. Pure.
 */
import type { FleetSpec } from './fleet-schema.ts';
import { type Problem, problemAt } from './problem.ts';

/** All that is wrong with the routes. */
export function routeProblems({ services }: FleetSpec): Problem[] {
  const problems: Problem[] = [];
  const places = new Map<string, string>();
  for (const [name, { kind, route }] of Object.entries(services)) {
    if (route === undefined) continue;
    const path = ['services', name, 'route'];
    if (kind === 'sharded' && route.key === undefined) {
      const message = 'is missing, and shards own keys; say key: a header, a segment or client';
      problems.push(problemAt([...path, 'key'], message));
    }
    const prefix = route.path?.replace(/\/+$/, '') ?? '';
    const place = `${route.port} ${route.host ?? ''} ${prefix}`;
    const other = places.get(place);
    if (other === undefined) places.set(place, name);
    else {
      const message = `is where ${other} is found too; give one of them another host, path or port`;
      problems.push(problemAt([...path, 'port'], message));
    }
  }
  return problems;
}
