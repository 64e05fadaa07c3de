/**
 * The sending half of the way from this thread to one other: writes frames into the ring, names and
 * structures before their first use, large payloads in chunks. A `tell` or `ask` that finds no room
 * is refused; what has room reserved (answers, ends, grants) or must arrive (system messages) waits
 * here, in order, and holds new messages off until it is gone, so that nothing is overtaken.
 *
 * Invariant RT-5: while anything waits here, no frame that could overtake it goes into the ring.
 */
import { type LaneProducer, RING_CORRUPT, RingProducer, SharedMem } from '../../hotpath/index.ts';
import type { RemoteRef } from '../actor/actor-ref.ts';
import type { Outcome } from '../actor/outcome.ts';
import { FORM_F64, FORM_UNDEFINED, PayloadEncoder, type RefCodec } from '../codec/index.ts';
import {
  ASK_HEADER_BYTES,
  headerBytes,
  kindOf,
  NAME,
  PAYLOAD_BYTES_MAX,
  RECORD_BYTES_MAX,
  SEND,
  STRUCTURE,
  TELL,
  TELL_HEADER_BYTES,
  TYPE_SHIFT,
} from './frame-layout.ts';
import { cutFrame, type Header, moveIn, type Send, type WaitingFrame } from './frame-pieces.ts';

// Own copies for the hot functions: see ADR 3.
const TELL_HEADER = TELL_HEADER_BYTES;
const TELL_NUMBER_BYTES = TELL_HEADER_BYTES + 8;
const TELL_NUMBER_KIND: number = kindOf(TELL, FORM_F64);
const ASK_HEADER = ASK_HEADER_BYTES;
const ASK_NUMBER_BYTES = ASK_HEADER_BYTES + 8;
const SENDS = SEND;
const NUMBER_FORM = FORM_F64;
const TYPES_AT = TYPE_SHIFT;
/** Payloads up to this are copied word by word: a call of the engine's costs as much as these. */
const LOOP_BYTES_MAX = 128;

/**
 * Questions and answers after which they are made visible without being asked. Range: 1..64, a
 * power of two. Higher: the two threads of a conversation wait for each other in turns. Lower: an
 * atomic store for few frames. Source: 64 questions in flight: 1.3 M/s at 64, 2.2 M/s at 16, 1.9
 * M/s at 4.
 */
const TALK_FRAMES = 16;

/** To one other thread. Thread rule: the sending thread. */
export class OutLink {
  /** Messages (not answers) that were accepted for this way. */
  sent: number;
  /** Whether something was written since the last `publish`. */
  isDirty: boolean;
  private readonly ring: RingProducer;
  private readonly data: LaneProducer;
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;
  private readonly f64: Float64Array;
  private readonly gates: Int32Array;
  private readonly encoder: PayloadEncoder;
  private readonly names: Map<string, number>;
  /** Largest record that both lanes take. */
  private readonly recordBytesMax: number;
  private readonly waitingControl: WaitingFrame[];
  private readonly waitingData: WaitingFrame[];
  /** Whether either of the two holds anything, or the ring is unusable. */
  private isBlocked: boolean;
  private readonly toControl: Send;
  private readonly toData: Send;
  /** Questions and answers written so far. */
  private talk: number;
  /** The header of the question being written. */
  private readonly question: Int32Array;
  private lastName: string | null;
  private lastId: number;
  /** Bytes of the frame that was refused last; 0 when one was taken since. */
  private refusedBytes: number;

  /** `gates` are those of the other thread's actors. */
  constructor(buffer: SharedArrayBuffer, gates: Int32Array, refs: RefCodec) {
    const mem = new SharedMem(buffer);
    this.sent = 0;
    this.isDirty = false;
    this.ring = new RingProducer(mem);
    this.data = this.ring.data;
    this.recordBytesMax = Math.min(
      RECORD_BYTES_MAX,
      this.ring.data.recordBytesMax,
      this.ring.control.recordBytesMax,
    );
    this.words = mem.words;
    this.bytes = mem.bytes;
    this.f64 = new Float64Array(buffer);
    this.gates = gates;
    this.encoder = new PayloadEncoder({
      announce: (definition) => this.announce(STRUCTURE, null, definition),
      refs,
      bytesMax: PAYLOAD_BYTES_MAX,
    });
    this.names = new Map();
    this.waitingControl = [];
    this.waitingData = [];
    this.isBlocked = false;
    this.toControl = (kind, bytes) => this.sendControl(kind, bytes);
    this.toData = (kind, bytes) => this.sendData(kind, bytes);
    this.talk = 0;
    this.question = new Int32Array(6);
    this.lastName = null;
    this.lastId = 0;
    this.refusedBytes = 0;
  }

  /** The most frequent frame, and of it the most frequent payload, without any detour. */
  tell(ref: RemoteRef, name: string, payload: unknown): Outcome {
    const gate = this.gates[ref.index] as number;
    if (gate !== ref.generation << 1 || this.isBlocked) return this.refused(ref);
    const id = name === this.lastName ? this.lastId : this.idOf(name);
    if (typeof payload !== 'number') return this.tellOther(ref, name, id, payload);
    if (this.isBlocked) return 'full';
    const at = this.data.claim(TELL_NUMBER_BYTES);
    if (at < 0) return this.noRoom(at);
    const { words } = this;
    const word = at >> 2;
    words[word] = ref.index;
    words[word + 1] = ref.generation;
    words[word + 2] = id;
    this.f64[(at + TELL_HEADER) >> 3] = payload;
    this.data.commit(TELL_NUMBER_KIND, TELL_NUMBER_BYTES);
    this.sent++;
    this.isDirty = true;
    return 'accepted';
  }

  /**
   * A message with an answer, which goes to `slot` in its `use`; whoever answers has `leftMs`.
   */
  ask(
    type: number,
    ref: RemoteRef,
    name: string,
    slot: number,
    use: number,
    leftMs: number,
    payload: unknown,
  ): Outcome {
    const gate = this.gates[ref.index] as number;
    const isOpen = gate === ref.generation << 1;
    // Whoever sends with `send` wants to wait at a closed gate.
    const mayPass = isOpen || (type === SENDS && gate === ((ref.generation << 1) | 1));
    if (!mayPass || this.isBlocked) return this.refused(ref);
    const id = name === this.lastName ? this.lastId : this.idOf(name);
    const { question } = this;
    question[0] = ref.index;
    question[1] = ref.generation;
    question[2] = id;
    question[3] = slot;
    question[4] = use;
    question[5] = leftMs;
    if (this.refusedBytes > 0 && !this.hasRoomAgain()) return 'full';
    const outcome =
      typeof payload === 'number'
        ? this.askNumber(type, payload)
        : this.askOther(type, ref, name, payload);
    // A `send` counts when it gets its place in the mailbox.
    if (outcome === 'accepted' && type !== SENDS) this.sent++;
    return outcome;
  }

  /**
   * A frame for which there is room somewhere, by reservation: it waits here if not in the ring.
   */
  post(type: number, header: Header, payload: unknown): void {
    const form = this.encoder.encode(payload);
    this.write(type, form, header, true);
  }

  /** A system message. Never refused; waits here when its lane is full. */
  control(type: number, message: unknown): void {
    const form = this.encoder.encode(message);
    const { bytes, length } = this.encoder;
    cutFrame(
      kindOf(type, form),
      null,
      bytes.subarray(0, length),
      this.recordBytesMax,
      this.toControl,
    );
    this.isDirty = true;
  }

  /** Makes all of it visible, and moves in what waited. */
  publish(): void {
    this.isDirty = false;
    if (this.isBlocked) this.unblock();
    this.ring.publish();
  }

  /** Frames that wait here for room. */
  get waiting(): number {
    return this.waitingControl.length + this.waitingData.length;
  }

  /** Whether a message to `ref` would find it gone. */
  hasStopped(ref: RemoteRef): boolean {
    return (this.gates[ref.index] as number) >> 1 !== ref.generation;
  }

  close(): void {
    this.isBlocked = true;
    this.waitingControl.length = 0;
    this.waitingData.length = 0;
    this.ring.close();
  }

  private refused(ref: RemoteRef): Outcome {
    return this.hasStopped(ref) ? 'stopped' : 'full';
  }

  private noRoom(answer: number): Outcome {
    if (answer === RING_CORRUPT) this.isBlocked = true;
    this.isDirty = true;
    return 'full';
  }

  private tellOther(ref: RemoteRef, name: string, id: number, payload: unknown): Outcome {
    if (this.refusedBytes > 0 && !this.hasRoomAgain()) return 'full';
    const form = payload === undefined ? FORM_UNDEFINED : this.encode(ref, name, payload);
    const length = payload === undefined ? 0 : this.encoder.length;
    // Encoding may have announced a structure for which there was no room.
    if (this.isBlocked) return 'full';
    if (length > this.recordBytesMax - TELL_HEADER) return this.tellLarge(ref, id, form);
    const at = this.data.claim(TELL_HEADER + length);
    if (at < 0) {
      this.refusedBytes = TELL_HEADER + length;
      return this.noRoom(at);
    }
    const { words } = this;
    const word = at >> 2;
    words[word] = ref.index;
    words[word + 1] = ref.generation;
    words[word + 2] = id;
    this.copy(at + TELL_HEADER, length);
    this.data.commit(kindOf(TELL, form), TELL_HEADER + length);
    this.sent++;
    this.isDirty = true;
    return 'accepted';
  }

  /** The most frequent payload without any detour. The header lies in `question`. */
  private askNumber(type: number, payload: number): Outcome {
    if (this.isBlocked) return 'full';
    const at = this.data.claim(ASK_NUMBER_BYTES);
    if (at < 0) {
      this.refusedBytes = ASK_NUMBER_BYTES;
      return this.noRoom(at);
    }
    const { question, words } = this;
    const word = at >> 2;
    words[word] = question[0] as number;
    words[word + 1] = question[1] as number;
    words[word + 2] = question[2] as number;
    words[word + 3] = question[3] as number;
    words[word + 4] = question[4] as number;
    words[word + 5] = question[5] as number;
    this.f64[(at + ASK_HEADER) >> 3] = payload;
    this.data.commit((type << TYPES_AT) | NUMBER_FORM, ASK_NUMBER_BYTES);
    this.talked();
    return 'accepted';
  }

  private askOther(type: number, ref: RemoteRef, name: string, payload: unknown): Outcome {
    const form = this.encode(ref, name, payload);
    return this.isBlocked || !this.write(type, form, this.question, false) ? 'full' : 'accepted';
  }

  private talked(): void {
    this.isDirty = true;
    if ((++this.talk & (TALK_FRAMES - 1)) === 0) this.data.publish();
  }

  private tellLarge(ref: RemoteRef, id: number, form: number): Outcome {
    const header = Int32Array.of(ref.index, ref.generation, id, 0);
    if (!this.write(TELL, form, header, false)) return 'full';
    this.sent++;
    return 'accepted';
  }

  private encode(ref: RemoteRef, name: string, payload: unknown): number {
    const shapes = ref.shapes === undefined ? ref.findShapes() : ref.shapes;
    const shape = shapes === null ? undefined : shapes[name];
    return shape === undefined
      ? this.encoder.encode(payload)
      : this.encoder.encodeShape(payload, shape);
  }

  /** After a refusal: whether that frame would be taken now. Saves encoding what is refused again. */
  private hasRoomAgain(): boolean {
    const at = this.data.claim(this.refusedBytes);
    if (at < 0) {
      this.noRoom(at);
      return false;
    }
    this.data.abort();
    this.refusedBytes = 0;
    return true;
  }

  private copy(at: number, length: number): void {
    if (length > LOOP_BYTES_MAX) {
      this.bytes.set(this.encoder.bytes.subarray(0, length), at);
      return;
    }
    const { words } = this;
    const from = this.encoder.words;
    const word = at >> 2;
    // Both sides are aligned, and a frame ends with whole words: up to three bytes more are copied.
    const end = (length + 3) >> 2;
    for (let i = 0; i < end; i++) words[word + i] = from[i] as number;
  }

  /**
   * The frame of what was encoded last, in the data lane. A frame in chunks is taken whole: what
   * finds no room waits. @returns whether it was taken; always, if its room is reserved.
   */
  private write(type: number, form: number, header: Header, isReserved: boolean): boolean {
    const bytes = headerBytes(type) + this.encoder.length;
    if (bytes <= this.recordBytesMax && !this.isBlocked) {
      const at = this.data.claim(bytes);
      if (at >= 0) {
        const start = headerBytes(type);
        const word = at >> 2;
        for (let i = 0; i < start >> 2; i++) this.words[word + i] = header[i] as number;
        this.copy(at + start, this.encoder.length);
        this.data.commit(kindOf(type, form), bytes);
        this.talked();
        return true;
      }
      if (!isReserved) {
        this.refusedBytes = bytes;
        this.noRoom(at);
        return false;
      }
    }
    const payload = this.encoder.bytes.subarray(0, this.encoder.length);
    cutFrame(kindOf(type, form), header, payload, this.recordBytesMax, this.toData);
    this.isDirty = true;
    return true;
  }

  private sendData(kind: number, bytes: Uint8Array): void {
    if (!this.isBlocked && this.data.write(kind, bytes)) return;
    this.waitingData.push({ kind, bytes });
    this.isBlocked = true;
  }

  private sendControl(kind: number, bytes: Uint8Array): void {
    const mayGo = this.waitingControl.length === 0;
    if (mayGo && this.ring.control.write(kind, bytes)) return;
    this.waitingControl.push({ kind, bytes });
    this.isBlocked = true;
  }

  private announce(type: number, header: Header | null, bytes: Uint8Array): void {
    cutFrame(kindOf(type, 0), header, bytes, this.recordBytesMax, this.toControl);
    this.isDirty = true;
  }

  private idOf(name: string): number {
    let id = this.names.get(name);
    if (id === undefined) {
      id = this.names.size + 1;
      this.names.set(name, id);
      this.announce(NAME, Int32Array.of(id), new TextEncoder().encode(name));
    }
    this.lastName = name;
    this.lastId = id;
    return id;
  }

  /** Control first: what waits in the data lane may need it. */
  private unblock(): void {
    moveIn(this.waitingControl, (kind, bytes) => this.ring.control.write(kind, bytes));
    if (this.waitingControl.length > 0) return;
    moveIn(this.waitingData, (kind, bytes) => this.data.write(kind, bytes));
    this.isBlocked = this.waitingData.length > 0;
  }
}
