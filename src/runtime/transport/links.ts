/**
 * All ways between this thread and the others: which worker sits in which seat, what to do with the
 * frames that come, when to wake whom. Seats are logical; a ref names a seat, and a replaced
 * worker's successor takes over all its refs.
 */
import { RING_CORRUPT } from '../../hotpath/index.ts';
import type { BaseRef, RemoteRef } from '../actor/actor-ref.ts';
import { AskRecord } from '../actor/ask-record.ts';
import type { Outcome } from '../actor/outcome.ts';
import type { Reply } from '../actor/reply.ts';
import { StreamRecord } from '../actor/stream-sink.ts';
import { ACCEPTING_MAX } from '../cell/cell-status.ts';
import { type Shape, thrownRecord } from '../codec/index.ts';
import type { Inputs } from '../dispatcher/dispatcher.ts';
import { runtimeError } from '../errors.ts';
import type { RuntimeEvent } from '../host/events.ts';
import type { Host } from '../host/host.ts';
import type { SeatMemory } from '../host/seat-memory.ts';
import { ControlCalls } from './control-calls.ts';
import {
  ASK,
  CANCEL,
  DOWN,
  GRANT,
  ITEM,
  OPENED,
  questionType,
  REFUSAL,
  REPLY,
  SEND,
  STREAM,
} from './frame-layout.ts';
import type { InLink, Receiver } from './in-link.ts';
import type { LinkSet } from './link-set.ts';
import { type Doorbell, Peer, type PeerInfo } from './peer.ts';
import { takeQuestion } from './rare-questions.ts';
import { relayOf, type StopCall, stopOnBehalf } from './relays.ts';
import { RemoteReply, RemoteStreamReply } from './remote-reply.ts';
import { openedStream } from './remote-stream.ts';
import { exitOf, RemoteWatchers } from './remote-watchers.ts';

// Module-private copy for the way in: see ADR 3.
const ACCEPTING = ACCEPTING_MAX;
const TIMEOUT_LIMIT = 2 ** 31 - 1;
const ASKS = ASK;

/** Thread rule: its host's thread. */
export class Links implements LinkSet, Inputs, Receiver {
  readonly calls: ControlCalls;
  lost: number;
  private host: Host | null;
  private readonly seats: (Peer | null)[];
  private readonly peers: Peer[];
  private beats: number;
  private lastPeer: Peer | undefined;
  /** When the frames being taken in arrived; 0: nobody has asked yet. */
  private arrivedAtMs: number;

  constructor() {
    this.calls = new ControlCalls();
    this.lost = 0;
    this.host = null;
    this.seats = [];
    this.peers = [];
    this.beats = 0;
    this.lastPeer = undefined;
    this.arrivedAtMs = 0;
  }

  /** Connects it to its host: the two need each other. */
  attach(host: Host, maySpin: boolean): void {
    this.host = host;
    new RemoteWatchers(host, this.calls);
    this.calls.serve('stop', (call: StopCall) => stopOnBehalf(host, call));
    host.serve(this.calls);
    this.calls.serve('report', (event: RuntimeEvent) => host.events.emit(event));
    host.dispatcher.connect(this, maySpin);
  }

  /** A worker to talk to; its seat is set by `sit`. */
  add(info: PeerInfo, doorbell: Doorbell): Peer {
    const host = this.attached();
    const peer = new Peer(info, doorbell, host, host.refs, this);
    this.peers.push(peer);
    if (info.seat >= 0) this.seats[info.seat] = peer;
    return peer;
  }

  /** The worker in that seat; null before it has one and between two. */
  at(seat: number): Peer | null {
    return this.seats[seat] ?? null;
  }

  /** The peer at the other end of a link: most often that of the frame before. */
  private from(link: InLink): Peer | undefined {
    if (this.lastPeer?.incoming !== link) this.lastPeer = this.peerOf(link.peer);
    return this.lastPeer;
  }

  memoryOf(seat: number): SeatMemory | null {
    return this.at(seat)?.memory ?? null;
  }

  peerOf(number: number): Peer | undefined {
    return this.peers.find((peer) => peer.number === number);
  }

  /**
   * A worker is gone: takes in what it had published, gives up what was on the way to it, tells
   * those who wait. Its seat is empty until `sit`.
   */
  lose(number: number): void {
    const host = this.attached();
    const peer = this.peerOf(number);
    if (peer === undefined || peer.isClosed) return;
    this.arrivedAtMs = 0;
    peer.incoming.takeAll();
    // What was not shown yet: nobody flushes or polls this way any more.
    host.memory.taken[number] = peer.incoming.taken;
    host.memory.sent[number] = peer.outgoing.sent;
    // Both ways: what it never took, and what it counted as sent and never published.
    this.lost += peer.outgoing.sent - (peer.memory.taken[this.ownPeer] ?? 0);
    this.lost += (peer.memory.sent[this.ownPeer] ?? 0) - peer.incoming.taken;
    const { seat } = peer.incoming;
    peer.close();
    this.lastPeer = undefined;
    this.peers.splice(this.peers.indexOf(peer), 1);
    if (this.seats[seat] === peer) this.seats[seat] = null;
    this.calls.lose(peer);
    const message = `thread ${seat} ended before the answer came; ask again once it was replaced.`;
    host.asks.failAll(seat, () => runtimeError('RM_THREAD_LOST', message, { thread: seat }));
    // Not at the end of the next turn: there may be none.
    host.showCounters();
  }

  /** A worker takes a seat. */
  sit(number: number, seat: number): void {
    const peer = this.peerOf(number);
    if (peer === undefined) return;
    peer.incoming.seat = seat;
    this.seats[seat] = peer;
    this.attached().watches.renew(seat);
  }

  /** This thread's own worker number: its place in others' tables. Set before the first peer. */
  ownPeer = 0;

  // ---- what the host sends

  tell(ref: RemoteRef, name: string, payload: unknown): Outcome {
    const peer = this.seats[ref.seat];
    if (peer === undefined || peer === null) return this.noWay(ref, name, payload, null);
    const outcome = peer.outgoing.tell(ref, name, payload);
    if (outcome === 'full') peer.wake();
    if ((this.host as Host).dispatcher.arm()) peer.hurry();
    return outcome;
  }

  ask(ref: RemoteRef, name: string, payload: unknown, reply: Reply | null): Outcome {
    if (reply === null) return this.tell(ref, name, payload);
    const host = this.host as Host;
    const peer = this.seats[ref.seat];
    if (peer === undefined || peer === null) return this.noWay(ref, name, payload, reply);
    const record = this.recordFor(ref, name, reply);
    if (!host.asks.place(record)) return 'full';
    const { slot } = record;
    const leftMs = Math.max(0, Math.min(Math.ceil(record.leftMs()), TIMEOUT_LIMIT));
    let outcome: Outcome = 'full';
    try {
      outcome = peer.outgoing.ask(
        record.wants === 'value' ? ASKS : questionType(record.wants),
        ref,
        name,
        slot,
        host.asks.useOf(slot),
        leftMs,
        payload,
      );
    } finally {
      if (outcome !== 'accepted') host.asks.release(record);
    }
    if (record !== reply && outcome === 'accepted') host.asks.watchOver(record);
    if (outcome === 'full') peer.wake();
    if (host.dispatcher.arm()) peer.hurry();
    return outcome;
  }

  watch(ref: RemoteRef, number: number): boolean {
    // An empty seat: `sit` asks again for all watches of it.
    return this.cast(ref.seat, 'watch', { i: ref.index, g: ref.generation, n: number });
  }

  unwatch(ref: RemoteRef, number: number): void {
    this.cast(ref.seat, 'unwatch', { i: ref.index, g: ref.generation, n: number });
  }

  async stop(ref: BaseRef, how: 'stop' | 'drain'): Promise<void> {
    const peer = this.seats[ref.seat];
    if (peer === undefined || peer === null) return;
    await this.calls.call(peer, 'stop', { i: ref.index, g: ref.generation, how });
  }

  cast(seat: number, what: string, args: unknown): boolean {
    const peer = this.at(seat);
    if (peer !== null) this.calls.cast(peer, what, args);
    return peer !== null;
  }

  report(event: RuntimeEvent): void {
    try {
      this.cast(0, 'report', event);
    } catch {
      // Somebody threw what cannot travel: it is described instead.
      const { error } = event as { error?: unknown };
      this.cast(0, 'report', { ...event, error: thrownRecord(error) });
    }
  }

  get isHeard(): boolean {
    return this.seats[0] !== undefined;
  }

  // ---- what the dispatcher asks

  poll(): number {
    let taken = 0;
    const { peers } = this;
    for (let i = 0; i < peers.length; i++) {
      const peer = peers[i] as Peer;
      this.arrivedAtMs = 0;
      const count = peer.incoming.take();
      if (count > 0) {
        taken += count;
        (this.host as Host).memory.taken[peer.number] = peer.incoming.taken;
      } else if (count === RING_CORRUPT) this.ringCorrupt(peer);
    }
    return taken;
  }

  hasInput(): boolean {
    const { peers } = this;
    for (let i = 0; i < peers.length; i++) {
      if ((peers[i] as Peer).incoming.hasInput()) return true;
    }
    return false;
  }

  publish(): void {
    const { peers } = this;
    for (let i = 0; i < peers.length; i++) (peers[i] as Peer).flush();
  }

  flush(): void {
    this.publish();
    this.showSent();
    // Last: whoever sees it move sees the counters of this turn (system/quiescence.ts).
    (this.host as Host).memory.beat(++this.beats | 0);
  }

  showSent(): void {
    const { sent } = (this.host as Host).memory;
    const { peers } = this;
    for (let i = 0; i < peers.length; i++) {
      const peer = peers[i] as Peer;
      sent[peer.number] = peer.outgoing.sent;
    }
  }

  park(): boolean {
    const { memory } = this.attached();
    memory.setParked();
    if (!this.hasInput() && !this.peers.some((peer) => peer.outgoing.waiting > 0)) return true;
    memory.clearParked();
    return false;
  }

  unpark(): void {
    this.attached().memory.clearParked();
  }

  // ---- what comes

  shapeOf(index: number, generation: number, name: string): Shape | undefined {
    return this.attached().table.find(index, generation)?.definition.shapes[name];
  }

  message(index: number, generation: number, name: string, payload: unknown): void {
    const host = this.host as Host;
    const cell = host.table.find(index, generation);
    if (cell !== null) cell.deliver(name, payload, null);
    else host.deadLetters.addNobody('nobody', `${host.seat}.${index}.${generation}`, name, payload);
  }

  frame(link: InLink, type: number, header: Int32Array, name: string, payload: unknown): void {
    const peer = this.from(link);
    if (peer === undefined) return;
    const host = this.attached();
    const first = header[0] as number;
    const second = header[1] as number;
    switch (type) {
      case ASK:
      case STREAM:
      case SEND:
        this.question(peer, type, header, name, payload);
        return;
      case REPLY:
        this.answer(first, second, payload);
        return;
      case REFUSAL:
        host.asks.find(first, second)?.reject(payload);
        return;
      case OPENED:
        openedStream(peer, host.asks.find(first, second), header[2] as number);
        return;
      case ITEM: {
        const record = host.asks.find(first, second);
        if (record instanceof StreamRecord) record.item(payload);
        return;
      }
      case GRANT:
        peer.stream(first)?.grant(second);
        return;
      case CANCEL:
        peer.stream(first)?.cancel();
        peer.dropStream(first);
        return;
      case DOWN:
        host.watches.heard(first, exitOf(second, payload));
        return;
      default:
        this.corrupt(link, new Error(`a frame of type ${type}`));
    }
  }

  answer(slot: number, use: number, value: unknown): void {
    (this.host as Host).asks.find(slot, use)?.resolve(value);
  }

  control(link: InLink, message: unknown): void {
    const peer = this.from(link);
    if (peer !== undefined) this.calls.receive(peer, message as never);
  }

  corrupt(link: InLink, error: unknown): void {
    this.attached().report({ kind: 'ring-corrupt', thread: link.seat, error });
  }

  private question(
    peer: Peer,
    type: number,
    header: Int32Array,
    name: string,
    payload: unknown,
  ): void {
    const host = this.host as Host;
    // One look for all that lay in the ring: it comes after the tail was read, so it is not early.
    if (this.arrivedAtMs === 0) this.arrivedAtMs = host.clock.monotonicMs();
    const deadlineMs = this.arrivedAtMs + (header[5] as number);
    const reply =
      type === STREAM
        ? new RemoteStreamReply(peer, header, deadlineMs, 'stream')
        : new RemoteReply(peer, header, deadlineMs, type === SEND ? 'receipt' : 'value');
    const cell = host.table.find(header[0] as number, header[1] as number);
    if (type !== SEND && cell !== null && cell.status <= ACCEPTING) {
      cell.deliver(name, payload, reply);
    } else takeQuestion(host, type === SEND, header, { name, payload, reply });
  }

  /** The record that the answer finds: the asker's own, or one that passes it on. */
  private recordFor(ref: RemoteRef, name: string, reply: Reply): AskRecord {
    if (reply instanceof AskRecord && reply.seat === ref.seat && reply.slot < 0) return reply;
    return relayOf(this.attached(), ref.seat, name, reply);
  }

  /**
   * There is no way there: between two workers, or a ref to an actor of this thread that is older
   * than its cell.
   */
  private noWay(ref: RemoteRef, name: string, payload: unknown, reply: Reply | null): Outcome {
    const host = this.attached();
    // Between two workers a seat is empty: its actors come back.
    if (ref.seat !== host.seat) return this.seats[ref.seat] === null ? 'full' : 'stopped';
    const cell = host.table.find(ref.index, ref.generation);
    if (cell !== null) return cell.enqueue(name, host.localPayload(payload), reply);
    return host.table.isReserved(ref.index, ref.generation) ? 'full' : 'stopped';
  }

  private ringCorrupt(peer: Peer): void {
    const { corruption } = peer.incoming;
    const error = new Error(`ring from worker ${peer.number}: ${JSON.stringify(corruption)}`);
    this.attached().report({ kind: 'ring-corrupt', thread: peer.incoming.seat, error });
    this.lose(peer.number);
  }

  private attached(): Host {
    if (this.host === null) throw runtimeError('RM_SYSTEM_CLOSED', 'links without a host.');
    return this.host;
  }
}
