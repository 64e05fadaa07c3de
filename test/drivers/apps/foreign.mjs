/**
 * A program that knows nothing of Ringmaster: metrics of Node as prom-client's defaults, and some of its own.
 * At `/metrics` in the format of FORMAT; at `/said` the number of scrapes and the text of the last one. It
 * listens on PORT, or says on which.
 */
import { createServer } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const { FORMAT = 'text', PORT = '0' } = process.env;
const isOpen = FORMAT === 'openmetrics';
const registry = new Registry(isOpen ? Registry.OPENMETRICS_CONTENT_TYPE : undefined);
const registers = [registry];
collectDefaultMetrics({ register: registry, labels: { app: 'foreign "}\\\n' } });
const jobs = new Counter({
  name: isOpen ? 'jobs' : 'jobs_total',
  help: 'Jobs {done}.',
  labelNames: ['queue'],
  enableExemplars: isOpen,
  registers,
});
const depth = new Gauge({ name: 'depth', help: 'd', labelNames: ['queue'], registers });
const took = new Histogram({ name: 'took_seconds', help: 't', labelNames: ['path'], registers });
const gone = new Gauge({ name: 'not_a_number', help: 'n', labelNames: ['x'], registers });
depth.set({ queue: 'a b' }, 12.5);
depth.set({ queue: '{"c"}' }, -2);
gone.set({ x: '1' }, Number.NaN);

let scrapes = 0;
let said = '';
const server = createServer(async (request, response) => {
  if (request.url === '/said') {
    response.end(JSON.stringify({ scrapes, said }));
    return;
  }
  const labels = { queue: `q${scrapes % 3}` };
  if (isOpen) jobs.inc({ labels, value: 5, exemplarLabels: { trace: '} 7' } });
  else jobs.inc(labels, 5);
  took.observe({ path: '/x' }, 0.01 * (scrapes % 7));
  scrapes += 1;
  said = await registry.metrics();
  response.writeHead(200, { 'content-type': registry.contentType }).end(said);
});
server.listen(Number(PORT), '127.0.0.1', () => {
  process.stdout.write(`${server.address().port}\n`);
});
