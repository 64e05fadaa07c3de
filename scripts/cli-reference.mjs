/**
 * Writes the table of the command's verbs into docs/cli.md, from the built program. `--check`: says
 * whether it is as it should be, and writes nothing.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { ringmasterProgram } from '../dist/cli/program.js';

const BEGIN = '<!-- verbs: written by scripts/cli-reference.mjs -->\n';
const END = '<!-- end of verbs -->';
const page = new URL('../docs/cli.md', import.meta.url);

const cell = (text) => text.replaceAll('|', '\\|');
const rows = ringmasterProgram().commands.map((one) => {
  const options = one.options.map(({ flags, description, defaultValue }) => {
    const standard = defaultValue === undefined ? '' : ` (\`${defaultValue}\`)`;
    return `\`${flags}\` ${description}${standard}`;
  });
  const usage = [
    one.name(),
    ...one.registeredArguments.map((argument) =>
      argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
    ),
  ].join(' ');
  return `| \`${usage}\` | ${cell(one.description())} | ${cell(options.join('; '))} |`;
});
const table = ['| verb | what | options |', '|---|---|---|', ...rows].join('\n');
const before = readFileSync(page, 'utf8');
const [head] = before.split(BEGIN);
const wanted = `${head}${BEGIN}${table}\n${before.slice(before.indexOf(END))}`;
if (!process.argv.includes('--check')) writeFileSync(page, wanted);
else if (before !== wanted) {
  process.stderr.write('docs/cli.md is not current: node scripts/cli-reference.mjs\n');
  process.exit(1);
}
