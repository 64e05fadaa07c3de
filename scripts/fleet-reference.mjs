/**
 * Writes the fleet's reference table into docs/fleet.md and its JSON Schema beside it, both from the
 * built schema. `--check`: says whether they are as they should be, and writes nothing.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fleetFields, fleetJsonSchema } from 'ringmaster/control-plane';

const BEGIN = '<!-- fields: written by scripts/fleet-reference.mjs -->\n';
const END = '<!-- end of fields -->';
const page = new URL('../docs/fleet.md', import.meta.url);
const schema = new URL('../docs/fleet.schema.json', import.meta.url);

const cell = (text) => text.replaceAll('|', '\\|');
const rows = fleetFields().map(({ path, type, byDefault, isRequired, description }) => {
  const standard = isRequired ? 'required' : byDefault === null ? '' : `\`${byDefault}\``;
  return `| \`${path}\` | ${cell(type)} | ${cell(standard)} | ${cell(description)} |`;
});
const table = ['| field | what | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
const before = readFileSync(page, 'utf8');
const [head] = before.split(BEGIN);
const tail = before.slice(before.indexOf(END));
const wanted = new Map([
  [page, `${head}${BEGIN}${table}\n${tail}`],
  [schema, `${JSON.stringify(fleetJsonSchema(), null, 2)}\n`],
]);

let isCurrent = true;
for (const [url, text] of wanted) {
  if (!process.argv.includes('--check')) writeFileSync(url, text);
  else if (readFileSync(url, 'utf8') !== text) {
    isCurrent = false;
    process.stderr.write(`${url.pathname} is not current: node scripts/fleet-reference.mjs\n`);
  }
}
process.exit(isCurrent ? 0 : 1);
