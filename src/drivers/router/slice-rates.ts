/**
 * Requests by slice of the keys over the last minute, as requests in a second: what the hash ring's
 * controller looks for hot slices in. Counts come in as they are measured; sums go out every ten seconds.
 * Too few requests say nothing: of a few, some member has a tenth more than the mean by chance. Pure.
 */
import type { SliceReading } from '../../actors/index.ts';
import { SliceSketch } from './slice-sketch.ts';

/** Between two words. Longer: older rates. Milliseconds. */
const WORD_MS = 10_000;
/** Parts of so long that are added up: a minute. More: steadier, and slower to see a change. */
const PARTS = 6;
/** For each member of the ring, in that minute. Lower: chance looks like a hot key. */
const REQUESTS_MIN = 1000;

type Parts = { current: SliceSketch; readonly closed: SliceSketch[] };

/** Null: too few to tell, or not for a minute yet. */
export type SliceRate = {
  readonly service: string;
  readonly loads: readonly SliceReading[] | null;
};

/** Thread rule: one thread. */
export class SliceRates {
  private readonly services: Map<string, Parts> = new Map();
  private saidMs: number | null = null;

  /** Where the requests of a service are counted at present. */
  of(service: string): SliceSketch {
    const known = this.services.get(service);
    if (known !== undefined) return known.current;
    const current = new SliceSketch();
    this.services.set(service, { current, closed: [] });
    return current;
  }

  /** Nobody wants to know any more. */
  forget(service: string): void {
    this.services.delete(service);
  }

  /** What is to be said now; nothing between two words. */
  due(nowMs: number, membersOf: (service: string) => number): readonly SliceRate[] {
    this.saidMs ??= nowMs;
    const tookMs = nowMs - this.saidMs;
    if (tookMs < WORD_MS) return [];
    this.saidMs = nowMs;
    return [...this.services].map(([service, parts]) => {
      parts.closed.push(parts.current);
      parts.current = new SliceSketch();
      if (parts.closed.length > PARTS) parts.closed.shift();
      return { service, loads: ratesOf(parts.closed, Math.max(1, membersOf(service))) };
    });
  }
}

function ratesOf(closed: readonly SliceSketch[], members: number): SliceRate['loads'] {
  if (closed.length < PARTS) return null;
  const minute = new SliceSketch();
  for (const part of closed) minute.take(part.said(''));
  return minute.total < REQUESTS_MIN * members ? null : minute.readings((PARTS * WORD_MS) / 1000);
}
