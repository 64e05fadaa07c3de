/**
 * Where one lane of a ring is: what a producer's and a consumer's half of it have in common.
 * Built by the openers from a validated header; holds no state that changes.
 */
import type { Mem } from '../mem.ts';

/** One direction of bytes: a span of records and the two words that bound what is in it. */
export type Lane = {
  readonly mem: Mem;
  readonly tailWord: number;
  readonly headWord: number;
  /** Byte where the records start. */
  readonly recordsAt: number;
  /** Bytes of records the lane holds; a power of two. */
  readonly capacityBytes: number;
  readonly recordBytesMax: number;
  readonly payloadCheck: boolean;
  /** `frameRounding(payloadCheck)`, computed once. */
  readonly rounding: number;
  readonly salt: number;
};

/** Whether `tail - head` bytes can be in a lane (HOT-1). */
export function isFillPossible(fillBytes: number, capacityBytes: number): boolean {
  return fillBytes >= 0 && fillBytes <= capacityBytes && (fillBytes & 7) === 0;
}

/**
 * Checksum of a payload, word by word; a single flipped bit always changes it, since each step is a
 * bijection of the word. Padding behind the payload's last byte is left out.
 */
export function payloadChecksum(mem: Mem, at: number, payloadBytes: number): number {
  let sum = payloadBytes;
  const fullWords = payloadBytes >> 2;
  const first = at >> 2;
  for (let index = 0; index < fullWords; index++) {
    sum = Math.imul(sum ^ mem.get(first + index), 0x9e3779b1);
  }
  const restBits = (payloadBytes & 3) * 8;
  if (restBits > 0) {
    const rest = mem.get(first + fullWords) & ((1 << restBits) - 1);
    sum = Math.imul(sum ^ rest, 0x9e3779b1);
  }
  return sum ^ (sum >>> 15);
}
