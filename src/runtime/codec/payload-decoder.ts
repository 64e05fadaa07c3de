/**
 * Bytes to one payload. The receiving side of a link owns one, for as long as the link lives.
 * It copies packed bytes out of the ring before it looks at them, keeps no view of the ring but the
 * ones it reads through, and hands out none. Used by one thread only.
 */
import type { RingmasterError } from '../../hotpath/index.ts';
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
import { InboundCopy } from './inbound-copy.ts';
import type { RefCodec } from './marks.ts';
import { PackedReader } from './packed.ts';
import type { Shape } from './shape.ts';
import { ShapeSource } from './shape-source.ts';
import { readText } from './text.ts';

const NUMBER_BYTES = 8;
const LOOP_BYTES_MAX = 48;
const SCRATCH_BYTES = 4096;
/** A scratch above this is given back after use. */
const SCRATCH_KEPT_BYTES = 256 * 1024;

// Own copies for the hot functions: see docs/adr/0003.
const F64 = FORM_F64;
const TEXT = FORM_TEXT;
const PACKED = FORM_PACKED;
const MARKED = FORM_MARKED;
const SHAPE = FORM_SHAPE;

/** Decodes payloads of one direction of one link. */
export class PayloadDecoder {
  private readonly inbound: InboundCopy;
  private readonly packed: PackedReader;
  private readonly source: ShapeSource;
  private scratch: Buffer;
  private f64: Float64Array;

  constructor({ refs }: { readonly refs: RefCodec }) {
    this.inbound = new InboundCopy(refs);
    this.packed = new PackedReader();
    this.source = new ShapeSource();
    this.scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
    this.f64 = new Float64Array(this.scratch.buffer);
  }

  /**
   * Takes what the encoder announced, in the order in which it did.
   * @throws RM_PAYLOAD_CORRUPT for bytes that are no announcement, or out of order.
   */
  learn(definition: Uint8Array): void {
    try {
      this.packed.learn(definition);
    } catch (error) {
      throw corrupt('an announcement', error);
    }
  }

  /**
   * The payload in `bytes[at, at + length)`, which belongs to the caller alone.
   * @throws RM_PAYLOAD_CORRUPT, and nothing else, for bytes that no encoder wrote.
   */
  decode(form: number, bytes: Uint8Array, at: number, length: number, shape?: Shape): unknown {
    if (at + length > bytes.length) throw corrupt('a payload past the end of its memory');
    if (form === SHAPE) return this.decodeShape(bytes, at, length, shape);
    if (form === F64) return this.decodeNumber(bytes, at, length);
    if (form === PACKED || form === MARKED) return this.decodePacked(form, bytes, at, length);
    if (form === TEXT) return readText(bytes, at, length);
    return decodeBare(form, bytes, at, length);
  }

  private decodeNumber(bytes: Uint8Array, at: number, length: number): number {
    if (length !== NUMBER_BYTES) throw corrupt(`a number of ${length} bytes`);
    const scratch = this.scratch;
    for (let index = 0; index < NUMBER_BYTES; index += 1) {
      scratch[index] = bytes[at + index] as number;
    }
    return this.f64[0] as number;
  }

  private decodePacked(form: number, bytes: Uint8Array, at: number, length: number): unknown {
    const scratch = this.scratchOf(length);
    if (length <= LOOP_BYTES_MAX) {
      for (let index = 0; index < length; index += 1) scratch[index] = bytes[at + index] as number;
    } else {
      scratch.set(bytes.subarray(at, at + length), 0);
    }
    try {
      const tree = this.packed.unpack(scratch, length);
      return form === MARKED ? this.inbound.revive(tree) : tree;
    } catch (error) {
      throw corrupt('a packed payload', error);
    }
  }

  private decodeShape(bytes: Uint8Array, at: number, length: number, shape?: Shape): unknown {
    if (shape === undefined) {
      throw corrupt(
        'a payload of a declared shape where none is declared: two versions are loaded',
      );
    }
    return shape.read(this.source.over(bytes, at, length));
  }

  private scratchOf(length: number): Buffer {
    const size = this.scratch.length;
    if (length > size) this.replaceScratch(length + (length >> 1));
    else if (size > SCRATCH_KEPT_BYTES && length <= SCRATCH_BYTES)
      this.replaceScratch(SCRATCH_BYTES);
    return this.scratch;
  }

  private replaceScratch(bytes: number): void {
    this.scratch = Buffer.allocUnsafeSlow((bytes + 7) & ~7);
    this.f64 = new Float64Array(this.scratch.buffer);
  }
}

/** Forms that are bytes or no bytes at all. */
function decodeBare(form: number, bytes: Uint8Array, at: number, length: number): unknown {
  if (form === FORM_BYTES) {
    // A copy in memory of its own: a slice of a Buffer would be a Buffer.
    const copy = new Uint8Array(length);
    copy.set(bytes.subarray(at, at + length));
    return copy;
  }
  if (length !== 0) throw corrupt(`form ${form} with ${length} bytes`);
  switch (form) {
    case FORM_UNDEFINED:
      return undefined;
    case FORM_NULL:
      return null;
    case FORM_TRUE:
      return true;
    case FORM_FALSE:
      return false;
    default:
      throw corrupt(`the unknown form ${form}`);
  }
}

function corrupt(what: string, cause?: unknown): RingmasterError<string> {
  return runtimeError(
    'RM_PAYLOAD_CORRUPT',
    `${what} that cannot be read, expected what an encoder of this release wrote; ` +
      'both threads must load the same files, and the memory between them must be theirs.',
    { what },
    cause,
  );
}
