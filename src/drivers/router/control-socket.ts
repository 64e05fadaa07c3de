/**
 * The local socket at which the brain tells this router what to do: only its owner can open it. Whoever
 * sends what cannot be understood is cut off, and nobody else notices. It knows lines and connections,
 * not what they mean.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { LineReader, lineOf } from '../../agent/index.ts';
import { driverError } from '../errors.ts';
import {
  type BrainMessage,
  brainMessageOf,
  ROUTER_LINE_BYTES_MAX,
  type RouterMessage,
} from './router-protocol.ts';

/** Bytes of the socket's path; the system's limit. */
const PATH_BYTES_MAX = 107;
const CONNECTIONS_MAX = 16;
/** Bytes that wait for somebody who does not read; of more, the connection is closed. */
const UNREAD_BYTES_MAX: number = 64 * 2 ** 20;
/** Bytes that wait before a window is kept instead. */
const BUSY_BYTES = 2 ** 20;

/** One that is connected. */
export class ControlConnection {
  private readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Whether it reads what it is told. */
  get isReading(): boolean {
    return !this.socket.destroyed && this.socket.writableLength < BUSY_BYTES;
  }

  say(message: RouterMessage): void {
    if (this.socket.destroyed) return;
    this.socket.write(lineOf(message));
    if (this.socket.writableLength > UNREAD_BYTES_MAX) this.socket.destroy();
  }

  /** After what was said. */
  end(): void {
    this.socket.end();
  }
}

/** What to do with what is said. */
export type ControlReceivers = {
  readonly heard: (message: BrainMessage, by: ControlConnection) => void;
  readonly left: (who: ControlConnection) => void;
};

/** Thread rule: one thread. */
export class ControlSocket {
  private readonly server: Server;
  private readonly connected: Map<ControlConnection, Socket> = new Map();

  private constructor(receivers: ControlReceivers) {
    this.server = createServer((socket) => this.take(socket, receivers));
    this.server.maxConnections = CONNECTIONS_MAX;
  }

  /** @throws (rejects) RM_ROUTER_START when the path is too long, or another router is there */
  static async check(path: string): Promise<void> {
    if (Buffer.byteLength(path) > PATH_BYTES_MAX) {
      const message = `${path} is longer than ${PATH_BYTES_MAX} bytes; use a shorter directory.`;
      throw driverError('RM_ROUTER_START', message, { path });
    }
    if (await answers(path)) {
      const message = `another router answers at ${path}; end it, or use another directory.`;
      throw driverError('RM_ROUTER_START', message, { path });
    }
  }

  /** After `check`. @throws (rejects) what the system says */
  static async open(path: string, receivers: ControlReceivers): Promise<ControlSocket> {
    rmSync(path, { force: true });
    const control = new ControlSocket(receivers);
    await new Promise<void>((resolve, reject) => {
      control.server.once('error', reject);
      control.server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
    return control;
  }

  /** To all that are connected. */
  sayAll(message: RouterMessage): void {
    for (const one of this.connected.keys()) one.say(message);
  }

  /** After what was said; resolves when nobody is connected. */
  close(): Promise<void> {
    for (const socket of this.connected.values()) socket.end(() => socket.destroy());
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private take(socket: Socket, { heard, left }: ControlReceivers): void {
    const connection = new ControlConnection(socket);
    const reader = new LineReader(ROUTER_LINE_BYTES_MAX);
    this.connected.set(connection, socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.connected.delete(connection);
      left(connection);
    });
    socket.on('data', (piece) => {
      try {
        for (const message of reader.take(piece)) heard(brainMessageOf(message), connection);
      } catch {
        socket.destroy();
      }
    });
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
