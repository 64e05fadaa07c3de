/**
 * The brain's end of a router's socket: calls, and calls again when nobody answers or the connection is
 * lost. It knows lines, not what they mean; what is said while there is no connection is not said.
 */
import { createConnection, type Socket } from 'node:net';
import { LineReader, lineOf } from '../../agent/index.ts';
import { after } from '../system-time.ts';
import {
  type BrainMessage,
  ROUTER_LINE_BYTES_MAX,
  type RouterMessage,
  routerMessageOf,
} from './router-protocol.ts';

/** Between two attempts to call. Longer: a new router is found later. Milliseconds. */
const CALL_AGAIN_MS = 100;

/** What to do with what comes. */
export type RouterReceivers = {
  readonly connected: () => void;
  readonly heard: (message: RouterMessage) => void;
  readonly lost: () => void;
};

/** Thread rule: one thread. */
export class RouterClient {
  private readonly path: string;
  private readonly receivers: RouterReceivers;
  private socket: Socket | null = null;
  private cancel: () => void = () => undefined;
  private isClosed = false;

  constructor(path: string, receivers: RouterReceivers) {
    this.path = path;
    this.receivers = receivers;
  }

  /** Once. */
  open(): void {
    const socket = createConnection(this.path);
    const reader = new LineReader(ROUTER_LINE_BYTES_MAX);
    socket.on('connect', () => {
      this.socket = socket;
      this.receivers.connected();
    });
    socket.on('data', (piece) => {
      try {
        for (const message of reader.take(piece)) this.receivers.heard(routerMessageOf(message));
      } catch {
        socket.destroy();
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (this.isClosed) return;
      const wasConnected = this.socket === socket;
      this.socket = null;
      this.cancel = after(CALL_AGAIN_MS, () => this.open());
      if (wasConnected) this.receivers.lost();
    });
    if (this.isClosed) socket.destroy();
  }

  /** @returns whether somebody may hear it */
  say(message: BrainMessage): boolean {
    if (this.socket === null || this.socket.destroyed) return false;
    this.socket.write(lineOf(message));
    return true;
  }

  /** Calls no more. */
  close(): void {
    this.isClosed = true;
    this.cancel();
    this.socket?.destroy();
  }
}
