/** An actor that takes its thread along in every way that a thread can be lost, and busy others. */
import { actor } from 'ringmaster';

/** How a thread is lost; `overflow` costs the actor only. */
export type Doom = 'exit' | 'loop' | 'regex' | 'memory' | 'overflow';

const overflow = (depth: number): number => overflow(depth + 1) + 1;

const DOOMS: Readonly<Record<Doom, () => unknown>> = {
  exit: () => process.exit(7),
  loop: () => {
    for (;;);
  },
  regex: () => /^(a+)+$/.test(`${'a'.repeat(40)}b`),
  memory: () => {
    const kept: unknown[] = [];
    for (;;) kept.push({ text: `${kept.length}`, more: [kept.length] });
  },
  overflow: () => overflow(0),
};

/** Fails as it is told, and answers. */
export const Doomed = actor(import.meta.url, {
  name: 'Doomed',
  setup: () => ({
    fail: (doom: Doom) => void DOOMS[doom](),
    hi: () => 1,
  }),
});

/** Turns that `Spinner` takes for one message that it counts. */
const TURNS = 64;

/** Sends itself a message in each turn, until told to end, and says how many it has handled. */
export const Spinner = actor(import.meta.url, {
  name: 'Spinner',
  setup(_args: undefined, ctx) {
    let handled = 0;
    let isDone = false;
    const { self } = ctx;
    return {
      begin: () => {
        for (let i = 0; i < TURNS; i++) self.tell('turn');
      },
      turn: () => {
        handled++;
        if (!isDone) self.tell('turn');
      },
      end: () => {
        isDone = true;
      },
      handled: () => handled,
    };
  },
});
