/**
 * `npm run bench -- [ids] [--quick] [--json] [--save] [--blocks N]`: the benchmark command.
 * Answers: is a target of the design met on this machine, now, against a named peer in the same
 * run? Does not answer: what another machine would do.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type CompareOptions, compareRow, type RowReport } from './harness/compare.ts';
import { machineBlock } from './harness/machine.ts';
import { BENCH_IDS, rowsOf } from './harness/rows.ts';

const USAGE = `npm run bench -- [ID ...] [options]

Runs benchmarks; each contender in processes of its own, interleaved with its peers.
IDs: ${BENCH_IDS.join(' ')} (default: all)

  --quick      one short block per contender, at most 20 s an id; for a first look and for CI
  --json       one line of JSON per row on standard output, nothing else
  --save       writes bench/results/ID.json with the machine's description
  --blocks N   blocks of a full run (default 10)
  --help       this text

verdict: met | missed | inconclusive (the machine was too noisy to say) | no target
`;

/** Full runs follow the rule of ten blocks; quick ones show that everything works. */
const QUICK: CompareOptions = { quick: true, blocks: 1, warmupMs: 40, measureMs: 100 };
const FULL: CompareOptions = { quick: false, blocks: 10, warmupMs: 300, measureMs: 500 };

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      blocks: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const blocks = values.blocks === undefined ? FULL.blocks : Number(values.blocks);
  if (!Number.isInteger(blocks) || blocks < 1 || blocks > 1000) {
    throw new Error(`--blocks is "${values.blocks}"; expected an integer from 1 to 1000.`);
  }
  if (values.quick && values.save) {
    throw new Error('--save with --quick: a quick run does less work; save a full one.');
  }
  const options = values.quick ? QUICK : { ...FULL, blocks };
  const ids = positionals.length === 0 ? BENCH_IDS : positionals;
  // All names are checked before the first minute is spent.
  for (const id of ids) await rowsOf(id);
  const say = (text: string): void => void (values.json ? null : process.stdout.write(`${text}\n`));
  say(JSON.stringify(machineBlock()));
  let missed = 0;
  for (const id of ids) {
    const reports: RowReport[] = [];
    for (const row of await rowsOf(id)) {
      const report = await compareRow(row, options);
      reports.push(report);
      if (report.verdict === 'missed') missed++;
      if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
      else say(lineOf(report));
    }
    if (values.save) save(id, reports);
  }
  say(missed === 0 ? 'no target missed' : `${missed} targets missed`);
  return 0;
}

function save(id: string, rows: readonly RowReport[]): void {
  const folder = new URL('../../bench/results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const report = { id, takenAt: new Date().toISOString(), machine: machineBlock(), rows };
  writeFileSync(new URL(`${id}.json`, folder), `${JSON.stringify(report, null, 2)}\n`);
}

function lineOf(report: RowReport): string {
  const { ours, unit, ratio } = report;
  const spread = `${ours.median} ${unit} (${ours.min} … ${ours.max})`;
  const peers = Object.entries(report.peers).map(([name, peer]) => {
    const [low, high] = report.ratioInterval95[name] ?? [Number.NaN, Number.NaN];
    return `\n      ${ratio[name]}× ${name} at ${peer.median} [${low} … ${high}]`;
  });
  for (const [name, reason] of Object.entries(report.skipped)) {
    peers.push(`\n      skipped: ${name}, ${reason}`);
  }
  const { cases } = report;
  const all =
    cases === undefined
      ? ''
      : `; ${cases.count} cases: p50 ${cases.p50}, p99 ${cases.p99}, max ${cases.max}`;
  return `${report.id}  ${report.name}: ${spread}${all}  ${report.verdict}${peers.join('')}`;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
