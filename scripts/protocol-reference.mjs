/**
 * Writes the reference of the inspector's protocol into docs/inspector-protocol.md, from the built schema.
 * `--check`: says whether it is as it should be, and writes nothing.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { describeProtocol } from 'ringmaster/inspector';

const BEGIN = '<!-- protocol: written by scripts/protocol-reference.mjs -->\n';
const END = '<!-- end of protocol -->';
const page = new URL('../docs/inspector-protocol.md', import.meta.url);

/** The drawing of a frame, from where it is written and read. */
const COLUMNS = readFileSync(
  new URL('../src/inspector/protocol/columns.ts', import.meta.url),
  'utf8',
)
  .split('*/', 1)[0]
  .replace(/^\/\*\*\n/, '')
  .replace(/^ \* ?/gm, '')
  .replace(/^( {2}byte[\s\S]*?)(?=\n {2}f64)/m, '```text\n$1\n```\n')
  .replace(/^ {2}(f64[\s\S]*?)(?=\n\n)/m, '```text\n$1\n```')
  .trimEnd();

const cell = (text) => text.replaceAll('|', '\\|');

/** A schema in words: `{ path: string, limit?: integer }`. */
function words(schema) {
  if (schema.enum !== undefined) return schema.enum.map((each) => `"${each}"`).join(' or ');
  if (schema.anyOf !== undefined) return schema.anyOf.map(words).join(' or ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === undefined) return 'anything';
  if (schema.type === 'array') return `list of ${words(schema.items)}`;
  if (Array.isArray(schema.type)) return schema.type.join(' or ');
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

const said = describeProtocol();
const { protocol, limits: LIMITS, errors: ERRORS, methods: METHODS, topics: TOPICS } = said;
const bulleted = (list) => list.map((note) => `* ${note}\n`).join('');
const topics = Object.entries(TOPICS).map(([name, { about, role, keys, value }]) =>
  [
    `### \`${name}\`\n`,
    `${about} Needs the role **${role}**. Keys: ${keys}.\n`,
    `* a row: ${value.type === 'null' ? 'binary columns, as below' : `\`${words(value)}\``}\n${bulleted(notes(value))}`,
  ].join('\n'),
);
const methods = Object.entries(METHODS).map(([name, about]) => {
  const { params: takes, result: gives } = about;
  const listed = bulleted([...notes(takes), ...notes(gives)]);
  return [
    `### \`${name}\`\n`,
    `${about.about} Needs the role **${about.role}**.\n`,
    `* takes \`${words(takes)}\`\n* answers \`${words(gives)}\`\n${listed}`,
  ].join('\n');
});
const actions = Object.entries(said.actions).map(
  ([name, { method, params }]) => `| \`${name}\` | \`${method}\` | \`${JSON.stringify(params)}\` |`,
);
const errors = Object.entries(ERRORS).map(
  ([name, { code, about }]) => `| ${code} | \`${name}\` | ${cell(about)} |`,
);
const limits = Object.entries(LIMITS).map(([name, value]) => `| \`${name}\` | ${value} |`);
const text = [
  `Subprotocol \`${protocol.name}\`, version ${protocol.major}.${protocol.minor}.\n`,
  '## Methods\n',
  ...methods,
  '## Actions\n',
  'Names in `allowedActions`, the method that makes each change, and what is asked beside the service or the instance.\n',
  ['| action | method | with |', '|---|---|---|', ...actions, ''].join('\n'),
  '## Topics\n',
  'Asked for by `Topics.subscribe`; told by events or, of `actors`, by binary frames.\n',
  ...topics,
  '### A binary frame\n',
  `${COLUMNS}\n`,
  '## Events\n',
  ...Object.entries(said.events).map(([name, event]) =>
    [`### \`${name}\`\n`, `* \`${words(event)}\`\n${bulleted(notes(event))}`].join('\n'),
  ),
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
