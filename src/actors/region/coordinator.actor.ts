/**
 * The coordinator of a fleet's regions: hears their reports and answers each. It keeps nothing: a new one
 * waits for as long as a reservation of the last one could be used. Whoever spawns it sees to it that
 * there is one; regions that hear nothing from it go on as they are, and only grow.
 */
import { type ActorDefinition, type AnyRef, actor, type Context } from '../../runtime/index.ts';
import {
  type CoordinatorConfig,
  type CoordinatorState,
  coordinatorStart,
  coordinatorStep,
} from './coordinator.machine.ts';
import type { RegionReport } from './region-report.ts';

/** What it understands. */
export type CoordinatorMessages = {
  /** Answered by telling `to` the message `granted`. */
  report(what: { readonly report: RegionReport; readonly to: AnyRef }): void;
  /** What it knows and has granted. */
  status(): CoordinatorState;
};

/** Spawned by whoever coordinates. */
export const Coordinator: ActorDefinition<CoordinatorConfig, CoordinatorMessages> = actor(
  import.meta.url,
  {
    name: 'Coordinator',
    setup: (config: CoordinatorConfig, ctx: Context) => {
      let state = coordinatorStart(`${ctx.now()}-${ctx.random(2 ** 31)}`, ctx.now());
      return {
        report: ({ report, to }: Parameters<CoordinatorMessages['report']>[0]) => {
          const step = coordinatorStep(state, config, report, ctx.now());
          state = step.state;
          if (step.answer !== null) ctx.tell(to, 'granted', step.answer);
        },
        status: () => state,
      };
    },
  },
);
