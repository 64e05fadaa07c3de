/**
 * The memory that a decoder reads a declared shape from, and the pieces without a fixed place: the
 * other half of shape-target.ts. PayloadDecoder owns one. It reads through views of the ring and
 * copies what it hands out; every length is checked against the end before it is believed.
 */
import type { ShapeNode } from './shape-plan.ts';
import { TEXT_LONG, TEXT_UTF16 } from './shape-target.ts';
import { readText, textOfCodeUnits } from './text.ts';

const LONG = TEXT_LONG;
const UTF16 = TEXT_UTF16;
const SCRATCH_BYTES = 4096;

type Views = {
  readonly buffer: ArrayBufferLike;
  readonly bytes: Uint8Array;
  readonly f64: Float64Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly u16: Uint16Array;
};

/** Reads one payload at a time, from `start` to `end`, both bytes of the whole memory. */
export class ShapeSource {
  bytes: Uint8Array;
  f64: Float64Array;
  u32: Uint32Array;
  i32: Int32Array;
  u16: Uint16Array;
  /** Aligned to 8. */
  start: number;
  end: number;
  /** Where the next piece is. */
  at: number;
  private buffer: ArrayBufferLike;
  /** The array that was given last, and where it begins: asking an array for either is slow. */
  private given: Uint8Array;
  private givenAt: number;

  constructor() {
    const views = viewsOf(new ArrayBuffer(8));
    this.bytes = views.bytes;
    this.f64 = views.f64;
    this.u32 = views.u32;
    this.i32 = views.i32;
    this.u16 = views.u16;
    this.start = 0;
    this.end = 0;
    this.at = 0;
    this.buffer = views.buffer;
    this.given = views.bytes;
    this.givenAt = 0;
  }

  /** Points at `bytes[at, at + length)`. What is not aligned to 8 is copied first. */
  over(bytes: Uint8Array, at: number, length: number): this {
    if (bytes !== this.given) this.turnTo(bytes);
    const start = this.givenAt + at;
    if ((start & 7) !== 0) return this.over(aligned(bytes, at, length), 0, length);
    this.start = start;
    this.end = start + length;
    this.at = start;
    return this;
  }

  /** The fingerprint in front, or -1 when there are too few bytes for one. */
  fingerprint(): number {
    return this.end - this.start < 4 ? -1 : (this.u32[this.start >> 2] as number);
  }

  text(): string {
    this.need(1);
    const header = this.bytes[this.at++] as number;
    if (header === UTF16) return textOfCodeUnits(this.blob());
    const length = header === LONG ? this.count() : header;
    this.need(length);
    const text = readText(this.bytes, this.at, length);
    this.at += length;
    return text;
  }

  blob(): Uint8Array {
    const length = this.count();
    this.need(length);
    const blob = new Uint8Array(length);
    blob.set(this.bytes.subarray(this.at, this.at + length));
    this.at += length;
    return blob;
  }

  /** A value that has no fixed place. */
  value(node: ShapeNode): unknown {
    if (node.optional && this.flag() === false) return undefined;
    switch (node.kind) {
      case 'str':
        return this.text();
      case 'bytes':
        return this.blob();
      case 'bool':
        return this.flag();
      case 'list':
        return this.list(node.item);
      case 'object': {
        const object: Record<string, unknown> = {};
        for (const field of node.fields) object[field.name] = this.value(field.node);
        return object;
      }
      default:
        return this.number(node.kind);
    }
  }

  private list(item: ShapeNode): unknown[] {
    const count = this.count();
    // An item without fields takes no byte; all others take one at least.
    if (item.kind === 'object' && item.fields.length === 0) {
      if (count > SCRATCH_BYTES) throw new RangeError('too many items without fields');
    } else this.need(count);
    const list: unknown[] = [];
    for (let index = 0; index < count; index += 1) list.push(this.value(item));
    return list;
  }

  private number(kind: string): number {
    switch (kind) {
      case 'u8':
        this.need(1);
        return this.bytes[this.at++] as number;
      case 'u16':
        return this.u16[this.step(2)] as number;
      case 'u32':
        return this.u32[this.step(4)] as number;
      case 'i32':
        return this.i32[this.step(4)] as number;
      default:
        return this.f64[this.step(8)] as number;
    }
  }

  /** Index, in units of `bytes`, of the next aligned number; passes it. */
  private step(bytes: number): number {
    const at = Math.ceil(this.at / bytes) * bytes;
    this.at = at + bytes;
    if (this.at > this.end) throw new RangeError('a number past the end');
    return at / bytes;
  }

  private flag(): boolean {
    this.need(1);
    const flag = this.bytes[this.at++] as number;
    if (flag > 1) throw new RangeError('a flag that is neither 0 nor 1');
    return flag === 1;
  }

  private count(): number {
    this.need(4);
    const { bytes, at } = this;
    this.at = at + 4;
    const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
    return (low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0;
  }

  private need(bytes: number): void {
    if (bytes > this.end - this.at) throw new RangeError('a piece past the end');
  }

  private turnTo(bytes: Uint8Array): void {
    this.given = bytes;
    this.givenAt = bytes.byteOffset;
    if (bytes.buffer !== this.buffer) this.show(viewsOf(bytes.buffer));
  }

  private show(views: Views): void {
    this.buffer = views.buffer;
    this.bytes = views.bytes;
    this.f64 = views.f64;
    this.u32 = views.u32;
    this.i32 = views.i32;
    this.u16 = views.u16;
  }
}

function viewsOf(buffer: ArrayBufferLike): Views {
  const bytes = buffer.byteLength;
  return {
    buffer,
    bytes: new Uint8Array(buffer),
    f64: new Float64Array(buffer, 0, Math.floor(bytes / 8)),
    u32: new Uint32Array(buffer, 0, Math.floor(bytes / 4)),
    i32: new Int32Array(buffer, 0, Math.floor(bytes / 4)),
    u16: new Uint16Array(buffer, 0, Math.floor(bytes / 2)),
  };
}

function aligned(bytes: Uint8Array, at: number, length: number): Uint8Array {
  const copy = new Uint8Array(Math.max(8, Math.ceil(length / 8) * 8));
  copy.set(bytes.subarray(at, at + length));
  return copy;
}
