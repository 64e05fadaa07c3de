/**
 * Reads and checks the head of a table before anybody makes a view of the rest.
 * `openTable` calls it with memory that may hold anything: another version, a torn copy, zeros.
 * It does not read owners: `verifyTable` does that, in time proportional to the table.
 */
import { type ErrorData, RingmasterError } from '../errors.ts';
import { MEMBERS_MAX } from './member.ts';
import {
  HEADER_WORD,
  SLOT_RANKS,
  TABLE_ALIGNMENT_BYTES,
  TABLE_HEADER_BYTES,
  TABLE_KINDS,
  TABLE_MAGIC,
  TABLE_VERSION,
  type TableCounts,
  type TableLayout,
  tableLayout,
} from './table-layout.ts';

/** What a table says about itself. */
export interface TableHeader extends TableCounts {
  readonly generation: number;
  /** XXH32 of all but the identity line. Equal definitions have equal hashes, on every machine. */
  readonly contentHash: number;
  /** Ketama: sections per member. Rendezvous: cap in thousandths, 0 for none. Others: 0. */
  readonly parameter: number;
  readonly byteLength: number;
  readonly layout: TableLayout;
}

/** @throws RM_TABLE_INVALID when the bytes cannot be a table of this version. */
export function readHeader(buffer: ArrayBufferLike, byteOffset: number): TableHeader {
  const room = checkPlace(buffer, byteOffset);
  const words = new Uint32Array(buffer, byteOffset, TABLE_HEADER_BYTES / 4);
  const word = (index: number): number => words[index] as number;
  expectWord('magic', word(HEADER_WORD.magic), TABLE_MAGIC);
  expectWord('version', word(HEADER_WORD.version), TABLE_VERSION);
  const kind = TABLE_KINDS[word(HEADER_WORD.kind) - 1];
  if (kind === undefined) {
    throw invalidTable('kind', word(HEADER_WORD.kind), `1 to ${TABLE_KINDS.length}`);
  }
  const counts: TableCounts = {
    kind,
    members: word(HEADER_WORD.members),
    zones: word(HEADER_WORD.zones),
    replicas: word(HEADER_WORD.replicas),
    entries: word(HEADER_WORD.entries),
    bucketBits: word(HEADER_WORD.bucketBits),
    namesBytes: word(HEADER_WORD.namesBytes),
  };
  checkCounts(counts);
  const layout = tableLayout(counts);
  const byteLength = word(HEADER_WORD.totalBytes);
  expectWord('total bytes', byteLength, layout.totalBytes);
  if (byteLength > room) throw invalidTable('total bytes', byteLength, `at most ${room}`);
  return {
    ...counts,
    generation: word(HEADER_WORD.generationHigh) * 0x1_0000_0000 + word(HEADER_WORD.generationLow),
    contentHash: word(HEADER_WORD.contentHash),
    parameter: word(HEADER_WORD.parameter),
    byteLength,
    layout,
  };
}

/** Bytes from the table's start to the buffer's end. */
function checkPlace(buffer: ArrayBufferLike, byteOffset: number): number {
  if (!(buffer instanceof SharedArrayBuffer || buffer instanceof ArrayBuffer)) {
    const got = Object.prototype.toString.call(buffer);
    throw invalidTable('buffer', got, 'a SharedArrayBuffer or an ArrayBuffer');
  }
  if (!(byteOffset >= 0 && byteOffset % TABLE_ALIGNMENT_BYTES === 0)) {
    throw invalidTable('byte offset', byteOffset, `a multiple of ${TABLE_ALIGNMENT_BYTES}`);
  }
  const room = buffer.byteLength - byteOffset;
  if (room < TABLE_HEADER_BYTES) {
    throw invalidTable('bytes after the offset', room, `${TABLE_HEADER_BYTES} or more`);
  }
  return room;
}

/** Bounds every count, so that the layout's sums are exact and no view is absurd. */
function checkCounts(counts: TableCounts): void {
  const { kind, members, zones, replicas, entries, bucketBits } = counts;
  expectRange('members', members, 1, MEMBERS_MAX);
  expectRange('zones', zones, 1, members);
  const isSlotKind = kind === 'rendezvous' || kind === 'maglev';
  expectRange('replicas', replicas, 1, isSlotKind ? SLOT_RANKS : members);
  expectRange('entries', entries, 1, 0x7fffffff);
  // A shift by 32 - bits: with 0 bits it would be no shift at all.
  if (kind === 'ketama') expectRange('bucket bits', bucketBits, 1, 30);
  else expectWord('bucket bits', bucketBits, 0);
  const isPowerOfTwo = (entries & (entries - 1)) === 0;
  if (kind === 'rendezvous' && !(isPowerOfTwo && entries > 1)) {
    throw invalidTable('slots', entries, 'a power of two above 1');
  }
  if (kind === 'jump') expectRange('ordinals', entries, members, members);
  if (kind === 'pantheon') {
    expectRange('replicas', replicas, zones, zones);
    // Each shard has a member in every zone; a look-up scores them all, so too many would hang it.
    expectRange('shards', entries, 1, Math.floor(members / zones));
  }
}

function expectWord(what: string, got: number, expected: number): void {
  if (got !== expected) throw invalidTable(what, got, String(expected));
}

function expectRange(what: string, got: number, min: number, max: number): void {
  if (got < min || got > max) throw invalidTable(what, got, `${min} to ${max}`);
}

/** Memory that is no table of this version. */
export function invalidTable(
  what: string,
  got: number | string,
  expected: string,
): RingmasterError {
  const data: ErrorData = { what, got, expected };
  return new RingmasterError(
    'RM_TABLE_INVALID',
    `got ${what} ${got}, expected ${expected}; ` +
      'give the place where this version of Ringmaster wrote a table.',
    data,
  );
}
