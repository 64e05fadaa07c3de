/** A web service of which a version may be bad: it fails as large a part of its requests as ERRORS says. */
import { createServer } from 'node:http';

const { PORT, ERRORS = '0', RINGMASTER_VERSION } = process.env;
let served = 0;

const server = createServer((request, response) => {
  if (request.url === '/ready') {
    response.end('ready\n');
    return;
  }
  served += 1;
  const isBad = Number(ERRORS) > 0 && served % Math.round(1 / Number(ERRORS)) === 0;
  response.writeHead(isBad ? 500 : 200).end(`${RINGMASTER_VERSION}\n`);
});
server.listen(Number(PORT), '127.0.0.1');
process.once('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
