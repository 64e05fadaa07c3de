/** What instances have to do, put together: for a service, or for those of one version. Pure. */
import type { ResultOf } from '../../protocol/schema.ts';

/** One instance. */
export type Load = ResultOf<'Fleet.top'>['instances'][number];

/** Of several; null: nobody knows, or there was nothing. */
export type LoadSum = {
  /** Requests a second. */
  readonly rate: number;
  /** Of 1, of all requests. */
  readonly errorRatio: number | null;
  /** Of the instance that is slowest by it. */
  readonly p99Ms: number | null;
};

/** Put together. */
export function loadOf(loads: readonly Load[]): LoadSum {
  const rate = loads.reduce((sum, load) => sum + (load.rate ?? 0), 0);
  const errors = loads.reduce((sum, one) => sum + (one.errorRatio ?? 0) * (one.rate ?? 0), 0);
  const p99Ms = loads.reduce((most, load) => Math.max(most, load.p99Ms ?? 0), 0);
  return {
    rate,
    errorRatio: rate === 0 ? null : errors / rate,
    p99Ms: p99Ms === 0 ? null : p99Ms,
  };
}

/** Share of all requests that instances of the target get; null: nobody counts, or there is none. */
export function actualWeight(loads: readonly Load[], target: string | null): number | null {
  const all = loadOf(loads).rate;
  if (target === null || all === 0) return null;
  return loadOf(loads.filter(({ version }) => version === target)).rate / all;
}

/** Each service's own. */
export function loadsByService(loads: readonly Load[]): ReadonlyMap<string, readonly Load[]> {
  const all = new Map<string, Load[]>();
  for (const load of loads) {
    const mine = all.get(load.service);
    if (mine === undefined) all.set(load.service, [load]);
    else mine.push(load);
  }
  return all;
}
