/**
 * One instance: asks it by the probes that its state calls for, each in its own period, and tells the
 * arbiter what came of it. It decides nothing and remembers nothing that matters: after a crash it asks
 * again. One question of a kind is under way at a time, so a slow instance is not asked ever faster.
 */
import { type ActorDefinition, type AnyRef, actor, type Context } from '../../runtime/index.ts';
import type { ServiceSpec } from '../spec/fleet-schema.ts';
import type { ProbeKind } from './instance.machine.ts';

/** Which instance, whom to ask, whom to tell. */
export type InstanceArgs = {
  readonly service: string;
  readonly id: string;
  readonly health: ServiceSpec['health'];
  /** Understands `probe`; see ports/prober.ts. */
  readonly prober: AnyRef;
  /** Understands `observe`. */
  readonly arbiter: AnyRef;
};

/** What it understands. */
export type InstanceMessages = {
  /** Probes that its state calls for; those that are not named are not asked any more. */
  ask(probes: readonly ProbeKind[]): void;
  due(probe: ProbeKind): Promise<void>;
};

/** Spawned by the arbiter, one for each instance that may be there. */
export const Instance: ActorDefinition<InstanceArgs, InstanceMessages> = actor(import.meta.url, {
  name: 'Instance',
  setup: ({ service, id, health, prober, arbiter }: InstanceArgs, ctx: Context) => {
    const asked = new Set<ProbeKind>();
    return {
      ask: (probes: readonly ProbeKind[]) => {
        for (const probe of asked) if (!probes.includes(probe)) ctx.timers.cancel(probe);
        for (const probe of probes) {
          const spec = health[probe];
          if (spec === undefined || asked.has(probe)) continue;
          // Not all at the same moment: a fleet that was started at once is not asked at once.
          ctx.timers.once(probe, ctx.random(Math.max(1, spec.period)), 'due', probe);
        }
        asked.clear();
        for (const probe of probes) asked.add(probe);
      },
      due: async (probe: ProbeKind) => {
        const spec = health[probe];
        if (spec === undefined || !asked.has(probe)) return;
        ctx.timers.once(probe, spec.period, 'due', probe);
        let isWell = false;
        try {
          const question = { instance: id, probe, spec };
          isWell = (await ctx.ask(prober, 'probe', question, { timeout: spec.timeout })) === true;
        } catch {
          // Whatever kept it from answering: it did not answer.
        }
        const seen = { kind: 'probe', instance: id, probe, isWell };
        ctx.tell(arbiter, 'observe', { service, list: [seen] });
      },
    };
  },
});
