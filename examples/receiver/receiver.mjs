/**
 * One copy of a shard: holds the last value and the number of samples of each series, in memory, and lets
 * go of series that nobody writes any more. Asked to prepare for its end it takes nothing new (421: ask
 * whoever owns it now) and says when what it has begun is finished.
 */
import { bodyOf, faultOf, listen } from './listen.mjs';

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{[^}]*\})?) (\S+)$/;
const LOOK_MS = 500;

const {
  FAULT,
  SERIES_TTL_MS = '900000',
  RINGMASTER_ORDINAL: shard = '0',
  RINGMASTER_VERSION: version = 'v1',
} = process.env;
const fault = faultOf(FAULT);
const series = new Map();
const counts = { samples: 0, malformed: 0, forgotten: 0, misdirected: 0 };
let writes = 0;
let underWay = 0;
let isLeaving = false;

// The clock of a process that is stopped for a while leaps: then nothing is forgotten at once.
let now = 0;
setInterval(() => {
  now += LOOK_MS;
  for (const [name, one] of series) {
    if (now - one.at <= Number(SERIES_TTL_MS)) continue;
    series.delete(name);
    counts.forgotten += 1;
  }
}, LOOK_MS).unref();

listen((request) => {
  const { url, method } = request;
  if (url === '/healthz' || url === '/ready') return [200, 'ok\n'];
  if (url === '/prepare-shutdown') return prepare();
  if (url === '/metrics') return [200, exposition()];
  if (url === '/write' && method === 'POST') return write(request);
  return [404, 'expected POST /write\n'];
});

/** 200: it may be ended; 425: it still writes what it has begun. */
function prepare() {
  isLeaving = true;
  return underWay === 0 ? [200, 'may stop\n'] : [425, `${underWay} writes are under way\n`];
}

async function write(request) {
  if (isLeaving) {
    counts.misdirected += 1;
    return [421, 'this copy is leaving; ask its owner of now\n'];
  }
  underWay += 1;
  try {
    const body = await bodyOf(request);
    if (fault.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    writes += 1;
    if (fault.errors > 0 && writes % Math.round(1 / fault.errors) === 0) {
      return [500, 'this version is broken\n', { 'x-version': version }];
    }
    const tenant = request.headers['x-tenant'];
    for (const line of body.split('\n')) if (line !== '') keep(tenant, line);
    return [200, '', { 'x-shard': shard, 'x-version': version }];
  } finally {
    underWay -= 1;
  }
}

function keep(tenant, line) {
  const [, name, text] = LINE.exec(line) ?? [];
  const value = Number(text);
  if (name === undefined || Number.isNaN(value)) {
    counts.malformed += 1;
    return;
  }
  const id = `${tenant} ${name}`;
  const one = series.get(id);
  counts.samples += 1;
  if (one === undefined) series.set(id, { value, samples: 1, at: now });
  else {
    one.value = value;
    one.samples += 1;
    one.at = now;
  }
}

function exposition() {
  const lines = Object.entries(counts).map(
    ([what, count]) => `# TYPE receiver_${what}_total counter\nreceiver_${what}_total ${count}`,
  );
  lines.push(`# TYPE series_per_shard gauge\nseries_per_shard ${series.size}`);
  return `${lines.join('\n')}\n`;
}
