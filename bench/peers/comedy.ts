/**
 * comedy as a contender: objects of handlers, `send` and `sendAndReceive`, in-memory actors (its
 * fastest kind), its log silent. It has no timeout for questions.
 */
import type { Actor, ActorRef } from 'comedy';
import type { BenchContender, BenchTask } from '../harness/row.ts';

function withComedy(build: (root: Actor, quick: boolean) => Promise<BenchTask>): BenchContender {
  return {
    prepare: async ({ quick }) => {
      const { createSystem } = await import('comedy');
      const system = createSystem({ test: true });
      const task = await build(await system.rootActor(), quick);
      return { ...task, close: () => system.destroy() };
    },
  };
}

/** One sender, one counter; mean of the values 0 to 7. */
export const comedyTell: BenchContender = withComedy(async (root, quick) => {
  const n = quick ? 2000 : 20_000;
  let end: (sum: number) => void = () => undefined;
  let sum = 0;
  let seen = 0;
  const counter = await root.createChild({
    add(x: number): void {
      sum += x;
      if (++seen === n) end(sum);
    },
  });
  return {
    opsPerCall: n,
    call: () =>
      new Promise<number>((resolve) => {
        sum = 0;
        seen = 0;
        end = (total) => resolve(total / n);
        for (let index = 0; index < n; index++) void counter.send('add', index & 7);
      }),
  };
});

/** Round trips between two. */
export const comedyPingPong: BenchContender = withComedy(async (root, quick) => {
  const n = quick ? 1000 : 10_000;
  let left = 0;
  let end: (result: number) => void = () => undefined;
  let ping: ActorRef | null = null;
  const pong = await root.createChild({ ping: (): void => void ping?.send('pong') });
  ping = await root.createChild({
    pong(): void {
      if (left-- > 0) void pong.send('ping');
      else end(1);
    },
  });
  return {
    opsPerCall: n,
    call: () =>
      new Promise<number>((resolve) => {
        end = resolve;
        left = n;
        void ping?.send('pong');
      }),
  };
});

/** Questions, `inFlight` of them under way; mean of the answers. */
export function comedyAsk(inFlight: number): BenchContender {
  return withComedy(async (root, quick) => {
    const n = (quick ? 5 : 100) * 100;
    const server = await root.createChild({ half: (x: number): number => x / 2 });
    const ask = (): Promise<number> => server.sendAndReceive('half', 2);
    return {
      opsPerCall: n,
      call: async () => {
        let sum = 0;
        for (let done = 0; done < n; done += inFlight) {
          const answers = await Promise.all(Array.from({ length: inFlight }, ask));
          for (const answer of answers) sum += answer;
        }
        return sum / n;
      },
    };
  });
}

/** Spawning idle actors; only that is timed. */
export const comedySpawn: BenchContender = {
  prepare: async ({ quick }) => {
    const { createSystem } = await import('comedy');
    const n = quick ? 500 : 5000;
    let cost = 0;
    return {
      opsPerCall: n,
      call: async () => {
        const system = createSystem({ test: true });
        const root = await system.rootActor();
        const startMs = performance.now();
        const spawns: Promise<ActorRef>[] = [];
        for (let index = 0; index < n; index++) spawns.push(root.createChild({ hi: () => index }));
        await Promise.all(spawns);
        cost = ((performance.now() - startMs) * 1e6) / n;
        await system.destroy();
        return n;
      },
      own: () => cost,
    };
  },
};
