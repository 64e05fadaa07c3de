/**
 * The checksum of a record: CRC-32 of its key and of what follows the checksum, as zlib computes it.
 * Called by record-layout.ts for every record that is read or written; keeps nothing.
 */
import { crc32 } from 'node:zlib';

/**
 * Bytes of a record from which on zlib computes its checksum. Range: 0 and up. Lower: a short record
 * pays for two calls that leave JavaScript, which cost more than its bytes. Higher: a long one is
 * computed at a quarter of zlib's speed. Equal at some 400 bytes.
 */
const ZLIB_BYTES_MIN = 400;

const POLYNOMIAL = 0xedb88320;
/** Four tables, so that four bytes are taken at a time ("slicing by four"). */
const TABLES: Int32Array = tables();

function tables(): Int32Array {
  const made = new Int32Array(4 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let sum = byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum & 1) === 1 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1;
    made[byte] = sum;
  }
  for (let index = 256; index < made.length; index++) {
    const before = made[index - 256] as number;
    made[index] = (made[before & 255] as number) ^ (before >>> 8);
  }
  return made;
}

/** Of the key and of the record's bytes from `from` on. */
export function crcOf(key: Uint8Array, record: Uint8Array, from: number): number {
  if (record.length < ZLIB_BYTES_MIN) return ~add(add(-1, key, 0), record, from) >>> 0;
  return crc32(record.subarray(from), crc32(key));
}

function add(sum: number, bytes: Uint8Array, from: number): number {
  const end = bytes.length;
  let at = from;
  let crc = sum;
  for (; at + 4 <= end; at += 4) {
    crc ^= at4(bytes, at);
    crc =
      (TABLES[768 + (crc & 255)] as number) ^
      (TABLES[512 + ((crc >>> 8) & 255)] as number) ^
      (TABLES[256 + ((crc >>> 16) & 255)] as number) ^
      (TABLES[crc >>> 24] as number);
  }
  for (; at < end; at++) {
    crc = (TABLES[(crc ^ (bytes[at] as number)) & 255] as number) ^ (crc >>> 8);
  }
  return crc;
}

function at4(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
