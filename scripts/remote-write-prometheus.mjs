/**
 * Ringmaster beside a Prometheus of the system, both ways: promtool accepts what a host shows of itself, and
 * a Prometheus that scrapes a program and writes what it scrapes to us says the same number of samples as we
 * do. Needs `prometheus` and `promtool`; run by scripts/test-system.mjs after a build.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collectDefaultMetrics, Registry } from 'prom-client';
import {
  ExpositionReader,
  exportFleetMetrics,
  reserveIngest,
  SAMPLE_OUTCOMES,
  startIngest,
} from '../dist/drivers/index.js';
import { start } from '../dist/runtime/index.js';

const DEADLINE_MS = 60_000;
const LOOK_MS = 250;
/** Samples that are enough to compare. */
const ENOUGH = 2_000;

const began = Date.now();
let seen = 'nothing';
const say = (text) => process.stdout.write(`${text}\n`);

/** Looks until `look` answers something. */
async function until(what, look) {
  while (Date.now() - began < DEADLINE_MS) {
    const answer = await look();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`${what}: not within ${DEADLINE_MS} ms; last seen: ${seen}`);
}

const folder = mkdtempSync(join(tmpdir(), 'ringmaster-prometheus-'));
const reservation = reserveIngest({
  port: 0,
  aggregators: 2,
  rules: [{ metric: null, labels: ['instance'] }],
});
const system = await start({ threads: reservation.threads });
const ingest = await startIngest(system, reservation);
const registry = new Registry();
collectDefaultMetrics({ register: registry });
const program = createServer(async (_, response) => {
  response.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics());
});
await new Promise((resolve) => program.listen(0, '127.0.0.1', resolve));

const config = (jobs) => `
global: { scrape_interval: 1s }
scrape_configs: [${jobs.join(', ')}]
remote_write:
  - url: http://127.0.0.1:${ingest.port}/api/v1/write
    queue_config: { batch_send_deadline: 200ms }
    metadata_config: { send_interval: 1s }
`;
const path = join(folder, 'prometheus.yml');
const target = `{ job_name: program, static_configs: [{ targets: ['127.0.0.1:${program.address().port}'] }] }`;
writeFileSync(path, config([target]));
const probe = createServer();
await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
const { port } = probe.address();
await new Promise((resolve) => probe.close(resolve));
const prometheus = spawn(
  'prometheus',
  [
    `--config.file=${path}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--web.enable-lifecycle',
  ],
  { stdio: 'ignore' },
);

/** What it counts of its own remote storage. */
async function theirs() {
  const names = [
    'samples_total',
    'samples_pending',
    'samples_failed_total',
    'samples_dropped_total',
  ];
  const full = names.map((name) => `prometheus_remote_storage_${name}`);
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => null);
  if (answer === null) return null;
  const body = new Uint8Array(await answer.arrayBuffer());
  const { metrics, malformed } = new ExpositionReader(full).read(body);
  if (malformed > 0) throw new Error(`${malformed} lines of Prometheus could not be read`);
  const of = (name) => metrics.find((one) => one.name === name)?.sum ?? 0;
  const [sent, pending, failed, dropped] = full.map(of);
  return { sent, pending, failed, dropped };
}

async function ours() {
  const figures = await ingest.figures();
  const { samples } = figures;
  return { figures, all: SAMPLE_OUTCOMES.reduce((sum, outcome) => sum + samples[outcome], 0) };
}

try {
  await until('samples', async () => (await ours()).all >= ENOUGH);
  // Nothing is scraped any more, and what is under way arrives.
  writeFileSync(path, config([]));
  await fetch(`http://127.0.0.1:${port}/-/reload`, { method: 'POST' });
  let last = -1;
  const end = await until('the same number of samples', async () => {
    const [them, us] = [await theirs(), await ours()];
    const isQuiet = them !== null && them.pending === 0 && us.all === last;
    last = us.all;
    seen = JSON.stringify([them, us.all, us.figures.samples, us.figures.requests]);
    return isQuiet && them.sent === us.all ? { them, us } : null;
  });
  const { them, us } = end;
  if (them.failed > 0 || them.dropped > 0) throw new Error(`Prometheus has lost ${them.failed}`);
  const { samples } = us.figures;
  if (samples.refusedSamples > 0 || samples.overflowed > 0)
    throw new Error(JSON.stringify(samples));
  say(
    `Prometheus has sent ${them.sent} samples, and we have counted ${us.all}: ${JSON.stringify(samples)}`,
  );
  const none = { services: [], tallies: [], scrapes: [], requests: [] };
  const figures = { ...none, ingest: us.figures };
  const text = await exportFleetMetrics({ figures: async () => figures }).text();
  const aggregated = await (
    await fetch(`http://127.0.0.1:${ingest.port}/metrics/aggregated`)
  ).text();
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  if (checked.status !== 0) throw new Error(`promtool: ${checked.stdout}${checked.stderr}`);
  // Names there are others' choice: only what cannot be read counts.
  const parsed = spawnSync('promtool', ['check', 'metrics'], {
    input: aggregated,
    encoding: 'utf8',
  });
  if (/error while/.test(parsed.stderr)) throw new Error(`promtool: ${parsed.stderr}`);
  say('promtool accepts what a host shows, and what it has added up.');
} finally {
  prometheus.kill('SIGKILL');
  await once(prometheus, 'exit').catch(() => undefined);
  program.close();
  program.closeAllConnections();
  await ingest.stop();
  await system.close();
  rmSync(folder, { recursive: true, force: true });
}
