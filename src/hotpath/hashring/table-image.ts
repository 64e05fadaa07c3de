/**
 * A table that is ready to be written into memory: its size is known, its place is not.
 * Builders return images; the publish protocol finds a free place and calls `writeTo`. An image can
 * be written many times; it does not know readers and does not publish.
 */
import { RingmasterError } from '../errors.ts';
import { encodeUtf8, UTF8_BYTES_PER_UNIT_MAX } from '../hash/utf8.ts';
import { xxh32Words } from '../hash/xxh32.ts';
import type { CheckedMember, MemberList } from './member.ts';
import {
  CONTENT_START_BYTES,
  HEADER_WORD,
  MEMBER_RECORD_WORDS,
  TABLE_ALIGNMENT_BYTES,
  TABLE_KINDS,
  TABLE_MAGIC,
  TABLE_VERSION,
  type TableCounts,
  type TableKind,
  type TableLayout,
  tableLayout,
  ZONE_RECORD_WORDS,
} from './table-layout.ts';

/** Where and as what a table is written. */
export interface TablePlace {
  readonly buffer: ArrayBufferLike;
  /** Divisible by 64. Default 0. */
  readonly byteOffset?: number;
  /** Number of this version of the ring, 0 to 2^53 - 1. Larger is newer. */
  readonly generation: number;
}

/** A finished table without a place. */
export interface TableImage {
  readonly kind: TableKind;
  /** Bytes that `writeTo` needs; a multiple of 64. */
  readonly byteLength: number;
  /**
   * Writes the whole table, the padding too; returns its content hash. One thread; no reader may
   * look at the place meanwhile.
   * @throws RM_TABLE_OPTION when the place is misaligned or too small, or the generation is no
   * integer from 0 to 2^53 - 1.
   */
  writeTo(place: TablePlace): number;
}

/** What a builder decides. Its names and members are written by this file. */
export interface TablePlan {
  readonly list: MemberList;
  readonly kind: TableKind;
  readonly replicas: number;
  readonly entries: number;
  readonly bucketBits?: number;
  /** What else the algorithm was told: sections per member, or the cap of a refinement. */
  readonly parameter?: number;
  /** Writes the parts into zeroed memory, at the layout's offsets. */
  fill(buffer: ArrayBufferLike, byteOffset: number, layout: TableLayout): void;
}

/** Makes the image of a plan. The plan's numbers are final from here on. */
export function tableImage(plan: TablePlan): TableImage {
  const names = encodeNames(plan.list);
  const counts: TableCounts = {
    kind: plan.kind,
    members: plan.list.members.length,
    zones: plan.list.zones.length,
    replicas: plan.replicas,
    entries: plan.entries,
    bucketBits: plan.bucketBits ?? 0,
    namesBytes: names.bytes.length,
  };
  const layout = tableLayout(counts);
  const byteLength = layout.totalBytes;
  return {
    kind: plan.kind,
    byteLength,
    writeTo({ buffer, byteOffset = 0, generation }: TablePlace): number {
      checkPlace(buffer, byteOffset, byteLength, generation);
      const words = new Uint32Array(buffer, byteOffset, byteLength / 4);
      // The slot part is written whole by its builder; only what lies before it needs clearing.
      words.fill(0, 0, layout.parts[0] / 4);
      clearTail(words, layout);
      writeDefinition(words, counts, plan.parameter ?? 0);
      writeDirectory(words, layout, plan.list, names);
      plan.fill(buffer, byteOffset, layout);
      const contentHash = xxh32Words(words.subarray(CONTENT_START_BYTES / 4));
      writeIdentity(words, byteLength, contentHash, generation);
      return contentHash;
    },
  };
}

/** Zeroes the last line of each part, which its content may not fill. */
function clearTail(words: Uint32Array, layout: TableLayout): void {
  for (const end of [layout.parts[1], layout.parts[2], layout.totalBytes]) {
    words.fill(0, Math.max(layout.parts[0], end - TABLE_ALIGNMENT_BYTES) / 4, end / 4);
  }
}

function checkPlace(
  buffer: ArrayBufferLike,
  byteOffset: number,
  byteLength: number,
  generation: number,
): void {
  const bufferBytes = buffer.byteLength;
  const aligned = byteOffset >= 0 && byteOffset % TABLE_ALIGNMENT_BYTES === 0;
  // Negated, so that a place that is no buffer at all fails here, too.
  if (!aligned || !(byteOffset + byteLength <= bufferBytes)) {
    throw new RingmasterError(
      'RM_TABLE_OPTION',
      `got place ${byteOffset} in a buffer of ${bufferBytes} bytes, expected a multiple of ` +
        `${TABLE_ALIGNMENT_BYTES} with ${byteLength} bytes after it; allocate more.`,
      { byteOffset, byteLength, bufferBytes },
    );
  }
  if (!Number.isSafeInteger(generation) || generation < 0) {
    throw new RingmasterError(
      'RM_TABLE_OPTION',
      `got generation ${generation}, expected an integer from 0 to 2^53 - 1; count up by one.`,
    );
  }
}

function writeIdentity(
  words: Uint32Array,
  totalBytes: number,
  contentHash: number,
  generation: number,
): void {
  words[HEADER_WORD.magic] = TABLE_MAGIC;
  words[HEADER_WORD.version] = TABLE_VERSION;
  words[HEADER_WORD.totalBytes] = totalBytes;
  words[HEADER_WORD.contentHash] = contentHash;
  words[HEADER_WORD.generationLow] = generation % 0x1_0000_0000;
  words[HEADER_WORD.generationHigh] = Math.floor(generation / 0x1_0000_0000);
}

function writeDefinition(words: Uint32Array, counts: TableCounts, parameter: number): void {
  words[HEADER_WORD.kind] = TABLE_KINDS.indexOf(counts.kind) + 1;
  words[HEADER_WORD.members] = counts.members;
  words[HEADER_WORD.zones] = counts.zones;
  words[HEADER_WORD.replicas] = counts.replicas;
  words[HEADER_WORD.entries] = counts.entries;
  words[HEADER_WORD.bucketBits] = counts.bucketBits;
  words[HEADER_WORD.namesBytes] = counts.namesBytes;
  words[HEADER_WORD.parameter] = parameter;
}

/** The names of members, then of zones, one after another; `ends` says where each ends. */
interface EncodedNames {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
}

function encodeNames(list: MemberList): EncodedNames {
  const texts = [...list.members.map((member) => member.name), ...list.zones];
  let unitsTotal = 0;
  for (const text of texts) unitsTotal += text.length;
  const bytes = new Uint8Array(unitsTotal * UTF8_BYTES_PER_UNIT_MAX);
  const ends = new Uint32Array(texts.length);
  let at = 0;
  for (const [index, text] of texts.entries()) {
    at = encodeUtf8(text, bytes, at);
    ends[index] = at;
  }
  return { bytes: bytes.slice(0, at), ends };
}

function writeDirectory(
  words: Uint32Array,
  layout: TableLayout,
  list: MemberList,
  names: EncodedNames,
): void {
  const { buffer, byteOffset } = words;
  const weights = new Float64Array(buffer, byteOffset + layout.weights, list.members.length);
  let record = layout.members / 4;
  let start = 0;
  for (const [index, member] of list.members.entries()) {
    const end = names.ends[index] as number;
    weights[index] = member.weight;
    writeMember(words, record, { start, end, zone: list.zoneOf[index] as number, member });
    record += MEMBER_RECORD_WORDS;
    start = end;
  }
  record = layout.zones / 4;
  for (let zone = 0; zone < list.zones.length; zone += 1) {
    const end = names.ends[list.members.length + zone] as number;
    words[record] = start;
    words[record + 1] = end - start;
    record += ZONE_RECORD_WORDS;
    start = end;
  }
  new Uint8Array(buffer, byteOffset + layout.names, names.bytes.length).set(names.bytes);
}

function writeMember(
  words: Uint32Array,
  record: number,
  entry: { start: number; end: number; zone: number; member: CheckedMember },
): void {
  words[record] = entry.start;
  words[record + 1] = entry.end - entry.start;
  words[record + 2] = entry.zone;
  words[record + 3] = entry.member.shard;
}
