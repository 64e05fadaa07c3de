/**
 * One payload to bytes. The sending side of a link owns one, for as long as the link lives: both
 * sides remember the key lists that it announces. It knows no ring, actor or thread.
 *
 * The bytes are in a scratch of its own, from which the link copies them into the ring; what was
 * encoded before is overwritten. Used by one thread only.
 */
import { runtimeError } from '../errors.ts';
import {
  FORM_BYTES,
  FORM_F64,
  FORM_FALSE,
  FORM_MARKED,
  FORM_NULL,
  FORM_PACKED,
  FORM_SHAPE,
  FORM_TEXT,
  FORM_TRUE,
  FORM_UNDEFINED,
} from './forms.ts';
import type { RefCodec } from './marks.ts';
import { OutboundCopy } from './outbound-copy.ts';
import { PackedWriter } from './packed.ts';
import type { Shape } from './shape.ts';
import { ShapeTarget } from './shape-target.ts';
import { isUtf8Safe, textRoom, writeText } from './text.ts';
import { isByteView } from './value-kinds.ts';

/** Bytes up to this are copied by a loop: a call of the engine's costs as much as these. */
const LOOP_BYTES_MAX = 48;
/** Texts up to this are tried as ASCII, in one loop, before anything else. */
const SHORT_TEXT_MAX = 48;
const NUMBER_BYTES = 8;

// Own copies for the hot functions: see docs/adr/0003.
const F64 = FORM_F64;
const TEXT = FORM_TEXT;
const PACKED = FORM_PACKED;
const MARKED = FORM_MARKED;

/** What an encoder needs from its link. */
export type PayloadEncoderOptions = {
  /**
   * Called before `encode` returns, with bytes that the decoder must `learn` before it decodes what
   * `encode` returned, and in this order. The bytes are the callee's. A definition stays valid even
   * if the payload is then not sent. When the call throws, `encode` throws the same, and the next
   * payload announces again.
   */
  readonly announce: (definition: Uint8Array) => void;
  readonly refs: RefCodec;
  /** The most bytes a payload may take. */
  readonly bytesMax: number;
};

/** Encodes payloads for one direction of one link. */
export class PayloadEncoder {
  /** Bytes of the last payload. */
  length: number;
  private readonly bytesMax: number;
  private readonly refs: RefCodec;
  private readonly target: ShapeTarget;
  private readonly outbound: OutboundCopy;
  private readonly packed: PackedWriter;

  constructor({ announce, refs, bytesMax }: PayloadEncoderOptions) {
    this.length = 0;
    this.bytesMax = bytesMax;
    this.refs = refs;
    this.target = new ShapeTarget(bytesMax);
    this.outbound = new OutboundCopy(refs, false);
    this.packed = new PackedWriter(announce);
  }

  /**
   * Where the last payload is: bytes 0 to `length`, until the next call. Another array after
   * growth.
   */
  get bytes(): Uint8Array {
    return this.target.bytes;
  }

  /** The same as words; behind `length` up to the next word anything may stand. */
  get words(): Int32Array {
    return this.target.i32;
  }

  /**
   * Encodes a payload into `bytes[0, length)`.
   * @returns its form, which the decoder needs.
   * @throws RM_PAYLOAD_UNSUPPORTED with the path to what cannot travel; RM_PAYLOAD_TOO_LARGE.
   */
  encode(payload: unknown): number {
    switch (typeof payload) {
      case 'number':
        this.target.f64[0] = payload;
        this.length = NUMBER_BYTES;
        return F64;
      case 'string':
        return this.encodeText(payload);
      case 'boolean':
        this.length = 0;
        return payload ? FORM_TRUE : FORM_FALSE;
      case 'undefined':
        this.length = 0;
        return FORM_UNDEFINED;
      default:
        return this.encodeOther(payload);
    }
  }

  /**
   * Encodes a payload of a declared shape.
   * @returns FORM_SHAPE.
   * @throws RM_PAYLOAD_SHAPE with the path to the field that is not as declared;
   *   RM_PAYLOAD_TOO_LARGE.
   */
  encodeShape<T>(payload: T, shape: Shape<T>): number {
    this.target.restart();
    this.length = shape.write(payload, this.target);
    if (this.length > this.bytesMax) throw tooLarge(this.length, this.bytesMax);
    return FORM_SHAPE;
  }

  private encodeText(text: string): number {
    const length = text.length;
    if (length <= SHORT_TEXT_MAX) {
      const bytes = this.target.bytes;
      let index = 0;
      while (index < length) {
        const unit = text.charCodeAt(index);
        if (unit > 0x7f) break;
        bytes[index] = unit;
        index += 1;
      }
      if (index === length) {
        this.length = length;
        if (length > this.bytesMax) throw tooLarge(length, this.bytesMax);
        return TEXT;
      }
    }
    if (!isUtf8Safe(text)) return this.pack(text);
    if (length > this.bytesMax) throw tooLarge(length, this.bytesMax);
    this.target.restart();
    this.target.reserve(0, textRoom(text));
    const end = writeText(this.target.bytes, 0, text);
    if (end > this.bytesMax) throw tooLarge(end, this.bytesMax);
    this.length = end;
    return TEXT;
  }

  private encodeOther(payload: unknown): number {
    if (payload === null) {
      this.length = 0;
      return FORM_NULL;
    }
    if (payload instanceof Uint8Array && payload.length > 0 && isByteView(payload)) {
      this.target.restart();
      this.take(payload, 0, payload.length);
      return FORM_BYTES;
    }
    return this.pack(payload);
  }

  private pack(payload: unknown): number {
    // A getter that sends a message comes back here while the outer payload is being copied.
    const outbound = this.outbound.busy ? new OutboundCopy(this.refs, false) : this.outbound;
    const tree = outbound.copy(payload);
    const isMarked = outbound.marked;
    const packed = this.packed;
    packed.pack(tree, outbound.hasWide);
    try {
      this.take(packed.bytes, packed.start, packed.end);
    } finally {
      packed.release();
    }
    return isMarked ? MARKED : PACKED;
  }

  /** Copies packed or raw bytes into the scratch. */
  private take(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length > this.bytesMax) throw tooLarge(length, this.bytesMax);
    const target = this.target;
    if (length <= LOOP_BYTES_MAX) {
      const bytes = target.bytes;
      for (let index = 0; index < length; index += 1)
        bytes[index] = source[start + index] as number;
    } else {
      target.restart();
      target.reserve(0, length);
      target.bytes.set(source.subarray(start, end), 0);
    }
    this.length = length;
  }
}

function tooLarge(bytes: number, bytesMax: number): Error {
  return runtimeError(
    'RM_PAYLOAD_TOO_LARGE',
    `payload takes ${bytes} bytes or more, a message takes at most ${bytesMax}; ` +
      'send it in parts, or raise the limit of a message.',
    { bytes, bytesMax },
  );
}
