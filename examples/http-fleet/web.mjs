/**
 * A web service as a fleet runs it: it listens where PORT says, is ready when it can answer, tells how much
 * it has to do, and on SIGTERM finishes what it has begun.
 */
import { createServer } from 'node:http';

const { PORT, RINGMASTER_INSTANCE, RINGMASTER_VERSION } = process.env;
let served = 0;

const server = createServer((request, response) => {
  if (request.url === '/ready') {
    response.end('ready\n');
  } else if (request.url === '/metrics') {
    response.end(`# TYPE served_total counter\nserved_total ${served}\n`);
  } else {
    served += 1;
    response.end(`${RINGMASTER_VERSION} of ${RINGMASTER_INSTANCE}\n`);
  }
});
server.listen(Number(PORT), '127.0.0.1');
process.once('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
