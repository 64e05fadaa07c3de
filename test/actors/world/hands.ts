/**
 * The other side of the brain's ports in a simulated system: one actor that starts and ends processes,
 * answers probes and hears of tables, in virtual time. It refuses orders of a lower epoch, and knows the
 * keys that it has carried out.
 */
import { type AnyRef, actor, type Context } from 'ringmaster';
import type { CarryOut, Effect, Observation, ProbeQuestion } from 'ringmaster/control-plane';

/** What is outside: it outlives every brain. */
export class Outside {
  readonly processes: Map<string, { readonly startedMs: number; endsMs: number; isUp: boolean }> =
    new Map();
  readonly keys: Set<string> = new Set();
  epoch = 0;
  refused = 0;
  accepted = 0;
  /** Starts that were carried out twice: none may be. */
  doubles = 0;
  generation = 0;
  routes = 0;
  prepared = 0;
  readonly service: string;
  bootMs = 2000;
  /** Chance that an order is not heard. */
  losesOrders = 0;

  constructor(service: string) {
    this.service = service;
  }
}

type Messages = {
  attach(arbiter: AnyRef): void;
  carryOut(order: CarryOut): boolean;
  probe(question: ProbeQuestion): boolean;
  look(): void;
};

export const Hands = actor<{ readonly outside: Outside }, Messages>(import.meta.url, {
  name: 'Hands',
  setup: ({ outside }, ctx: Context) => {
    let arbiter: AnyRef | null = null;
    const tell = (list: readonly Observation[]): void => {
      arbiter?.tell('observe', { service: outside.service, list });
    };
    ctx.timers.every('look', 1000, 'look');
    return {
      attach: (ref) => {
        arbiter = ref;
      },
      carryOut: ({ epoch, effects }) => {
        if (epoch < outside.epoch) {
          outside.refused++;
          return false;
        }
        outside.epoch = epoch;
        if (ctx.random(100) < outside.losesOrders * 100) return true;
        outside.accepted++;
        for (const effect of effects) carryOut(outside, effect, ctx.now());
        return true;
      },
      probe: ({ instance, probe }) => {
        const process = outside.processes.get(instance);
        if (process === undefined) return false;
        if (probe === 'liveness') return true;
        return process.isUp && ctx.now() - process.startedMs >= outside.bootMs;
      },
      look: () => {
        const seen: Observation[] = [];
        for (const [instance, { endsMs }] of outside.processes) {
          if (ctx.now() >= endsMs) {
            outside.processes.delete(instance);
            seen.push({ kind: 'agent', instance, word: 'ended' });
          } else seen.push({ kind: 'agent', instance, word: 'running' });
        }
        const { generation, routes, prepared } = outside;
        seen.push({ kind: 'router', id: 'router', generation, routes, prepared });
        tell(seen);
      },
    };
  },
});

function carryOut(outside: Outside, effect: Effect, nowMs: number): void {
  const isKnown = outside.keys.has(effect.key);
  outside.keys.add(effect.key);
  switch (effect.kind) {
    case 'start':
      if (isKnown) return;
      if (outside.processes.has(effect.instance)) outside.doubles++;
      outside.processes.set(effect.instance, {
        startedMs: nowMs,
        endsMs: Number.POSITIVE_INFINITY,
        isUp: true,
      });
      return;
    case 'terminate':
    case 'kill': {
      const process = outside.processes.get(effect.instance);
      if (process !== undefined) process.endsMs = nowMs;
      return;
    }
    case 'publishRing':
      outside.generation = Math.max(outside.generation, effect.ring.generation);
      return;
    case 'prepareRing':
      outside.prepared = Math.max(outside.prepared, effect.ring.generation);
      return;
    case 'publishRoutes':
      outside.routes = Math.max(outside.routes, effect.routes.number);
  }
}
