/**
 * Writes the README's table of figures from the committed benchmark results, so that no figure is
 * typed by hand. `node scripts/readme-figures.mjs` rewrites the table, `--check` fails when it is
 * stale. Only rows with a target are shown, those that miss it, too.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const README = new URL('../README.md', import.meta.url);
const RESULTS = new URL('../bench/results/', import.meta.url);
const START = '<!-- figures: written by scripts/readme-figures.mjs -->';
const END = '<!-- end of figures -->';

/** The table of all committed results, as Markdown. */
export function figuresTable() {
  const files = readdirSync(RESULTS).filter((name) =>
    /^(B\d+|RING|SAVINA|STORE)\.json$/.test(name),
  );
  const results = files
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => JSON.parse(readFileSync(new URL(name, RESULTS), 'utf8')));
  const rows = results
    .flatMap((result) => result.rows)
    .filter((row) => row.verdict !== 'no target');
  const lines = rows.map((row) => {
    const peers = Object.entries(row.peers).filter(
      ([name]) => row.target.ratioAtLeast?.[name] !== undefined,
    );
    const against = peers.map(([name, peer]) => {
      const [low, high] = row.ratioInterval95[name];
      const atLeast = row.target.ratioAtLeast[name];
      return `${row.ratio[name]}× ${name} (${peer.median}) [${low}, ${high}], wanted ≥ ${atLeast}×`;
    });
    const { median, min, max } = row.ours;
    const ours = `${median} ${row.unit} (${min} … ${max})`;
    return `| ${row.id} | ${row.name} | ${ours} | ${against.join('<br>') || '–'} | ${row.verdict} |`;
  });
  const machine = results[0]?.machine;
  return [
    START,
    `Machine: ${machine?.cpu}, ${machine?.cores} cores, ${machine?.memoryGiB} GiB, Node ${machine?.node}; shared and noisy.`,
    'Median (minimum … maximum) over interleaved blocks of fresh processes; ratios are speed against the peer in the',
    'same run, with the 95 % interval of the median. Full results: `bench/results/`.',
    '',
    '| id | what | Ringmaster | against | target |',
    '|---|---|---|---|---|',
    ...lines,
    END,
  ].join('\n');
}

/** The README with its table replaced. */
export function withFigures(readme) {
  const from = readme.indexOf(START);
  const to = readme.indexOf(END);
  if (from < 0 || to < from) throw new Error(`README.md lacks "${START}" … "${END}"`);
  return readme.slice(0, from) + figuresTable() + readme.slice(to + END.length);
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const readme = readFileSync(README, 'utf8');
  const fresh = withFigures(readme);
  if (process.argv.includes('--check')) {
    if (fresh !== readme) {
      process.stderr.write('README.md: figures are stale; run node scripts/readme-figures.mjs\n');
      process.exit(1);
    }
  } else writeFileSync(README, fresh);
}
