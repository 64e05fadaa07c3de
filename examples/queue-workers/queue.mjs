/** A queue in memory: POST /jobs adds one, POST /take gives the oldest or says that there is none. */
import { createServer } from 'node:http';

const { PORT } = process.env;
const JOBS_MAX = 100_000;
const jobs = [];
let numbers = 0;
let done = 0;

const server = createServer((request, response) => {
  const route = `${request.method} ${request.url}`;
  if (route === 'GET /ready') response.end('ready\n');
  else if (route === 'GET /jobs') response.end(JSON.stringify({ waiting: jobs.length, done }));
  else if (route === 'POST /jobs' && jobs.length >= JOBS_MAX) response.writeHead(429).end();
  else if (route === 'POST /jobs') {
    jobs.push(++numbers);
    response.writeHead(202).end(`${numbers}\n`);
  } else if (route === 'POST /take') {
    const job = jobs.shift();
    if (job === undefined) response.writeHead(204).end();
    else response.end(String(job));
  } else if (route === 'POST /done') {
    done += 1;
    response.writeHead(204).end();
  } else response.writeHead(404).end('expected POST /jobs, /take or /done, or GET /jobs\n');
});
server.listen(Number(PORT), '127.0.0.1');
process.once('SIGTERM', () => server.close(() => process.exit(0)));
