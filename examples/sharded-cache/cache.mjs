/** One shard of a cache: PUT /key keeps a value, GET /key gives it. What it holds goes with it. */
import { createServer } from 'node:http';

const { PORT, RINGMASTER_ORDINAL: shard } = process.env;
const VALUE_BYTES_MAX = 65_536;
const VALUES_MAX = 10_000;
const values = new Map();

const server = createServer(async (request, response) => {
  const key = request.url.slice(1);
  if (key === '-/ready') {
    response.end('ready\n');
    return;
  }
  response.setHeader('x-shard', shard);
  if (request.method === 'PUT') {
    let value = '';
    for await (const piece of request) value += piece;
    if (value.length > VALUE_BYTES_MAX) {
      response.writeHead(413).end(`a value has at most ${VALUE_BYTES_MAX} characters\n`);
      return;
    }
    values.delete(key);
    values.set(key, value);
    // The oldest goes first.
    if (values.size > VALUES_MAX) values.delete(values.keys().next().value);
    response.writeHead(204).end();
  } else if (values.has(key)) response.end(values.get(key));
  else response.writeHead(404).end('not here\n');
});
server.listen(Number(PORT), '127.0.0.1');
process.once('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
