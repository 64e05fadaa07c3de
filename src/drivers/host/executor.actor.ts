/**
 * Whom the arbiter orders: it gives each effect to who carries it out, instances to the process host,
 * tables to those who route. It implements ports/executor.ts. One that is deposed anywhere is deposed.
 */
import type { CarryOut, Effect } from '../../actors/index.ts';
import { type ActorDefinition, type AnyRef, actor, type Context } from '../../runtime/index.ts';

/** What it works with. Each understands `carryOut`. */
export type ExecutorArgs = {
  readonly instances: AnyRef;
  /** Empty: nobody routes, and what is published is known to all of them. */
  readonly routers: readonly AnyRef[];
};

/** What it understands. */
export type ExecutorMessages = { carryOut(order: CarryOut): Promise<boolean> };

const TABLES: readonly Effect['kind'][] = ['publishRing', 'prepareRing', 'publishRoutes'];

/** Spawned beside the arbiter. */
export const Executor: ActorDefinition<ExecutorArgs, ExecutorMessages> = actor(import.meta.url, {
  name: 'Executor',
  setup: ({ instances, routers }: ExecutorArgs, ctx: Context) => ({
    carryOut: async (order: CarryOut) => {
      const tables = order.effects.filter(({ kind }) => TABLES.includes(kind));
      const others = order.effects.filter(({ kind }) => !TABLES.includes(kind));
      const orders: Promise<unknown>[] = [];
      if (others.length > 0) {
        orders.push(ctx.ask(instances, 'carryOut', { ...order, effects: others }));
      }
      for (const router of tables.length === 0 ? [] : routers) {
        orders.push(ctx.ask(router, 'carryOut', { ...order, effects: tables }));
      }
      // Who does not answer is asked again by the arbiter, which sees that nothing came of it.
      const answers = await Promise.allSettled(orders);
      return !answers.some((one) => one.status === 'fulfilled' && one.value === false);
    },
  }),
});
