/**
 * Requests in a second by slice of the keys, as routers count them: each says its own sums now and then,
 * and what all have said of late is added up. Of one service; in memory only, since it is soon known
 * again. Pure.
 */
import { SLICES } from '../hashring/slices.ts';
import { type SliceReading, withReading } from '../protocol/slice-load.ts';

/**
 * So long a router's last word counts. Longer: one that is gone is counted still. Shorter: one that is
 * late is missed, and its keys look cooler than they are. Milliseconds.
 */
const FRESH_MS = 90_000;

type Said = { readonly loads: readonly SliceReading[]; readonly atMs: number };

/** Thread rule: the arbiter's. */
export class SliceLoads {
  private readonly byRouter: Map<string, Said> = new Map();
  private total: readonly SliceReading[] | null = null;

  /** Null: it has counted too few, or counts no more. What is no list of loads is left out. */
  take(router: string, loads: unknown, nowMs: number): void {
    if (loads === null) this.byRouter.delete(router);
    else if (isLoads(loads)) this.byRouter.set(router, { loads, atMs: nowMs });
    this.total = null;
  }

  /** Of all routers; null: nobody has said anything of late. The same list until somebody does. */
  sum(nowMs: number): readonly SliceReading[] | null {
    for (const [router, { atMs }] of this.byRouter) {
      if (nowMs - atMs <= FRESH_MS) continue;
      this.byRouter.delete(router);
      this.total = null;
    }
    const [first, ...rest] = [...this.byRouter.values()].map(({ loads }) => loads);
    if (first === undefined) return null;
    this.total ??= rest.reduce(
      (sum, loads) => sum.map((one, slice) => withReading(one, loads[slice] as SliceReading)),
      first,
    );
    return this.total;
  }
}

function isLoads(value: unknown): value is readonly SliceReading[] {
  return Array.isArray(value) && value.length === SLICES && value.every(isReading);
}

function isReading(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { load, holder, share } = value as Readonly<Record<string, unknown>>;
  const isAmount = (amount: unknown, max: number): boolean =>
    typeof amount === 'number' && amount >= 0 && amount <= max;
  return (
    isAmount(load, Number.MAX_SAFE_INTEGER) &&
    isAmount(share, 1) &&
    (holder === null || typeof holder === 'string')
  );
}
