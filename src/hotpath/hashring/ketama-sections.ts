/**
 * The sections of a ketama ring, sorted: XXH64 of "<address>:<i>" for i from 1.
 * The ketama builder and the shuffle sharder call it. It knows neither replicas nor table bytes.
 *
 * Source: thanos-io/thanos `pkg/receive/hashring.go`, newKetamaHashring.
 */
import { RingmasterError } from '../errors.ts';
import { encodeUtf8, UTF8_BYTES_PER_UNIT_MAX } from '../hash/utf8.ts';
import { xxh64 } from '../hash/xxh64.ts';
import { type CheckedMember, MEMBER_NAME_BYTES_MAX } from './member.ts';

/** What Thanos runs with. More sections balance better and cost 14 bytes each. */
export const SECTIONS_PER_MEMBER_DEFAULT = 1000;

/** 16 Mi sections: 128 MiB of hashes. A ring beyond it wants fewer sections per member. */
export const SECTIONS_MAX: number = 1 << 24;

/** Sections in ascending order of their 64-bit hash; equal hashes by member, then by i. */
export interface SortedSections {
  readonly count: number;
  /** Two words per section: high half, low half. */
  readonly hashes: Uint32Array;
  /** Member by section. */
  readonly owners: Uint16Array;
  /** 2^bucketBits buckets by the highest bits of the hash: `starts[b]` is the first section in b. */
  readonly bucketBits: number;
  readonly starts: Uint32Array;
}

/** @throws RM_TABLE_OPTION for sections per member that are no integer above 0, or too many. */
export function sortedSections(
  members: readonly CheckedMember[],
  sectionsPerMember: number,
): SortedSections {
  checkSections(members.length, sectionsPerMember);
  const count = members.length * sectionsPerMember;
  const unsorted = hashSections(members, sectionsPerMember);
  const bucketBits = bucketBitsFor(count);
  const starts = countBuckets(unsorted, bucketBits);
  const hashes = new Uint32Array(count * 2);
  const owners = new Uint16Array(count);
  const ends = starts.slice();
  const shift = 32 - bucketBits;
  for (let from = 0; from < count; from += 1) {
    const high = unsorted[2 * from] as number;
    const bucket = high >>> shift;
    const start = starts[bucket] as number;
    const end = ends[bucket] as number;
    ends[bucket] = end + 1;
    const to = makeRoom({ hashes, owners, start, end }, high, unsorted[2 * from + 1] as number);
    owners[to] = (from / sectionsPerMember) | 0;
  }
  return { count, hashes, owners, bucketBits, starts };
}

/** About one section per bucket: look-ups then compare 1.5 hashes on average. */
function bucketBitsFor(sections: number): number {
  return Math.max(1, 32 - Math.clz32(sections - 1));
}

/** Hashes in the order of members, then of i. */
function hashSections(members: readonly CheckedMember[], sectionsPerMember: number): Uint32Array {
  const hashes = new Uint32Array(members.length * sectionsPerMember * 2);
  const bytes = new Uint8Array(MEMBER_NAME_BYTES_MAX * UTF8_BYTES_PER_UNIT_MAX + 16);
  const hash = new Uint32Array(2);
  let to = 0;
  for (const { name } of members) {
    const colon = encodeUtf8(`${name}:`, bytes, 0);
    for (let index = 1; index <= sectionsPerMember; index += 1) {
      xxh64(bytes, hash, 0, encodeUtf8(String(index), bytes, colon));
      hashes[to] = hash[0] as number;
      hashes[to + 1] = hash[1] as number;
      to += 2;
    }
  }
  return hashes;
}

function countBuckets(hashes: Uint32Array, bucketBits: number): Uint32Array {
  const shift = 32 - bucketBits;
  const starts = new Uint32Array((1 << bucketBits) + 1);
  for (let at = 0; at < hashes.length; at += 2) {
    const after = ((hashes[at] as number) >>> shift) + 1;
    starts[after] = (starts[after] as number) + 1;
  }
  for (let bucket = 1; bucket < starts.length; bucket += 1) {
    starts[bucket] = (starts[bucket] as number) + (starts[bucket - 1] as number);
  }
  return starts;
}

/** Insertion within one bucket: shifts larger hashes up, stores this one, returns its place. */
function makeRoom(
  sorted: { hashes: Uint32Array; owners: Uint16Array; start: number; end: number },
  high: number,
  low: number,
): number {
  const { hashes, owners, start } = sorted;
  let to = sorted.end;
  for (; to > start; to -= 1) {
    const beforeHigh = hashes[2 * to - 2] as number;
    const beforeLow = hashes[2 * to - 1] as number;
    if (beforeHigh < high || (beforeHigh === high && beforeLow <= low)) break;
    hashes[2 * to] = beforeHigh;
    hashes[2 * to + 1] = beforeLow;
    owners[to] = owners[to - 1] as number;
  }
  hashes[2 * to] = high;
  hashes[2 * to + 1] = low;
  return to;
}

function checkSections(members: number, sectionsPerMember: number): void {
  const max = Math.floor(SECTIONS_MAX / members);
  if (Number.isInteger(sectionsPerMember) && sectionsPerMember >= 1 && sectionsPerMember <= max) {
    return;
  }
  throw new RingmasterError(
    'RM_TABLE_OPTION',
    `got ${sectionsPerMember} sections per member, expected an integer from 1 to ${max} for ` +
      `${members} members; a table holds ${SECTIONS_MAX} sections.`,
    { sectionsPerMember, members },
  );
}
