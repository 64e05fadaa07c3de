/**
 * Writes series of many tenants at a steady rate, whether or not answers come, and says once a second
 * what became of it. `node load.mjs URL [tenants] [rate]`. Orders come as lines of JSON:
 * `{"tenants": 600, "rate": 200}`; `{"mark": "release"}` ends a chapter, whose sums are said, and begins
 * the next; `{"round": true}` is answered when every tenant has written once more.
 */
import { Agent, request as send } from 'node:http';
import { createInterface } from 'node:readline';

const SERIES_EACH = 10;
const TICK_MS = 10;
const ANSWER_MS = 5000;

const [url = 'http://127.0.0.1:8080/write', tenants = '300', rate = '100'] = process.argv.slice(2);
let wanted = { tenants: Number(tenants), rate: Number(rate) };
let next = 0;
let owed = 0;
let lastMs = performance.now();
const agent = new Agent({ keepAlive: true, maxSockets: 256 });
/** Number of the write after which somebody wants to hear; null: nobody waits. */
let roundEnd = null;
/** Tenant to the shard that has last taken it. */
const shards = new Map();
let second = sums();
let chapter = sums();
/** Requests of a chapter that are answered in a later one belong to the one that sent them. */
let name = 'begin';

setInterval(() => {
  const nowMs = performance.now();
  owed += ((nowMs - lastMs) / 1000) * wanted.rate;
  lastMs = nowMs;
  for (; owed >= 1; owed--) write(nowMs);
  if (roundEnd === null || next < roundEnd) return;
  roundEnd = null;
  say({ round: next });
}, TICK_MS);
setInterval(() => {
  say({ second: shown(second) });
  if (second.quorumLost > 0) chapter.quorumLostSeconds += 1;
  second = sums();
}, 1000);

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { mark, round, ...more } = JSON.parse(line);
    wanted = { ...wanted, ...more };
    if (round) roundEnd = next + wanted.tenants;
    if (mark === undefined) return;
    const ended = chapter;
    const endedName = name;
    chapter = sums();
    name = mark;
    // Answers that are still to come are waited for, so that sums are whole.
    const settled = setInterval(() => {
      if (ended.open > 0) return;
      clearInterval(settled);
      say({ chapter: endedName, ...shown(ended) });
    }, TICK_MS);
  })
  .on('close', () => process.exit(0));

function sums() {
  return {
    sent: 0,
    open: 0,
    samples: 0,
    errors: new Map(),
    quorumLost: 0,
    quorumLostSeconds: 0,
    lateMs: [],
    moved: new Map(),
    tenants: new Set(),
    versions: new Map(),
  };
}

function write(atMs) {
  const number = next++ % wanted.tenants;
  const tenant = `tenant-${number}`;
  const lines = Array.from(
    { length: SERIES_EACH },
    (_, i) => `http_requests_total{route="/r${i}",pod="${tenant}-0"} ${next + i}`,
  );
  const body = `${lines.join('\n')}\n`;
  const own = chapter;
  const each = [own, second];
  for (const sum of each) {
    sum.sent += 1;
    sum.open += 1;
  }
  own.tenants.add(tenant);
  let isOver = false;
  const over = (status, headers) => {
    if (isOver) return;
    isOver = true;
    for (const sum of each) {
      sum.open -= 1;
      sum.lateMs.push(performance.now() - atMs);
      if (status === 200) sum.samples += SERIES_EACH;
      else sum.errors.set(status, (sum.errors.get(status) ?? 0) + 1);
      // The gateway has tried, and too few copies took it.
      if (status === 503 && headers['x-copies'] !== undefined) sum.quorumLost += 1;
      const version = headers['x-version'];
      if (version !== undefined) sum.versions.set(version, (sum.versions.get(version) ?? 0) + 1);
    }
    const shard = headers['x-shard'];
    if (shard === undefined) return;
    const before = shards.get(tenant);
    shards.set(tenant, shard);
    if (before === undefined || before === shard) return;
    const way = `${before} to ${shard}`;
    own.moved.set(way, (own.moved.get(way) ?? 0) + 1);
  };
  const outgoing = send(url, {
    agent,
    method: 'POST',
    timeout: ANSWER_MS,
    headers: { 'x-tenant': tenant, 'content-length': Buffer.byteLength(body) },
  });
  outgoing.on('response', (answer) => {
    answer.resume();
    answer.on('end', () => over(answer.statusCode, answer.headers));
    answer.on('error', () => over('cut', {}));
  });
  outgoing.on('timeout', () => outgoing.destroy(new Error('late')));
  outgoing.on('error', (error) => over(error.message === 'late' ? 'late' : 'no answer', {}));
  outgoing.end(body);
}

function shown({ errors, lateMs, moved, tenants, versions, open, ...rest }) {
  const sorted = lateMs.toSorted((a, b) => a - b);
  const part = (share) => sorted[Math.floor(sorted.length * share)] ?? 0;
  return {
    ...rest,
    errors: Object.fromEntries(errors),
    versions: Object.fromEntries(versions),
    p50Ms: part(0.5),
    p99Ms: part(0.99),
    moved: Object.fromEntries(moved),
    tenants: tenants.size,
  };
}

function say(data) {
  process.stdout.write(`${JSON.stringify(data)}\n`);
}
