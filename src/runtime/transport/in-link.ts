/**
 * The receiving half of the way from one other thread to this one: takes frames out of the ring,
 * puts chunks together, decodes and hands over. What a frame means is the receiver's business.
 */
import { RING_CORRUPT, RingConsumer, type RingCorruption, SharedMem } from '../../hotpath/index.ts';
import { FORM_F64, FORM_SHAPE, PayloadDecoder, type RefCodec, type Shape } from '../codec/index.ts';
import {
  ASK,
  ASK_HEADER_BYTES,
  CHUNK,
  CHUNKED,
  CONTROL,
  FORM_MASK,
  headerBytes,
  kindOf,
  NAME,
  PAYLOAD_BYTES_MAX,
  REPLY,
  REPLY_HEADER_BYTES,
  SEND,
  STREAM,
  STRUCTURE,
  TELL,
  TELL_HEADER_BYTES,
  TYPE_MASK,
  TYPE_SHIFT,
} from './frame-layout.ts';

/** What takes the frames; one for all links of a thread. `header` is valid during the call only. */
export interface Receiver {
  /** The shape that the payload of such a message has, if its actor's definition declares one. */
  shapeOf(index: number, generation: number, name: string): Shape | undefined;
  /** A message without an answer. */
  message(index: number, generation: number, name: string, payload: unknown): void;
  /** An answer that came well. */
  answer(slot: number, use: number, value: unknown): void;
  frame(link: InLink, type: number, header: Int32Array, name: string, payload: unknown): void;
  control(link: InLink, message: unknown): void;
  /** A frame whose payload no encoder wrote. */
  corrupt(link: InLink, error: unknown): void;
}

const TELL_NUMBER_KIND: number = kindOf(TELL, FORM_F64);
const TELL_SHAPE_KIND: number = kindOf(TELL, FORM_SHAPE);
const ASK_NUMBER_KIND: number = kindOf(ASK, FORM_F64);
const REPLY_NUMBER_KIND: number = kindOf(REPLY, FORM_F64);
const ASKS = ASK;
const TELL_HEADER = TELL_HEADER_BYTES;
const ASK_HEADER = ASK_HEADER_BYTES;
const REPLY_HEADER = REPLY_HEADER_BYTES;
const FORMS = FORM_MASK;
/** Kinds of a TELL in one piece. */
const TELL_KINDS: number = kindOf(TELL, 0);
/** Frames taken from one link before the next link's turn. */
const TAKE_MAX = 256;
/** Words of the longest header. */
const HEADER_WORDS = 6;

/** From one other thread. Thread rule: the receiving thread. */
export class InLink {
  /** Number of the worker at the other end, and of its seat. */
  readonly peer: number;
  seat: number;
  /** Messages (not answers) taken in. */
  taken: number;
  private readonly ring: RingConsumer;
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;
  private readonly f64: Float64Array;
  private readonly decoder: PayloadDecoder;
  private readonly receiver: Receiver;
  private readonly names: string[];
  private readonly header: Int32Array;
  /** The shape that was looked up last, and for what. */
  private shape: Shape | undefined;
  private shapeName: number;
  private shapeIndex: number;
  private shapeGeneration: number;
  /** One store for each lane: the control lane's frames come between those of the other. */
  private readonly dataChunks: Chunks;
  private readonly controlChunks: Chunks;
  private readonly handlers: {
    data: (kind: number, at: number, length: number) => void;
    control: (kind: number, at: number, length: number) => void;
  };

  constructor(
    peer: number,
    seat: number,
    buffer: SharedArrayBuffer,
    refs: RefCodec,
    receiver: Receiver,
  ) {
    const mem = new SharedMem(buffer);
    this.peer = peer;
    this.seat = seat;
    this.taken = 0;
    this.ring = new RingConsumer(mem);
    this.words = mem.words;
    this.bytes = mem.bytes;
    this.f64 = new Float64Array(buffer);
    this.decoder = new PayloadDecoder({ refs });
    this.receiver = receiver;
    this.names = [];
    this.header = new Int32Array(HEADER_WORDS);
    this.shape = undefined;
    this.shapeName = -1;
    this.shapeIndex = -1;
    this.shapeGeneration = -1;
    this.dataChunks = new Chunks();
    this.controlChunks = new Chunks();
    this.handlers = {
      data: (kind, at, length) => this.data(kind, at, length),
      control: (kind, at, length) => this.controlFrame(kind, at, length),
    };
  }

  /** Takes up to a turn's worth. @returns frames taken; RING_CORRUPT when the ring is unusable. */
  take(): number {
    return this.ring.drain(this.handlers, TAKE_MAX);
  }

  /** Whether something lies in the ring. */
  hasInput(): boolean {
    return this.ring.data.acquire() !== 0 || this.ring.control.acquire() !== 0;
  }

  /** Takes everything that was published, to the tail: the other end is gone. */
  takeAll(): void {
    for (let taken = 1; taken > 0 && taken !== RING_CORRUPT; ) taken = this.take();
  }

  get corruption(): RingCorruption | null {
    return this.ring.control.corruption ?? this.ring.data.corruption;
  }

  close(): void {
    this.ring.close();
  }

  private data(kind: number, at: number, length: number): void {
    if (kind === TELL_NUMBER_KIND) {
      const { words } = this;
      const word = at >> 2;
      this.taken++;
      this.receiver.message(
        words[word] as number,
        words[word + 1] as number,
        this.names[words[word + 2] as number] as string,
        this.f64[(at + TELL_HEADER) >> 3],
      );
    } else if ((kind - TELL_KINDS) >>> 0 <= FORMS) this.tell(kind, at, length);
    else if (kind === ASK_NUMBER_KIND || kind === REPLY_NUMBER_KIND) this.talk(kind, at);
    else this.other(kind, at, length, this.dataChunks);
  }

  /** A question or an answer that is a number. */
  private talk(kind: number, at: number): void {
    const { header, words } = this;
    const word = at >> 2;
    if (kind === REPLY_NUMBER_KIND) {
      const value = this.f64[(at + REPLY_HEADER) >> 3];
      this.receiver.answer(words[word] as number, words[word + 1] as number, value);
      return;
    }
    for (let i = 0; i < HEADER_WORDS; i++) header[i] = words[word + i] as number;
    this.taken++;
    const name = this.names[header[2] as number] as string;
    this.receiver.frame(this, ASKS, header, name, this.f64[(at + ASK_HEADER) >> 3]);
  }

  /** A message in one piece whose payload is no number. */
  private tell(kind: number, at: number, length: number): void {
    const { words } = this;
    const word = at >> 2;
    const index = words[word] as number;
    const generation = words[word + 1] as number;
    const nameId = words[word + 2] as number;
    this.taken++;
    let payload: unknown;
    try {
      const shape = kind === TELL_SHAPE_KIND ? this.shapeOf(index, generation, nameId) : undefined;
      const from = at + TELL_HEADER;
      payload = this.decoder.decode(kind & FORMS, this.bytes, from, length - TELL_HEADER, shape);
    } catch (error) {
      this.receiver.corrupt(this, error);
      return;
    }
    this.receiver.message(index, generation, this.names[nameId] as string, payload);
  }

  /** An actor's shapes stay what they are, and its place in its generation is nobody else's. */
  private shapeOf(index: number, generation: number, nameId: number): Shape | undefined {
    if (nameId === this.shapeName && index === this.shapeIndex) {
      if (generation === this.shapeGeneration) return this.shape;
    }
    const name = this.names[nameId] as string;
    const shape = this.receiver.shapeOf(index, generation, name);
    if (shape === undefined) return undefined;
    this.shapeName = nameId;
    this.shapeIndex = index;
    this.shapeGeneration = generation;
    this.shape = shape;
    return shape;
  }

  private controlFrame(kind: number, at: number, length: number): void {
    const type = (kind >> TYPE_SHIFT) & TYPE_MASK;
    const chunks = this.controlChunks;
    if (type === NAME) {
      const text = chunks.whole(kind, this.bytes, at + 4, length - 4);
      this.names[this.words[at >> 2] as number] = new TextDecoder().decode(text);
    } else if (type === STRUCTURE) {
      this.decoder.learn(chunks.whole(kind, this.bytes, at, length));
    } else this.other(kind, at, length, chunks);
  }

  private other(kind: number, at: number, length: number, chunks: Chunks): void {
    const type = (kind >> TYPE_SHIFT) & TYPE_MASK;
    if (type === CHUNK) {
      chunks.keep(this.bytes, at, length);
      return;
    }
    const start = headerBytes(type);
    const { header } = this;
    for (let i = 0; i < start >> 2; i++) header[i] = this.words[(at >> 2) + i] as number;
    const isMessage = type <= STREAM;
    // A `send` counts when it gets its place in the mailbox.
    if (isMessage && type !== SEND) this.taken++;
    const name = isMessage ? (this.names[header[2] as number] as string) : '';
    let payload: unknown;
    try {
      payload = this.payload(kind, at + start, length - start, isMessage ? name : null, chunks);
    } catch (error) {
      this.receiver.corrupt(this, error);
      return;
    }
    if (type === TELL) {
      this.receiver.message(header[0] as number, header[1] as number, name, payload);
    } else if (type === CONTROL) this.receiver.control(this, payload);
    else this.receiver.frame(this, type, header, name, payload);
  }

  private payload(
    kind: number,
    at: number,
    length: number,
    name: string | null,
    chunks: Chunks,
  ): unknown {
    const form = kind & FORM_MASK;
    const { header } = this;
    const shape =
      name === null
        ? undefined
        : this.receiver.shapeOf(header[0] as number, header[1] as number, name);
    if ((kind & CHUNKED) === 0) return this.decoder.decode(form, this.bytes, at, length, shape);
    const whole = chunks.whole(kind, this.bytes, at, length);
    return this.decoder.decode(form, whole, 0, whole.length, shape);
  }
}

/** The pieces of one lane's next frame. */
class Chunks {
  private pieces: Uint8Array[] = [];
  private total = 0;

  keep(bytes: Uint8Array, at: number, length: number): void {
    // A sender never exceeds it; this bounds what a damaged ring could make us keep.
    if (this.total + length > PAYLOAD_BYTES_MAX) return;
    this.pieces.push(bytes.slice(at, at + length));
    this.total += length;
  }

  /** A copy of the frame's bytes, with the pieces that came before them. */
  whole(kind: number, bytes: Uint8Array, at: number, length: number): Uint8Array {
    if ((kind & CHUNKED) === 0) return bytes.slice(at, at + length);
    const whole = new Uint8Array(this.total + length);
    let end = 0;
    for (const piece of this.pieces) {
      whole.set(piece, end);
      end += piece.length;
    }
    whole.set(bytes.subarray(at, at + length), end);
    this.pieces = [];
    this.total = 0;
    return whole;
  }
}
