/**
 * `node tiny.js ID`: runs every contender of an id's rows once, with little work and no measuring,
 * each in this process, and prints a line for each. Peers that are no part of this installation
 * (Erlang) are left out with `--installed`. For the tests: a benchmark that is never run rots.
 */

import type { BenchContender } from './row.ts';
import { rowsOf } from './rows.ts';

const [id = '', ...flags] = process.argv.slice(2);

for (const row of await rowsOf(id)) {
  const checksums = new Set<number>();
  for (const [name, contender] of Object.entries({ ours: row.ours, ...row.peers })) {
    if (contender.skip !== undefined && flags.includes('--installed')) continue;
    const checksum = await runOnce(contender);
    checksums.add(checksum);
    process.stdout.write(`${row.name}, ${name}: ${checksum}\n`);
  }
  if (row.sameWork === true && checksums.size > 1) {
    throw new Error(`${id} "${row.name}": checksums ${[...checksums].join(', ')}`);
  }
}
// Node 20 may hang at exit.
process.exit(0);

async function runOnce(contender: BenchContender): Promise<number> {
  const task = await contender.prepare({ quick: true });
  try {
    const checksum = await task.call();
    const own = task.own?.() ?? task.cases?.()[0] ?? 1;
    if (!Number.isFinite(checksum) || !(own > 0)) throw new Error(`result ${checksum}, ${own}`);
    return checksum;
  } finally {
    await task.close?.();
  }
}
