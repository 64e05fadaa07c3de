/**
 * The process of one contender: measures it once and prints the measurement as a line of JSON.
 * Started by `compare.ts`; ends itself, since a runtime may hang at exit after much compilation.
 */
import { measure } from './measure.ts';
import { findRow } from './rows.ts';

const [id = '', name = '', contender = '', quick = '', warmupMs = '', measureMs = ''] =
  process.argv.slice(2);

const row = await findRow(id, name);
const side = contender === 'ours' ? row.ours : row.peers[contender];
if (side === undefined) throw new Error(`row "${id} ${name}" has no contender "${contender}"`);
const measurement = await measure(side, {
  quick: quick === 'quick',
  warmupMs: Number(warmupMs),
  measureMs: Number(measureMs),
});
process.stdout.write(`${JSON.stringify(measurement)}\n`, () => process.exit(0));
