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
  quantile,
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
  /** Where single cases count: those of all blocks together. */
  readonly cases?: {
    readonly count: number;
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
  };
  readonly peers: Readonly<Record<string, Summary>>;
  /** Peers that cannot run on this machine, each with the reason. */
  readonly skipped: Readonly<Record<string, string>>;
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

/**
 * Fewer blocks know nothing of the spread; they decide only when a figure is far from its bound.
 */
const BLOCKS_MIN = 3;
/** How far "far" is, as a factor. */
const FAR = 1.25;
/** A process that has not printed by then is killed: Node 20 can hang at exit. */
const CHILD_DEADLINE_MS = 120_000;

type Runs = Map<string, Measurement[]>;

export async function compareRow(row: BenchRow, options: CompareOptions): Promise<RowReport> {
  const skipped = skippedPeers(row);
  const peers = Object.keys(row.peers).filter((name) => skipped[name] === undefined);
  const contenders = ['ours', ...peers];
  const runs: Runs = new Map(contenders.map((contender) => [contender, []]));
  for (let block = 0; block < options.blocks; block++) {
    const order = block % 2 === 0 ? contenders : contenders.toReversed();
    for (const contender of order) {
      runs.get(contender)?.push(await runChild(row, contender, options));
    }
  }
  return reportOf(row, runs, options);
}

function skippedPeers(row: BenchRow): Record<string, string> {
  const skipped: Record<string, string> = {};
  for (const [name, peer] of Object.entries(row.peers)) {
    const reason = peer.skip?.() ?? null;
    if (reason !== null) skipped[name] = reason;
  }
  return skipped;
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
  const peerNames = Object.keys(row.peers).filter((name) => runs.has(name));
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
  const cases = casesOf(row, oursRuns);
  const spread = Math.max(...[...speeds.values()].map(variation));
  return {
    id: row.id,
    name: row.name,
    unit: row.unit,
    ours: { ...inUnit(ours, row.unit), p99: rounded(toUnit(slowest, row.unit)) },
    ...(cases === undefined ? {} : { cases }),
    peers: Object.fromEntries(
      peerNames.map((name) => [name, inUnit(speeds.get(name) ?? [], row.unit)]),
    ),
    skipped: skippedPeers(row),
    ratio,
    ratioInterval95: interval,
    target: row.target,
    checksum: String(oursRuns[0]?.checksum),
    variation: rounded(spread),
    blocks: options.blocks,
    verdict: verdictOf(row, ours, interval, cases),
  };
}

/** Every bound of a target is judged alone; one that is missed outweighs one that is uncertain. */
function verdictOf(
  { target, unit }: BenchRow,
  ours: readonly number[],
  interval: Readonly<Record<string, readonly [number, number]>>,
  cases: RowReport['cases'],
): Verdict {
  const verdicts = Object.entries(target.ratioAtLeast ?? {}).map(([name, atLeast]) =>
    // A peer that was skipped decides nothing.
    interval[name] === undefined ? 'inconclusive' : judge(interval[name], atLeast, ours.length),
  );
  const bounds = [target.perSecondAtLeast];
  if (target.nsAtMost !== undefined) bounds.push(1e9 / target.nsAtMost);
  // Such a unit's conversion is its own inverse.
  if (target.atMost !== undefined) bounds.push(toUnit(target.atMost, unit));
  for (const atLeast of bounds) {
    if (atLeast === undefined) continue;
    verdicts.push(judge(medianInterval(ours), atLeast, ours.length));
  }
  if (target.p99AtMost !== undefined) verdicts.push(judgeCases(cases, target.p99AtMost));
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

/** The cases of all blocks, in the row's unit; undefined for a row without. */
function casesOf(row: BenchRow, runs: readonly Measurement[]): RowReport['cases'] {
  const costs = runs.flatMap(({ cases = [] }) => cases.map((speed) => toUnit(speed, row.unit)));
  if (costs.length === 0) return undefined;
  return {
    count: costs.length,
    p50: rounded(median(costs)),
    p99: rounded(quantile(costs, 0.99)),
    max: rounded(Math.max(...costs)),
  };
}

/** Fewer have no 99th percentile; they decide only when their slowest is far from the bound. */
const CASES_MIN = 100;

function judgeCases(cases: RowReport['cases'], atMost: number): Verdict {
  if (cases === undefined) return 'inconclusive';
  const margin = cases.count < CASES_MIN ? FAR : 1;
  if (cases.p99 * margin <= atMost) return 'met';
  return cases.p99 > atMost * margin ? 'missed' : 'inconclusive';
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

/** Operations per second in units that rise with speed; what one costs, in those that fall. */
const PER_SECOND: Partial<Record<BenchUnit, number>> = {
  'k ops/s': 1e3,
  'M ops/s': 1e6,
  'GB/s': 1e9,
};
const PER_OPERATION: Partial<Record<BenchUnit, number>> = {
  'ns/op': 1e9,
  'µs/op': 1e6,
  'ms/op': 1e3,
  'bytes/op': 1e9,
  '% of a core': 100,
};

function toUnit(perSecond: number, unit: BenchUnit): number {
  const amount = PER_OPERATION[unit];
  return amount === undefined ? perSecond / (PER_SECOND[unit] ?? 1) : amount / perSecond;
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
  const warmupMs = options.quick ? options.warmupMs : (row.warmupMs ?? options.warmupMs);
  const times = [String(warmupMs), String(options.measureMs)];
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
