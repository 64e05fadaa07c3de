/**
 * B9, spawning idle actors by `ctx.spawn`, and the bytes that one takes; against actor libraries
 * for JavaScript and Erlang. Only the spawning is timed, their end is not. Bytes are the growth of
 * the heap after collections. Checksum: how many there were.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Nursery } from './actors/idle.ts';
import type { BenchContender, BenchRow } from './harness/row.ts';
import { withSystem } from './harness/with-system.ts';
import { comedySpawn } from './peers/comedy.ts';
import { erlang } from './peers/erlang.ts';
import { nactSpawn } from './peers/nact.ts';
import { xstateSpawn } from './peers/xstate.ts';

const spawnCost: BenchContender = withSystem({ threads: 0 }, async (system, quick) => {
  const n = quick ? 1000 : 50_000;
  let cost = 0;
  return {
    opsPerCall: n,
    call: async () => {
      const nursery = await system.spawn(Nursery, { placement: 'same' });
      cost = (await nursery.ask('spawn', n)) / n;
      await system.stop(nursery);
      return 1;
    },
    own: () => cost,
  };
});

/** The heap's size after a collection. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const bytes: BenchContender = withSystem({ threads: 0 }, async (system, quick) => {
  const n = quick ? 10_000 : 100_000;
  let cost = 0;
  return {
    opsPerCall: n,
    call: async () => {
      const nursery = await system.spawn(Nursery, { placement: 'same' });
      const before = heapBytes();
      await nursery.ask('spawn', n);
      cost = (heapBytes() - before) / n;
      await system.stop(nursery);
      return 1;
    },
    own: () => cost,
  };
});

export const rows: readonly BenchRow[] = [
  {
    id: 'B9',
    name: 'ctx.spawn of an idle actor',
    unit: 'k ops/s',
    ours: spawnCost,
    peers: {
      nact: nactSpawn,
      comedy: comedySpawn,
      xstate: xstateSpawn,
      Erlang: erlang('spawn_idle', 50_000, 5000),
    },
    target: { perSecondAtLeast: 1e6, ratioAtLeast: { Erlang: 3, nact: 3, comedy: 3, xstate: 1 } },
  },
  {
    id: 'B9',
    name: 'memory of an idle actor',
    unit: 'bytes/op',
    ours: bytes,
    peers: { Erlang: erlang('bytes_idle', 100_000, 10_000) },
    target: { atMost: 500, ratioAtLeast: { Erlang: 1 } },
  },
];
