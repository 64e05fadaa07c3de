/**
 * The 128-bit hash of a series' labels, under a key that nobody outside knows: two given series have the
 * same one with a probability below 2^-120, so that nobody can make two of them one. Kernels compute it
 * for every series of a request; this plain twin is for series spelled unusually, tenants and engines
 * without vectors.
 *
 * Sums of products of words plus key words (NH), four with the key moved on by a block each (Toeplitz),
 * each finished by a strongly universal sum. Padded with zeros; the finish takes the length in.
 * Source: Black, Halevi, Krawczyk, Krovetz, Rogaway, "UMAC: Fast and Secure Message Authentication" (1999).
 */
import { carryOf, multiplyHigh } from '../hash/u64.ts';
import { BLOCK_BYTES, FINISH_AT, HASH_WORDS, KEY_AT } from './request-layout.ts';

const BLOCK_WORDS: number = BLOCK_BYTES / 4;
const HALF_WORDS: number = BLOCK_WORDS / 2;
/** Words of a block, padded. */
const block = new Uint32Array(BLOCK_WORDS);
const sum = new Uint32Array(2);

/**
 * Hashes `bytes[from, from + length)` and writes four words to `out` from `outAt`. `length` is at most
 * `LABEL_BYTES_MAX`. Any thread; one call at a time on each.
 */
export function labelHash(
  key: Uint32Array,
  bytes: Uint8Array,
  from: number,
  length: number,
  out: Uint32Array,
  outAt: number,
): void {
  for (let word = 0; word < HASH_WORDS; word += 1) {
    addBlocks(key, bytes, from, length, word);
    out[outAt + word] = finished(key, FINISH_AT / 4 + word * 8, [sum[0] ?? 0, sum[1] ?? 0, length]);
  }
}

/** Sum number `word` of all blocks, into `sum`: low, high. */
function addBlocks(
  key: Uint32Array,
  bytes: Uint8Array,
  from: number,
  length: number,
  word: number,
): void {
  let high = 0;
  let low = 0;
  for (let start = 0; start < length; start += BLOCK_BYTES) {
    fillBlock(bytes, from + start, Math.min(BLOCK_BYTES, length - start));
    const keyAt = KEY_AT / 4 + (start / BLOCK_BYTES + word) * BLOCK_WORDS;
    for (let i = 0; i < HALF_WORDS; i += 1) {
      const x = ((block[i] as number) + (key[keyAt + i] as number)) | 0;
      const y = ((block[i + HALF_WORDS] as number) + (key[keyAt + i + HALF_WORDS] as number)) | 0;
      const product = Math.imul(x, y);
      low = (low + product) | 0;
      high = (high + multiplyHigh(0, x, 0, y) + carryOf(low, product)) | 0;
    }
  }
  sum[0] = low;
  sum[1] = high;
}

/** The upper word of an addend plus the factors' products, modulo 2^64. */
function finished(key: Uint32Array, at: number, terms: readonly number[]): number {
  let low = key[at] as number;
  let high = key[at + 1] as number;
  for (const [index, term] of terms.entries()) {
    const factorLow = key[at + 2 * index + 2] as number;
    const factorHigh = key[at + 2 * index + 3] as number;
    const product = Math.imul(factorLow, term);
    low = (low + product) | 0;
    high = (high + multiplyHigh(factorHigh, factorLow, 0, term) + carryOf(low, product)) | 0;
  }
  return high;
}

function fillBlock(bytes: Uint8Array, from: number, length: number): void {
  block.fill(0);
  for (let i = 0; i < length; i += 1) {
    block[i >> 2] = (block[i >> 2] as number) | ((bytes[from + i] as number) << (8 * (i & 3)));
  }
}
