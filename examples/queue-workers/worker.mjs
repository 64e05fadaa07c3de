/**
 * Takes jobs as long as it has hands free, and says how many it has. Asked to drain it takes no more, and may
 * stop when it has none: so no job is lost when there are fewer workers.
 */
import { createServer } from 'node:http';
import { setTimeout as after } from 'node:timers/promises';

const { PORT, QUEUE } = process.env;
const HANDS = 4;
const JOB_MS = 500;
const IDLE_MS = 100;
let underWay = 0;
let isLeaving = false;

const post = (path) => fetch(`${QUEUE}${path}`, { method: 'POST' });

async function hand() {
  while (!isLeaving) {
    // The queue may be away for a moment: what was not taken is still there.
    const answer = await post('/take').catch(() => null);
    if (answer?.status !== 200) {
      await after(IDLE_MS);
      continue;
    }
    underWay += 1;
    await after(JOB_MS);
    await post('/done').catch(() => undefined);
    underWay -= 1;
  }
}
for (let i = 0; i < HANDS; i++) void hand();

const server = createServer((request, response) => {
  if (request.url === '/ready') response.end('ready\n');
  else if (request.url === '/drain') {
    isLeaving = true;
    response.writeHead(underWay === 0 ? 200 : 425).end();
  } else if (request.url === '/metrics') {
    response.end(`# TYPE jobs_under_way gauge\njobs_under_way ${underWay}\n`);
  } else response.writeHead(404).end();
});
server.listen(Number(PORT), '127.0.0.1');
process.once('SIGTERM', () => {
  isLeaving = true;
  server.close();
  server.closeIdleConnections();
  const look = setInterval(() => {
    if (underWay > 0) return;
    clearInterval(look);
    process.exit(0);
  }, IDLE_MS);
});
