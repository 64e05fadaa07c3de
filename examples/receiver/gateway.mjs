/**
 * Takes samples of a tenant and writes them to every copy of the tenant's shard, through the router, which
 * knows where they are. Written is what a quorum has. Nothing is kept here: gateways are all alike.
 */
import { Agent, request as send } from 'node:http';
import { bodyOf, faultOf, listen } from './listen.mjs';

const COPIES = 3;
const QUORUM = 2;
const WRITE_MS = 2000;

const { RECEIVER, FAULT, RINGMASTER_VERSION: version = 'v1' } = process.env;
const fault = faultOf(FAULT);
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const counts = { written: 0, lost: 0, invalid: 0 };
let writes = 0;

listen((request) => {
  const { url, method } = request;
  if (url === '/ready' || url === '/healthz') return [200, 'ok\n'];
  if (url === '/metrics') return [200, exposition()];
  if (url === '/write' && method === 'POST') return write(request);
  return [404, 'expected POST /write\n'];
});

async function write(request) {
  const tenant = request.headers['x-tenant'];
  const body = await bodyOf(request);
  if (typeof tenant !== 'string' || body === '') {
    counts.invalid += 1;
    return [400, 'expected a header x-tenant, and samples\n'];
  }
  if (fault.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
  writes += 1;
  // A bad version fails in every n-th write: no chance is in it, so that a demo is the same each time.
  if (fault.errors > 0 && writes % Math.round(1 / fault.errors) === 0) {
    return [500, 'this version is broken\n', { 'x-version': version }];
  }
  const answers = await Promise.all(
    Array.from({ length: COPIES }, (_, copy) => writeCopy(tenant, copy, body)),
  );
  const written = answers.filter(({ status }) => status === 200);
  const headers = { 'x-version': version, 'x-copies': String(written.length) };
  if (written.length < QUORUM) {
    counts.lost += 1;
    const why = answers.map(({ status, text }) => `${status} ${text.trim()}`).join('; ');
    return [503, `${written.length} of ${COPIES} copies were written: ${why}\n`, headers];
  }
  counts.written += 1;
  return [200, '', { ...headers, 'x-shard': written[0].shard }];
}

/** To one copy; whatever happens it answers. */
function writeCopy(tenant, copy, body) {
  return new Promise((resolve) => {
    const failed = (error) => resolve({ status: 0, text: error.message, shard: '' });
    const outgoing = send(`${RECEIVER}/write`, {
      agent,
      method: 'POST',
      timeout: WRITE_MS,
      headers: {
        'x-tenant': tenant,
        'x-ringmaster-replica': String(copy),
        'content-length': Buffer.byteLength(body),
      },
    });
    outgoing.on('response', async (answer) => {
      const text = await bodyOf(answer).catch((error) => error.message);
      resolve({ status: answer.statusCode, text, shard: answer.headers['x-shard'] ?? '' });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', failed);
    outgoing.end(body);
  });
}

function exposition() {
  const lines = Object.entries(counts).map(
    ([outcome, count]) => `gateway_writes_total{outcome="${outcome}"} ${count}`,
  );
  return `# TYPE gateway_writes_total counter\n${lines.join('\n')}\n`;
}
