/**
 * `npm run litmus -- [--records N] [--kills N] [--versions N]`: the long litmus run, 10^8 records
 * by default, every byte of each checked. Answers: do the structures keep their promises on this
 * processor? Does not answer: how fast they are (`npm run bench -- RING` does).
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { machineBlock } from '../harness/machine.ts';
import type { LitmusReport } from './protocol.ts';
import { killedProducerLitmus, publishLitmus, type RingRun, ringLitmus } from './run.ts';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '100000000' },
    kills: { type: 'string', default: '100' },
    versions: { type: 'string', default: '2000000' },
    save: { type: 'boolean', default: false },
  },
});

/** A count from the command line. */
function countOf(name: 'records' | 'kills' | 'versions'): number {
  const count = Number(values[name]);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  process.stderr.write(`--${name} is "${values[name]}"; expected a whole number from 0.\n`);
  process.exit(2);
}

/** Records of one round: progress is printed in between. */
const ROUND_RECORDS = 5_000_000;
/** A few long records in each round; 64 KiB is the largest there is. */
const SIZES = [48, 256, 48, 4096, 48, 65_536];

let violations = 0;
const results = { records: 0, bytes: 0, kills: 0, recordsBeforeKills: 0, versions: 0, pins: 0 };

function judge(what: string, report: LitmusReport): void {
  if (report.violation === null) return;
  violations++;
  process.stdout.write(`VIOLATION ${what}: ${report.violation}\n`);
}

function runOf(round: number, records: number): RingRun {
  const payloadBytesMax = SIZES[round % SIZES.length] ?? 48;
  // Long records cost a copy each; fewer of them keep a round equally long.
  const share = payloadBytesMax > 256 ? 512 / payloadBytesMax : 1;
  const wanted = Math.ceil(records * share);
  return { records: wanted, payloadBytesMax, dataBytes: 1 << 18, seed: round, payloadCheck: false };
}

const wanted = countOf('records');
const kills = countOf('kills');
const versions = countOf('versions');
for (let round = 0; results.records < wanted; round++) {
  const left = wanted - results.records;
  const [sent, received] = await ringLitmus(runOf(round, Math.min(ROUND_RECORDS, left)));
  judge(`ring round ${round}`, received);
  if (received.checksum !== sent.checksum || received.count !== sent.count) {
    judge('ring', { ...received, violation: `sent ${sent.count}, received ${received.count}` });
  }
  results.records += received.count;
  results.bytes += received.checksum;
  process.stdout.write(`ring: ${results.records} of ${wanted} records\n`);
}
for (let kill = 0; kill < kills; kill++) {
  const run = { ...runOf(kill, 1e9), payloadBytesMax: 256 };
  const report = await killedProducerLitmus(run, (kill * 7919) % 100_000);
  judge(`killed producer ${kill}`, report);
  results.kills++;
  results.recordsBeforeKills += report.count;
}
process.stdout.write(`killed producers: ${kills}, ${results.recordsBeforeKills} records before\n`);
const [written, ...read] = await publishLitmus({ versions, slotBytes: 4096, slots: 4 });
results.versions = written?.count ?? 0;
for (const report of read) {
  judge('publish', report);
  results.pins += report.count;
}
process.stdout.write(`publish: ${versions} versions\n`);
if (values.save) {
  const file = new URL('../../../bench/results/litmus.json', import.meta.url);
  const report = { id: 'litmus', takenAt: new Date().toISOString(), machine: machineBlock() };
  writeFileSync(file, `${JSON.stringify({ ...report, violations, results }, null, 2)}\n`);
}
process.stdout.write(`${violations} violations\n`);
process.exit(violations === 0 ? 0 : 1);
