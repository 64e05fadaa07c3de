/**
 * B8, four producers and one consumer: all on one thread, and the consumer on another one. Against
 * Erlang. Does not answer: producers on four threads; the machine has two cores.
 * Checksum: mean of the values that arrived.
 */
import { flow } from './flow.ts';
import type { BenchRow } from './harness/row.ts';
import { erlang } from './peers/erlang.ts';

/** Until both threads have compiled. */
const WARMUP_MS = 1500;

export const rows: readonly BenchRow[] = [
  {
    id: 'B8',
    name: 'four producers, one consumer, one thread',
    unit: 'M ops/s',
    ours: flow({ kind: 'number', producers: 4, messages: 400_000 }),
    peers: { Erlang: erlang('many_to_one', 400_000, 20_000) },
    target: { perSecondAtLeast: 8e6, ratioAtLeast: { Erlang: 1 } },
    sameWork: true,
  },
  {
    id: 'B8',
    name: 'four producers, the consumer on another thread',
    unit: 'M ops/s',
    ours: flow({ kind: 'number', producers: 4, consumerThread: 1, messages: 400_000 }),
    peers: { Erlang: erlang('many_to_one_across', 400_000, 20_000) },
    target: { perSecondAtLeast: 8e6, ratioAtLeast: { Erlang: 1 } },
    sameWork: true,
    warmupMs: WARMUP_MS,
  },
];
