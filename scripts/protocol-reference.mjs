/**
 * Writes the reference of the inspector's protocol into docs/inspector-protocol.md, from the built schema.
 * `--check`: says whether it is as it should be, and writes nothing.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { describeProtocol } from 'ringmaster/inspector';

const BEGIN = '<!-- protocol: written by scripts/protocol-reference.mjs -->\n';
const END = '<!-- end of protocol -->';
const page = new URL('../docs/inspector-protocol.md', import.meta.url);

const cell = (text) => text.replaceAll('|', '\\|');

/** A schema in words: `{ path: string, limit?: integer }`. */
function words(schema) {
  if (schema.enum !== undefined) return schema.enum.map((each) => `"${each}"`).join(' or ');
  if (schema.anyOf !== undefined) return schema.anyOf.map(words).join(' or ');
  if (schema.type === 'array') return `list of ${words(schema.items)}`;
  if (schema.type !== 'object') return schema.type;
  if (schema.properties === undefined) return `map of ${words(schema.additionalProperties)}`;
  const fields = Object.entries(schema.properties).map(([name, each]) => {
    const isNeeded = schema.required?.includes(name) ?? false;
    return `${name}${isNeeded ? '' : '?'}: ${words(each)}`;
  });
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

/** What is said of single fields. */
function notes(schema, path = '') {
  const inner = schema.type === 'array' ? schema.items : schema;
  return Object.entries(inner?.properties ?? {}).flatMap(([name, each]) => {
    const here = path === '' ? name : `${path}.${name}`;
    const own = each.description === undefined ? [] : [`\`${here}\`: ${each.description}`];
    return [...own, ...notes(each, here)];
  });
}

const { protocol, limits: LIMITS, errors: ERRORS, methods: METHODS } = describeProtocol();
const methods = Object.entries(METHODS).map(([name, about]) => {
  const { params: takes, result: gives } = about;
  const said = [...notes(takes), ...notes(gives)].map((note) => `* ${note}\n`).join('');
  return [
    `### \`${name}\`\n`,
    `${about.about} Needs the role **${about.role}**.\n`,
    `* takes \`${words(takes)}\`\n* answers \`${words(gives)}\`\n${said}`,
  ].join('\n');
});
const errors = Object.entries(ERRORS).map(
  ([name, { code, about }]) => `| ${code} | \`${name}\` | ${cell(about)} |`,
);
const limits = Object.entries(LIMITS).map(([name, value]) => `| \`${name}\` | ${value} |`);
const text = [
  `Subprotocol \`${protocol.name}\`, version ${protocol.major}.${protocol.minor}.\n`,
  '## Methods\n',
  ...methods,
  '## Errors\n',
  ['| code | name | when |', '|---|---|---|', ...errors, ''].join('\n'),
  '## Limits of a connection\n',
  ['| what | at most |', '|---|---|', ...limits, ''].join('\n'),
].join('\n');

const before = readFileSync(page, 'utf8');
const [head] = before.split(BEGIN);
const wanted = `${head}${BEGIN}${text}${before.slice(before.indexOf(END))}`;
if (!process.argv.includes('--check')) writeFileSync(page, wanted);
else if (before !== wanted) {
  process.stderr.write(
    'docs/inspector-protocol.md is not current: node scripts/protocol-reference.mjs\n',
  );
  process.exit(1);
}
