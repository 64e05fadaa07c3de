/**
 * Checks a table that may have been damaged or come from elsewhere: all bytes that decide anything.
 * Left open are the generation's 53 bits, since any number may be one; the publisher's stamp tells.
 * A process calls it before it trusts a table that it did not write: after reading one from a file,
 * or in a test of the publish protocol. Never per look-up: it reads the whole table.
 */
import { xxh32Words } from '../hash/xxh32.ts';
import { invalidTable, readHeader, type TableHeader } from './table-header.ts';
import { CONTENT_START_BYTES, HEADER_WORD, NO_MEMBER } from './table-layout.ts';

/** Generations are integers up to 2^53 - 1: 21 bits are left for the high word. */
const GENERATION_HIGH_END = 0x20_0000;

/**
 * Passes when the content hash fits, the rest of the identity line is as a writer leaves it, every
 * owner is a member or `NO_MEMBER`, and a ketama table's bucket index leads where it must.
 * About 1 ms per MiB.
 * @throws RM_TABLE_INVALID as `openTable` does, or for any byte that changed since it was written,
 * but for one generation instead of another.
 */
export function verifyTable(buffer: ArrayBufferLike, byteOffset: number = 0): void {
  const header = readHeader(buffer, byteOffset);
  checkIdentity(new Uint32Array(buffer, byteOffset, CONTENT_START_BYTES / 4));
  const contentWords = (header.byteLength - CONTENT_START_BYTES) / 4;
  const content = new Uint32Array(buffer, byteOffset + CONTENT_START_BYTES, contentWords);
  const contentHash = xxh32Words(content);
  if (contentHash !== header.contentHash) {
    throw invalidTable('content hash', contentHash, String(header.contentHash));
  }
  checkOwners(ownersOf(buffer, byteOffset, header), header.members);
  if (header.kind === 'ketama') checkBuckets(buffer, byteOffset, header);
}

/** The content hash does not cover this line: a generation below 2^53, then zeros up to its end. */
function checkIdentity(words: Uint32Array): void {
  const generationHigh = words[HEADER_WORD.generationHigh] as number;
  if (generationHigh >= GENERATION_HIGH_END) {
    throw invalidTable('high generation word', generationHigh, `below ${GENERATION_HIGH_END}`);
  }
  for (let at = HEADER_WORD.generationHigh + 1; at < words.length; at += 1) {
    const word = words[at] as number;
    if (word !== 0) throw invalidTable(`identity word ${at}`, word, '0');
  }
}

/** The last part that is not empty holds the owners, followed by zeros up to its end. */
function ownersOf(buffer: ArrayBufferLike, byteOffset: number, header: TableHeader): Uint16Array {
  const { parts, totalBytes } = header.layout;
  const start = header.kind === 'ketama' ? parts[2] : parts[0];
  return new Uint16Array(buffer, byteOffset + start, (totalBytes - start) / 2);
}

function checkOwners(owners: Uint16Array, members: number): void {
  for (let at = 0; at < owners.length; at += 1) {
    const owner = owners[at] as number;
    if (owner >= members && owner !== NO_MEMBER) {
      throw invalidTable('owner', owner, `below ${members}, or ${NO_MEMBER} for none`);
    }
  }
}

/** Look-ups start at a bucket's first section: one that is too late would skip owners. */
function checkBuckets(buffer: ArrayBufferLike, byteOffset: number, header: TableHeader): void {
  const { layout, entries, bucketBits } = header;
  const hashes = new Uint32Array(buffer, byteOffset + layout.parts[0], entries * 2);
  const buckets = 1 << bucketBits;
  const starts = new Uint32Array(buffer, byteOffset + layout.parts[1], buckets + 1);
  let section = 0;
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    const start = starts[bucket] as number;
    if (start !== section) throw invalidTable('start of a bucket', start, String(section));
    while (section < entries && (hashes[2 * section] as number) >>> (32 - bucketBits) === bucket) {
      section += 1;
    }
  }
  if (section !== entries) throw invalidTable('sections in order', section, String(entries));
}
