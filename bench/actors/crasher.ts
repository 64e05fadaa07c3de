/** An actor that crashes when told, and the log of when its incarnations ended and began. */
import { actor } from 'ringmaster';

/** What the incarnations on this thread have done. Thread rule: one thread's. */
export const crashLog: { restarts: number; restartNs: number[]; whenAll: (() => void) | null } = {
  restarts: 0,
  restartNs: [],
  whenAll: null,
};
/** Made beforehand: to take down a stack costs several times a restart, and is not the runtime's. */
const BOOM = new Error('boom');
let thrownAtMs = 0;
let wanted = 0;

/** Resolves when so many restarts have happened from now on. */
export function restartsOf(count: number): Promise<void> {
  crashLog.restarts = 0;
  crashLog.restartNs = [];
  wanted = count;
  return new Promise((resolve) => {
    crashLog.whenAll = resolve;
  });
}

/** Notes the time from the moment at which it throws to the end of its next `setup`. */
export const Crasher = actor(import.meta.url, {
  name: 'Crasher',
  setup(_args: undefined, ctx) {
    const handlers = {
      boom: (): void => {
        thrownAtMs = performance.now();
        throw BOOM;
      },
      hi: () => ctx.incarnation,
    };
    if (ctx.incarnation > 0) {
      crashLog.restartNs.push((performance.now() - thrownAtMs) * 1e6);
      if (++crashLog.restarts === wanted) crashLog.whenAll?.();
    }
    return handlers;
  },
});
