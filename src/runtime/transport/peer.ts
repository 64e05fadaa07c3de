/**
 * Another worker as this thread sees it: the two halves of the way, its shared memory, its
 * doorbell, and what is open between the two. A worker that replaces another is another peer.
 */
import type { StreamSource } from '../actor/stream-source.ts';
import type { RefCodec } from '../codec/index.ts';
import { SeatMemory } from '../host/seat-memory.ts';
import type { Clock } from '../ports/clock.ts';
import { CONTROL } from './frame-layout.ts';
import { InLink, type Receiver } from './in-link.ts';
import { OutLink } from './out-link.ts';

/** Wakes the other thread's event loop. */
export interface Doorbell {
  ring(): void;
}

/** What it takes to talk to a worker. All of it can be sent to a thread, the doorbell apart. */
export type PeerInfo = {
  /** Number of the worker, never used again. */
  readonly peer: number;
  /** Its seat; -1 while it is a spare. */
  readonly seat: number;
  readonly memory: SharedArrayBuffer;
  readonly actorsMax: number;
  /** Ring from it to this thread, and from this thread to it. */
  readonly inRing: SharedArrayBuffer;
  readonly outRing: SharedArrayBuffer;
};

type Times = {
  readonly dispatcher: { readonly nowMs: number; arm(): void };
  readonly clock: Clock;
};

/** Thread rule: the thread that made it. */
export class Peer {
  readonly number: number;
  readonly memory: SeatMemory;
  readonly incoming: InLink;
  readonly outgoing: OutLink;
  isClosed: boolean;
  /** How to end each watch that it holds on actors of this thread, by its number. */
  readonly unwatch: Map<number, () => void>;
  private readonly doorbell: Doorbell;
  private readonly host: Times;
  private readonly streams: Map<number, StreamSource>;
  private streamNumbers: number;
  private readonly scratch: Int32Array;

  constructor(info: PeerInfo, doorbell: Doorbell, host: Times, refs: RefCodec, receiver: Receiver) {
    this.number = info.peer;
    this.memory = new SeatMemory(info.memory, info.actorsMax);
    this.incoming = new InLink(info.peer, info.seat, info.inRing, refs, receiver);
    this.outgoing = new OutLink(info.outRing, this.memory.gates, refs);
    this.isClosed = false;
    this.unwatch = new Map();
    this.doorbell = doorbell;
    this.host = host;
    this.streams = new Map();
    this.streamNumbers = 0;
    this.scratch = new Int32Array(6);
  }

  nowMs(): number {
    return this.host.dispatcher.nowMs;
  }

  /** A header to fill, valid until the next call. */
  header(first: number, second: number): Int32Array {
    this.scratch[0] = first;
    this.scratch[1] = second;
    return this.scratch;
  }

  /** A frame for which there is room. */
  post(type: number, header: Int32Array, payload: unknown): void {
    if (this.isClosed) return;
    this.outgoing.post(type, header, payload);
    this.host.dispatcher.arm();
  }

  control(message: unknown): void {
    if (this.isClosed) return;
    this.outgoing.control(CONTROL, message);
    this.host.dispatcher.arm();
  }

  /** Publishes what was written, and rings if the other one sleeps. */
  flush(): void {
    const { outgoing } = this;
    // Without news nobody is woken, or two idle threads would wake each other for ever.
    if (!outgoing.isDirty && outgoing.waiting === 0) return;
    outgoing.publish();
    this.wake();
  }

  /** The first of what may be many: rings at once if the other one sleeps, since waking takes longest. */
  hurry(): void {
    if (!this.memory.isParked()) return;
    this.outgoing.publish();
    this.wake();
  }

  wake(): void {
    if (this.memory.claimWake()) this.doorbell.ring();
  }

  addStream(source: StreamSource): number {
    this.streams.set(++this.streamNumbers, source);
    return this.streamNumbers;
  }

  stream(number: number): StreamSource | undefined {
    return this.streams.get(number);
  }

  dropStream(number: number): void {
    this.streams.delete(number);
  }

  /** The worker is gone: what was on the way to it is lost, what came from it has been taken. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const source of this.streams.values()) source.cancel();
    this.streams.clear();
    for (const end of this.unwatch.values()) end();
    this.unwatch.clear();
    this.outgoing.close();
    this.incoming.close();
  }
}
