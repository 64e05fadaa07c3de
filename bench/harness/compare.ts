/**
 * Compares a row's contenders: each block runs every one of them once, in a fresh process, in an
 * order that turns round from block to block (A B, B A, …), so that drift of the machine hits all.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Measurement } from './measure.ts';
import type { BenchRow, BenchUnit } from './row.ts';
import {
  median,
  medianInterval,
  ratioInterval,
  type Summary,
  summarize,
  variation,
} from './statistics.ts';

export interface CompareOptions {
  readonly quick: boolean;
  readonly blocks: number;
  readonly warmupMs: number;
  readonly measureMs: number;
}

export type Verdict = 'met' | 'missed' | 'inconclusive' | 'no target';

/** A line of the report, as `--json` prints it. Figures are in the row's unit. */
export interface RowReport {
  readonly id: string;
  readonly name: string;
  readonly unit: BenchUnit;
  readonly ours: Summary & { readonly p99: number };
  readonly peers: Readonly<Record<string, Summary>>;
  /** ours / peer in speed: above 1 is faster, whatever the unit. */
  readonly ratio: Readonly<Record<string, number>>;
  readonly ratioInterval95: Readonly<Record<string, readonly [number, number]>>;
  readonly target: BenchRow['target'];
  readonly checksum: string;
  /** Standard deviation by mean over the blocks, the largest of all contenders. */
  readonly variation: number;
  readonly blocks: number;
  readonly verdict: Verdict;
}

/** Fewer blocks know nothing of the spread; they decide only when a figure is far from its bound. */
const BLOCKS_MIN = 3;
/** How far "far" is, as a factor. */
const FAR = 1.25;
/** A process that has not printed by then is killed: Node 20 can hang at exit. */
const CHILD_DEADLINE_MS = 120_000;

type Runs = Map<string, Measurement[]>;

export async function compareRow(row: BenchRow, options: CompareOptions): Promise<RowReport> {
  const contenders = ['ours', ...Object.keys(row.peers)];
  const runs: Runs = new Map(contenders.map((contender) => [contender, []]));
  for (let block = 0; block < options.blocks; block++) {
    const order = block % 2 === 0 ? contenders : contenders.toReversed();
    for (const contender of order) {
      runs.get(contender)?.push(await runChild(row, contender, options));
    }
  }
  return reportOf(row, runs, options);
}

/** Reduces measurements to a report. Exported for its test; touches no process. */
export function reportOf(row: BenchRow, runs: Runs, options: CompareOptions): RowReport {
  const speeds = new Map<string, number[]>();
  expectSameWork(row, runs);
  for (const [contender, measurements] of runs) {
    speeds.set(
      contender,
      measurements.map((measurement) => measurement.perSecond),
    );
  }
  const ours = speeds.get('ours') ?? [];
  const peerNames = Object.keys(row.peers);
  const ratio: Record<string, number> = {};
  const interval: Record<string, readonly [number, number]> = {};
  for (const name of peerNames) {
    const peer = speeds.get(name) ?? [];
    ratio[name] = rounded(median(ours.map((speed, block) => speed / (peer[block] ?? Number.NaN))));
    const [low, high] = ratioInterval(ours, peer);
    interval[name] = [rounded(low), rounded(high)];
  }
  const oursRuns = runs.get('ours') ?? [];
  const slowest = median(oursRuns.map((measurement) => measurement.perSecondP99));
  const spread = Math.max(...[...speeds.values()].map(variation));
  return {
    id: row.id,
    name: row.name,
    unit: row.unit,
    ours: { ...inUnit(ours, row.unit), p99: rounded(toUnit(slowest, row.unit)) },
    peers: Object.fromEntries(
      peerNames.map((name) => [name, inUnit(speeds.get(name) ?? [], row.unit)]),
    ),
    ratio,
    ratioInterval95: interval,
    target: row.target,
    checksum: String(oursRuns[0]?.checksum),
    variation: rounded(spread),
    blocks: options.blocks,
    verdict: verdictOf(row, ours, interval),
  };
}

/** Every bound of a target is judged alone; one that is missed outweighs one that is uncertain. */
function verdictOf(
  { target }: BenchRow,
  ours: readonly number[],
  interval: Readonly<Record<string, readonly [number, number]>>,
): Verdict {
  const verdicts = Object.entries(target.ratioAtLeast ?? {}).map(([name, atLeast]) =>
    judge(interval[name] ?? [0, 0], atLeast, ours.length),
  );
  const bounds = [target.perSecondAtLeast];
  if (target.nsAtMost !== undefined) bounds.push(1e9 / target.nsAtMost);
  for (const atLeast of bounds) {
    if (atLeast === undefined) continue;
    verdicts.push(judge(medianInterval(ours), atLeast, ours.length));
  }
  if (verdicts.length === 0) return 'no target';
  if (verdicts.includes('missed')) return 'missed';
  return verdicts.includes('inconclusive') ? 'inconclusive' : 'met';
}

/** Whether a figure that lies somewhere in `low` … `high` is at least `atLeast`. */
function judge([low, high]: readonly [number, number], atLeast: number, blocks: number): Verdict {
  const margin = blocks < BLOCKS_MIN ? FAR : 1;
  if (low >= atLeast * margin) return 'met';
  return high * margin < atLeast ? 'missed' : 'inconclusive';
}

/** Equal work in every block; and, where the row says so, by every contender. */
function expectSameWork(row: BenchRow, runs: Runs): void {
  const all = new Set<number>();
  for (const [contender, measurements] of runs) {
    const checksums = new Set(measurements.map((measurement) => measurement.checksum));
    for (const checksum of checksums) all.add(checksum);
    if (checksums.size > 1) throw differentWork(row, contender, checksums);
  }
  if (row.sameWork === true && all.size > 1) throw differentWork(row, 'its contenders', all);
  for (const checksum of all) {
    if (!Number.isFinite(checksum)) throw differentWork(row, 'a contender', all);
  }
}

function differentWork(row: BenchRow, who: string, checksums: ReadonlySet<number>): Error {
  const found = [...checksums].join(', ');
  return new Error(`${row.id} "${row.name}": ${who} did different work: checksums ${found}`);
}

function toUnit(perSecond: number, unit: BenchUnit): number {
  if (unit === 'ns/op') return 1e9 / perSecond;
  if (unit === 'ms/op') return 1e3 / perSecond;
  return perSecond / (unit === 'GB/s' ? 1e9 : 1e6);
}

function inUnit(speeds: readonly number[], unit: BenchUnit): Summary {
  const figures = summarize(speeds.map((speed) => toUnit(speed, unit)));
  return {
    median: rounded(figures.median),
    min: rounded(figures.min),
    max: rounded(figures.max),
  };
}

/** Four significant digits: more would only pretend. */
function rounded(figure: number): number {
  return Number(figure.toPrecision(4));
}

function runChild(row: BenchRow, contender: string, options: CompareOptions): Promise<Measurement> {
  const script = fileURLToPath(new URL('./child.js', import.meta.url));
  const mode = options.quick ? 'quick' : 'full';
  const times = [String(options.warmupMs), String(options.measureMs)];
  const child = spawn(process.execPath, [script, row.id, row.name, contender, mode, ...times], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: CHILD_DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(JSON.parse(output) as Measurement);
      const end = signal === null ? `exit code ${code}` : `signal ${signal}`;
      reject(new Error(`${row.id} "${row.name}", ${contender}: ended with ${end}`));
    });
  });
}
