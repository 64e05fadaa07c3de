/**
 * B6 and B7, asks to another thread while both are awake, and waking one that sleeps; what sleeping
 * costs. Against postMessage and Erlang. Latencies are medians taken inside the task; the wake is
 * one way, by the clock that all threads share. Checksum: mean of the answers, or their number.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Answerer } from './actors/round-trip.ts';
import type { BenchContender, BenchRow } from './harness/row.ts';
import { quantile } from './harness/statistics.ts';
import { withSystem } from './harness/with-system.ts';
import { erlang } from './peers/erlang.ts';
import {
  COMPILED_AFTER,
  postMessageRoundTrips,
  postMessageWake,
  startIdleWorker,
} from './peers/post-message.ts';

const OPTIONS = { threads: 1, spare: false } as const;
const THERE = { placement: { thread: 1 } } as const;

/** The median of asks, one after the other. */
const sequential: BenchContender = withSystem(OPTIONS, async (system, quick) => {
  const n = quick ? 200 : 5000;
  const server = await system.spawn(Answerer, THERE);
  let p50 = 0;
  return {
    opsPerCall: n,
    call: async () => {
      const samples: number[] = [];
      for (let index = 0; index < n; index++) {
        const startMs = performance.now();
        await server.ask('half', 2);
        samples.push((performance.now() - startMs) * 1e6);
      }
      p50 = quantile(samples, 0.5);
      return 1;
    },
    own: () => p50,
  };
});

/** `lanes` of asks, each asking again as soon as it is answered. */
function inFlight(lanes: number): BenchContender {
  return withSystem(OPTIONS, async (system, quick) => {
    const each = quick ? 30 : 1500;
    const server = await system.spawn(Answerer, THERE);
    const lane = async (): Promise<number> => {
      let sum = 0;
      for (let index = 0; index < each; index++) sum += await server.ask('half', 2);
      return sum;
    };
    return {
      opsPerCall: each * lanes,
      call: async () => {
        let sum = 0;
        for (const part of await Promise.all(Array.from({ length: lanes }, lane))) sum += part;
        return sum / (each * lanes);
      },
    };
  });
}

/**
 * From asking a thread that sleeps, to its handler: the median of a hundred, with compiled code.
 */
const wake: BenchContender = withSystem(OPTIONS, async (system, quick) => {
  const n = quick ? 10 : 100;
  const server = await system.spawn(Answerer, THERE);
  for (let asks = quick ? 10 : COMPILED_AFTER; asks > 0; asks--) await server.ask('when');
  let p50 = 0;
  return {
    opsPerCall: n,
    call: async () => {
      const samples: number[] = [];
      for (let index = 0; index < n; index++) {
        await sleep(2);
        const sentNs = Number(process.hrtime.bigint());
        samples.push((await server.ask('when')) - sentNs);
      }
      p50 = quantile(samples, 0.5);
      return samples.length;
    },
    own: () => p50,
  };
});

/** Processor time of a whole process in a second in which it has nothing to do. */
async function idleShareNs(quick: boolean): Promise<number> {
  const idleMs = quick ? 100 : 1000;
  const before = process.cpuUsage();
  await sleep(idleMs);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1e6) / idleMs;
}

function idleTask(quick: boolean): { call(): Promise<number>; own(): number; opsPerCall: number } {
  let share = 0;
  return {
    opsPerCall: 1,
    call: async () => {
      share = await idleShareNs(quick);
      return 1;
    },
    own: () => share,
  };
}

const idle: BenchContender = withSystem(OPTIONS, async (system, quick) => {
  const server = await system.spawn(Answerer, THERE);
  await server.ask('half', 2);
  return idleTask(quick);
});

const idlePeer: BenchContender = {
  prepare: ({ quick }) => {
    const worker = startIdleWorker();
    return { ...idleTask(quick), close: async () => void (await worker.terminate()) };
  },
};

/** Until both threads have compiled. */
const WARMUP_MS = 1500;

export const rows: readonly BenchRow[] = [
  {
    id: 'B6',
    name: 'ask another thread, one after the other, median',
    unit: 'µs/op',
    ours: sequential,
    peers: {
      postMessage: postMessageRoundTrips(1),
      Erlang: erlang('ask_across', 20_000, 1000),
    },
    target: { atMost: 2, ratioAtLeast: { Erlang: 1 } },
    sameWork: true,
    warmupMs: WARMUP_MS,
  },
  {
    id: 'B6',
    name: 'ask another thread, 64 in flight',
    unit: 'M ops/s',
    ours: inFlight(64),
    peers: {
      postMessage: postMessageRoundTrips(64),
      Erlang: erlang('ask_many', 64_000, 6400),
    },
    target: { perSecondAtLeast: 3e6, ratioAtLeast: { postMessage: 8, Erlang: 1 } },
    sameWork: true,
    warmupMs: WARMUP_MS,
  },
  {
    id: 'B7',
    name: 'wake a thread that sleeps, one hop, median',
    unit: 'µs/op',
    ours: wake,
    peers: { postMessage: postMessageWake },
    // Parity is the honest goal: a wake is the kernel's.
    target: { atMost: 60, ratioAtLeast: { postMessage: 0.8 } },
    sameWork: true,
  },
  {
    id: 'B7',
    name: 'two idle threads',
    unit: '% of a core',
    ours: idle,
    peers: { 'a Worker with a port': idlePeer },
    target: { atMost: 0.5 },
    sameWork: true,
  },
];
