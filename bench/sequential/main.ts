/**
 * `npm run sequential -- [--runs N] [--seed N] [--save]`: how often the sequential comparison aborts a
 * canary that is as good as its baseline, and how soon it finds one that is not, asked after every
 * block. Does not answer what real traffic is like: that is assumed (traffic.ts).
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { COMPARISON_DEFAULT } from 'ringmaster/control-plane';
import { machineBlock } from '../harness/machine.ts';
import {
  abortedAt,
  BEYOND,
  BLOCK_REQUESTS,
  burstFoundAt,
  CALM,
  fixedSize,
  NULLS,
  promotedAt,
} from './comparisons.ts';
import type { Traffic } from './traffic.ts';

/** Forty minutes of blocks of 10 s. */
const NULL_BLOCKS = 240;
/** Enough for every run with harm to end, and runs enough for a median. */
const HARM_REQUESTS = 100_000;
const HARM_RUNS_MAX = 5000;
/** Blocks up to this size are held to the number of samples; in larger ones wandering decides. */
const HELD_REQUESTS_MAX = 100;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    save: { type: 'boolean', default: false },
  },
});
const runs = Number(values.runs);
const seed = Number(values.seed);
if (!(Number.isInteger(runs) && runs >= 100)) {
  throw new Error(`--runs is ${values.runs}; expected an integer of 100 or more.`);
}
if (!Number.isInteger(seed)) throw new Error(`--seed is ${values.seed}; expected an integer.`);
const harmRuns = Math.min(runs, HARM_RUNS_MAX);

function say(data: object): void {
  process.stdout.write(`${JSON.stringify(data)}\n`);
}

/** Blocks at which each of `count` runs ended, in order; those that did not are left out. */
function endings(count: number, end: (seed: number) => number | null): number[] {
  const blocks: number[] = [];
  for (let run = 0; run < count; run++) {
    const block = end(seed * 1_000_003 + run);
    if (block !== null) blocks.push(block);
    if ((run + 1) % 10_000 === 0) say({ run: run + 1, ended: blocks.length });
  }
  return blocks.sort((a, b) => a - b);
}

/** The middle of `count` runs; null where more than half did not end. */
function median(ended: readonly number[], count: number): number | null {
  return ended[Math.floor(count / 2)] ?? null;
}

function falseAborts(name: string, traffic: Partial<Traffic>, count: number) {
  let run = 0;
  const ended = endings(count, (one) => {
    const requests = BLOCK_REQUESTS[run++ % BLOCK_REQUESTS.length] ?? 0;
    return abortedAt({ ...CALM, ...traffic, requests }, NULL_BLOCKS, one);
  });
  const row = { name, runs: count, aborted: ended.length, share: ended.length / count };
  say(row);
  return row;
}

function doubling(requests: number) {
  const blocks = HARM_REQUESTS / requests;
  const ended = endings(harmRuns, (one) => abortedAt({ ...CALM, requests, ratio: 2 }, blocks, one));
  const medianBlocks = median(ended, harmRuns);
  const medianRequests = medianBlocks === null ? null : medianBlocks * requests;
  const row = { requests, runs: harmRuns, found: ended.length, medianBlocks, medianRequests };
  say(row);
  return row;
}

function promotion(errorShare: number) {
  const traffic = { ...CALM, requests: 1000, errorShare, slowShare: 0.01 };
  const count = Math.min(runs, 200);
  const ended = endings(count, (one) => promotedAt(traffic, 1000, one));
  const medianBlocks = median(ended, count);
  const row = { errorShare, requests: 1000, runs: count, promoted: ended.length, medianBlocks };
  say(row);
  return row;
}

const nulls = Object.entries(NULLS).map(([name, traffic]) => falseAborts(name, traffic, runs));
const beyond = Object.entries(BEYOND).map(([name, traffic]) =>
  falseAborts(name, traffic, Math.min(runs, 20_000)),
);
const doubled = [20, 50, 100, 200].map(doubling);
const burstBlocks = endings(harmRuns, burstFoundAt);
const burst = { runs: harmRuns, found: burstBlocks.length };
say(burst);
const promotions = [0, 0.001, 0.01].map(promotion);
const fixed = {
  twoSided: fixedSize(0.01, 0.015, true),
  oneSided: fixedSize(0.01, 0.015, false),
};
const isSound =
  nulls.every(({ share }) => share <= COMPARISON_DEFAULT.alpha) &&
  burst.found >= 0.99 * burst.runs &&
  doubled
    .filter(({ requests }) => requests <= HELD_REQUESTS_MAX)
    .every(({ medianRequests }) => medianRequests !== null && medianRequests <= fixed.twoSided / 3);
const report = {
  takenAt: new Date().toISOString(),
  machine: machineBlock(),
  seed,
  runs,
  isSound,
  nullBlocks: NULL_BLOCKS,
  blockRequests: BLOCK_REQUESTS,
  nulls,
  beyond,
  fixed,
  doubled,
  burst,
  promotions,
};
say(report);
if (values.save) {
  const path = new URL('../../../bench/results/sequential.json', import.meta.url);
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
}
process.exit(isSound ? 0 : 1);
