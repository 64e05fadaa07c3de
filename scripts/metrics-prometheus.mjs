/**
 * A real fleet shown to a Prometheus of the system: `up --metrics-port`, requests through its router, and
 * instances that are programs with prom-client's default metrics, scraped by us and by it. promtool accepts
 * the text; Prometheus says `up`, and the very number of requests that were sent. Needs `prometheus` and
 * `promtool`; run by scripts/test-system.mjs after a build.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const FOREIGN = fileURLToPath(new URL('../test/drivers/apps/foreign.mjs', import.meta.url));
const GOOD = 211;
const DEADLINE_MS = 90_000;
const LOOK_MS = 250;

const say = (text) => process.stdout.write(`${text}\n`);
const folder = mkdtempSync(join(tmpdir(), 'rm-metrics-'));
const ringmaster = (...args) =>
  execFileSync(process.execPath, [COMMAND, ...args], { cwd: folder, encoding: 'utf8' });

/** Ports that nobody has now. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((one) => once(one, 'listening')));
  const ports = servers.map((one) => one.address().port);
  for (const one of servers) one.close();
  return ports;
}

const began = Date.now();
/** Looks until `look` answers something. */
async function until(what, look) {
  let seen;
  while (Date.now() - began < DEADLINE_MS) {
    seen = await look();
    if (seen?.is) return seen;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`${what}: not within ${DEADLINE_MS} ms; last seen: ${JSON.stringify(seen)}`);
}

const [web, metrics, prometheusPort] = await freePorts(3);
const fleet = {
  apiVersion: 'ringmaster/v1',
  kind: 'Fleet',
  name: 'shop',
  regions: [{ name: 'eu', zones: ['a', 'b'] }],
  policy: { period: '200ms', answerWithin: '150ms' },
  services: {
    web: {
      kind: 'stateless',
      version: 'v1',
      command: [process.execPath, FOREIGN],
      instances: 2,
      health: { readiness: { http: '/said', period: '200ms' } },
      metrics: { scrape: '/metrics', interval: '500ms' },
      autoscale: { min: 2, max: 3, metric: { name: 'depth', target: 1_000 } },
      route: { port: web },
    },
  },
};
// JSON is YAML.
writeFileSync(join(folder, 'fleet.yaml'), JSON.stringify(fleet));
writeFileSync(
  join(folder, 'prometheus.yml'),
  JSON.stringify({
    global: { scrape_interval: '1s' },
    scrape_configs: [
      { job_name: 'ringmaster', static_configs: [{ targets: [`127.0.0.1:${metrics}`] }] },
    ],
  }),
);
const prometheus = spawn(
  'prometheus',
  [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${prometheusPort}`,
  ],
  { stdio: 'ignore' },
);

/** What Prometheus knows: values of a query. Empty while there are none. */
async function query(text) {
  const url = `http://127.0.0.1:${prometheusPort}/api/v1/query?query=${encodeURIComponent(text)}`;
  const answer = await fetch(url).catch(() => null);
  const { data } = answer?.ok ? await answer.json() : {};
  return (data?.result ?? []).map(({ value }) => Number(value[1]));
}

const textOf = async (accept) =>
  await (await fetch(`http://127.0.0.1:${metrics}/metrics`, { headers: { accept } })).text();
const numberOf = (text, series) => Number(text.split(`\n${series} `)[1]?.split('\n', 1)[0]);

try {
  ringmaster('up', '-d', '-f', 'fleet.yaml', '--metrics-port', String(metrics));
  ringmaster('status', '--for', 'healthy', '--timeout', '60s');
  for (let i = 0; i < GOOD; i++) {
    const answer = await fetch(`http://127.0.0.1:${web}/metrics`);
    await answer.arrayBuffer();
    if (answer.status !== 200) throw new Error(`a request was answered ${answer.status}`);
  }
  const series = 'ringmaster_requests_total{service="web",version="v1",outcome="ok"}';
  const { text } = await until('the requests that were sent', async () => {
    const shown = await textOf('text/plain');
    return { is: numberOf(shown, series) === GOOD, text: shown, counted: numberOf(shown, series) };
  });
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  if (checked.status !== 0) throw new Error(`promtool: ${checked.stdout}${checked.stderr}`);
  const scrapes = numberOf(text, 'ringmaster_scrapes_total{service="web",outcome="ok"}');
  const failed = numberOf(text, 'ringmaster_scrapes_total{service="web",outcome="failed"}');
  if (!(scrapes > 0) || failed !== 0) throw new Error(`scrapes: ${scrapes} ok, ${failed} failed`);
  say(`promtool accepts what a fleet shows after ${GOOD} requests and ${scrapes} scrapes.`);

  const buckets =
    'sum(ringmaster_request_duration_seconds_bucket{service="web",version="v1",le="+Inf"})';
  const asked = [
    ['up{job="ringmaster"}', 1],
    [series, GOOD],
    [buckets, GOOD],
    ['sum(ringmaster_instances{service="web",state="ready"})', 2],
    ['ringmaster_operations_over_total{kind="start",outcome="done"}', 2],
  ];
  for (const [what, wanted] of asked) {
    await until(`Prometheus about ${what}`, async () => {
      const values = await query(what);
      return { is: values.length === 1 && values[0] === wanted, values, wanted };
    });
  }
  const kinds = await fetch(`http://127.0.0.1:${prometheusPort}/api/v1/targets/metadata`);
  const { data } = await kinds.json();
  const kind = data.find((one) => /^ringmaster_requests(_total)?$/.test(one.metric))?.type;
  if (kind !== 'counter') throw new Error(`Prometheus takes the requests for a ${kind}`);
  say(`Prometheus has it: ${asked.map(([what, wanted]) => `${what} is ${wanted}`).join('; ')}.`);
} finally {
  prometheus.kill('SIGKILL');
  await once(prometheus, 'exit').catch(() => undefined);
  spawnSync(process.execPath, [COMMAND, 'down'], { cwd: folder });
  rmSync(folder, { recursive: true, force: true });
}
