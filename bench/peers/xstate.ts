/**
 * XState as a contender: actors from transition functions or callbacks, its lightest kinds. It has
 * no question with an answer, so it does not appear where asks are compared.
 */
import type { AnyActorRef } from 'xstate';
import type { BenchContender } from '../harness/row.ts';

/** One sender, one counter; mean of the values 0 to 7. A send is handled before it returns. */
export const xstateTell: BenchContender = {
  prepare: async ({ quick }) => {
    const { createActor, fromTransition } = await import('xstate');
    const n = quick ? 2000 : 20_000;
    type Add = { readonly type: 'add'; readonly x: number };
    const counter = createActor(fromTransition((sum: number, { x }: Add) => sum + x, 0));
    counter.start();
    return {
      opsPerCall: n,
      call: () => {
        const before = counter.getSnapshot().context;
        for (let index = 0; index < n; index++) counter.send({ type: 'add', x: index & 7 });
        return (counter.getSnapshot().context - before) / n;
      },
      close: () => void counter.stop(),
    };
  },
};

/** Round trips between two. */
export const xstatePingPong: BenchContender = {
  prepare: async ({ quick }) => {
    const { createActor, fromCallback } = await import('xstate');
    const n = quick ? 1000 : 20_000;
    let left = 0;
    let ping: AnyActorRef | null = null;
    const pong = createActor(
      fromCallback(({ receive }) => receive(() => ping?.send({ type: 'pong' }))),
    );
    ping = createActor(
      fromCallback(({ receive }) =>
        receive(() => {
          if (left-- > 0) pong.send({ type: 'ping' });
        }),
      ),
    );
    pong.start();
    ping.start();
    return {
      opsPerCall: n,
      call: () => {
        left = n;
        ping?.send({ type: 'pong' });
        if (left !== -1) throw new Error(`${left} round trips are missing`);
        return 1;
      },
    };
  },
};

/** Spawning idle actors; only that is timed. */
export const xstateSpawn: BenchContender = {
  prepare: async ({ quick }) => {
    const { createActor, fromTransition } = await import('xstate');
    const n = quick ? 500 : 5000;
    const idle = fromTransition((state: number) => state, 0);
    let cost = 0;
    return {
      opsPerCall: n,
      call: () => {
        const actors = [];
        const startMs = performance.now();
        for (let index = 0; index < n; index++) actors.push(createActor(idle).start());
        cost = ((performance.now() - startMs) * 1e6) / n;
        for (const actor of actors) actor.stop();
        return actors.length;
      },
      own: () => cost,
    };
  },
};
