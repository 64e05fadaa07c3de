/** Our side of a comparison of actors: starts a system for the measurement and closes it after. */
import { type StartOptions, type System, start } from 'ringmaster';
import type { BenchContender, BenchTask } from './row.ts';

/** Builds the actors of a task. `quick`: little work is enough. */
export type BuildTask = (system: System, quick: boolean) => Promise<BenchTask>;

/** A contender with a system of its own. */
export function withSystem(options: StartOptions, build: BuildTask): BenchContender {
  return {
    prepare: async ({ quick }) => {
      const system = await start(options);
      const task = await build(system, quick);
      return {
        ...task,
        close: async () => {
          await task.close?.();
          await system.close();
        },
      };
    },
  };
}
