/** What the ring and the routes may be: A3, A4, A5, A6 and A8. */
import type { RingRecord } from '../arbiter/records.ts';
import { slotParts } from '../protocol/identity.ts';
import { highestGeneration } from '../protocol/ring-layout.ts';
import { replicasOf } from '../spec/fleet-checks.ts';
import { takenInstances } from './availability.ts';
import { actsOf, type PassFacts, type Violation } from './invariant.ts';

/** A3. */
export function routeViolations({ after }: PassFacts): readonly Violation[] {
  return after.routes.routes.flatMap(({ instance }) => {
    const entry = after.instances.get(instance);
    const isWell = entry?.life.state === 'ready' && !entry.isEjected;
    if (isWell) return [];
    const what = `routes ${after.routes.number} lead to ${instance}, ${entry?.life.state ?? 'gone'}`;
    return [{ invariant: 'A3' as const, what }];
  });
}

/** A3, for routers that have not heard yet: whoever left the routes serves until they have. */
export function drainViolations({ before, after }: PassFacts): readonly Violation[] {
  let known = Number.POSITIVE_INFINITY;
  for (const { standing, routes } of after.routers.values()) {
    if (standing === 'live') known = Math.min(known, routes);
  }
  const found: Violation[] = [];
  for (const { id, life, leftRoutes } of after.instances.values()) {
    if (leftRoutes === null || known >= leftRoutes) continue;
    if (life.state !== 'draining' || before.instances.get(id)?.life.state !== 'leaving') continue;
    const what = `${id} drains, left routes ${leftRoutes}, and a router knows ${known} only`;
    found.push({ invariant: 'A3', what });
  }
  return found;
}

/** A4: whoever owns keys is not stopped while nobody else has them. */
export function barrierViolations(facts: PassFacts): readonly Violation[] {
  const { ring, spec } = facts.view;
  if (ring === null || spec.kind !== 'sharded') return [];
  return takenInstances(facts).flatMap((one) => {
    const isStopped = actsOf(facts, 'stop').some(({ instance }) => instance === one.id);
    if (!isStopped || !ring.members.includes(one.slot)) return [];
    const what = `${one.id} is stopped, and owns keys in generation ${ring.generation}`;
    return [{ invariant: 'A4' as const, what }];
  });
}

/** A4, A5 and A8, where the ring has changed. */
export function ringViolations(facts: PassFacts): readonly Violation[] {
  const { before, after } = facts;
  const [old, now] = [before.ring, after.ring];
  if (now === null || old === now) return [];
  const found: Violation[] = dualViolations(facts, now);
  const isSame = old !== null && content(old) === content(now);
  if (old?.generation === now.generation && !isSame) {
    found.push({ invariant: 'A4', what: `generation ${now.generation} has two tables` });
  }
  if (old !== null && old.generation !== now.generation && isSame) {
    found.push({ invariant: 'A5', what: `generation ${now.generation} changes nothing` });
  }
  if (new Set(now.members).size !== now.members.length) {
    found.push({ invariant: 'A4', what: `generation ${now.generation} has a member twice` });
  }
  return [...found, ...zoneViolations(facts, now), ...shrinkViolations(facts, old, now)];
}

/** A4: what routers hold ready is what they are to go by, and all of them hold it. */
function dualViolations({ before, after }: PassFacts, now: RingRecord): Violation[] {
  const second = before.dual?.ring ?? null;
  if (second === null || second.generation !== now.generation) return [];
  const number = now.generation;
  const late = [...after.routers.values()].filter(
    ({ standing, prepared = 0 }) => standing === 'live' && prepared < number,
  );
  const found: Violation[] = late.map(({ id }) => ({
    invariant: 'A4',
    what: `routers go by generation ${number}, and ${id} did not hold it ready`,
  }));
  if (content(second) === content(now)) return found;
  return [...found, { invariant: 'A4', what: `generation ${number} has two tables` }];
}

/** A6. */
export function orderViolations({ before, after }: PassFacts): readonly Violation[] {
  const numbers: readonly (readonly [string, number, number])[] = [
    ['ring generation', before.ring?.generation ?? 0, after.ring?.generation ?? 0],
    ['any generation', highestGeneration(before), highestGeneration(after)],
    ['routes', before.routes.number, after.routes.number],
    ['goal', before.goal.number, after.goal.number],
    ['decisions', before.decisions, after.decisions],
  ];
  return numbers
    .filter(([, old, now]) => now < old)
    .map(([name, old, now]) => ({ invariant: 'A6', what: `${name}: ${old}, then ${now}` }));
}

function zoneViolations({ after, view }: PassFacts, ring: RingRecord): readonly Violation[] {
  const { spec } = after;
  if (spec.kind !== 'sharded') return [];
  const zones = new Map<number, Set<string>>();
  for (const slot of ring.members) {
    const { ordinal = -1, zone = '' } = slotParts(slot) ?? {};
    zones.set(ordinal, (zones.get(ordinal) ?? new Set<string>()).add(zone));
  }
  const replicas = replicasOf(spec, view.zones.length);
  return [...zones]
    .filter(([, { size }]) => size !== replicas)
    .map(([ordinal, { size }]) => ({
      invariant: 'A4',
      what: `shard ${ordinal} owns keys in ${size} zones, not ${replicas}`,
    }));
}

function shrinkViolations(
  { after }: PassFacts,
  old: RingRecord | null,
  now: RingRecord,
): readonly Violation[] {
  if (now.members.length === 0) return [{ invariant: 'A8', what: 'the ring is empty' }];
  if (old === null) return [];
  const isSharded = after.spec.kind === 'sharded';
  const nameOf = (slot: string): string => (isSharded ? String(slotParts(slot)?.ordinal) : slot);
  const had = new Set(old.members.map(nameOf));
  const keeps = new Set(now.members.map(nameOf));
  const lost = [...had].filter((name) => !keeps.has(name)).length;
  const most = Math.max(1, Math.floor(had.size * (after.spec.ring?.shrinkMax ?? 1)));
  if (lost <= most) return [];
  return [
    { invariant: 'A8', what: `the ring lost ${lost} of ${had.size} at once; ${most} may go` },
  ];
}

function content({ members, weights, overrides, layout }: RingRecord): string {
  return JSON.stringify([members, weights, overrides, layout ?? null]);
}
