/** What both programs of this fleet do alike: listen where PORT says, tell how they are, end politely. */
import { createServer } from 'node:http';

/** Longer bodies are refused, so that nobody fills the memory. */
const BODY_BYTES_MAX = 1_048_576;

/**
 * Serves `answer(request)`, which gives `[status, body, headers]`. On SIGTERM it takes no more, finishes
 * what it has, and ends.
 */
export function listen(answer) {
  const server = createServer((request, response) => {
    Promise.resolve(answer(request)).then(
      ([status, body = '', headers = {}]) => response.writeHead(status, headers).end(body),
      (error) => response.writeHead(500).end(`${error.message}\n`),
    );
  });
  server.listen(Number(process.env.PORT), '127.0.0.1');
  process.once('SIGTERM', () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}

/** The whole body as text. @throws when it is too long, or the sender went away */
export async function bodyOf(request) {
  const pieces = [];
  let bytes = 0;
  for await (const piece of request) {
    bytes += piece.length;
    if (bytes > BODY_BYTES_MAX) throw new Error(`the body is over ${BODY_BYTES_MAX} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

/** `errors=0.2,delay=40`: what a bad version does. Nothing is set: nothing. */
export function faultOf(text = '') {
  const parts = text.split(',').filter((part) => part !== '');
  const found = Object.fromEntries(parts.map((part) => part.split('=')));
  return { errors: Number(found.errors ?? 0), delayMs: Number(found.delay ?? 0) };
}
