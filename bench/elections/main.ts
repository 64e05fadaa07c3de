/**
 * `npm run elections -- [--tenures N] [--seed N] [--save]`: leaders of one key that pause, lose their
 * network and come back, in virtual time. Answers: does a leader that was deposed ever do anything
 * that counts? Does not answer: how long a failover takes.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { seededRandom } from 'ringmaster';
import { machineBlock } from '../harness/machine.ts';
import { type ElectionCount, elect } from './election.ts';

/** Tenures of one run: an election of a seed of its own. */
const PER_RUN = 1000;
const FAULTS = { delay: 0.2, delayMaxMs: 700, unavailable: 0.03, unknown: 0.05, gap: 0.02 };

const { values } = parseArgs({
  options: {
    tenures: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    save: { type: 'boolean', default: false },
  },
});
const tenures = Number(values.tenures);
const seed = Number(values.seed);
if (!(tenures >= 1)) throw new Error(`--tenures is ${values.tenures}; expected 1 or more.`);
if (!Number.isInteger(seed)) throw new Error(`--seed is ${values.seed}; expected an integer.`);

const total = { tenures: 0, late: 0, overwritten: 0 } as Record<keyof ElectionCount, number>;
let reportedMs = performance.now();
for (let run = 0; total.tenures < tenures; run++) {
  const left = tenures - total.tenures;
  const count = await elect(seededRandom(seed + run), Math.min(PER_RUN, left), FAULTS);
  for (const name of Object.keys(count) as (keyof ElectionCount)[]) {
    total[name] = (total[name] ?? 0) + count[name];
  }
  if (count.late + count.overwritten > 0) {
    process.stdout.write(`seed ${seed + run}: ${JSON.stringify(count)}\n`);
  }
  if (performance.now() - reportedMs > 2000) {
    reportedMs = performance.now();
    process.stdout.write(`${JSON.stringify(total)}\n`);
  }
}
const isSound = total.late === 0 && total.overwritten === 0;
const report = {
  takenAt: new Date().toISOString(),
  machine: machineBlock(),
  seed,
  isSound,
  ...total,
};
process.stdout.write(`${JSON.stringify(report)}\n`);
if (values.save) {
  const path = new URL('../../../bench/results/elections.json', import.meta.url);
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
}
process.exit(isSound ? 0 : 1);
