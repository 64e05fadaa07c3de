/**
 * `npm run overload -- [--seconds N] [--save]`: one service on a thread, clients that ask with a timeout
 * and retry. First as much as it can do, then three times that, then half. Answers: does useful work
 * stay near its peak under overload, is latency back soon after, does memory stay bounded (R5, R1)?
 * Does not answer: what another machine would do. Requests are sent at their intended times.
 */
import { writeFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type AnyRef, start } from 'ringmaster';
import { machineBlock } from '../harness/machine.ts';
import { Service } from './worker-actors.ts';

const ROUNDS = 200_000;
const TIMEOUT_MS = 100;
const RETRIES = 2;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    soak: { type: 'string', default: '0' },
    save: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const soakSeconds = Number(values.soak);

const system = await start({ threads: 1, spare: false });
const service = (await system.spawn(Service, { placement: { thread: 1 } })) as unknown as AnyRef;

type Second = { offered: number; good: number; refused: number; late: number; latencies: number[] };
const empty = (): Second => ({ offered: 0, good: 0, refused: 0, late: 0, latencies: [] });

async function request(second: Second, intendedMs: number): Promise<void> {
  second.offered++;
  for (let attempt = 0; attempt <= RETRIES; attempt++) {
    try {
      await service.ask('work', ROUNDS, { timeout: TIMEOUT_MS });
      second.good++;
      second.latencies.push(performance.now() - intendedMs);
      return;
    } catch (error) {
      if ((error as { code?: string }).code === 'RM_MAILBOX_FULL') second.refused++;
      else second.late++;
      await nextTurn();
    }
  }
}

/** What it can do: so many askers, each waiting for its answer. */
async function closedLoop(askers: number, forMs: number): Promise<number> {
  const untilMs = performance.now() + forMs;
  let done = 0;
  await Promise.all(
    Array.from({ length: askers }, async () => {
      while (performance.now() < untilMs) {
        await service.ask('work', ROUNDS, { timeout: 10_000 });
        done++;
      }
    }),
  );
  return done / (forMs / 1000);
}

/** Requests at a fixed rate, whatever comes back. @returns what happened, second by second */
async function openLoop(perSecond: number, forSeconds: number): Promise<Second[]> {
  const startMs = performance.now();
  const all: Second[] = [];
  for (let sent = 0; sent < perSecond * forSeconds; ) {
    const nowMs = performance.now();
    const due = Math.min(perSecond * forSeconds, ((nowMs - startMs) / 1000) * perSecond);
    for (; sent < due; sent++) {
      const intendedMs = startMs + (sent / perSecond) * 1000;
      const which = Math.floor((intendedMs - startMs) / 1000);
      all[which] ??= empty();
      void request(all[which] as Second, intendedMs);
    }
    await nextTurn();
  }
  await system.quiet();
  return all;
}

function p99(latencies: readonly number[]): number {
  const sorted = latencies.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
}

const rows = (all: readonly Second[]) =>
  all.map(({ offered, good, refused, late, latencies }) => ({
    offered,
    good,
    refused,
    late,
    p99Ms: Number(p99(latencies).toFixed(2)),
  }));

const say = (text: string): void => void process.stdout.write(`${text}\n`);
await closedLoop(32, 2000);
const peak = await closedLoop(32, 5000);
say(`peak: ${peak.toFixed(0)} requests a second`);
const before = rows(await openLoop(peak * 0.5, 5));
const over = rows(await openLoop(peak * 3, seconds));
const after = rows(await openLoop(peak * 0.5, 10));
const goodput = over.slice(1).reduce((sum, { good }) => sum + good, 0) / (over.length - 1);
say(
  `at three times that: ${goodput.toFixed(0)} a second, ${((goodput / peak) * 100).toFixed(1)} %`,
);
const calmMs = Math.max(...before.slice(1).map(({ p99Ms }) => p99Ms));
const backAfter = after.findIndex(({ p99Ms }) => p99Ms <= 2 * calmMs);
say(`p99 at half load: ${calmMs} ms before; within twice that ${backAfter} s after the overload`);

/** Memory of the process while the service is offered more than it can do. */
const memory: number[] = [];
if (soakSeconds > 0) {
  for (let second = 0; second < soakSeconds; second += 10) {
    await openLoop(peak * 1.2, Math.min(10, soakSeconds - second));
    memory.push(process.memoryUsage.rss());
    say(`${second + 10} s at 120 %: ${((memory.at(-1) as number) / 2 ** 20).toFixed(1)} MiB`);
  }
}
const warm = memory.slice(Math.ceil(memory.length / 10));
const third = Math.max(1, Math.floor(warm.length / 3));
// The peaks: what the collector gives back in between comes again.
const peakOf = (list: readonly number[]): number => Math.max(...list);
const growth =
  memory.length === 0 ? null : peakOf(warm.slice(-third)) / peakOf(warm.slice(0, third)) - 1;
if (growth !== null)
  say(
    `memory: ${(growth * 100).toFixed(2)} % more at the peak of the last third than of the first`,
  );
const { inFlight } = system.figures();
await system.close();
const report = {
  peak: Math.round(peak),
  goodput: Math.round(goodput),
  goodputOfPeak: Number((goodput / peak).toFixed(4)),
  backWithinSeconds: backAfter < 0 ? null : backAfter + 1,
  inFlight,
  soakSeconds,
  growth,
  memoryMiB: memory.map((bytes) => Number((bytes / 2 ** 20).toFixed(1))),
  before,
  over,
  after,
};
if (values.save) {
  const file = new URL('../../../bench/results/overload.json', import.meta.url);
  const saved = { takenAt: new Date().toISOString(), machine: machineBlock(), ...report };
  writeFileSync(file, `${JSON.stringify(saved, null, 2)}\n`);
}
process.exit(0);
