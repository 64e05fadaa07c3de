/** Bytes to a port and back: what no well-behaved client would send. */
import { connect, type Socket } from 'node:net';

/** One connection; keeps all that came back. */
export class Raw {
  readonly socket: Socket;
  /** Resolves when it is over. */
  readonly closed: Promise<void>;
  private readonly parts: Buffer[] = [];
  private look: () => void = () => undefined;

  constructor(port: number, options: { readonly allowHalfOpen?: boolean } = {}) {
    this.socket = connect({ ...options, port, host: '127.0.0.1' });
    this.socket.on('error', () => undefined);
    this.socket.on('data', (part) => {
      this.parts.push(part);
      this.look();
    });
    // Not `once` of events: that rejects where the other side resets the connection.
    this.closed = new Promise<void>((resolve) => this.socket.once('close', () => resolve()));
    void this.closed.then(() => this.look());
  }

  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }

  send(bytes: string | Uint8Array): this {
    this.socket.write(bytes);
    return this;
  }

  until(isSo: (text: string) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.look = () => {
        if (isSo(this.text)) resolve();
        else if (this.socket.destroyed)
          reject(new Error(`it was over: ${this.text.slice(0, 200)}`));
      };
      this.look();
    });
  }

  end(): Promise<void> {
    this.socket.destroy();
    return this.closed;
  }
}

/** A request's head, and what came back when the connection was over. */
export async function ask(port: number, head: readonly string[], body = ''): Promise<string> {
  const raw = new Raw(port);
  raw.send(`${[...head, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`);
  await raw.closed;
  return raw.text;
}

/** Of an answer; 0: there was none. */
export const statusOf = (text: string): number =>
  Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);

/** The lines of a handshake. */
export function handshake(port: number, more: readonly string[], path = '/inspect'): string[] {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: localhost:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Version: 13',
    ...more,
  ];
}

/** A frame of a client; `mask`: null leaves it unmasked. */
export function frame(first: number, payload: Uint8Array, mask: number | null = 0x37): Buffer {
  const { length } = payload;
  const masked = mask === null ? 0 : 0x80;
  const head =
    length < 126
      ? Buffer.from([first, masked | length])
      : length < 65_536
        ? Buffer.from([first, masked | 126, length >> 8, length & 255])
        : Buffer.from([first, masked | 127, 0, 0, 0, 0, ...longOf(length)]);
  if (mask === null) return Buffer.concat([head, payload]);
  return Buffer.concat([head, Buffer.alloc(4, mask), payload.map((byte) => byte ^ mask)]);
}

const longOf = (length: number): number[] =>
  [24, 16, 8, 0].map((shift) => (length >>> shift) & 255);

/** The code of the close frame at the end of what a server said; 0: there is none. */
export function closeCodeOf(raw: Raw): number {
  const after = raw.bytes.subarray(raw.bytes.indexOf('\r\n\r\n') + 4);
  for (let at = 0; at + 2 <= after.length; ) {
    const length = (after[at + 1] as number) & 127;
    if (length > 125) return 0;
    if (((after[at] as number) & 15) === 8) return length < 2 ? 1005 : after.readUInt16BE(at + 2);
    at += 2 + length;
  }
  return 0;
}
