/**
 * Where everything lives inside a ring table. The only file that knows offsets.
 * It computes; it never touches memory. Offsets count bytes from the table's start, so a table may
 * be copied to any 64-aligned place of any buffer.
 *
 *   byte 0         64           128       (each part starts on a 64-byte line)
 *        ┌──────────┬────────────┬─────────┬─────────┬───────┬───────┬───────────────┐
 *        │ identity │ definition │ weights │ members │ zones │ names │ parts by kind │
 *        └──────────┴────────────┴─────────┴─────────┴───────┴───────┴───────────────┘
 *   weights  f64 per member
 *   members  4 words per member: name start, name bytes, zone index, shard number
 *   zones    2 words per zone: name start, name bytes
 *   names    UTF-8, starts counted from this part's start
 *
 * | kind       | part 0                  | part 1                     | part 2                   |
 * | rendezvous | 4 × u16 per slot: ranks | –                          | –                        |
 * | maglev     | 4 × u16 per slot: ranks | –                          | –                        |
 * | ketama     | section hash: high, low | first section by bucket +1 | replicas × u16 / section |
 * | pantheon   | zones × u16 per shard   | –                          | –                        |
 * | jump       | u16 per ordinal         | –                          | –                        |
 *
 * Every word is written by the builder, before a publish protocol hands the table out, and never
 * again: readers load plainly. Numbers are in the machine's own byte order; a table is memory, not
 * a file format.
 *
 * Invariant HOT-7: equal definitions give equal bytes, but for the generation (words 4 and 5).
 */

/** First word of a table: "RMHT" in a little-endian dump. */
export const TABLE_MAGIC = 0x54484d52;

/** Raised when any offset or rule changes, so that no reader misreads an older writer. */
export const TABLE_VERSION = 1;

/** Every part starts on a cache line, and so must the table itself. */
export const TABLE_ALIGNMENT_BYTES = 64;

/** Identity and definition. */
export const TABLE_HEADER_BYTES = 128;

/** The content hash covers everything from here on: what routes, not when it was published. */
export const CONTENT_START_BYTES = 64;

/** A cell that names nobody. It is why 65,535 members (0 to 65,534) are the limit. */
export const NO_MEMBER = 0xffff;

/** A member that was given no shard number. */
export const NO_SHARD = 0xffffffff;

/** Owners kept per slot: the replicas, then whoever is next in line. Four cells are 8 bytes. */
export const SLOT_RANKS = 4;

/** Words of one member's record, and of one zone's. */
export const MEMBER_RECORD_WORDS = 4;
export const ZONE_RECORD_WORDS = 2;

/** Indices of the header's 32-bit words. Words not named here are zero. */
export const HEADER_WORD = {
  magic: 0,
  version: 1,
  totalBytes: 2,
  contentHash: 3,
  generationLow: 4,
  generationHigh: 5,
  kind: 16,
  members: 17,
  zones: 18,
  replicas: 19,
  entries: 20,
  bucketBits: 21,
  namesBytes: 22,
  parameter: 23,
} as const;

/** How a table decides. Slot kinds take a 32-bit hash, the others a 64-bit key in two halves. */
export type TableKind = 'rendezvous' | 'maglev' | 'ketama' | 'pantheon' | 'jump';

/** A kind's number in the header is its position here plus one: zeroed memory is no table. */
export const TABLE_KINDS: readonly TableKind[] = [
  'rendezvous',
  'maglev',
  'ketama',
  'pantheon',
  'jump',
];

/** The numbers that fix a table's size. Each is a header word. */
export interface TableCounts {
  readonly kind: TableKind;
  readonly members: number;
  readonly zones: number;
  /** Copies of a key; how many of an entry's owners hold it. */
  readonly replicas: number;
  /** Slots, sections, shards or ordinals. */
  readonly entries: number;
  /** Ketama: the bucket index has 2^bucketBits buckets. Other kinds: 0. */
  readonly bucketBits: number;
  readonly namesBytes: number;
}

/** Byte offsets of the parts, and the size of the whole. */
export interface TableLayout {
  readonly weights: number;
  readonly members: number;
  readonly zones: number;
  readonly names: number;
  readonly parts: readonly [number, number, number];
  readonly totalBytes: number;
}

/** Adds up the parts. Pure arithmetic on numbers that the caller has bounded. */
export function tableLayout(counts: TableCounts): TableLayout {
  const weights = TABLE_HEADER_BYTES;
  const members = alignUp(weights + counts.members * 8);
  const zones = alignUp(members + counts.members * MEMBER_RECORD_WORDS * 4);
  const names = alignUp(zones + counts.zones * ZONE_RECORD_WORDS * 4);
  const [bytes0, bytes1, bytes2] = partBytes(counts);
  const part0 = alignUp(names + counts.namesBytes);
  const part1 = alignUp(part0 + bytes0);
  const part2 = alignUp(part1 + bytes1);
  const totalBytes = alignUp(part2 + bytes2);
  return { weights, members, zones, names, parts: [part0, part1, part2], totalBytes };
}

function partBytes(counts: TableCounts): readonly [number, number, number] {
  const { kind, entries, bucketBits, replicas, zones } = counts;
  switch (kind) {
    case 'rendezvous':
    case 'maglev':
      return [entries * SLOT_RANKS * 2, 0, 0];
    case 'ketama':
      return [entries * 8, ((1 << bucketBits) + 1) * 4, entries * replicas * 2];
    case 'pantheon':
      return [entries * zones * 2, 0, 0];
    case 'jump':
      return [entries * 2, 0, 0];
  }
}

function alignUp(bytes: number): number {
  return Math.ceil(bytes / TABLE_ALIGNMENT_BYTES) * TABLE_ALIGNMENT_BYTES;
}
