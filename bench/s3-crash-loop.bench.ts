/**
 * S3, a crash loop of 10,000 actors: its share of a core, and the 99th percentile of asks to other
 * actors against the same program without the loop. The wait between restarts is the default's at
 * its longest, 0 to 30 s at random, so some 670 actors crash and come back each second. Does not
 * answer: what the storm costs with which a loop begins, see B10. Two cores: three threads (main
 * asks and supervises), none of which is busy. Checksum: whether as many crashed as should.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Placement, SupervisorOptions, System } from 'ringmaster';
import { Looper, Neighbour } from './actors/looper.ts';
import type { BenchContender, BenchRow } from './harness/row.ts';
import { quantile } from './harness/statistics.ts';
import { withSystem } from './harness/with-system.ts';

type Sizes = { readonly actors: number; readonly longestMs: number; readonly windowMs: number };
const FULL: Sizes = { actors: 10_000, longestMs: 30_000, windowMs: 2000 };
const QUICK: Sizes = { actors: 500, longestMs: 500, windowMs: 200 };

const sizes = (quick: boolean): Sizes => (quick ? QUICK : FULL);

/**
 * Waits drawn from 0 to 30 s begin in step: crashes a second grow from a half of their mean to more
 * than it. Around this share of the longest wait they are at their mean.
 */
const IN_STEP_SHARE = 0.6;

function optionsOf({ longestMs }: Sizes): SupervisorOptions {
  return {
    intensity: { restarts: Number.POSITIVE_INFINITY },
    backoff: { initial: longestMs, max: longestMs },
  };
}

/** Spawns the actors and, unless this is the run without, makes them crash for ever. */
async function crashLoop(
  system: System,
  placement: Placement,
  size: Sizes,
): Promise<{ begin(): Promise<void>; crashes(): number }> {
  const supervisor = system.supervisor(optionsOf(size));
  const loopers = await Promise.all(
    Array.from({ length: size.actors }, () => supervisor.spawn(Looper, { placement })),
  );
  return {
    begin: async () => {
      for (const looper of loopers) while (looper.tell('boom') !== 'accepted') await sleep(1);
      await sleep(size.longestMs * IN_STEP_SHARE);
    },
    crashes: () => system.figures().total.restarts,
  };
}

/**
 * Whether as many crashed in that time as the waits let expect, within a half. A quick run is too short
 * to tell on a busy machine: there any will do.
 */
function isInLoop(
  crashes: number,
  { actors, longestMs }: Sizes,
  { tookMs, quick }: { readonly tookMs: number; readonly quick: boolean },
): boolean {
  if (quick) return crashes > 0;
  const expected = (actors * tookMs * 2) / longestMs;
  return crashes > expected / 2 && crashes < expected * 1.5;
}

const cpuNs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
};

/** Processor time of the whole process in a second, less what it takes without the loop. */
function coreShare(placement: Placement): BenchContender {
  return withSystem({ threads: 1, spare: false }, async (system, quick) => {
    const size = sizes(quick);
    const loop = await crashLoop(system, placement, size);
    const share = async (): Promise<number> => {
      const startMs = performance.now();
      const before = cpuNs();
      await sleep(size.windowMs);
      return ((cpuNs() - before) * 1000) / (performance.now() - startMs);
    };
    // The spawns have settled by then.
    await share();
    const idle = await share();
    await loop.begin();
    let figure = 0;
    return {
      opsPerCall: 1,
      call: async () => {
        const before = loop.crashes();
        const startMs = performance.now();
        figure = Math.max(0, (await share()) - idle);
        const tookMs = performance.now() - startMs;
        return isInLoop(loop.crashes() - before, size, { tookMs, quick }) ? 1 : 0;
      },
      own: () => figure,
    };
  });
}

const EVERY_MS = 1;
const CRASHING_THREAD = 1;

/** Asks an actor of a thread once a millisecond; latency counts from when it should have asked. */
function asksBeside(thread: number, isLooping: boolean): BenchContender {
  return withSystem({ threads: 2, spare: false }, async (system, quick) => {
    const size = sizes(quick);
    const loop = await crashLoop(system, { thread: CRASHING_THREAD }, size);
    const neighbour = await system.spawn(Neighbour, { placement: { thread } });
    if (isLooping) await loop.begin();
    let figure = 0;
    return {
      opsPerCall: 1,
      call: async () => {
        const before = loop.crashes();
        const latencies: number[] = [];
        const ask = async (intendedMs: number): Promise<void> => {
          await neighbour.ask('hi');
          latencies.push(performance.now() - intendedMs);
        };
        const asks: Promise<void>[] = [];
        const startMs = performance.now();
        for (let sent = 0; sent * EVERY_MS < size.windowMs; ) {
          const dueMs = performance.now() - startMs;
          for (; sent * EVERY_MS <= dueMs; sent++) asks.push(ask(startMs + sent * EVERY_MS));
          await sleep(EVERY_MS);
        }
        await Promise.all(asks);
        figure = quantile(latencies, 0.99) * 1e6;
        const crashes = loop.crashes() - before;
        const tookMs = performance.now() - startMs;
        return (isLooping ? isInLoop(crashes, size, { tookMs, quick }) : crashes === 0) ? 1 : 0;
      },
      own: () => figure,
    };
  });
}

const shareRow = (name: string, placement: Placement): BenchRow => ({
  id: 'S3',
  name: `10,000 actors in a crash loop ${name}, share of a core`,
  unit: '% of a core',
  ours: coreShare(placement),
  peers: {},
  target: { atMost: 10 },
  warmupMs: 0,
});

const latencyRow = (name: string, thread: number): BenchRow => ({
  id: 'S3',
  name: `asks to an actor of ${name}, 99th percentile`,
  unit: 'µs/op',
  ours: asksBeside(thread, true),
  peers: { 'without the crash loop': asksBeside(thread, false) },
  target: { ratioAtLeast: { 'without the crash loop': 0.5 } },
  warmupMs: 0,
  sameWork: true,
});

export const rows: readonly BenchRow[] = [
  shareRow("on their supervisor's thread", 'same'),
  shareRow('on another thread', { thread: CRASHING_THREAD }),
  latencyRow('the thread of a crash loop', CRASHING_THREAD),
  latencyRow('a thread beside a crash loop', CRASHING_THREAD + 1),
];
