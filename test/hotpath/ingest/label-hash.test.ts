/** The keyed hash of labels and what routes a series: other keys, other hashes; order and dropped labels. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { labelHash } from '../../../src/hotpath/ingest/label-hash.ts';
import { LABEL_BYTES_MAX } from '../../../src/hotpath/ingest/request-layout.ts';
import { secret } from './write-request.ts';

const keyOf = (seed: number): Uint32Array => new Uint32Array(secret(seed).buffer);

/** By BigInt, from the definition. */
function byDefinition(key: Uint32Array, bytes: Uint8Array): number[] {
  const padded = new Uint8Array(Math.ceil(bytes.length / 32) * 32);
  padded.set(bytes);
  const words = new Uint32Array(padded.buffer);
  const finish = new BigUint64Array(key.buffer, LABEL_BYTES_MAX + 128, 16);
  return [0, 1, 2, 3].map((word) => {
    let sum = 0n;
    for (let i = 0; i < words.length; i += 8) {
      for (let j = 0; j < 4; j += 1) {
        const at = i + 8 * word + j;
        const x = BigInt.asUintN(32, BigInt(words[i + j] ?? 0) + BigInt(key[at] ?? 0));
        const y = BigInt.asUintN(32, BigInt(words[i + j + 4] ?? 0) + BigInt(key[at + 4] ?? 0));
        sum = BigInt.asUintN(64, sum + x * y);
      }
    }
    const [k0 = 0n, k1 = 0n, k2 = 0n, k3 = 0n] = finish.subarray(4 * word, 4 * word + 4);
    const total = k0 + k1 * (sum & 0xffff_ffffn) + k2 * (sum >> 32n) + k3 * BigInt(bytes.length);
    return Number(BigInt.asUintN(64, total) >> 32n);
  });
}

function hashOf(key: Uint32Array, bytes: Uint8Array): number[] {
  const out = new Uint32Array(4);
  labelHash(key, bytes, 0, bytes.length, out, 0);
  return [...out];
}

describe('hash', () => {
  property.prop([fc.uint8Array({ maxLength: 300 }), fc.integer()])(
    'ingest - the hash is what its definition says',
    (bytes, seed) => {
      expect(hashOf(keyOf(seed), bytes)).toEqual(byDefinition(keyOf(seed), bytes));
    },
  );

  test('ingest - every bit counts in every word, trailing zeros too', () => {
    const key = keyOf(5);
    const bytes = new Uint8Array(70);
    const seen = [0, 1, 2, 3].map(() => new Set<number>());
    const look = (some: Uint8Array) =>
      hashOf(key, some).forEach((word, i) => {
        seen[i]?.add(word);
      });
    for (let bit = 0; bit < 560; bit += 1) {
      const one = bytes.slice();
      one[bit >> 3] = 1 << (bit & 7);
      look(one);
    }
    for (let length = 0; length <= 70; length += 1) look(bytes.subarray(0, length));
    for (const words of seen) expect(words.size).toBe(560 + 71);
  });

  test('ingest - another key gives another hash', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    expect(new Set([1, 2, 3].map((seed) => String(hashOf(keyOf(seed), bytes)))).size).toBe(3);
  });
});
