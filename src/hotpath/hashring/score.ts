/**
 * The one score function of rendezvous tables: a race. Each member draws a pseudo-random number
 * per slot and turns it into a time that is exponentially distributed with its weight as the rate;
 * the shortest time wins the slot. So shares are proportional to weights, and a change of one
 * member moves only slots that it wins or loses. All weights use this function: two functions side
 * by side would starve one class of members.
 * The logarithm is our own, because `Math.log` may differ between engine versions.
 *
 * Source: weighted rendezvous by logarithms, Schindelhauer and Schomaker, SPAA 2005.
 */
import { encodeUtf8, UTF8_BYTES_PER_UNIT_MAX } from '../hash/utf8.ts';
import { xxh64 } from '../hash/xxh64.ts';
import { MEMBER_NAME_BYTES_MAX } from './member.ts';

/** Pieces of the logarithm between 1 and 2: 8 KiB of table, 1.7e-7 off at most. */
const LOG2_PIECES = 1024;

/** Bits of a mantissa below 2^32 that lie under its piece number. */
const LOG2_PIECE_BITS = 21;

/** Squarings per table entry; each yields one binary digit, 48 lie above the rounding noise. */
const LOG2_DIGITS = 48;

/** log2 of 1, 1 + 1/1024, … 2. Strictly increasing, so that interpolation is, too. */
const log2Table: Float64Array = makeLog2Table();

/** Digit by digit: squaring doubles the logarithm. Only products and halves, the same everywhere. */
function makeLog2Table(): Float64Array {
  const table = new Float64Array(LOG2_PIECES + 1);
  for (let piece = 0; piece < LOG2_PIECES; piece += 1) {
    let square = 1 + piece / LOG2_PIECES;
    let digit = 0.5;
    let logarithm = 0;
    for (let index = 0; index < LOG2_DIGITS; index += 1) {
      square *= square;
      if (square >= 2) {
        square /= 2;
        logarithm += digit;
      }
      digit /= 2;
    }
    table[piece] = logarithm;
  }
  table[LOG2_PIECES] = 1;
  return table;
}

/**
 * -log2((draw + 1) / 2^32) for a draw from 0 to 2^32 - 1, by linear interpolation: 32 down to 0.
 * Strictly decreasing: of two equal weights, the larger draw always wins.
 */
export function raceTime(draw: number): number {
  if (draw >>> 0 === 0xffffffff) return 0;
  const value = (draw + 1) >>> 0;
  const zeros = Math.clz32(value);
  // The leading one is shifted to bit 31; ten bits below it name the piece.
  const mantissa = (value << zeros) >>> 0;
  const piece = (mantissa >>> LOG2_PIECE_BITS) - LOG2_PIECES;
  const rest = (mantissa & ((1 << LOG2_PIECE_BITS) - 1)) / (1 << LOG2_PIECE_BITS);
  const from = log2Table[piece] as number;
  const to = log2Table[piece + 1] as number;
  return zeros + 1 - (from + (to - from) * rest);
}

/**
 * A factor for the quick test "this draw loses anyway": chords lie under the logarithm, hence
 * raceTime(draw) >= (2^32 - 1 - draw) × RACE_FLOOR. 1 / (2^32 ln 2), rounded down.
 */
export const RACE_FLOOR: number = 1.44 / 0x1_0000_0000;

/** The draw of a member for a slot, unsigned 32 bits. `seedA` and `seedB` stand for its name. */
export function drawOf(slot: number, seedA: number, seedB: number): number {
  let mixed = slot ^ seedA;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b) ^ seedB;
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

const nameBytes = new Uint8Array(MEMBER_NAME_BYTES_MAX * UTF8_BYTES_PER_UNIT_MAX);
const nameHash = new Uint32Array(2);

/** Two words that stand for a name: the halves of its XXH64. The array is reused: copy at once. */
export function seedsOf(name: string): Uint32Array {
  const end = encodeUtf8(name, nameBytes, 0);
  xxh64(nameBytes, nameHash, 0, end);
  return nameHash;
}
