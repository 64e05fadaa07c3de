/** Speaks the inspector's protocol for commands: asks, and hears what is told. Only this file knows ws. */
import { readFile } from 'node:fs/promises';
import { WebSocket } from 'ws';
import {
  type ActorFrame,
  type Answer,
  type Changed,
  decodeColumns,
  type MethodName,
  PROTOCOL,
  type ResultOf,
  type TraceEvent,
} from '../inspector/index.ts';
import { CommandError, EXIT, type ExitCode } from './exit-codes.ts';
import type { InspectorAddress } from './inspector-address.ts';

type Open = {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
};

/** Milliseconds for a server to take the connection. */
const HANDSHAKE_MS = 10_000;

const CODES: Readonly<Record<string, ExitCode>> = {
  params: EXIT.usage,
  'unknown-method': EXIT.usage,
  version: EXIT.usage,
};

/** Opens a connection and greets. @throws (rejects) CommandError */
export async function connectInspector({
  url,
  tokenFile,
}: InspectorAddress): Promise<InspectorClient> {
  const token = await readFile(tokenFile, 'utf8').catch((error: Error) => {
    throw new CommandError(EXIT.usage, `the token cannot be read: ${error.message}.`);
  });
  const socket = opening(url, token.trim());
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', ({ message }) => {
      const isTrust = /certificate/i.test(message);
      const cure = isTrust ? '; name the one that it has by NODE_EXTRA_CA_CERTS' : '';
      reject(new CommandError(EXIT.unreachable, `no inspector at ${url}: ${message}${cure}.`));
    });
  });
  const client = new InspectorClient(socket);
  const { major, minor } = PROTOCOL;
  client.hello = await client.ask('System.hello', { protocol: { major, minor } });
  return client;
}

/** @throws CommandError */
function opening(url: string, token: string): WebSocket {
  const headers = { authorization: `Bearer ${token}` };
  const options = { headers, perMessageDeflate: false, handshakeTimeout: HANDSHAKE_MS };
  try {
    return new WebSocket(url, PROTOCOL.name, options);
  } catch (error) {
    // Of a token that no header can hold, the token is not told.
    throw new CommandError(EXIT.usage, `no socket to ${url}: ${(error as Error).message}.`);
  }
}

/** One connection. */
export class InspectorClient {
  hello: ResultOf<'System.hello'> | null = null;
  /** Told each event of a trace, and each frame of a subscription; frames are acknowledged by themselves. */
  onTrace: (event: TraceEvent) => void = () => undefined;
  onFrame: (frame: Changed | ActorFrame) => void = () => undefined;
  /** Settles when the connection is over. */
  readonly closed: Promise<void>;
  private readonly socket: WebSocket;
  private readonly open: Map<number, Open>;
  private ids: number;
  /** Why nothing is answered any more. */
  private over: string | null;

  constructor(socket: WebSocket) {
    this.socket = socket;
    this.open = new Map();
    this.ids = 0;
    this.over = null;
    socket.binaryType = 'arraybuffer';
    socket.on('error', () => socket.terminate());
    socket.on('message', (data, isBinary) => this.came(data as ArrayBuffer, isBinary));
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        resolve();
        this.over ??= `the inspector has hung up (${`${code} ${reason.toString()}`.trim()})`;
        for (const { reject } of this.open.values()) reject(this.ended());
      });
    });
  }

  /** @throws (rejects) CommandError with what the server says */
  ask<M extends MethodName>(method: M, params: unknown = {}): Promise<ResultOf<M>> {
    if (this.over !== null) return Promise.reject(this.ended());
    const id = ++this.ids;
    return new Promise((resolve, reject) => {
      this.open.set(id, { resolve, reject });
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }

  close(): void {
    this.socket.close();
  }

  /** For whoever has waited for more than came. */
  ended(): CommandError {
    return new CommandError(EXIT.unreachable, `${this.over ?? 'the connection is open'}.`);
  }

  private came(data: ArrayBuffer, isBinary: boolean): void {
    try {
      if (isBinary) this.frame(decodeColumns(data));
      else this.heard(Buffer.from(data).toString());
    } catch (error) {
      this.over ??= `what answers there is no inspector: ${(error as Error).message}`;
      this.socket.terminate();
    }
  }

  private heard(text: string): void {
    const message = JSON.parse(text) as Answer | Changed | TraceEvent;
    if ('trace' in message) this.onTrace(message);
    else if ('method' in message) this.frame(message);
    else this.answered(message);
  }

  private answered(answer: Answer): void {
    const waiting = this.open.get(answer.id ?? -1);
    this.open.delete(answer.id ?? -1);
    if (!('error' in answer)) waiting?.resolve(answer.result as never);
    else {
      const { name, message } = answer.error;
      waiting?.reject(new CommandError(CODES[name] ?? EXIT.conflict, `${message}.`));
    }
  }

  private frame(frame: Changed | ActorFrame): void {
    this.onFrame(frame);
    const { sub, frame: number } = frame;
    // Refused only when the subscription was ended meanwhile.
    this.ask('Topics.acknowledge', { sub, frame: number }).catch(() => undefined);
  }
}
