/** The checksum of records, against zlib's: any key, any record, on both sides of the length. */
import { crc32 } from 'node:zlib';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { crcOf } from '../../../src/runtime/store/crc.ts';

const key = fc.uint8Array({ minLength: 1, maxLength: 40 });
const record = fc.uint8Array({ minLength: 4, maxLength: 900, size: 'max' });

describe('store', () => {
  test.prop([key, record])('store - the checksum is the one of zlib', (name, bytes) => {
    expect(crcOf(name, bytes, 4)).toBe(crc32(bytes.subarray(4), crc32(name)));
  });
});
