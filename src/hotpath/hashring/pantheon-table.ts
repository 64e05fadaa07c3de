/**
 * A reader's view of a Pantheon table: for each key, every shard is scored, and the highest wins.
 * Exact per 64-bit key, as in the Databricks fork of Thanos, hence linear in the number of shards:
 * some 20 ns each. A router remembers the shard of a series; it does not ask per sample.
 * Plain loads for the reason that `RendezvousTable` gives.
 *
 * Source: databricks/thanos `pkg/receive/rendezvous_hashring.go`: score of shard s = XXH64 of the
 * key's eight bytes, little-endian, followed by s in decimal digits.
 */
import { xxh64Avalanche, xxh64Byte, xxh64HalfWord, xxh64Start, xxh64Word } from '../hash/xxh64.ts';
import { checkBatch } from './batch.ts';
import { MemberDirectory } from './member-directory.ts';
import type { TableHeader } from './table-header.ts';
import { NO_MEMBER } from './table-layout.ts';

/** '0' in ASCII. */
const DIGIT_ZERO = 0x30;

/** One row of members per shard, one column per zone. */
export class PantheonTable {
  readonly kind = 'pantheon';
  readonly header: TableHeader;
  readonly members: MemberDirectory;
  /** Shards that keys are spread over: 0 to `shards` - 1. */
  readonly shards: number;
  private readonly cells: Uint16Array;
  private readonly zones: number;

  /** Call `openTable`, which checks first. */
  constructor(buffer: ArrayBufferLike, byteOffset: number, header: TableHeader) {
    const { layout, entries, zones } = header;
    this.header = header;
    this.members = new MemberDirectory(buffer, byteOffset, header);
    this.shards = entries;
    this.zones = zones;
    this.cells = new Uint16Array(buffer, byteOffset + layout.parts[0], entries * zones);
  }

  /** Shard of a series key. */
  shardOf(high: number, low: number): number {
    return winningShard(this.shards, high, low);
  }

  /** Holder of the key's shard in the first zone, in alphabetical order. */
  primary(high: number, low: number): number {
    return this.cells[this.shardOf(high, low) * this.zones] as number;
  }

  /** Holder of the key's shard in zone number `rank`; `NO_MEMBER` when there is no such zone. */
  owner(high: number, low: number, rank: number): number {
    if (rank >>> 0 !== rank || rank >= this.zones) return NO_MEMBER;
    return this.cells[this.shardOf(high, low) * this.zones + rank] as number;
  }

  /**
   * First owners of many keys, two words each (high, low): `owners[i]` belongs to key i.
   * @throws RM_TABLE_OPTION when `owners` is too short.
   */
  primaries(keys: Uint32Array, owners: Uint16Array): void {
    checkBatch(keys.length >> 1, owners.length);
    for (let index = 0, at = 0; at + 1 < keys.length; index += 1, at += 2) {
      owners[index] = this.primary(keys[at] as number, keys[at + 1] as number);
    }
  }

  /**
   * All replicas of many keys: one cell per zone for each.
   * @throws RM_TABLE_OPTION when `owners` is too short.
   */
  replicaSets(keys: Uint32Array, owners: Uint16Array): void {
    const { zones } = this;
    checkBatch((keys.length >> 1) * zones, owners.length);
    let to = 0;
    for (let at = 0; at + 1 < keys.length; at += 2) {
      const from = this.shardOf(keys[at] as number, keys[at + 1] as number) * zones;
      for (let zone = 0; zone < zones; zone += 1) {
        owners[to] = this.cells[from + zone] as number;
        to += 1;
      }
    }
  }
}

/** Hash after the key and after all digits but the last: shared by up to ten shards. */
const prefix = new Int32Array(2);
const hash = new Int32Array(2);
const score = new Uint32Array(2);

/** The shard with the highest score; of equal scores the lowest number. */
function winningShard(shards: number, high: number, low: number): number {
  let best = 0;
  let bestHigh = -1;
  let bestLow = -1;
  for (let decade = 0; decade < shards; decade += 10) {
    const end = decade + 10 < shards ? decade + 10 : shards;
    const digits = digitsOf(decade);
    // Four digits are one step of the hash, so there nothing but the key is shared.
    if (digits !== 4) startDecade(decade, digits, high, low);
    for (let shard = decade; shard < end; shard += 1) {
      if (digits === 4) startFourDigits(shard, high, low);
      else startLastDigit(shard - decade);
      xxh64Avalanche(hash, score);
      const scoreHigh = score[0] as number;
      const scoreLow = score[1] as number;
      if (scoreHigh < bestHigh || (scoreHigh === bestHigh && scoreLow <= bestLow)) continue;
      best = shard;
      bestHigh = scoreHigh;
      bestLow = scoreLow;
    }
  }
  return best;
}

function startDecade(decade: number, digits: number, high: number, low: number): void {
  xxh64Start(prefix, 8 + digits);
  xxh64Word(prefix, high, low);
  if (digits === 5) xxh64HalfWord(prefix, fourDigits((decade / 10) | 0));
  if (digits === 3) xxh64Byte(prefix, DIGIT_ZERO + ((decade / 100) | 0));
  if (digits === 2 || digits === 3) xxh64Byte(prefix, DIGIT_ZERO + (((decade / 10) | 0) % 10));
}

function startLastDigit(digit: number): void {
  hash[0] = prefix[0] as number;
  hash[1] = prefix[1] as number;
  xxh64Byte(hash, DIGIT_ZERO + digit);
}

function startFourDigits(shard: number, high: number, low: number): void {
  xxh64Start(hash, 8 + 4);
  xxh64Word(hash, high, low);
  xxh64HalfWord(hash, fourDigits(shard));
}

/** Decimal digits of a number below 100,000. */
function digitsOf(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1000) return 3;
  return value < 10_000 ? 4 : 5;
}

/** ASCII of a number from 1,000 to 9,999 as a little-endian word: the first digit lowest. */
function fourDigits(value: number): number {
  const thousands = DIGIT_ZERO + ((value / 1000) | 0);
  const hundreds = DIGIT_ZERO + (((value / 100) | 0) % 10);
  const tens = DIGIT_ZERO + (((value / 10) | 0) % 10);
  return thousands | (hundreds << 8) | (tens << 16) | ((DIGIT_ZERO + (value % 10)) << 24);
}
