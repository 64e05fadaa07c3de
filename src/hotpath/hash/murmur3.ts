/**
 * MurmurHash3 x86 32-bit: the key hash of slot tables (rendezvous, maglev).
 * Routers call it once per key object and carry the u32. Text hashes as its UTF-8 bytes would, so
 * a producer that holds bytes and one that holds a string route alike. Not for hostile input.
 *
 * Source: aappleby/smhasher `src/MurmurHash3.cpp` (public domain), the 32-bit x86 variant.
 */
import { codePointAt } from './utf8.ts';

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;
const C3 = 0xe6546b64;

/** Hash of `bytes[start, end)`, unsigned. Views of shared memory are welcome. Any thread. */
export function murmur3(
  bytes: Uint8Array,
  seed: number = 0,
  start: number = 0,
  end: number = bytes.length,
): number {
  let hash = seed | 0;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    hash = mixWord(hash, word);
  }
  let tail = 0;
  for (let shift = 0; at < end; at += 1, shift += 8) tail |= (bytes[at] as number) << shift;
  return finish(hash, tail, end - start);
}

/** Hash of a string's UTF-8 bytes, unsigned; a lone surrogate counts as U+FFFD. Any thread. */
export function murmur3Text(text: string, seed: number = 0): number {
  const length = text.length;
  let hash = seed | 0;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const a = text.charCodeAt(at);
    const b = text.charCodeAt(at + 1);
    const c = text.charCodeAt(at + 2);
    const d = text.charCodeAt(at + 3);
    if ((a | b | c | d) > 0x7f) return continueWide(text, at, hash);
    hash = mixWord(hash, a | (b << 8) | (c << 16) | (d << 24));
  }
  let tail = 0;
  for (let shift = 0, index = at; index < length; index += 1, shift += 8) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) return continueWide(text, at, hash);
    tail |= unit << shift;
  }
  return finish(hash, tail, length);
}

/** The rest of a text that is not ASCII, from unit `from`, which lies on a word boundary. */
function continueWide(text: string, from: number, hashSoFar: number): number {
  let hash = hashSoFar;
  let pending = 0;
  let pendingBits = 0;
  let byteLength = from;
  for (let index = from; index < text.length; index += 1) {
    const codePoint = codePointAt(text, index);
    if (codePoint > 0xffff) index += 1;
    const packed = packUtf8(codePoint);
    const bits = codePoint < 0x80 ? 8 : codePoint < 0x800 ? 16 : codePoint < 0x10000 ? 24 : 32;
    byteLength += bits >> 3;
    pending |= packed << pendingBits;
    if (pendingBits + bits >= 32) {
      hash = mixWord(hash, pending);
      // A shift by 32 is a shift by 0 in this language, hence the test.
      pending = pendingBits === 0 ? 0 : packed >>> (32 - pendingBits);
      pendingBits += bits - 32;
    } else {
      pendingBits += bits;
    }
  }
  return finish(hash, pending, byteLength);
}

/** The UTF-8 bytes of a code point in one word, first byte lowest. */
function packUtf8(codePoint: number): number {
  const last = 0x80 | (codePoint & 0x3f);
  const third = 0x80 | ((codePoint >> 6) & 0x3f);
  if (codePoint < 0x80) return codePoint;
  if (codePoint < 0x800) return 0xc0 | (codePoint >> 6) | (last << 8);
  if (codePoint < 0x10000) return 0xe0 | (codePoint >> 12) | (third << 8) | (last << 16);
  const second = 0x80 | ((codePoint >> 12) & 0x3f);
  return 0xf0 | (codePoint >> 18) | (second << 8) | (third << 16) | (last << 24);
}

function mixWord(hash: number, word: number): number {
  const scrambled = scramble(word);
  const mixed = hash ^ scrambled;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + C3) | 0;
}

function scramble(word: number): number {
  const scaled = Math.imul(word, C1);
  return Math.imul((scaled << 15) | (scaled >>> 17), C2);
}

function finish(hashSoFar: number, tail: number, byteLength: number): number {
  // An empty tail scrambles to zero and leaves the hash alone.
  let hash = hashSoFar ^ scramble(tail) ^ byteLength;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
