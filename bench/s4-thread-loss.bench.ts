/**
 * S4, a thread is lost in each way in which it can be: how long until its actors serve again, and
 * what the other threads do meanwhile. The time runs from the message that does it to the first
 * answer of an actor that lived beside it; for `memory` that includes filling the heap. One case at
 * a time; the spare is replaced between two. Two cores: main waits, one thread dies, and, for the
 * throughput, one is busy all the time. Checksum: the answers.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Supervisor, System } from 'ringmaster';
import { type Doom, Doomed, Spinner } from './actors/doomed.ts';
import type { BenchContender, BenchRow } from './harness/row.ts';
import { serves } from './harness/serves.ts';
import { withSystem } from './harness/with-system.ts';

const HANG_AFTER_MS = 100;
const OPTIONS = { hangAfter: HANG_AFTER_MS, threadHeapMb: 32 } as const;
const DOOMED_THREAD = 1;
const BUSY_THREAD = 2;

/** As long as the spare that took over needs to be replaced; not timed. */
const REST_MS = 150;
/** Cases of one call: three calls a process, ten processes, of which two calls each are counted. */
const CASES = 6;

const spawnDoomed = (supervisor: Supervisor) =>
  supervisor.spawn(Doomed, { placement: { thread: DOOMED_THREAD } });

/** On a busy machine loading the module alone may look like a hang; then the thread is another. */
async function spawned(supervisor: Supervisor): ReturnType<typeof spawnDoomed> {
  for (;;) {
    try {
      return await spawnDoomed(supervisor);
    } catch (error) {
      if ((error as { code?: string }).code !== 'RM_THREAD_LOST') throw error;
    }
  }
}

/** One case. @returns milliseconds until both actors of the thread answered */
async function lose(system: System, doom: Doom): Promise<number> {
  const supervisor = system.supervisor();
  const actors = [await spawned(supervisor), await spawned(supervisor)];
  for (const one of actors) await one.ask('hi');
  const startMs = performance.now();
  actors[0]?.tell('fail', doom);
  // Lets the message leave, or the question would be refused with it.
  await sleep(1);
  for (const one of actors) while (!(await serves(one.ask('hi', undefined, { timeout: 5000 }))));
  const tookMs = performance.now() - startMs;
  await supervisor.stop();
  return tookMs;
}

function servesAgain(doom: Doom): BenchContender {
  return withSystem({ threads: 1, ...OPTIONS }, async (system, quick) => {
    let cases: number[] = [];
    return {
      opsPerCall: 1,
      call: async () => {
        cases = [];
        while (cases.length < (quick ? 1 : CASES)) {
          cases.push((await lose(system, doom)) * 1e6);
          await sleep(REST_MS);
        }
        return 1;
      },
      cases: () => cases,
    };
  });
}

/** What a busy thread does in a window, with a loss of another thread in it or without. */
function meanwhile(doom: Doom | null): BenchContender {
  return withSystem({ threads: 2, ...OPTIONS }, async (system, quick) => {
    const windowMs = quick ? 300 : 1000;
    const busy = await system.spawn(Spinner, { placement: { thread: BUSY_THREAD } });
    busy.tell('begin');
    const ours = system.supervisor();
    // The other thread is there in both runs, with its actors loaded.
    await (await spawned(ours)).ask('hi');
    let figure = 0;
    return {
      opsPerCall: 1,
      call: async () => {
        const before = await busy.ask('handled');
        const startMs = performance.now();
        if (doom !== null) await lose(system, doom);
        await sleep(Math.max(0, startMs + windowMs - performance.now()));
        const handled = (await busy.ask('handled')) - before;
        figure = ((performance.now() - startMs) * 1e6) / handled;
        return handled > 0 ? 1 : 0;
      },
      own: () => figure,
      close: () => busy.ask('end'),
    };
  });
}

const WORDS: Readonly<Record<Doom, string>> = {
  exit: 'a thread exits',
  loop: 'a thread hangs in an endless loop',
  regex: 'a thread hangs in a regular expression',
  memory: 'a thread exceeds its heap',
  overflow: 'an actor exceeds its stack',
};

function lossRow(doom: Doom, atMostMs: number): BenchRow {
  return {
    id: 'S4',
    name: `${WORDS[doom]}: until its actors serve again`,
    unit: 'ms/op',
    ours: servesAgain(doom),
    peers: {},
    target: { p99AtMost: atMostMs },
    warmupMs: 0,
  };
}

function meanwhileRow(doom: Doom): BenchRow {
  return {
    id: 'S4',
    name: `${WORDS[doom]}: throughput of another thread in that second`,
    unit: 'M ops/s',
    ours: meanwhile(doom),
    peers: { 'without the loss': meanwhile(null) },
    target: { ratioAtLeast: { 'without the loss': 0.9 } },
    warmupMs: 1000,
    sameWork: true,
  };
}

export const rows: readonly BenchRow[] = [
  lossRow('exit', 250),
  lossRow('loop', 500),
  lossRow('regex', 500),
  lossRow('memory', 500),
  lossRow('overflow', 250),
  meanwhileRow('exit'),
  meanwhileRow('loop'),
  meanwhileRow('memory'),
];
