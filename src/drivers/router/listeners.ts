/**
 * The ports that this router listens at, each on this thread: opened when a service has one, closed when
 * none has it any more. It bounds what a client may send and how slowly, and hands requests on.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { after, every } from '../system-time.ts';
import { refusalOf } from './refusal.ts';
import type { DeafPort } from './router-protocol.ts';
import { headText } from './tunnel.ts';

/** What a client may take. Milliseconds. */
export type ClientLimits = {
  /** For the head of a request. Longer: who sends slowly holds a connection. */
  readonly headersTimeout: number;
  /** For all of a request, its body included. Shorter: large uploads over slow lines fail. */
  readonly requestTimeout: number;
  /** Without a request, before a connection is closed. Longer: more connections that do nothing. */
  readonly keepAliveTimeout: number;
};

/** For clients on the internet. */
export const CLIENT_LIMITS_DEFAULT: ClientLimits = {
  headersTimeout: 10_000,
  requestTimeout: 300_000,
  keepAliveTimeout: 65_000,
};

/** What to do with what comes. */
export type Receivers = {
  readonly request: (port: number, request: IncomingMessage, response: ServerResponse) => void;
  readonly upgrade: (port: number, request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly trouble: (what: string) => void;
  /** Another port is deaf, or one is not any more. */
  readonly deafness: () => void;
};

/** Of the head of a request, in bytes; more is answered with 431. */
const HEAD_BYTES_MAX = 16_384;
/** At one port; more are closed at once. */
const CONNECTIONS_MAX = 20_000;
/** Between two attempts to listen at a port that somebody else has. Milliseconds. */
const LISTEN_AGAIN_MS = 1000;
/** Between two looks at who is idle while a port closes. Milliseconds. */
const IDLE_LOOK_MS = 50;

/** `why`: it does not listen; null: it does, or has not tried yet. */
type Listening = { readonly server: Server; stop: () => void; why: string | null };

/** Thread rule: one thread. */
export class Listeners {
  private readonly host: string;
  private readonly limits: ClientLimits;
  private readonly receivers: Receivers;
  private readonly open: Map<number, Listening> = new Map();
  /** Upgraded connections are nobody's else. */
  private readonly upgraded: Set<Duplex> = new Set();

  constructor(host: string, limits: ClientLimits, receivers: Receivers) {
    this.host = host;
    this.limits = limits;
    this.receivers = receivers;
  }

  /** At these and no others from now on. Resolves when each was tried once. */
  async listen(ports: readonly number[]): Promise<void> {
    for (const [port, { server, stop }] of this.open) {
      if (ports.includes(port)) continue;
      this.open.delete(port);
      stop();
      void closed(server);
    }
    await Promise.all(ports.filter((port) => !this.open.has(port)).map((port) => this.begin(port)));
  }

  /** Where it should listen and does not. */
  deaf(): readonly DeafPort[] {
    return [...this.open].flatMap(([port, { why }]) => (why === null ? [] : [{ port, why }]));
  }

  /** Nothing new is taken; resolves when all is finished, or was cut after `graceMs`. */
  async end(graceMs: number): Promise<void> {
    const servers = [...this.open.values()];
    this.open.clear();
    const cancel = after(graceMs, () => {
      for (const { server } of servers) server.closeAllConnections();
      for (const socket of this.upgraded) socket.destroy();
    });
    for (const { stop } of servers) stop();
    await Promise.all(servers.map(({ server }) => closed(server)));
    await Promise.all([...this.upgraded].map(closing));
    cancel();
  }

  private begin(port: number): Promise<void> {
    const server = this.server(port);
    const listening: Listening = { server, stop: () => undefined, why: null };
    this.open.set(port, listening);
    return new Promise((resolve) => {
      const attempt = (): void => void server.listen({ port, host: this.host, exclusive: true });
      const is = (why: string | null): void => {
        if (listening.why !== why) {
          listening.why = why;
          this.receivers.deafness();
        }
        resolve();
      };
      server.on('listening', () => is(null));
      server.on('error', (error) => {
        if (listening.why === null) {
          this.receivers.trouble(`cannot listen at ${this.host}:${port}: ${error.message}`);
        }
        listening.stop = after(LISTEN_AGAIN_MS, attempt);
        is(error.message);
      });
      attempt();
    });
  }

  private server(port: number): Server {
    const { limits, receivers, upgraded } = this;
    const server = createServer({
      ...limits,
      maxHeaderSize: HEAD_BYTES_MAX,
      connectionsCheckingInterval: Math.min(1000, limits.headersTimeout),
      noDelay: true,
    });
    // None is left out in silence: bytes are the limit.
    server.maxHeadersCount = 0;
    server.maxConnections = CONNECTIONS_MAX;
    server.on('request', (request, response) => receivers.request(port, request, response));
    server.on('upgrade', (request, socket, head) => {
      upgraded.add(socket);
      socket.on('close', () => upgraded.delete(socket));
      socket.on('error', () => socket.destroy());
      receivers.upgrade(port, request, socket, head);
    });
    server.on('clientError', (error: { readonly code?: string }, socket) => {
      if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
      else socket.end(complaint(error.code), () => socket.destroy());
    });
    return server;
  }
}

function complaint(code: string | undefined): Buffer {
  const status =
    code === 'HPE_HEADER_OVERFLOW' ? 431 : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const { head, body } = refusalOf('bad-request', null, true);
  return Buffer.concat([Buffer.from(headText(status, '', head)), body]);
}

/** Idle connections go at once, the others after their answers. */
function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cancel = every(IDLE_LOOK_MS, () => server.closeIdleConnections());
    server.close(() => {
      cancel();
      resolve();
    });
  });
}

function closing(socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}
