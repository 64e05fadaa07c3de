/**
 * Which generation of the ring, and which routes, everybody knows: the lowest among the routers that
 * count. Only proof excuses one from counting: the agent has seen its end, or a human has said that it
 * is gone. Silence does not. Pure.
 */
import type { RouterRecord, ServiceRecord } from './records.ts';

/** Lowest numbers that every router that counts has heard of. */
export type Acknowledged = { readonly generation: number; readonly routes: number };

/** With no router that counts, whatever is published is known to all of them. */
export function acknowledged({ routers, ring, routes }: ServiceRecord): Acknowledged {
  let generation = ring?.generation ?? 0;
  let number = routes.number;
  for (const router of routers.values()) {
    if (router.standing !== 'live') continue;
    generation = Math.min(generation, router.generation);
    number = Math.min(number, router.routes);
  }
  return { generation, routes: number };
}

/**
 * A router has said what it knows. What it says last counts, also when it is less than before: it may
 * have come back with an older table, and a word that was overtaken only makes others wait.
 */
export function routerSays(
  says: { readonly id: string; readonly generation: number; readonly routes: number },
  nowMs: number,
): RouterRecord {
  return { ...says, standing: 'live', seenMs: nowMs };
}
