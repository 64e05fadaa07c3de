/**
 * The `Mem` port: every access that a *protocol* of the hot path makes to shared memory.
 * Production binds it to `SharedMem`, thin methods over an Int32Array that V8 inlines; the model
 * checker in `test/model-checker` binds it to a memory that logs, reorders, suspends and kills.
 * It is deliberately small: 32-bit words, bytes in bulk, three atomic operations. It does not know
 * who owns a word; each `*-layout.ts` says that.
 *
 * Exempt: the content of an immutable table between `pin` and `unpin` (see publish), payload bytes
 * between `claim` and `commit` that a user writes in place, and Wasm kernels, which touch
 * single-writer memory only. All three are ordered by a protocol that does go through this port.
 */
import { RingmasterError } from './errors.ts';

/** Bytes of a word of the port. */
export const WORD_BYTES = 4;

/** Two cache lines: adjacent-line prefetch drags no neighbour's word along. */
export const WORD_GAP_BYTES = 128;

/** Accesses to one span of shared memory. Word indices count 32-bit words from the span's start. */
export interface Mem {
  /** Bytes in the span; a multiple of 8. */
  readonly byteLength: number;
  /** Plain load of a signed word: may be stale unless an atomic load ordered it. */
  get(word: number): number;
  /** Plain store of a signed word: visible to others only after an atomic store publishes it. */
  set(word: number, value: number): void;
  /** Sequentially consistent load (acquires what the matching `store` released). */
  load(word: number): number;
  /** Sequentially consistent store (releases everything this thread did before). */
  store(word: number, value: number): void;
  /** Compare-and-swap; returns the value found, which is `expected` when the swap happened. */
  compareExchange(word: number, expected: number, replacement: number): number;
  /** Plain copy of `source` into the span from byte `at`. */
  copyIn(at: number, source: Uint8Array): void;
  /** Plain copy of `target.length` bytes of the span from byte `at` into `target`. */
  copyOut(at: number, target: Uint8Array): void;
}

/** The production binding: a span of a SharedArrayBuffer. Any thread may hold one. */
export class SharedMem implements Mem {
  readonly byteLength: number;
  /** The span as bytes, for records written and read in place. */
  readonly bytes: Uint8Array;
  /** The span as signed words. */
  readonly words: Int32Array;

  /** @throws RM_MEM_INVALID when the span is not shared, not 8-aligned or outside the buffer. */
  constructor(
    buffer: SharedArrayBuffer,
    byteOffset: number = 0,
    byteLength: number = buffer.byteLength - byteOffset,
  ) {
    checkSpan(buffer, byteOffset, byteLength);
    this.byteLength = byteLength;
    this.bytes = new Uint8Array(buffer, byteOffset, byteLength);
    this.words = new Int32Array(buffer, byteOffset, byteLength / WORD_BYTES);
  }

  get(word: number): number {
    // Outside the span this reads undefined, which no validation of a header or frame accepts.
    return this.words[word] as number;
  }

  set(word: number, value: number): void {
    this.words[word] = value;
  }

  load(word: number): number {
    return Atomics.load(this.words, word);
  }

  store(word: number, value: number): void {
    Atomics.store(this.words, word, value);
  }

  compareExchange(word: number, expected: number, replacement: number): number {
    return Atomics.compareExchange(this.words, word, expected, replacement);
  }

  copyIn(at: number, source: Uint8Array): void {
    this.bytes.set(source, at);
  }

  copyOut(at: number, target: Uint8Array): void {
    target.set(this.bytes.subarray(at, at + target.length));
  }
}

function checkSpan(buffer: SharedArrayBuffer, byteOffset: number, byteLength: number): void {
  if (!(buffer instanceof SharedArrayBuffer)) {
    const got = Object.prototype.toString.call(buffer);
    throw new RingmasterError('RM_MEM_INVALID', `got ${got}, expected a SharedArrayBuffer.`);
  }
  const inside = byteOffset >= 0 && byteLength >= 0 && byteOffset + byteLength <= buffer.byteLength;
  if (!inside || byteOffset % 8 !== 0 || byteLength % 8 !== 0) {
    throw new RingmasterError(
      'RM_MEM_INVALID',
      `span ${byteOffset}+${byteLength} of a buffer of ${buffer.byteLength} bytes; ` +
        'expected a span inside the buffer, start and length divisible by 8.',
      { byteOffset, byteLength, bufferBytes: buffer.byteLength },
    );
  }
}
