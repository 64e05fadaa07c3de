/**
 * The hash functions against published vectors and, for random bytes, an independent build.
 */
import { readFileSync } from 'node:fs';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import xxhash from 'xxhash-wasm';
import { murmur3, murmur3Text } from '../../../src/hotpath/hash/murmur3.ts';
import { decodeUtf8, encodeUtf8, isWellFormed } from '../../../src/hotpath/hash/utf8.ts';
import { xxh32Words } from '../../../src/hotpath/hash/xxh32.ts';
import { xxh64 } from '../../../src/hotpath/hash/xxh64.ts';

const utf8 = new TextEncoder();
const reference = await xxhash();

function hash64(bytes: Uint8Array, start?: number, end?: number): bigint {
  const out = new Uint32Array(2);
  xxh64(bytes, out, start, end);
  return (BigInt(out[0] as number) << 32n) | BigInt(out[1] as number);
}

describe('xxh64', () => {
  // Source: the empty string and short texts as xxHash's documentation and its CLI print them.
  test.each([
    ['', 0xef46db3751d8e999n],
    ['a', 0xd24ec4f1a98c6e5bn],
    ['abc', 0x44bc2cf5ad770999n],
  ])('xxh64 - text %j has its published hash', (text, expected) => {
    expect(hash64(utf8.encode(text))).toBe(expected);
  });

  test('xxh64 - every length to 200 agrees with the reference build', () => {
    const bytes = Uint8Array.from({ length: 200 }, (_, index) => (index * 151 + 7) & 0xff);
    for (let length = 0; length <= bytes.length; length += 1) {
      expect(hash64(bytes, 0, length)).toBe(reference.h64Raw(bytes.subarray(0, length)));
    }
  });

  property.prop([fc.uint8Array({ maxLength: 300 }), fc.nat(40)])(
    'xxh64 - a span of shared memory hashes as a copy of it does',
    (bytes, skip) => {
      const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + skip));
      shared.set(bytes, skip);
      expect(hash64(shared, skip)).toBe(reference.h64Raw(bytes));
    },
  );

  test('xxh64 - one mebibyte hashes as in the reference build', () => {
    const bytes = new Uint8Array(1 << 20).map((_, index) => index ^ (index >> 8));
    expect(hash64(bytes)).toBe(reference.h64Raw(bytes));
  });
});

describe('xxh32', () => {
  property.prop([fc.array(fc.nat(0xffffffff), { maxLength: 100 })])(
    'xxh32 - words hash as their bytes do in the reference build',
    (numbers) => {
      const words = Uint32Array.from(numbers);
      expect(xxh32Words(words)).toBe(reference.h32Raw(new Uint8Array(words.buffer)));
    },
  );
});

describe('murmur3', () => {
  // Source: SMHasher's verification value of MurmurHash3_x86_32, main.cpp "0xB0F57EE3".
  test('murmur3 - SMHasher computes its verification value', () => {
    const hashes = new DataView(new ArrayBuffer(1024));
    const key = new Uint8Array(256);
    for (let length = 0; length < 256; length += 1) {
      key[length] = length;
      hashes.setUint32(length * 4, murmur3(key, 256 - length, 0, length), true);
    }
    expect(murmur3(new Uint8Array(hashes.buffer))).toBe(0xb0f57ee3);
  });

  // Source: the collection of MurmurHash3 x86_32 vectors at stackoverflow.com/a/31929528.
  test.each([
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['aaaa', 0x9747b28c, 0x5a97808a],
    ['aaa', 0x9747b28c, 0x283e0130],
    ['aa', 0x9747b28c, 0x5d211726],
    ['a', 0x9747b28c, 0x7fa09ea6],
    ['abcd', 0x9747b28c, 0xf0478627],
    ['abc', 0x9747b28c, 0xc84a62dd],
    ['ab', 0x9747b28c, 0x74875592],
    ['Hello, world!', 0x9747b28c, 0x24884cba],
    ['ππππππππ', 0x9747b28c, 0xd58063c1],
  ])('murmur3 - text %j with seed %i has its published hash', (text, seed, expected) => {
    expect(murmur3Text(text, seed)).toBe(expected);
    expect(murmur3(utf8.encode(text), seed)).toBe(expected);
  });

  property.prop([fc.string({ unit: 'binary', maxLength: 60 }), fc.nat(0xffffffff)])(
    'murmur3 - any text hashes as its UTF-8 bytes',
    (text, seed) => {
      expect(murmur3Text(text, seed)).toBe(murmur3(utf8.encode(text), seed));
    },
  );

  const units = fc.array(fc.constantFrom(0x41, 0x7f, 0xe9, 0x20ac, 0xd800, 0xdbff, 0xdc00, 0xdfff));
  property.prop([units])('murmur3 - a lone surrogate hashes as U+FFFD', (codes) => {
    const text = String.fromCharCode(...codes);
    expect(murmur3Text(text)).toBe(murmur3(utf8.encode(text)));
  });

  test('murmur3 - text of one mebibyte hashes as its bytes', () => {
    const text = 'é'.repeat(1 << 19);
    expect(murmur3Text(text)).toBe(murmur3(utf8.encode(text)));
  });
});

describe('utf8', () => {
  const unit = fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd7f0, max: 0xe010 }), fc.nat(0x90));
  property.prop([fc.array(unit, { maxLength: 50 })])(
    'utf8 - encodes as TextEncoder does and decodes back what is well formed',
    (codes) => {
      const text = String.fromCharCode(...codes);
      const bytes = new Uint8Array(text.length * 3 + 2);
      const end = encodeUtf8(text, bytes, 2);
      expect(bytes.slice(2, end)).toEqual(utf8.encode(text));
      expect(isWellFormed(text)).toBe(text === new TextDecoder().decode(utf8.encode(text)));
      if (isWellFormed(text)) expect(decodeUtf8(bytes, 2, end)).toBe(text);
    },
  );

  property.prop([fc.uint8Array()])('utf8 - foreign bytes decode to some text', (bytes) => {
    expect(typeof decodeUtf8(bytes, 0, bytes.length)).toBe('string');
  });
});

test('hash - Thanos section and text hashes have their recorded values', () => {
  const file = new URL('../../conformance/tables/thanos_hashring.json', import.meta.url);
  const table = JSON.parse(readFileSync(file, 'utf8')) as {
    hashVectors: { input?: string; xxh64: string }[];
  };
  for (const row of table.hashVectors) {
    if (row.input !== undefined) expect(String(hash64(utf8.encode(row.input)))).toBe(row.xxh64);
  }
});
