/**
 * Samples of series that found no room, by tenant and metric: one count each, and one for all that come
 * after the list of them is full as well. Owned by series-shard.ts. What such samples said is not kept.
 */

/** One overflow series. An empty metric: those that found no room even here. */
export type OverflowSeries = {
  readonly tenant: string;
  readonly metric: string;
  readonly samples: number;
};

/** Tenants' metrics that are told apart. Higher: more memory for senders that invent names. */
const OVERFLOWS_MAX = 1_024;

/** One thread. */
export class OverflowCounts {
  private readonly counts: Map<string, Map<string, number>> = new Map();
  private size = 0;
  private rest = 0;

  add(tenant: string, metric: string, samples: number): void {
    const ofTenant = this.counts.get(tenant);
    const known = ofTenant?.get(metric);
    if (known === undefined && this.size >= OVERFLOWS_MAX) {
      this.rest += samples;
      return;
    }
    if (known === undefined) this.size += 1;
    const metrics = ofTenant ?? new Map<string, number>();
    metrics.set(metric, (known ?? 0) + samples);
    this.counts.set(tenant, metrics);
  }

  list(): readonly OverflowSeries[] {
    const list: OverflowSeries[] = [];
    for (const [tenant, metrics] of this.counts) {
      for (const [metric, samples] of metrics) list.push({ tenant, metric, samples });
    }
    if (this.rest > 0) list.push({ tenant: '', metric: '', samples: this.rest });
    return list;
  }
}
