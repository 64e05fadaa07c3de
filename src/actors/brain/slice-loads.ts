/**
 * Requests in a second by slice of the keys, as routers count them: each says its own sums now and then,
 * and what all have said of late is added up. Of one service; in memory only, since it is soon known
 * again. Pure.
 */
import { SLICES } from '../hashring/slices.ts';

/**
 * So long a router's last word counts. Longer: one that is gone is counted still. Shorter: one that is
 * late is missed, and its keys look cooler than they are. Milliseconds.
 */
const FRESH_MS = 90_000;

type Said = { readonly loads: readonly number[]; readonly atMs: number };

/** Thread rule: the arbiter's. */
export class SliceLoads {
  private readonly byRouter: Map<string, Said> = new Map();
  private total: readonly number[] | null = null;

  /** Null: it has counted too few, or counts no more. What is no list of loads is left out. */
  take(router: string, loads: unknown, nowMs: number): void {
    if (loads === null) this.byRouter.delete(router);
    else if (isLoads(loads)) this.byRouter.set(router, { loads, atMs: nowMs });
    this.total = null;
  }

  /** Of all routers; null: nobody has said anything of late. The same list until somebody does. */
  sum(nowMs: number): readonly number[] | null {
    for (const [router, { atMs }] of this.byRouter) {
      if (nowMs - atMs <= FRESH_MS) continue;
      this.byRouter.delete(router);
      this.total = null;
    }
    if (this.byRouter.size === 0) return null;
    const all = [...this.byRouter.values()];
    this.total ??= Array.from({ length: SLICES }, (_, slice) =>
      all.reduce((sum, { loads }) => sum + (loads[slice] ?? 0), 0),
    );
    return this.total;
  }
}

function isLoads(value: unknown): value is readonly number[] {
  return (
    Array.isArray(value) &&
    value.length === SLICES &&
    value.every((load) => Number.isFinite(load) && load >= 0)
  );
}
