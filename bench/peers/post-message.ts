/**
 * Two threads that talk by postMessage: what Node gives without Ringmaster. Contenders for a
 * stream one way, for questions and answers, and for waking a thread that sleeps.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { BenchContender } from '../harness/row.ts';
import { quantile } from '../harness/statistics.ts';

/** What the other thread is to do. */
export type PostMessageOrder = {
  readonly kind: 'number' | 'pair' | 'report' | 'half' | 'wake';
  /** Messages of a stream after which it answers. */
  readonly expect: number;
};

/** Six fields, as an instance reports its health. */
export type Report = {
  readonly instance: number;
  readonly zone: string;
  readonly load: number;
  readonly p99Ms: number;
  readonly errors: number;
  readonly isReady: boolean;
};

/** The report with that load. */
export function reportOf(load: number): Report {
  return { instance: 4711, zone: 'eu-west-1a', load, p99Ms: 12.5, errors: 3, isReady: true };
}

function startWorker(order: PostMessageOrder): Worker {
  const url = new URL('../post-message-worker.js', import.meta.url);
  return new Worker(url, { workerData: order });
}

/** A stream to the other thread; mean of the values 0 to 7. */
export function postMessageStream(kind: 'number' | 'pair' | 'report'): BenchContender {
  return {
    prepare: ({ quick }) => {
      const n = quick ? 4000 : 40_000;
      const worker = startWorker({ kind, expect: n });
      const send = senders[kind];
      return {
        opsPerCall: n,
        call: async () => {
          const answer = once(worker, 'message');
          send(worker, n);
          return (await answer)[0] as number;
        },
        close: async () => void (await worker.terminate()),
      };
    },
  };
}

const senders = {
  number: (worker: Worker, n: number) => {
    for (let index = 0; index < n; index++) worker.postMessage(index & 7);
  },
  pair: (worker: Worker, n: number) => {
    for (let index = 0; index < n; index++) worker.postMessage({ t: index, n: index & 7 });
  },
  report: (worker: Worker, n: number) => {
    for (let index = 0; index < n; index++) worker.postMessage(reportOf(index & 7));
  },
};

/** Questions to the other thread, `inFlight` of them under way. */
export function postMessageRoundTrips(inFlight: number): BenchContender {
  return {
    prepare: ({ quick }) => {
      const n = (quick ? 5 : 100) * 64;
      const worker = startWorker({ kind: 'half', expect: 0 });
      let left = 0;
      let awaited = 0;
      let sum = 0;
      let end: (sum: number) => void = () => undefined;
      worker.on('message', (answer: number) => {
        sum += answer;
        if (left-- > 0) worker.postMessage(2);
        if (--awaited === 0) end(sum);
      });
      return {
        opsPerCall: n,
        call: () =>
          new Promise<number>((resolve) => {
            end = (total) => resolve(total / n);
            sum = 0;
            awaited = n;
            left = n - inFlight;
            for (let index = 0; index < inFlight; index++) worker.postMessage(2);
          }),
        close: async () => void (await worker.terminate()),
      };
    },
  };
}

/** Round trips after which the engine has compiled what takes part in one. */
export const COMPILED_AFTER = 10_000;

/** From sending to a thread that sleeps, to its handler: the median of a hundred. */
export const postMessageWake: BenchContender = {
  prepare: async ({ quick }) => {
    const n = quick ? 10 : 100;
    const worker = startWorker({ kind: 'wake', expect: 0 });
    for (let trips = quick ? 10 : COMPILED_AFTER; trips > 0; trips--) {
      const answer = once(worker, 'message');
      worker.postMessage(0);
      await answer;
    }
    let p50 = 0;
    return {
      opsPerCall: n,
      call: async () => {
        const samples: number[] = [];
        for (let index = 0; index < n; index++) {
          await sleep(2);
          const answer = once(worker, 'message');
          const sentNs = Number(process.hrtime.bigint());
          worker.postMessage(0);
          samples.push(((await answer)[0] as number) - sentNs);
        }
        p50 = quantile(samples, 0.5);
        return samples.length;
      },
      own: () => p50,
      close: async () => void (await worker.terminate()),
    };
  },
};

/** A thread that has nothing to do. */
export function startIdleWorker(): Worker {
  return startWorker({ kind: 'half', expect: 0 });
}
