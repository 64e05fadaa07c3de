/**
 * The other end of a host's local socket: a tool asks, the host answers, in any order. For tools that
 * come and go: it does not call again when the host is replaced.
 */
import { createConnection, type Socket } from 'node:net';
import { LineReader } from '../../agent/index.ts';
import { driverError } from '../errors.ts';

type Waiting = {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
};

/** @throws (rejects) RM_CONTROL_GONE when nobody answers there, or not to this user */
export function connectHost(path: string): Promise<HostClient> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once('connect', () => resolve(new HostClient(socket)));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EACCES' ? 'is not yours' : 'has nobody who answers';
      const message = `${path} ${why}; start a host with \`ringmaster up\`, or name its directory.`;
      reject(driverError('RM_CONTROL_GONE', message, { path }, error));
    });
  });
}

/** Thread rule: the thread that made it. */
export class HostClient {
  private readonly socket: Socket;
  private readonly waiting: Map<number, Waiting> = new Map();
  private numbers = 0;

  constructor(socket: Socket) {
    const reader = new LineReader();
    this.socket = socket;
    socket.removeAllListeners('error');
    socket.on('error', () => socket.destroy());
    socket.on('data', (piece) => {
      try {
        for (const message of reader.take(piece)) this.hear(message as never);
      } catch {
        socket.destroy();
      }
    });
    socket.on('close', () => {
      const message = 'the host went away before it answered; ask again.';
      for (const { reject } of this.waiting.values()) {
        reject(driverError('RM_CONTROL_GONE', message));
      }
      this.waiting.clear();
    });
  }

  /** @throws (rejects) with the code and the message of the host's refusal; RM_CONTROL_GONE */
  ask<T>(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<T> {
    if (this.socket.destroyed) {
      return Promise.reject(driverError('RM_CONTROL_GONE', 'the host is gone; connect again.'));
    }
    const id = ++this.numbers;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.socket.write(`${JSON.stringify({ id, method, params })}\n`);
    });
  }

  /** Hangs up. */
  close(): void {
    this.socket.destroy();
  }

  private hear({
    id,
    result,
    error,
  }: {
    readonly id: number;
    readonly result?: unknown;
    readonly error?: { readonly code: string; readonly message: string };
  }): void {
    const waiting = this.waiting.get(id);
    if (waiting === undefined) return;
    this.waiting.delete(id);
    if (error === undefined) waiting.resolve(result as never);
    else {
      const refused = driverError('RM_CONTROL_REFUSED', error.message, { code: error.code });
      waiting.reject(refused);
    }
  }
}
