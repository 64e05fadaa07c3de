/**
 * The memory that an encoder writes into, with the pieces of a declared shape that have no fixed
 * place: texts, bytes, lists. PayloadEncoder owns one; generated and interpreted codecs write
 * through it. Views are replaced when it grows: fetch them after every call.
 *
 * A text is a byte of length and its UTF-8; 255, four bytes of length and UTF-8; or 254, four bytes
 * of length and UTF-16, for what UTF-8 cannot carry. Bytes are four bytes of length and themselves.
 * A list is four bytes of count and its items, numbers aligned to their size, gaps filled with
 * zero.
 */
import { runtimeError } from '../errors.ts';
import type { ShapeNode } from './shape-plan.ts';
import { codeUnits, isUtf8Safe, textRoom, writeText } from './text.ts';

/** Thrown by a codec for a payload that is not as declared; a slow walk then says where. */
export const MISFIT: unique symbol = Symbol('misfit');

const START_BYTES = 4096;
/** A scratch above this is given back before the next payload that is not large. */
const KEPT_BYTES = 256 * 1024;
const SHORT_TEXT_MAX = 48;
const TEXT_HEADER_BYTES = 5;
/** Header bytes of texts that are not short; below them the header is the length. */
export const TEXT_UTF16 = 254;
export const TEXT_LONG = 255;
const UTF16 = TEXT_UTF16;
const LONG = TEXT_LONG;
const FAILED = MISFIT;

/** Scratch of one encoder. Byte 0 is aligned to 8. */
export class ShapeTarget {
  bytes: Buffer;
  f64: Float64Array;
  u32: Uint32Array;
  i32: Int32Array;
  u16: Uint16Array;
  /** Where the next piece goes. */
  at: number;
  private readonly bytesMax: number;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
    this.bytes = Buffer.allocUnsafeSlow(START_BYTES);
    this.f64 = new Float64Array(this.bytes.buffer);
    this.u32 = new Uint32Array(this.bytes.buffer);
    this.i32 = new Int32Array(this.bytes.buffer);
    this.u16 = new Uint16Array(this.bytes.buffer);
    this.at = 0;
  }

  /** Begins a payload; gives the memory of a large one back. */
  restart(): void {
    this.at = 0;
    if (this.bytes.length > KEPT_BYTES) this.replace(START_BYTES, 0);
  }

  /** Makes room for `more` bytes behind `used`, which are kept. @throws RM_PAYLOAD_TOO_LARGE */
  reserve(used: number, more: number): void {
    if (used + more > this.bytes.length) this.grow(used, used + more);
  }

  text(text: string): void {
    const length = text.length;
    this.reserve(this.at, textRoom(text) + TEXT_HEADER_BYTES);
    if (length > SHORT_TEXT_MAX || !this.shortText(text)) this.longText(text);
  }

  /** False, with nothing written for good, for a text that is not ASCII. */
  private shortText(text: string): boolean {
    const bytes = this.bytes;
    const at = this.at + 1;
    const length = text.length;
    for (let index = 0; index < length; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) return false;
      bytes[at + index] = unit;
    }
    bytes[at - 1] = length;
    this.at = at + length;
    return true;
  }

  blob(blob: Uint8Array): void {
    this.reserve(this.at, blob.length + 4);
    this.count(blob.length);
    this.bytes.set(blob, this.at);
    this.at += blob.length;
  }

  /** Writes a value that has no fixed place. @throws MISFIT */
  value(node: ShapeNode, value: unknown): void {
    if (node.optional) {
      this.byte(value === undefined ? 0 : 1);
      if (value === undefined) return;
    }
    switch (node.kind) {
      case 'str':
        if (typeof value !== 'string') throw FAILED;
        this.text(value);
        return;
      case 'bytes':
        if (!isBytes(value)) throw FAILED;
        this.blob(value);
        return;
      case 'bool':
        if (typeof value !== 'boolean') throw FAILED;
        this.byte(value ? 1 : 0);
        return;
      case 'list':
        this.list(node.item, value);
        return;
      case 'object':
        this.fields(node, value);
        return;
      default:
        if (!isNumberOf(node.kind, value)) throw FAILED;
        this.number(node.kind, value as number);
    }
  }

  private list(item: ShapeNode, value: unknown): void {
    if (!Array.isArray(value)) throw FAILED;
    // Read once: an item's getter might change it.
    const count = value.length;
    this.reserve(this.at, 4);
    this.count(count);
    for (let index = 0; index < count; index += 1) this.value(item, value[index]);
  }

  private fields(node: ShapeNode & { readonly kind: 'object' }, value: unknown): void {
    if (typeof value !== 'object' || value === null) throw FAILED;
    checkNames(node, value);
    for (const field of node.fields) {
      this.value(field.node, (value as Record<string, unknown>)[field.name]);
    }
  }

  private number(kind: string, value: number): void {
    this.reserve(this.at, 16);
    switch (kind) {
      case 'u8':
        this.byte(value);
        return;
      case 'u16':
        this.align(2);
        this.u16[this.at >> 1] = value;
        this.at += 2;
        return;
      case 'u32':
      case 'i32':
        this.align(4);
        this.u32[this.at >> 2] = value;
        this.at += 4;
        return;
      default:
        this.align(8);
        this.f64[this.at >> 3] = value;
        this.at += 8;
    }
  }

  private align(bytes: number): void {
    while (this.at % bytes !== 0) this.bytes[this.at++] = 0;
  }

  private byte(value: number): void {
    this.reserve(this.at, 1);
    this.bytes[this.at++] = value;
  }

  /** Four bytes of length at any place. */
  private count(count: number): void {
    this.bytes.writeUInt32LE(count, this.at);
    this.at += 4;
  }

  private longText(text: string): void {
    const at = this.at;
    if (isUtf8Safe(text)) {
      const start = at + TEXT_HEADER_BYTES;
      const end = writeText(this.bytes, start, text);
      const isShort = end - start < UTF16;
      if (isShort) {
        this.bytes.copyWithin(at + 1, start, end);
        this.bytes[at] = end - start;
        this.at = at + 1 + (end - start);
        return;
      }
      this.bytes[at] = LONG;
      this.at = at + 1;
      this.count(end - start);
      this.at = end;
      return;
    }
    this.bytes[at] = UTF16;
    this.at = at + 1;
    this.blob(codeUnits(text));
  }

  private grow(used: number, needed: number): void {
    // Short texts are reserved at three bytes a unit, so the scratch may be wider than a payload.
    if (used > this.bytesMax) throw tooLarge(used, this.bytesMax);
    this.replace(Math.max(needed, this.bytes.length * 2), used);
  }

  private replace(bytes: number, used: number): void {
    const old = this.bytes;
    this.bytes = Buffer.allocUnsafeSlow(Math.ceil(bytes / 8) * 8);
    this.f64 = new Float64Array(this.bytes.buffer);
    this.u32 = new Uint32Array(this.bytes.buffer);
    this.i32 = new Int32Array(this.bytes.buffer);
    this.u16 = new Uint16Array(this.bytes.buffer);
    if (used > 0) old.copy(this.bytes, 0, 0, used);
  }
}

/** Refuses an object with a name that is not declared: it would be lost. @throws MISFIT */
export function checkNames(node: ShapeNode & { readonly kind: 'object' }, value: object): void {
  let names = 0;
  for (const _ in value) names += 1;
  let expected = 0;
  for (const field of node.fields) if (!field.node.optional || field.name in value) expected += 1;
  if (names !== expected) throw FAILED;
}

/** Whether a value is a number within the kind's range. */
export function isNumberOf(kind: string, value: unknown): value is number {
  if (typeof value !== 'number') return false;
  switch (kind) {
    case 'u8':
      return (value & 0xff) === value;
    case 'u16':
      return (value & 0xffff) === value;
    case 'u32':
      return value >>> 0 === value;
    case 'i32':
      return (value | 0) === value;
    case 'int':
      return Number.isSafeInteger(value);
    default:
      return true;
  }
}

/** Whether a value is bytes that a shape takes. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && !(value.buffer instanceof SharedArrayBuffer);
}

function tooLarge(bytes: number, bytesMax: number): Error {
  return runtimeError(
    'RM_PAYLOAD_TOO_LARGE',
    `payload takes more than ${bytes} bytes, a message takes at most ${bytesMax}; ` +
      'send it in parts, or raise the limit of a message.',
    { bytes, bytesMax },
  );
}
