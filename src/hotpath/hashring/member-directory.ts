/**
 * Who the member numbers of a table are: names, zones, weights, shards, straight from its bytes.
 * Routers and reports call it, off the hot path, on any thread that opened the table. Names decode
 * on first use and are kept.
 */
import { assert } from '../errors.ts';
import { decodeUtf8 } from '../hash/utf8.ts';
import { compareText } from './member.ts';
import { invalidTable, type TableHeader } from './table-header.ts';
import { MEMBER_RECORD_WORDS, NO_SHARD, ZONE_RECORD_WORDS } from './table-layout.ts';

/** Members of one table by number, 0 to `count` - 1, ascending by name. */
export class MemberDirectory {
  readonly count: number;
  readonly zoneCount: number;
  private readonly weights: Float64Array;
  private readonly records: Uint32Array;
  private readonly zoneRecords: Uint32Array;
  private readonly names: Uint8Array;
  private readonly decoded: string[] = [];

  /** @throws RM_TABLE_INVALID when a record points outside the names or the zones. */
  constructor(buffer: ArrayBufferLike, byteOffset: number, header: TableHeader) {
    const { layout, members, zones } = header;
    this.count = members;
    this.zoneCount = zones;
    this.weights = new Float64Array(buffer, byteOffset + layout.weights, members);
    const recordWords = members * MEMBER_RECORD_WORDS;
    this.records = new Uint32Array(buffer, byteOffset + layout.members, recordWords);
    const zoneWords = zones * ZONE_RECORD_WORDS;
    this.zoneRecords = new Uint32Array(buffer, byteOffset + layout.zones, zoneWords);
    this.names = new Uint8Array(buffer, byteOffset + layout.names, header.namesBytes);
    checkRecords(this.records, this.zoneRecords, header);
  }

  /** @throws RM_ASSERT for a number that is none of this table, such as `NO_MEMBER`. */
  name(member: number): string {
    const known = this.decoded[member];
    if (known !== undefined) return known;
    const text = this.text(this.records, this.record(member));
    this.decoded[member] = text;
    return text;
  }

  /** Number of a member by name, or -1. */
  indexOf(name: string): number {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = compareText(this.name(middle), name);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** Number of the member's zone. */
  zone(member: number): number {
    return this.records[this.record(member) + 2] as number;
  }

  /** Name of a zone by number; the empty text for members without one. */
  zoneName(zone: number): string {
    assert(zone >= 0 && zone < this.zoneCount, `zone ${zone} of ${this.zoneCount}`);
    return this.text(this.zoneRecords, zone * ZONE_RECORD_WORDS);
  }

  /** Weight of a member, as it was given; 0 for one that is drained. */
  weight(member: number): number {
    this.record(member);
    return this.weights[member] as number;
  }

  /** The member's shard number, or undefined when it was given none. */
  shard(member: number): number | undefined {
    const shard = this.records[this.record(member) + 3] as number;
    return shard === NO_SHARD ? undefined : shard;
  }

  private record(member: number): number {
    assert(member >= 0 && member < this.count, `member ${member} of ${this.count}`);
    return member * MEMBER_RECORD_WORDS;
  }

  private text(records: Uint32Array, record: number): string {
    const start = records[record] as number;
    return decodeUtf8(this.names, start, start + (records[record + 1] as number));
  }
}

function checkRecords(records: Uint32Array, zoneRecords: Uint32Array, header: TableHeader): void {
  for (let at = 0; at < records.length; at += MEMBER_RECORD_WORDS) {
    checkSpan(records, at, header.namesBytes);
    const zone = records[at + 2] as number;
    if (zone >= header.zones) throw invalidTable('zone number', zone, `below ${header.zones}`);
  }
  for (let at = 0; at < zoneRecords.length; at += ZONE_RECORD_WORDS) {
    checkSpan(zoneRecords, at, header.namesBytes);
  }
}

function checkSpan(records: Uint32Array, at: number, namesBytes: number): void {
  const end = (records[at] as number) + (records[at + 1] as number);
  if (end > namesBytes) throw invalidTable('end of a name', end, `at most ${namesBytes}`);
}
