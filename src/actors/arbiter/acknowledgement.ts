/**
 * Which generation of the ring, and which routes, everybody knows: the lowest among the routers that
 * count. Only proof excuses one from counting: the agent has seen its end, or a human has said that it
 * is gone. Silence does not. Pure.
 */
import { compareText } from '../arithmetic/compare-text.ts';
import type { RouterRecord, ServiceRecord } from './records.ts';

/** Lowest numbers that every router that counts has heard of. */
export type Acknowledged = {
  readonly generation: number;
  readonly routes: number;
  /** Of the second ring. */
  readonly prepared: number;
};

/** With no router that counts, whatever is published is known to all of them. */
export function acknowledged({ routers, ring, routes, dual }: ServiceRecord): Acknowledged {
  let generation = ring?.generation ?? 0;
  let number = routes.number;
  let prepared = dual?.ring?.generation ?? 0;
  for (const router of routers.values()) {
    if (router.standing !== 'live') continue;
    generation = Math.min(generation, router.generation);
    number = Math.min(number, router.routes);
    prepared = Math.min(prepared, router.prepared ?? 0);
  }
  return { generation, routes: number, prepared };
}

/**
 * Routers that are gone, kept to know their late words; of more, the oldest are forgotten. Lower: one
 * that was excused, and yet lives, may count again without having registered. Higher: records.
 */
const ROUTERS_GONE_MAX = 100;

type RouterSays = {
  readonly id: string;
  readonly generation: number;
  readonly routes: number;
  readonly incarnation?: number;
  readonly prepared?: number;
};

/**
 * A router has said what it knows. What it says last counts, also when it is less than before: it may
 * have come back with an older table, and a word that was overtaken only makes others wait. A word of an
 * earlier life is none, and one that is gone counts again only when it has started anew.
 */
export function routerSays(
  known: RouterRecord | undefined,
  { id, generation, routes, incarnation = 0, prepared = 0 }: RouterSays,
  nowMs: number,
): RouterRecord {
  const last = known?.incarnation ?? 0;
  const isPast = known !== undefined && incarnation < last;
  const isGone = known !== undefined && known.standing !== 'live' && incarnation <= last;
  if (isPast || isGone) return known;
  return { id, generation, routes, standing: 'live', seenMs: nowMs, incarnation, prepared };
}

/** Somebody has seen a router's end, or says that it is gone; the same map when nobody knew it. */
export function routerGone(
  routers: ServiceRecord['routers'],
  id: string,
  standing: 'dead' | 'excused',
): ServiceRecord['routers'] {
  const router = routers.get(id);
  if (router === undefined || router.standing === standing) return routers;
  const next = new Map(routers).set(id, { ...router, standing });
  const gone = [...next.values()].filter((one) => one.standing !== 'live' && one.id !== id);
  gone.sort((a, b) => a.seenMs - b.seenMs || compareText(a.id, b.id));
  for (const one of gone.slice(0, Math.max(0, gone.length + 1 - ROUTERS_GONE_MAX))) {
    next.delete(one.id);
  }
  return next;
}
