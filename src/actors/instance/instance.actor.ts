/**
 * One instance: asks it by the probes that its state calls for, each in its own period, and tells the
 * arbiter what came of it. It decides nothing, and after a crash it goes on asking what it asked before.
 * One question of a kind is under way at a time, so a slow instance is not asked ever faster.
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
  /** From its own timers. */
  due(probe: ProbeKind): Promise<void>;
};

/** Spawned by the arbiter, one for each instance that may be there. */
export const Instance: ActorDefinition<InstanceArgs, InstanceMessages> = actor(import.meta.url, {
  name: 'Instance',
  setup: ({ service, id, health, prober, arbiter }: InstanceArgs, ctx: Context) => {
    const asked = new Set<ProbeKind>();
    const begin = (probe: ProbeKind): void => {
      const spec = health[probe];
      if (spec === undefined || asked.has(probe)) return;
      asked.add(probe);
      // Not all at the same moment: a fleet that was started at once is not asked at once.
      ctx.timers.once(probe, ctx.random(Math.max(1, spec.period)), 'due', probe);
    };
    ctx.snapshot(() => [...asked]);
    for (const probe of (ctx.restored as readonly ProbeKind[] | undefined) ?? []) begin(probe);
    return {
      ask: (probes: readonly ProbeKind[]) => {
        for (const probe of [...asked]) {
          if (probes.includes(probe)) continue;
          ctx.timers.cancel(probe);
          asked.delete(probe);
        }
        for (const probe of probes) begin(probe);
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
