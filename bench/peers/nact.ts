/**
 * nact as a contender, written as its documentation does: functions from state and message to
 * state, refs in messages, `query` with a timeout. All its actors live on one thread.
 */
import type { Ref } from 'nact';
import type { BenchContender, BenchTask } from '../harness/row.ts';

type Nact = typeof import('nact');
type Root = ReturnType<Nact['start']>;

function withNact(build: (nact: Nact, root: Root, quick: boolean) => BenchTask): BenchContender {
  return {
    prepare: async ({ quick }) => {
      const nact = await import('nact');
      const root = nact.start();
      return { ...build(nact, root, quick), close: () => nact.stop(root) };
    },
  };
}

/** One sender, one counter; mean of the values 0 to 7. */
export const nactTell: BenchContender = withNact((nact, root, quick) => {
  const n = quick ? 2000 : 20_000;
  let end: (sum: number) => void = () => undefined;
  const counter = nact.spawn(
    root,
    (state: { sum: number; left: number }, x: number) => {
      const sum = state.sum + x;
      if (state.left > 1) return { sum, left: state.left - 1 };
      end(sum);
      return { sum: 0, left: n };
    },
    'counter',
    { initialState: { sum: 0, left: n } },
  );
  return {
    opsPerCall: n,
    call: () =>
      new Promise<number>((resolve) => {
        end = (sum) => resolve(sum / n);
        for (let index = 0; index < n; index++) nact.dispatch(counter, index & 7);
      }),
  };
});

/** Round trips between two. */
export const nactPingPong: BenchContender = withNact((nact, root, quick) => {
  const n = quick ? 1000 : 5000;
  let left = 0;
  let end: (result: number) => void = () => undefined;
  const pong = nact.spawnStateless(root, (sender: Ref<string>) => nact.dispatch(sender, 'pong'));
  const ping = nact.spawnStateless(root, (_message: string, { self }) => {
    if (left-- > 0) nact.dispatch(pong, self);
    else end(1);
  });
  return {
    opsPerCall: n,
    call: () =>
      new Promise<number>((resolve) => {
        end = resolve;
        left = n;
        nact.dispatch(ping, 'start');
      }),
  };
});

/** Queries with a timeout, `inFlight` of them under way; mean of the answers. */
export function nactQuery(inFlight: number): BenchContender {
  return withNact((nact, root, quick) => {
    const n = (quick ? 5 : 40) * 100;
    type Question = { readonly sender: Ref<number>; readonly x: number };
    const server = nact.spawnStateless(root, ({ sender, x }: Question) =>
      nact.dispatch(sender, x / 2),
    );
    const ask = (): Promise<number> =>
      nact.query(server, (sender: Ref<number>): Question => ({ sender, x: 2 }), 5000);
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
export const nactSpawn: BenchContender = {
  prepare: async ({ quick }) => {
    const nact = await import('nact');
    const n = quick ? 500 : 5000;
    let cost = 0;
    return {
      opsPerCall: n,
      call: () => {
        const root = nact.start();
        const startMs = performance.now();
        // Named: its own random names collide now and then, which ends the process.
        for (let index = 0; index < n; index++) {
          nact.spawnStateless(root, () => undefined, `idle-${index}`);
        }
        cost = ((performance.now() - startMs) * 1e6) / n;
        nact.stop(root);
        return n;
      },
      own: () => cost,
    };
  },
};

/** A token around a ring of `members`. */
export function nactRing(members: number): BenchContender {
  return withNact((nact, root, quick) => {
    const n = quick ? 1000 : 5000;
    let end: (left: number) => void = () => undefined;
    const refs: Ref<number>[] = [];
    for (let index = 0; index < members; index++) {
      const next = (index + 1) % members;
      refs.push(
        nact.spawnStateless(root, (left: number) => {
          const ref = refs[next];
          if (left === 0) end(left);
          else if (ref !== undefined) nact.dispatch(ref, left - 1);
        }),
      );
    }
    const [first] = refs;
    return {
      opsPerCall: n,
      call: () =>
        new Promise<number>((resolve) => {
          end = resolve;
          if (first !== undefined) nact.dispatch(first, n);
        }),
    };
  });
}
