/**
 * WebSockets of the server, and the one file that knows ws. No compression, small messages, text only, few
 * frames to a message; whoever reads slowly is gated by what waits for it, and hung up on in the end.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { LIMITS, PROTOCOL } from '../protocol/schema.ts';

/** Bytes of answers that may wait in a socket. Higher: more memory for each client that reads nothing. */
const WAITING_BYTES_MAX = 512 * 1024;
/** Milliseconds between two looks whether the other side is there. */
export const PING_MS = 15_000;

/** Close codes of the protocol, besides those of RFC 6455. */
const TEXT_ONLY = 1003;
const TOO_SLOW = 4008;
const GOING_AWAY = 1001;

/** One client's socket, without a library's type. */
export type ClientSocket = {
  /** Hangs up on a client that has not read what it was told. */
  readonly say: (text: string) => void;
  /** A frame of a topic, whose maker has looked at `waitingBytes` before. */
  readonly send: (data: string | Uint8Array) => void;
  readonly waitingBytes: () => number;
  /** It has left everything unread for too long. */
  readonly hangUp: () => void;
  readonly onClose: (listener: () => void) => void;
  readonly onText: (listener: (text: string) => void) => void;
};

/** Thread rule: the inspector's thread. */
export class Sockets {
  private readonly server: WebSocketServer;
  private readonly silent: Set<WebSocket>;

  constructor() {
    this.silent = new Set();
    this.server = new WebSocketServer({
      noServer: true,
      maxPayload: LIMITS.messageBytes,
      maxFragments: LIMITS.fragments,
      perMessageDeflate: false,
      clientTracking: true,
      handleProtocols: (offered) => (offered.has(PROTOCOL.name) ? PROTOCOL.name : false),
    });
  }

  /** Finishes the handshake. */
  take(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    came: (client: ClientSocket) => void,
  ): void {
    this.server.handleUpgrade(request, socket, head, (ws) => {
      // What it did wrong is told by the close code; there is nothing else to do.
      ws.on('error', () => undefined);
      ws.on('pong', () => this.silent.delete(ws));
      came(clientOf(ws));
    });
  }

  /** Ends those that did not answer the last ping, and pings the others. */
  ping(): void {
    for (const ws of this.server.clients) {
      if (this.silent.has(ws)) ws.terminate();
      else {
        this.silent.add(ws);
        ws.ping();
      }
    }
    for (const ws of this.silent) if (!this.server.clients.has(ws)) this.silent.delete(ws);
  }

  close(): void {
    for (const ws of this.server.clients) ws.close(GOING_AWAY, 'the inspector ends');
    this.server.close();
  }
}

function clientOf(ws: WebSocket): ClientSocket {
  const hangUp = (): void => {
    ws.close(TOO_SLOW, 'answers were not read');
    ws.terminate();
  };
  const send = (data: string | Uint8Array): void => {
    if (ws.readyState === ws.OPEN) ws.send(data);
  };
  return {
    say: (text) => {
      if (ws.bufferedAmount > WAITING_BYTES_MAX) hangUp();
      else send(text);
    },
    send,
    waitingBytes: () => ws.bufferedAmount,
    hangUp,
    onClose: (listener) => void ws.once('close', listener),
    onText: (listener) => {
      ws.on('message', (data, isBinary) => {
        if (isBinary) ws.close(TEXT_ONLY, 'messages are text');
        else listener(data.toString());
      });
    },
  };
}
