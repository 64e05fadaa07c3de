/**
 * An inspector below a path of a program's own HTTP server: what comes there goes on, byte by byte, to the
 * inspector's port on this machine. Its checks stay where they are: the `Host` and the `Origin` that came go
 * with it, so those of the program's server have to be among `names` and `origins`.
 */
import { type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

/** To be called by a program's server. Thread rule: its own. */
export type Mount = {
  /** For a request whose path begins with the prefix, or that had it taken off already. */
  readonly request: (request: IncomingMessage, response: ServerResponse) => void;
  /** For the `upgrade` of a server. @returns whether it was below the prefix, and is taken care of */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;
};

/** The inspector is closed. */
const BAD_GATEWAY = 'HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';

/** Below `prefix`, such as `/inspector`. `host`: address of this machine where the inspector listens. */
export function mountOf(host: string, port: number, prefix: string): Mount {
  return {
    request: (request, response) => {
      const path = below(request, prefix) ?? request.url ?? '/';
      const { method, rawHeaders: headers } = request;
      const forwarded = send({ host, port, method, path, headers, setHost: false });
      forwarded.once('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(response);
        // The inspector has ended within its answer: so does this one.
        answer.once('close', () => {
          if (!answer.complete) response.destroy();
        });
      });
      forwarded.once('error', () => {
        if (!response.headersSent) response.writeHead(502);
        response.end();
      });
      response.once('close', () => forwarded.destroy());
      request.pipe(forwarded);
    },
    upgrade: (request, socket, head) => {
      const path = below(request, prefix);
      if (path === null) return false;
      const there = connect(port, host);
      let isOpen = false;
      there.once('connect', () => {
        isOpen = true;
        there.write(headOf(request, path), 'latin1');
        there.write(head);
        there.pipe(socket).pipe(there);
      });
      there.once('close', () => (isOpen ? socket.destroy() : socket.end(BAD_GATEWAY)));
      there.on('error', () => there.destroy());
      socket.on('error', () => there.destroy());
      socket.once('close', () => there.destroy());
      return true;
    },
  };
}

/** What is left of a path without the prefix; null: it is not below it. */
function below({ url = '/' }: IncomingMessage, prefix: string): string | null {
  if (url === prefix) return '/';
  return url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : null;
}

/** As it came, but for the path. */
function headOf({ method = 'GET', rawHeaders }: IncomingMessage, path: string): string {
  const lines = [`${method} ${path} HTTP/1.1`];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}
