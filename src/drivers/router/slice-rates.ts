/**
 * Requests by slice of the keys over the last minute, as requests in a second: what the hash ring's
 * controller looks for hot slices in. Counts come in as they are measured; sums go out every ten seconds.
 * Too few requests say nothing: of a few, some member has a tenth more than the mean by chance. Pure.
 */
import { SLICES } from '../../actors/index.ts';

/** Between two words. Longer: older rates. Milliseconds. */
const WORD_MS = 10_000;
/** Parts of so long that are added up: a minute. More: steadier, and slower to see a change. */
const PARTS = 6;
/** For each member of the ring, in that minute. Lower: chance looks like a hot key. */
const REQUESTS_MIN = 1000;

type Parts = { current: Float64Array; readonly closed: Float64Array[] };

/** Null: too few to tell, or not for a minute yet. */
export type SliceRate = { readonly service: string; readonly loads: readonly number[] | null };

/** Thread rule: one thread. */
export class SliceRates {
  private readonly services: Map<string, Parts> = new Map();
  private saidMs: number | null = null;

  /** Number of a slice and requests, in turn. */
  note(service: string, counts: readonly number[]): void {
    const { current } = this.of(service);
    for (let i = 0; i + 1 < counts.length; i += 2) {
      const slice = counts[i] as number;
      if (slice < SLICES) current[slice] = (current[slice] ?? 0) + (counts[i + 1] as number);
    }
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
      parts.current = new Float64Array(SLICES);
      if (parts.closed.length > PARTS) parts.closed.shift();
      return { service, loads: ratesOf(parts.closed, Math.max(1, membersOf(service))) };
    });
  }

  private of(service: string): Parts {
    const known = this.services.get(service);
    if (known !== undefined) return known;
    const parts: Parts = { current: new Float64Array(SLICES), closed: [] };
    this.services.set(service, parts);
    return parts;
  }
}

function ratesOf(closed: readonly Float64Array[], members: number): readonly number[] | null {
  if (closed.length < PARTS) return null;
  const sums = Array.from({ length: SLICES }, (_, slice) =>
    closed.reduce((sum, part) => sum + (part[slice] as number), 0),
  );
  const total = sums.reduce((sum, count) => sum + count, 0);
  if (total < REQUESTS_MIN * members) return null;
  return sums.map((count) => (count * 1000) / (PARTS * WORD_MS));
}
