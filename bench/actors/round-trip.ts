/**
 * Two actors and what goes back and forth between them: ping-pong by tells; questions with their
 * answers; the moment at which a message came.
 */
import { type AnyRef, actor } from 'ringmaster';

/** Answers each `ping` with a `pong`. */
export const Pong = actor(import.meta.url, {
  name: 'Pong',
  setup: () => ({ ping: (from: AnyRef) => void from.tell('pong') }),
});

/** Plays so many rounds, then says so. */
export const Ping = actor(import.meta.url, {
  name: 'Ping',
  setup({ pong, finish }: { readonly pong: AnyRef; readonly finish: AnyRef }, ctx) {
    let left = 0;
    const { self } = ctx;
    return {
      run: (rounds: number) => {
        left = rounds;
        pong.tell('ping', self);
      },
      pong: () => {
        if (--left > 0) pong.tell('ping', self);
        else finish.tell('done', 1);
      },
    };
  },
});

/** Answers questions: `half` of a number, or the monotonic nanosecond at which it was asked. */
export const Answerer = actor(import.meta.url, {
  name: 'Answerer',
  setup: () => ({
    half: (x: number) => x / 2,
    when: () => Number(process.hrtime.bigint()),
  }),
});
