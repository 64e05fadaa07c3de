/** Actors that are looked at: many that are touched now and then, and two that keep a thread busy. */
import { type AnyRef, actor } from 'ringmaster';

/** One of the many. */
export const Touched = actor(import.meta.url, {
  name: 'Touched',
  setup: () => ({
    touch: () => undefined,
    crash: () => {
      throw new Error('as the benchmark wants it');
    },
  }),
});

/** Passes one message to and fro with itself for ever, and touches some of the many each while. */
export const Driver = actor(import.meta.url, {
  name: 'Driver',
  setup(_args: undefined, ctx) {
    const many: AnyRef[] = [];
    let at = 0;
    let isRunning = false;
    return {
      more: (refs: readonly AnyRef[]) => {
        for (const ref of refs) many.push(ref);
      },
      run: (isOn: boolean) => {
        if (isOn && !isRunning) ctx.self.tell('step', undefined as never);
        isRunning = isOn;
      },
      step: () => {
        if (isRunning) ctx.self.tell('step', undefined as never);
      },
      touch: (count: number) => {
        for (let i = 0; i < count; i++) {
          at = (at + 1) % many.length;
          (many[at] as AnyRef).tell('touch', undefined);
        }
      },
    };
  },
});
