/**
 * B4 and B5, tells to another thread: numbers, typed payloads, any small object, a report with six
 * fields; against postMessage and Erlang across schedulers. Both threads are awake, two cores.
 * Does not answer: what waking a thread costs, see B7. Checksum: mean of the values that arrived.
 */
import { flow } from './flow.ts';
import type { BenchRow } from './harness/row.ts';
import { erlang } from './peers/erlang.ts';
import { postMessageStream } from './peers/post-message.ts';

const across = { consumerThread: 1 } as const;

/** Until both threads have compiled. */
const WARMUP_MS = 1500;

export const rows: readonly BenchRow[] = [
  {
    id: 'B4',
    name: 'tell to another thread, number',
    unit: 'M ops/s',
    ours: flow({ ...across, kind: 'number', messages: 400_000 }),
    peers: {
      postMessage: postMessageStream('number'),
      Erlang: erlang('tell_across', 400_000, 20_000),
    },
    target: { perSecondAtLeast: 13e6, ratioAtLeast: { postMessage: 25, Erlang: 1 } },
    sameWork: true,
    warmupMs: WARMUP_MS,
  },
  {
    id: 'B4',
    name: 'tell to another thread, two typed fields',
    unit: 'M ops/s',
    ours: flow({ ...across, kind: 'sample', messages: 400_000 }),
    peers: { postMessage: postMessageStream('pair') },
    target: { perSecondAtLeast: 13e6, ratioAtLeast: { postMessage: 25 } },
    sameWork: true,
    warmupMs: WARMUP_MS,
  },
  {
    id: 'B5',
    name: 'tell to another thread, any small object',
    unit: 'M ops/s',
    ours: flow({ ...across, kind: 'pair', messages: 200_000 }),
    peers: { postMessage: postMessageStream('pair') },
    target: { perSecondAtLeast: 2e6, ratioAtLeast: { postMessage: 4 } },
    sameWork: true,
    warmupMs: WARMUP_MS,
  },
  {
    id: 'B5',
    name: 'tell to another thread, typed report of six fields',
    unit: 'M ops/s',
    ours: flow({ ...across, kind: 'report', messages: 200_000 }),
    peers: { postMessage: postMessageStream('report') },
    target: { perSecondAtLeast: 1.6e6, ratioAtLeast: { postMessage: 5 } },
    sameWork: true,
    warmupMs: WARMUP_MS,
  },
];
