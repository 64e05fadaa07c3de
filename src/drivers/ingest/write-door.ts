/**
 * The HTTP side of remote write: who asks for what, and bodies that arrive whole, in time and within
 * bounds. What cannot be a request of remote write 1.0 is refused before its body is read. It decodes
 * nothing; receiver.actor.ts is asked for the answer to a body.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { hangUp, listenLocally } from '../local-port.ts';
import { TEXT_TYPE } from './aggregated-text.ts';
import { ConnectionRoom } from './connection-room.ts';
import type { IngestLimits } from './ingest-options.ts';
import { later, refusal, type WriteAnswer } from './write-answer.ts';

/** Who works behind the door. */
export type WriteHouse = {
  /** What to answer to a body. Never rejects. */
  take(body: Uint8Array, tenant: string): Promise<WriteAnswer>;
  /** Text of the aggregated series, or of one metric of them; or why there is none. */
  aggregated(metric: string | null): Promise<string | WriteAnswer>;
  /** Counts an answer. */
  answered(reason: string): void;
};

/** Where senders write to, as everybody else has it. */
const WRITE_PATH = '/api/v1/write';
const AGGREGATED_PATH = '/metrics/aggregated';
/** Whose samples they are, as Cortex, Mimir and others have it. */
const TENANT_HEADER = 'x-scope-orgid';
const TENANT = /^[\w.:@/()!*' -]{1,150}$/;
const PROTOBUF = /^application\/x-protobuf(?:;\s*proto=prometheus\.WriteRequest)?$/i;
const HEADER_BYTES_MAX = 16_384;

/** Thread rule: the receiver's. */
export class WriteDoor {
  private readonly server: Server;
  private readonly limits: IngestLimits;
  private readonly house: WriteHouse;
  private readonly room: ConnectionRoom;
  private buffered = 0;

  constructor(limits: IngestLimits, house: WriteHouse) {
    this.limits = limits;
    this.house = house;
    this.server = createServer(
      {
        maxHeaderSize: HEADER_BYTES_MAX,
        headersTimeout: limits.requestMsMax,
        requestTimeout: limits.requestMsMax,
        connectionsCheckingInterval: Math.max(50, Math.min(1000, limits.requestMsMax / 4)),
      },
      (request, response) => void this.answer(request, response),
    );
    this.room = new ConnectionRoom(limits.connectionsMax, () => house.answered('crowdedOut'));
    this.server.on('connection', (socket) => this.room.enter(socket));
    this.server.on('clientError', (_, socket) => {
      this.house.answered('notHttp');
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
      else socket.destroy();
    });
  }

  /** @returns the port. @throws (rejects) what the system says */
  listen(port: number): Promise<number> {
    return listenLocally(this.server, port);
  }

  /** Hangs up on everybody. */
  close(): void {
    hangUp(this.server);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    const [path, query] = (request.url ?? '').split('?', 2);
    if (path === AGGREGATED_PATH && request.method === 'GET') {
      const text = await this.house.aggregated(new URLSearchParams(query).get('metric'));
      if (typeof text !== 'string') this.say(request, response, text);
      else response.writeHead(200, { 'content-type': TEXT_TYPE }).end(text);
      return;
    }
    const answer = path === WRITE_PATH ? await this.written(request) : unknownPath(path ?? '');
    // A sender that is gone gets no answer.
    if (answer !== null) this.say(request, response, answer);
  }

  private say(
    request: IncomingMessage,
    response: ServerResponse,
    { status, text, headers = {}, reason }: WriteAnswer,
  ): void {
    this.house.answered(reason);
    // What is left of a body that was refused is not read.
    const connection = request.complete ? {} : { connection: 'close' };
    response.writeHead(status, { ...headers, ...connection, 'content-type': 'text/plain' });
    response.end(text === '' ? '' : `${text}\n`, () => {
      if (!request.complete) request.socket.destroySoon();
    });
  }

  private async written(request: IncomingMessage): Promise<WriteAnswer | null> {
    const refused = checkHead(request, this.limits);
    if (refused !== null) return refused;
    const tenant = String(request.headers[TENANT_HEADER] ?? '');
    const body = await this.receive(request);
    if (!(body instanceof Uint8Array)) return body;
    this.room.proved(request.socket);
    try {
      return await this.house.take(body, tenant);
    } finally {
      this.buffered -= body.length;
    }
  }

  /** A body, charged to `buffered`; an answer to one that is too much; null when its sender is gone. */
  private receive(request: IncomingMessage): Promise<Uint8Array | WriteAnswer | null> {
    const { bodyBytesMax, bufferedBytesMax } = this.limits;
    return new Promise((resolve) => {
      const pieces: Uint8Array[] = [];
      let bytes = 0;
      const end = (outcome: Uint8Array | WriteAnswer | null): void => {
        request.removeAllListeners('data');
        if (!(outcome instanceof Uint8Array)) this.buffered -= bytes;
        bytes = 0;
        resolve(outcome);
      };
      request.on('data', (piece: Uint8Array) => {
        bytes += piece.length;
        this.buffered += piece.length;
        pieces.push(piece);
        if (bytes > bodyBytesMax) end(tooLong(this.limits));
        else if (this.buffered > bufferedBytesMax) end(later('busy', 'too much is being received'));
      });
      request.once('end', () => {
        const [first] = pieces;
        end(first !== undefined && pieces.length === 1 ? first : Buffer.concat(pieces));
      });
      request.once('close', () => end(null));
      request.on('error', () => undefined);
    });
  }
}

function tooLong({ bodyBytesMax }: IngestLimits): WriteAnswer {
  const cure = 'send less at once, or raise the limit.';
  return refusal(413, 'bodyTooLong', `the body is more than ${bodyBytesMax} bytes; ${cure}`);
}

function unknownPath(path: string): WriteAnswer {
  const text = `there is no ${path.slice(0, 80)}; write to ${WRITE_PATH}, read ${AGGREGATED_PATH}.`;
  return refusal(404, 'notFound', text);
}

/** Whether the rest is worth reading. */
function checkHead({ method, headers }: IncomingMessage, limits: IngestLimits): WriteAnswer | null {
  if (method !== 'POST') {
    const answer = refusal(405, 'method', `${method} is not for this path; use POST.`);
    return { ...answer, headers: { allow: 'POST' } };
  }
  const encoding = headers['content-encoding'] ?? 'none';
  if (encoding.toLowerCase() !== 'snappy') {
    const text = `the encoding is ${encoding.slice(0, 40)}, expected snappy; compress by it.`;
    return refusal(415, 'encoding', text);
  }
  const type = headers['content-type'] ?? 'none';
  if (!PROTOBUF.test(type)) {
    const expected = 'application/x-protobuf; set protobuf_message to prometheus.WriteRequest.';
    return refusal(415, 'type', `the type is ${type.slice(0, 80)}, expected ${expected}`);
  }
  const tenant = headers[TENANT_HEADER];
  if (tenant !== undefined && !TENANT.test(String(tenant))) {
    const expected = "1 to 150 letters, digits and . : @ / ( ) ! * ' _ - ; name it so.";
    return refusal(400, 'tenant', `the header ${TENANT_HEADER} is no tenant, expected ${expected}`);
  }
  return Number(headers['content-length'] ?? 0) > limits.bodyBytesMax ? tooLong(limits) : null;
}
