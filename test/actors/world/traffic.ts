/**
 * Requests of a world's service, second by second: spread as the routes say, failing and slow as the
 * instances are, and read back as metrics. Faults of the metrics themselves are set on it.
 */
import type { InstanceId, MetricQuery, MetricReading } from 'ringmaster/control-plane';
import type { FleetWorld } from './fleet-world.ts';

type Tick = {
  readonly atMs: number;
  readonly instance: InstanceId;
  readonly revision: string;
  readonly zone: string;
  readonly isBaseline: boolean;
  readonly requests: number;
  readonly errors: number;
  readonly latencyMs: number;
};

/** Seconds that are remembered. */
const KEPT_MS = 700_000;

export class Traffic {
  /** What every reading is instead. */
  fault: 'missing' | 'stale' | 'notANumber' | null = null;
  /** Of metrics that instances expose: by name. */
  readonly exposed: Map<string, (world: FleetWorld, instance: InstanceId | null) => number> =
    new Map();
  /** Of each instance, oldest first. */
  private readonly ticks: Map<InstanceId, Tick[]> = new Map();
  private readonly random: () => number;

  constructor(random: () => number) {
    this.random = random;
  }

  /** One more second of requests. */
  tick(world: FleetWorld): void {
    const { routes, weights } = world.record.routes;
    const { nowMs } = world;
    const sizes = new Map<string, number>();
    const groupOf = (of: { readonly revision: string; readonly isBaseline: boolean }): string =>
      `${of.revision} ${of.isBaseline}`;
    for (const route of routes) sizes.set(groupOf(route), (sizes.get(groupOf(route)) ?? 0) + 1);
    for (const route of routes) {
      const process = world.processes.get(route.instance);
      if (process === undefined) continue;
      const alike = sizes.get(groupOf(route)) ?? 1;
      const weight = weights.find((one) => groupOf(one) === groupOf(route));
      const share = weights.length === 0 ? 1 / routes.length : (weight?.weight ?? 0) / 100 / alike;
      const requests = Math.round(world.load * share);
      const { errorRatio, latencyMs } = process.behaviour;
      let errors = 0;
      for (let i = 0; i < requests; i++) if (this.random() < errorRatio) errors++;
      const own = this.ticks.get(route.instance) ?? [];
      this.ticks.set(route.instance, own);
      while (nowMs - (own[0]?.atMs ?? nowMs) >= KEPT_MS) own.shift();
      own.push({
        atMs: nowMs,
        instance: route.instance,
        revision: route.revision,
        zone: route.slot.split('/')[2] ?? '',
        isBaseline: route.isBaseline,
        requests,
        errors: world.isUp(process) ? errors : requests,
        latencyMs,
      });
    }
  }

  read({ name, scope, windowMs, aboveMs = 0 }: MetricQuery, world: FleetWorld): MetricReading {
    if (this.fault === 'missing') return { kind: 'missing' };
    if (this.fault === 'stale') return { kind: 'stale', ageMs: 120_000 };
    if (this.fault === 'notANumber') return { kind: 'notANumber', samples: 10, ageMs: 1000 };
    const exposed = this.exposed.get(name);
    if (exposed !== undefined) {
      const value = exposed(world, scope.instance ?? null);
      return { kind: 'value', value, samples: 100, ageMs: 1000 };
    }
    const seen = this.seen(scope, world.nowMs - windowMs);
    if (seen.length === 0) return { kind: 'missing' };
    const sum = (of: (tick: Tick) => number): number =>
      seen.reduce((total, tick) => total + of(tick), 0);
    const requests = sum((tick) => tick.requests);
    const value = (of: number): MetricReading =>
      Number.isNaN(of)
        ? { kind: 'notANumber', samples: requests, ageMs: 1000 }
        : { kind: 'value', value: of, samples: requests, ageMs: 1000 };
    switch (name) {
      case 'requests':
        return value(requests);
      case 'errors':
        return value(sum((tick) => tick.errors));
      case 'slow':
        return value(
          sum((tick) => Math.round(tick.requests * (tick.latencyMs > aboveMs ? 0.9 : 0.1))),
        );
      case 'rate':
        return value(requests / (windowMs / 1000));
      case 'error_ratio':
        return value(sum((tick) => tick.errors) / requests);
      case 'p50':
      case 'p90':
      case 'p99':
        return value(Math.max(...seen.map(({ latencyMs }) => latencyMs)));
      case 'consecutive_errors': {
        let count = 0;
        for (const tick of seen.toReversed()) {
          if (tick.errors < tick.requests) break;
          count += tick.errors;
        }
        return value(count);
      }
      default:
        return { kind: 'missing' };
    }
  }

  /** Ticks of a scope later than a moment. */
  private seen(scope: MetricQuery['scope'], afterMs: number): Tick[] {
    const lists =
      scope.instance === undefined
        ? [...this.ticks.values()]
        : [this.ticks.get(scope.instance) ?? []];
    const seen: Tick[] = [];
    for (const list of lists) {
      for (let i = list.length - 1; i >= 0; i--) {
        const tick = list[i] as Tick;
        if (tick.atMs <= afterMs) break;
        if (isIn(tick, scope)) seen.push(tick);
      }
    }
    return seen.toSorted((a, b) => a.atMs - b.atMs);
  }
}

function isIn(tick: Tick, scope: MetricQuery['scope']): boolean {
  return (
    (scope.revision === undefined || scope.revision === tick.revision) &&
    (scope.zone === undefined || scope.zone === tick.zone) &&
    (scope.isBaseline === undefined || scope.isBaseline === tick.isBaseline)
  );
}
