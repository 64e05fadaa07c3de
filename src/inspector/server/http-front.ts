/**
 * The server's face to the network: who may come in, by which door, and as whom. Everything else is hung up
 * on or answered with why. Sockets that are let in go on as conversations; of files it has the page's only.
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { loopbackNames, OriginRules, valuesOf } from '../access/origin-rules.ts';
import type { Role } from '../access/roles.ts';
import { TICKET_MS, type Tickets } from '../access/tickets.ts';
import type { Tokens } from '../access/tokens.ts';
import { PROTOCOL } from '../protocol/schema.ts';
import { ConnectionCount } from './connection-count.ts';
import type { PageFile, PageFiles } from './page-files.ts';
import { type NoRoute, type Route, RouteTable, routesOf } from './routes.ts';

/** Bytes of a request's head. Higher: more memory for whoever is not known yet. */
const HEAD_BYTES_MAX = 16 * 1024;
/** Bytes of a request's body: a token and some room. Higher: as above. */
const BODY_BYTES_MAX = 1024;
/** Milliseconds for a head, or a whole request. Higher: slow clients hold connections for longer. */
const SLOW_MS = 5000;
/** Connections at a time, from one address and in all. */
const CONNECTIONS_PER_ADDRESS = 64;
const CONNECTIONS_MAX = 512;
/** Milliseconds for whoever is refused to take the answer. */
const LINGER_MS = 1000;
/** Recordings that are on their way. Higher: more memory, for each holds a file. */
const RECORDINGS_MAX = 2;
/** Milliseconds that one may be left unread. */
const STALLED_MS = 30_000;
/** How a ticket is named among the subprotocols. */
const TICKET_PREFIX = 'ticket.';

/** Of what never changes under its name. */
const KEPT = 'public, max-age=31536000, immutable';
const NOT_BUILT = 'The page was not built: run npm run build, then start the inspector again.\n';

/** On every answer; a file that never changes may be kept. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** Where and how it listens. */
export type FrontOptions = {
  readonly host: string;
  readonly port: number;
  /** `host:port` by which it may also be called; of loopback the usual ones are known. */
  readonly names: readonly string[];
  readonly origins: readonly string[];
  readonly tls: { readonly key: string; readonly cert: string } | null;
};

/** What it is made of. */
export type FrontParts = {
  readonly options: FrontOptions;
  readonly tokens: Tokens;
  readonly tickets: Tickets;
  readonly page: PageFiles;
  readonly nowMs: () => number;
  /** The server cannot do what it should. */
  readonly trouble: (message: string) => void;
  /** What the flight recorder holds, as a file; null: there is none. */
  readonly recording: () => Promise<Uint8Array> | null;
  /** A socket to be taken over, of somebody in a role. */
  readonly welcome: (request: IncomingMessage, socket: Duplex, head: Buffer, role: Role) => void;
};

/** Thread rule: the inspector's thread. */
export class HttpFront {
  private readonly parts: FrontParts;
  private readonly server: Server;
  private readonly connections: ConnectionCount;
  private readonly routes: RouteTable;
  private rules: OriginRules;
  private recordings: number = 0;

  constructor(parts: FrontParts) {
    this.parts = parts;
    this.routes = new RouteTable(routesOf(parts.page.keys()));
    this.rules = new OriginRules('http', [], []);
    this.connections = new ConnectionCount(CONNECTIONS_PER_ADDRESS, CONNECTIONS_MAX);
    this.server = serverOf(parts.options, (request, response) => this.asked(request, response));
    this.server.on('upgrade', (request, socket, head) => this.upgraded(request, socket, head));
    this.server.on('clientError', (_error, socket) => hangUpWith(socket, 400));
    // Also those that never finish a handshake.
    this.server.on('connection', (socket: Socket) => this.connections.came(socket));
    this.server.on('tlsClientError', (_error, socket) => socket.destroy());
    this.server.on('error', (error) => parts.trouble(error.message));
  }

  /** @returns the port. @throws (rejects) what the system says */
  async listen(): Promise<number> {
    const { host, port, names, origins, tls } = this.parts.options;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, resolve);
    });
    const bound = (this.server.address() as AddressInfo).port;
    const scheme = tls === null ? 'http' : 'https';
    this.rules = new OriginRules(scheme, [...loopbackNames(bound), ...names], origins);
    return bound;
  }

  /** Hangs up on everybody. */
  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private asked(request: IncomingMessage, response: ServerResponse): void {
    const door = this.doorOf(request);
    if ('status' in door) {
      const { status, allow } = door;
      end(response, status, allow === undefined ? {} : { allow });
    } else if (door.leadsTo === 'socket') end(response, 426, { upgrade: 'websocket' });
    else if (door.leadsTo === 'ticket') void this.giveTicket(request, response);
    else if (door.leadsTo === 'recording') void this.giveRecording(request, response);
    else givePage(request, response, this.parts.page.get(door.path));
  }

  private upgraded(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Whoever is hung up on in the middle of this is no trouble.
    socket.on('error', () => socket.destroy());
    const door = this.doorOf(request);
    if ('status' in door || door.leadsTo !== 'socket') {
      hangUpWith(socket, 'status' in door ? door.status : 400);
      return;
    }
    const role = this.roleOf(request);
    if (role === null) hangUpWith(socket, 401);
    else this.parts.welcome(request, socket, head, role);
  }

  /** Or how it is refused. */
  private doorOf({ method = '', url = '', rawHeaders }: IncomingMessage): Route | NoRoute {
    const refusal = this.rules.refusal(rawHeaders);
    if (refusal !== null) return { status: refusal === 'host' ? 421 : 403 };
    return this.routes.find(method, url);
  }

  /** Of a page by its ticket, of a program by its token. */
  private roleOf({ rawHeaders }: IncomingMessage): Role | null {
    if (valuesOf(rawHeaders, 'authorization').length > 0) return this.bearerOf(rawHeaders);
    // What is no page has no origin, and shows a token.
    if (valuesOf(rawHeaders, 'origin').length === 0) return null;
    const offered = valuesOf(rawHeaders, 'sec-websocket-protocol')
      .flatMap((value) => value.split(','))
      .map((value) => value.trim());
    const tickets = offered.filter((value) => value.startsWith(TICKET_PREFIX));
    if (tickets.length !== 1 || !offered.includes(PROTOCOL.name)) return null;
    const ticket = (tickets[0] as string).slice(TICKET_PREFIX.length);
    return this.parts.tickets.take(ticket, this.parts.nowMs());
  }

  /** A panel of another origin may read its ticket, where that origin was allowed by its name. */
  private readableBy({ rawHeaders }: IncomingMessage): Record<string, string> {
    const [origin] = valuesOf(rawHeaders, 'origin');
    if (origin === undefined || !this.parts.options.origins.includes(origin)) return {};
    return { 'access-control-allow-origin': origin, vary: 'origin' };
  }

  private bearerOf(rawHeaders: readonly string[]): Role | null {
    const [authorization = '', ...more] = valuesOf(rawHeaders, 'authorization');
    const token = /^Bearer ([0-9a-f]{64})$/.exec(authorization)?.[1];
    return token === undefined || more.length > 0 ? null : this.parts.tokens.roleOf(token);
  }

  private async giveRecording(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.bearerOf(request.rawHeaders) === null) {
      end(response, 401);
      return;
    }
    if (this.recordings >= RECORDINGS_MAX) {
      end(response, 503, { 'retry-after': '5' });
      return;
    }
    this.recordings++;
    response.once('close', () => this.recordings--);
    response.setTimeout(STALLED_MS, () => response.destroy());
    try {
      const file = await this.parts.recording();
      if (file === null) end(response, 404);
      else {
        const type = { 'content-type': 'application/octet-stream', 'content-length': file.length };
        response.writeHead(200, { ...HEADERS, ...type }).end(file);
      }
    } catch (error) {
      this.parts.trouble(`GET /recording: ${String(error)}`);
      end(response, 500);
    }
  }

  private async giveTicket(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { tokens, tickets, nowMs } = this.parts;
    const body = await bodyOf(request);
    if (body === null) {
      end(response, 413, { connection: 'close' });
      return;
    }
    const role = tokens.roleOf(body.trim());
    const ticket = role === null ? null : tickets.issue(role, nowMs());
    if (role === null) end(response, 401);
    else if (ticket === null) end(response, 503, { 'retry-after': '30' });
    else {
      const text = JSON.stringify({ ticket, role, goodForMs: TICKET_MS });
      const length = { 'content-type': 'application/json', 'content-length': text.length };
      const readable = this.readableBy(request);
      response.writeHead(200, { ...HEADERS, ...readable, ...length }).end(text);
    }
  }
}

/** Undefined: the page was not built. Node leaves the body of an answer to HEAD out. */
function givePage(
  { rawHeaders }: IncomingMessage,
  response: ServerResponse,
  file: PageFile | undefined,
): void {
  if (file === undefined) {
    response.writeHead(404, { ...HEADERS, 'content-type': 'text/plain' }).end(NOT_BUILT);
    return;
  }
  const accepted = valuesOf(rawHeaders, 'accept-encoding').join(',');
  const isGzipped = /(^|[,\s])gzip\s*(,|$)/.test(accepted);
  const content = isGzipped ? file.gzipped : file.plain;
  response.writeHead(200, {
    ...HEADERS,
    ...(file.isImmutable ? { 'cache-control': KEPT } : {}),
    ...(isGzipped ? { 'content-encoding': 'gzip' } : {}),
    'content-type': file.type,
    'content-length': content.length,
    vary: 'accept-encoding',
  });
  response.end(content);
}

function serverOf({ tls }: FrontOptions, listener: RequestListener): Server {
  const limits: ServerOptions = {
    maxHeaderSize: HEAD_BYTES_MAX,
    headersTimeout: SLOW_MS,
    requestTimeout: SLOW_MS,
    keepAliveTimeout: SLOW_MS,
    connectionsCheckingInterval: 1000,
  };
  return tls === null
    ? createServer(limits, listener)
    : createTlsServer(
        { ...limits, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: SLOW_MS },
        listener,
      );
}

/** Null: it is too long; nothing more is read. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of request) {
      bytes += (part as Buffer).length;
      if (bytes > BODY_BYTES_MAX) return null;
      parts.push(part as Buffer);
    }
  } catch {
    // It was hung up; whoever reads the answer is gone.
    return '';
  }
  return Buffer.concat(parts).toString('latin1');
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  421: 'Misdirected Request',
  431: 'Request Header Fields Too Large',
};

function end(response: ServerResponse, status: number, more: Record<string, string> = {}): void {
  response.writeHead(status, { ...HEADERS, 'content-type': 'text/plain', ...more }).end();
}

/**
 * For what has no response: the start of a socket, a request that cannot be read. Whoever neither reads
 * nor hangs up is not waited for.
 */
function hangUpWith(socket: Duplex, status: number): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const end = (): void => void socket.destroy();
  (socket as Socket).setTimeout(LINGER_MS, end);
  socket.once('finish', end);
  const head = ['connection: close', 'content-length: 0', 'x-content-type-options: nosniff'];
  socket.end(`HTTP/1.1 ${status} ${REASONS[status] ?? 'Refused'}\r\n${head.join('\r\n')}\r\n\r\n`);
}
