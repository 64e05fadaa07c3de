/**
 * `npm run reaction -- [--runs N] [--save]`: the demo again and again, and how long its fleet took to notice
 * and to mend: a killed instance, a bad canary, a bad release of a sharded service, twice the load, the
 * loss of the brain. Real processes and requests; the windows are the demo's, which are shorter than the
 * defaults, so these times say what the machinery adds, not what a fleet with other windows waits for.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machineBlock } from '../harness/machine.ts';
import { quantile } from '../harness/statistics.ts';

const COMMAND = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

/** Of its report, for one that failed. */
const SAID_CHARS = 2000;

/** A line of the demo's last table. */
type DemoStep = {
  readonly step: string;
  readonly detectMs: number | null;
  readonly recoverMs: number | null;
  readonly sent: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly quorumLostSeconds: number;
  readonly moved: number;
  readonly fairShare: number;
  readonly p99Ms: number;
};

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    save: { type: 'boolean', default: false },
  },
});
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) {
  process.stderr.write(`--runs is ${values.runs}; expected a number from 1\n`);
  process.exit(2);
}

const bySteps = new Map<string, DemoStep[]>();
const broken: string[] = [];
for (let run = 1; run <= runs; run++) {
  const demo = await demoOnce();
  broken.push(...demo.broken.map((one) => `run ${run}: ${one}`));
  for (const step of demo.steps) {
    bySteps.set(step.step, [...(bySteps.get(step.step) ?? []), step]);
  }
  process.stderr.write(`run ${run} of ${runs}, ${broken.length} rules broken\n`);
}

const report = {
  takenAt: new Date().toISOString(),
  machine: machineBlock(),
  runs,
  broken,
  steps: Object.fromEntries([...bySteps].map(([name, steps]) => [name, summary(steps)])),
};
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
if (values.save) {
  const path = new URL('../../../bench/results/reaction.json', import.meta.url);
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
}
process.exit(broken.length === 0 ? 0 : 1);

function summary(steps: readonly DemoStep[]) {
  const sum = (of: (step: DemoStep) => number): number =>
    steps.reduce((total, step) => total + of(step), 0);
  return {
    detectMs: spread(steps.flatMap(({ detectMs }) => detectMs ?? [])),
    recoverMs: spread(steps.flatMap(({ recoverMs }) => recoverMs ?? [])),
    requests: sum(({ sent }) => sent),
    failed: sum(({ errors }) => Object.values(errors).reduce((all, count) => all + count, 0)),
    secondsWithoutQuorum: sum(({ quorumLostSeconds }) => quorumLostSeconds),
    moved: sum(({ moved }) => moved),
    fairShare: sum(({ fairShare }) => fairShare),
    p99Ms: spread(steps.map(({ p99Ms }) => p99Ms)),
  };
}

/** Null: nothing was wrong. */
function spread(values: readonly number[]) {
  if (values.length === 0) return null;
  const of = (share: number): number => Math.round(quantile([...values], share));
  return { p50: of(0.5), p95: of(0.95), max: Math.round(Math.max(...values)) };
}

function demoOnce(): Promise<{
  readonly steps: readonly DemoStep[];
  readonly broken: readonly string[];
}> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [COMMAND, 'demo', '-o', 'json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, said] = ['', ''];
    child.stderr.on('data', (piece) => {
      said = `${said}${piece}`.slice(-SAID_CHARS);
    });
    child.stdout.on('data', (piece) => {
      out += piece;
    });
    child.once('close', (code) => {
      // One that did not come to its table has failed as a whole.
      if (out === '') {
        const last = said.trim().split('\n').at(-1) ?? '';
        resolve({ steps: [], broken: [`the demo ended with ${code}: ${last}`] });
      } else resolve(JSON.parse(out));
    });
  });
}
