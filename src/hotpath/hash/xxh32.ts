/**
 * XXH32 over whole 32-bit words: the content hash of a table, about 2 GB/s without BigInt.
 * Table writers and verifiers call it. It takes words, not bytes, because tables are made of words;
 * on a little-endian machine it equals XXH32 of the same bytes.
 *
 * Source: the XXH32 algorithm description, Cyan4973/xxHash `doc/xxhash_spec.md`.
 */

const P1 = 0x9e3779b1;
const P2 = 0x85ebca77;
const P3 = 0xc2b2ae3d;
const P4 = 0x27d4eb2f;
const P5 = 0x165667b1;

/** Hash of all words, unsigned. Seed 0. Any thread. */
export function xxh32Words(words: Uint32Array): number {
  const count = words.length;
  let hash = P5;
  let at = 0;
  if (count >= 4) {
    let a = (P1 + P2) | 0;
    let b = P2 | 0;
    let c = 0;
    let d = -P1 | 0;
    for (; at + 4 <= count; at += 4) {
      a = lane(a, words[at] as number);
      b = lane(b, words[at + 1] as number);
      c = lane(c, words[at + 2] as number);
      d = lane(d, words[at + 3] as number);
    }
    hash = turn(a, 1) + turn(b, 7) + turn(c, 12) + turn(d, 18);
  }
  hash = (hash + count * 4) | 0;
  for (; at < count; at += 1) {
    hash = Math.imul(turn((hash + Math.imul(words[at] as number, P3)) | 0, 17), P4);
  }
  hash = Math.imul(hash ^ (hash >>> 15), P2);
  hash = Math.imul(hash ^ (hash >>> 13), P3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function lane(accumulator: number, word: number): number {
  return Math.imul(turn((accumulator + Math.imul(word, P2)) | 0, 13), P1);
}

function turn(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
