/**
 * B12, a thread hangs in a handler: from the message that hangs it to the first answer of an actor
 * that lived beside it, the slowest of several. With a warm spare, and with `hangAfter` at its
 * least. Against ending a Worker that one knows to hang, and starting another: that is no
 * detection. Checksum: the answer.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Supervisor, System } from 'ringmaster';
import { Hanger } from './actors/hanger.ts';
import type { BenchContender, BenchRow } from './harness/row.ts';
import { serves } from './harness/serves.ts';
import { withSystem } from './harness/with-system.ts';

const spawnOnce = (supervisor: Supervisor) =>
  supervisor.spawn(Hanger, { placement: { thread: 1 } });

/** As long as the spare that took over needs to be replaced; not timed. */
const REST_MS = 150;

function hungThread(hangAfter: number): BenchContender {
  return withSystem({ threads: 1, hangAfter }, async (system, quick) => {
    let slowestMs = 0;
    return {
      opsPerCall: 1,
      call: async () => {
        slowestMs = 0;
        for (let round = quick ? 1 : 4; round > 0; round--) {
          slowestMs = Math.max(slowestMs, await hangOnce(system));
          await sleep(REST_MS);
        }
        return 1;
      },
      own: () => slowestMs * 1e6,
    };
  });
}

async function hangOnce(system: System): Promise<number> {
  const supervisor = system.supervisor();
  const hanging = await spawned(supervisor);
  const beside = await spawned(supervisor);
  await beside.ask('hi');
  const startMs = performance.now();
  hanging.tell('hang');
  // Lets the message leave, or the question would be refused with it.
  await sleep(1);
  while (!(await serves(beside.ask('hi', undefined, { timeout: 5000 }))));
  const tookMs = performance.now() - startMs;
  await supervisor.stop();
  return tookMs;
}

/** On a busy machine loading the module alone may look like a hang; then the thread is another. */
async function spawned(supervisor: Supervisor): ReturnType<typeof spawnOnce> {
  for (;;) {
    try {
      return await spawnOnce(supervisor);
    } catch (error) {
      if ((error as { code?: string }).code !== 'RM_THREAD_LOST') throw error;
    }
  }
}

const HANGS = `const { parentPort } = require('node:worker_threads');
parentPort.on('message', (what) => { if (what === 'hang') for (;;); else parentPort.postMessage(1); });`;

const terminateAndStart: BenchContender = {
  prepare: () => {
    let worker = new Worker(HANGS, { eval: true });
    return {
      opsPerCall: 1,
      call: async () => {
        worker.postMessage('hang');
        await worker.terminate();
        worker = new Worker(HANGS, { eval: true });
        const answer = once(worker, 'message');
        worker.postMessage('hi');
        return (await answer)[0] as number;
      },
      close: async () => void (await worker.terminate()),
    };
  },
};

export const rows: readonly BenchRow[] = [
  {
    id: 'B12',
    name: 'a hung thread is replaced, hangAfter 50 ms, slowest of 4',
    unit: 'ms/op',
    ours: hungThread(50),
    peers: { 'terminate and a new Worker, without detection': terminateAndStart },
    target: { atMost: 500 },
    sameWork: true,
  },
  {
    id: 'B12',
    name: 'a hung thread is replaced, hangAfter 10 ms, slowest of 4',
    unit: 'ms/op',
    ours: hungThread(10),
    peers: {},
    target: { atMost: 500 },
  },
];
