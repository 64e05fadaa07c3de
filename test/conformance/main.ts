/**
 * `npm run conformance -- [DIR]`: every row of the decision tables in DIR (default: those here), each
 * failing one with what was expected and what came out. Exit code 1 if one failed, 2 for wrong use.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DEVIATIONS, rowKey } from './deviations.ts';
import { type RowResult, runTables } from './run-tables.ts';

const HERE = fileURLToPath(new URL('./tables/', import.meta.url));
const HELP = `npm run conformance -- [DIR]

Runs the decision tables of DIR, files of the same names and shape as in test/conformance/tables
(the default), against the functions of ringmaster/control-plane.
`;

function usage(message: string): never {
  process.stderr.write(`${message}\n\n${HELP}`);
  process.exit(2);
}

function folderOf(): string {
  try {
    const options = { help: { type: 'boolean', short: 'h', default: false } } as const;
    const { positionals, values } = parseArgs({ allowPositionals: true, options });
    if (values.help) {
      process.stdout.write(HELP);
      process.exit(0);
    }
    if (positionals.length > 1) usage(`got ${positionals.length} folders; expected one.`);
    return positionals[0] ?? HERE;
  } catch (error) {
    return usage((error as Error).message);
  }
}

function shown({ file, table, index, name, expected, got }: RowResult): string {
  const of = (value: unknown): string => JSON.stringify(value) ?? String(value);
  const title = name === '' ? '' : ` (${name})`;
  return `FAILED ${file} ${table}[${index}]${title}\n  expected ${of(expected)}\n  got      ${of(got)}\n`;
}

let rows: RowResult[];
try {
  rows = runTables(folderOf());
} catch (error) {
  usage((error as Error).message);
}
const wrong = rows.filter(({ isEqual }) => !isEqual);
const meant = wrong.filter((row) => DEVIATIONS.has(rowKey(row)));
const failed = wrong.filter((row) => !DEVIATIONS.has(rowKey(row)));
for (const row of failed) process.stdout.write(shown(row));
if (meant.length > 0) {
  process.stdout.write(`${meant.length} deviate as docs/deviations.md says\n`);
}
if (rows.length === 0) usage('no table was found there.');
process.stdout.write(`${rows.length - wrong.length} passed, ${failed.length} failed\n`);
process.exit(failed.length === 0 ? 0 : 1);
