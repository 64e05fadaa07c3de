/**
 * `npm run overload -- [--seconds N] [--soak N] [--save]`: one service on a thread, clients that ask
 * with a timeout and retry. Half of what it can do, then three times that, then half again; then, for
 * `--soak` seconds (600 with `--save`), 120 %. Answers: does useful work stay near its peak, is
 * latency back soon after, does memory stay bounded (R5, R1)? The bounds stand in
 * `overload-verdict.ts`; the exit code is 1 when one is missed. Does not answer: what another
 * machine would do. Requests are sent at their intended times; the clients take a core of their own.
 */
import { writeFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type AnyRef, start } from 'ringmaster';
import { machineBlock } from '../harness/machine.ts';
import { judgeOverload, SOAK_SECONDS_MIN } from './overload-verdict.ts';
import { Service } from './worker-actors.ts';

const ROUNDS = 200_000;
const TIMEOUT_MS = 100;
const RETRIES = 2;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    soak: { type: 'string' },
    save: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const soakSeconds = Number(values.soak ?? (values.save ? SOAK_SECONDS_MIN : 0));
if (!(seconds >= 3 && soakSeconds >= 0)) {
  throw new Error(
    `--seconds is ${seconds}, --soak ${soakSeconds}; expected 3 or more, and 0 or more.`,
  );
}
if (values.save && soakSeconds < SOAK_SECONDS_MIN) {
  throw new Error(
    `--save with a soak of ${soakSeconds} s; only ${SOAK_SECONDS_MIN} s or more decide.`,
  );
}

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
async function openLoop(
  perSecond: number,
  forSeconds: number,
  eachSecond: () => void = () => undefined,
): Promise<Second[]> {
  const startMs = performance.now();
  const all: Second[] = [];
  for (let sent = 0; sent < perSecond * forSeconds; ) {
    const nowMs = performance.now();
    const due = Math.min(perSecond * forSeconds, ((nowMs - startMs) / 1000) * perSecond);
    for (; sent < due; sent++) {
      const intendedMs = startMs + (sent / perSecond) * 1000;
      const which = Math.floor((intendedMs - startMs) / 1000);
      if (all[which] === undefined) {
        all[which] = empty();
        eachSecond();
      }
      void request(all[which] as Second, intendedMs);
    }
    await nextTurn();
  }
  await system.quiet();
  return all;
}

const mebibytes = (bytes: number): number => Number((bytes / 2 ** 20).toFixed(1));

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
const before = rows(await openLoop(peak * 0.5, 6));
const over = rows(await openLoop(peak * 3, seconds));
const after = rows(await openLoop(peak * 0.5, 10));
const peaks = [peak, await closedLoop(32, 5000)];
say(`peak afterwards: ${peaks[1]?.toFixed(0)} requests a second`);

/** Memory of the process while the service is offered more than it can do, in bytes. */
const memory: number[] = [];
for (let second = 0; second < soakSeconds; second += 10) {
  const forSeconds = Math.min(10, soakSeconds - second);
  await openLoop(peak * 1.2, forSeconds, () => memory.push(process.memoryUsage.rss()));
  say(`${second + forSeconds} s at 120 %: ${mebibytes(memory.at(-1) as number)} MiB`);
}
const { inFlight } = system.figures();
await system.close();
const verdict = judgeOverload({
  peaks,
  // The first of a phase is not like the others.
  good: over.slice(1).map(({ good }) => good),
  beforeP99Ms: before.slice(1).map(({ p99Ms }) => p99Ms),
  afterP99Ms: after.map(({ p99Ms }) => p99Ms),
  memory,
  soakSeconds,
  inFlight,
});
for (const [name, judged] of Object.entries(verdict)) {
  say(`${name}: ${judged.figure}, bound ${judged.bound}: ${judged.verdict}`);
}
const report = {
  verdict,
  peaks: peaks.map(Math.round),
  soakSeconds,
  memoryMiB: memory.filter((_, second) => second % 10 === 9).map(mebibytes),
  before,
  over,
  after,
};
if (values.save) {
  const file = new URL('../../../bench/results/overload.json', import.meta.url);
  const saved = { takenAt: new Date().toISOString(), machine: machineBlock(), ...report };
  writeFileSync(file, `${JSON.stringify(saved, null, 2)}\n`);
}
const isMissed = Object.values(verdict).some((judged) => judged.verdict === 'missed');
process.exit(isMissed ? 1 : 0);
