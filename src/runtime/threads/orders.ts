/**
 * What the main thread and a worker tell each other by postMessage: the things that a ring cannot
 * carry (shared buffers, ports) and the doorbell, which is the number 0. One union for each
 * direction.
 */
import type { PeerInfo } from '../transport/peer.ts';

/** One end of a channel between two threads: what is used here of Node's MessagePort. */
export interface Port {
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
  on(event: 'message', listener: (message: never) => void): unknown;
  close(): void;
}

/** What a worker is started with. */
export type SeatTask = {
  /** Number of this worker, never used again. */
  readonly peer: number;
  readonly memory: SharedArrayBuffer;
  readonly actorsMax: number;
  readonly seed: number;
  readonly isDevelopment: boolean;
  readonly port: Port;
};

/** Main to worker. */
export type SeatOrder =
  | 0
  /** Another worker (or main, whose doorbell is the order port itself). */
  | { readonly o: 'peer'; readonly info: PeerInfo; readonly port: Port | null }
  /** Begin: this is your seat; keep these places for actors that come back. */
  | {
      readonly o: 'sit';
      readonly seat: number;
      readonly epoch: number;
      readonly maySpin: boolean;
      readonly reserved: readonly (readonly [number, number])[];
    }
  | { readonly o: 'moved'; readonly peer: number; readonly seat: number }
  | { readonly o: 'lost'; readonly peer: number }
  /** Load that definition before it is needed. */
  | { readonly o: 'preload'; readonly url: string; readonly name: string }
  /** End the actors, within that time, and then the thread. */
  | { readonly o: 'close'; readonly deadlineMs: number };

/** Worker to main. */
export type SeatReport =
  | 0
  | { readonly o: 'ready'; readonly threadId: number }
  | { readonly o: 'seated' }
  | { readonly o: 'closed' }
  | { readonly o: 'unhandled'; readonly error: unknown };

/** What tells our own worker threads from others. */
export const THREAD_MARK = 'ringmaster-thread';
