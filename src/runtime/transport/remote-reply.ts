/** The asker of a message that came from another thread: answers go back over the way it came. */
import type { Reply } from '../actor/reply.ts';
import type { StreamReply, StreamSource } from '../actor/stream-source.ts';
import { ITEM, OPENED, REFUSAL, REPLY } from './frame-layout.ts';
import type { Peer } from './peer.ts';

/** Answers once. Thread rule: the answering actor's thread. */
export class RemoteReply implements Reply {
  readonly deadlineMs: number;
  readonly wants: 'value' | 'stream' | 'receipt';
  protected readonly peer: Peer;
  protected readonly slot: number;
  protected readonly use: number;
  protected isAnswered: boolean;

  constructor(
    peer: Peer,
    header: Int32Array,
    deadlineMs: number,
    wants: 'value' | 'stream' | 'receipt',
  ) {
    this.deadlineMs = deadlineMs;
    this.wants = wants;
    this.peer = peer;
    this.slot = header[3] as number;
    this.use = header[4] as number;
    this.isAnswered = false;
  }

  /**
   * By the time of the last turn: a look at the clock for each message would cost more than it
   * saves.
   */
  isOpen(): boolean {
    return !this.isAnswered && !this.peer.isClosed && this.peer.nowMs() < this.deadlineMs;
  }

  resolve(value: unknown): void {
    if (this.isAnswered) return;
    this.isAnswered = true;
    this.post(REPLY, value);
  }

  reject(error: unknown): void {
    if (this.isAnswered) return;
    this.isAnswered = true;
    this.post(REFUSAL, error);
  }

  /** An answer that cannot travel is an error of its own. */
  protected post(type: number, value: unknown): void {
    const header = this.peer.header(this.slot, this.use);
    try {
      this.peer.post(type, header, value);
    } catch (error) {
      this.peer.post(REFUSAL, this.peer.header(this.slot, this.use), error);
    }
  }
}

/** Answers item by item. */
export class RemoteStreamReply extends RemoteReply implements StreamReply {
  declare readonly wants: 'stream';
  private stream = 0;
  private source: StreamSource | null = null;

  opened(source: StreamSource): void {
    this.source = source;
    this.stream = this.peer.addStream(source);
    const header = this.peer.header(this.slot, this.use);
    header[2] = this.stream;
    this.peer.post(OPENED, header, undefined);
  }

  /** An item that cannot travel ends the stream, at both ends. */
  item(value: unknown): void {
    if (this.isAnswered) return;
    try {
      this.peer.post(ITEM, this.peer.header(this.slot, this.use), value);
    } catch (error) {
      this.reject(error);
      this.source?.cancel();
    }
  }

  override resolve(value: unknown): void {
    this.peer.dropStream(this.stream);
    super.resolve(value);
  }

  override reject(error: unknown): void {
    this.peer.dropStream(this.stream);
    super.reject(error);
  }
}
