/**
 * XXH64 with seed 0 over bytes in any buffer, shared memory included; the result is two halves.
 * Exact tables (ketama, Pantheon's rendezvous) call it for sections and series keys, because the
 * systems they agree with do. For keys of our own choosing `murmur3` is several times faster.
 * Not for hostile input: anybody can construct collisions.
 *
 * Source: the XXH64 algorithm description, Cyan4973/xxHash `doc/xxhash_spec.md`.
 */
import { carryOf, multiplyHigh } from './u64.ts';

const P1_HIGH = 0x9e3779b1;
const P1_LOW = 0x85ebca87;
const P2_HIGH = 0xc2b2ae3d;
const P2_LOW = 0x27d4eb4f;
const P3_HIGH = 0x165667b1;
const P3_LOW = 0x9e3779f9;
const P4_HIGH = 0x85ebca77;
const P4_LOW = 0xc2b2ae63;
const P5_HIGH = 0x27d4eb2f;
const P5_LOW = 0x165667c5;

/** Bytes that the four lanes take per turn. */
const STRIPE_BYTES = 32;

/** Words 2i and 2i + 1 are the halves of accumulator i: 0 is the hash, 1 to 4 are the lanes. */
const state = new Int32Array(10);

/**
 * Hashes `bytes[start, end)`; `out[0]` receives the high half, `out[1]` the low one, unsigned.
 * Any thread; each has its own scratch state. A span outside the array hashes zeros.
 */
export function xxh64(
  bytes: Uint8Array,
  out: Uint32Array,
  start: number = 0,
  end: number = bytes.length,
): void {
  let at = start;
  if (end - start >= STRIPE_BYTES) {
    at = absorbStripes(bytes, start, end);
    addToHash(end - start);
  } else {
    xxh64Start(state, end - start);
  }
  for (; at + 8 <= end; at += 8) xxh64Word(state, readWord(bytes, at + 4), readWord(bytes, at));
  if (at + 4 <= end) {
    xxh64HalfWord(state, readWord(bytes, at));
    at += 4;
  }
  for (; at < end; at += 1) xxh64Byte(state, bytes[at] as number);
  xxh64Avalanche(state, out);
}

/** Puts a hash state (two words) to its value for `byteLength` < 32 bytes, none of them taken yet. */
export function xxh64Start(hash: Int32Array, byteLength: number): void {
  const low = (P5_LOW + byteLength) | 0;
  hash[0] = P5_HIGH + carryOf(low, byteLength);
  hash[1] = low;
}

/** Takes eight bytes, given as the halves of a little-endian word, into a hash state. */
export function xxh64Word(hash: Int32Array, high: number, low: number): void {
  mixRound(hash, high, low);
  const mixedHigh = hash[0] as number;
  const mixedLow = hash[1] as number;
  scaleAndAddP4(hash, (mixedHigh << 27) | (mixedLow >>> 5), (mixedLow << 27) | (mixedHigh >>> 5));
}

/** hash ^= rotl(word × P2, 31) × P1: a round of a lane that starts from zero. */
function mixRound(hash: Int32Array, high: number, low: number): void {
  const scaledHigh = multiplyHigh(high, low, P2_HIGH, P2_LOW);
  const scaledLow = Math.imul(low, P2_LOW);
  const turnedHigh = (scaledHigh << 31) | (scaledLow >>> 1);
  const turnedLow = (scaledLow << 31) | (scaledHigh >>> 1);
  hash[0] = (hash[0] as number) ^ multiplyHigh(turnedHigh, turnedLow, P1_HIGH, P1_LOW);
  hash[1] = (hash[1] as number) ^ Math.imul(turnedLow, P1_LOW);
}

/** hash = (high, low) × P1 + P4. */
function scaleAndAddP4(hash: Int32Array, high: number, low: number): void {
  const sumLow = (Math.imul(low, P1_LOW) + P4_LOW) | 0;
  hash[0] = multiplyHigh(high, low, P1_HIGH, P1_LOW) + P4_HIGH + carryOf(sumLow, P4_LOW);
  hash[1] = sumLow;
}

/** Takes four bytes, given as a little-endian word, into a hash state. */
export function xxh64HalfWord(hash: Int32Array, word: number): void {
  const mixedHigh = (hash[0] as number) ^ multiplyHigh(0, word, P1_HIGH, P1_LOW);
  const mixedLow = (hash[1] as number) ^ Math.imul(word, P1_LOW);
  const h = (mixedHigh << 23) | (mixedLow >>> 9);
  const l = (mixedLow << 23) | (mixedHigh >>> 9);
  const sumLow = (Math.imul(l, P2_LOW) + P3_LOW) | 0;
  hash[0] = multiplyHigh(h, l, P2_HIGH, P2_LOW) + P3_HIGH + carryOf(sumLow, P3_LOW);
  hash[1] = sumLow;
}

/** Takes one byte into a hash state. */
export function xxh64Byte(hash: Int32Array, byte: number): void {
  const mixedHigh = (hash[0] as number) ^ multiplyHigh(0, byte, P5_HIGH, P5_LOW);
  const mixedLow = (hash[1] as number) ^ Math.imul(byte, P5_LOW);
  const h = (mixedHigh << 11) | (mixedLow >>> 21);
  const l = (mixedLow << 11) | (mixedHigh >>> 21);
  hash[0] = multiplyHigh(h, l, P1_HIGH, P1_LOW);
  hash[1] = Math.imul(l, P1_LOW);
}

/** Spreads every bit of a hash state over all of the result; the state itself stays as it is. */
export function xxh64Avalanche(hash: Int32Array, out: Uint32Array): void {
  let high = hash[0] as number;
  let low = hash[1] as number;
  low ^= high >>> 1; // Shift by 33: the low half receives the high half, shifted by one.
  high = multiplyHigh(high, low, P2_HIGH, P2_LOW);
  low = Math.imul(low, P2_LOW);
  low ^= (low >>> 29) | (high << 3);
  high ^= high >>> 29;
  high = multiplyHigh(high, low, P3_HIGH, P3_LOW);
  low = Math.imul(low, P3_LOW);
  out[0] = high;
  out[1] = low ^ high; // Shift by 32.
}

/** Runs the four lanes over all whole stripes, folds them into the hash; returns the byte after. */
function absorbStripes(bytes: Uint8Array, start: number, end: number): number {
  setLane(1, P1_HIGH + P2_HIGH + carryOf((P1_LOW + P2_LOW) | 0, P2_LOW), P1_LOW + P2_LOW);
  setLane(2, P2_HIGH, P2_LOW);
  setLane(3, 0, 0);
  setLane(4, ~P1_HIGH, -P1_LOW); // Minus P1: the low half of P1 is not zero, so no carry.
  let at = start;
  for (; at + STRIPE_BYTES <= end; at += STRIPE_BYTES) {
    for (let lane = 1; lane <= 4; lane += 1) {
      const from = at + (lane - 1) * 8;
      absorbLane(lane, readWord(bytes, from + 4), readWord(bytes, from));
    }
  }
  foldLanes();
  return at;
}

function absorbLane(lane: number, high: number, low: number): void {
  const addend = Math.imul(low, P2_LOW);
  const sumLow = ((state[2 * lane + 1] as number) + addend) | 0;
  const sumHigh =
    ((state[2 * lane] as number) +
      multiplyHigh(high, low, P2_HIGH, P2_LOW) +
      carryOf(sumLow, addend)) |
    0;
  const h = (sumHigh << 31) | (sumLow >>> 1);
  const l = (sumLow << 31) | (sumHigh >>> 1);
  state[2 * lane] = multiplyHigh(h, l, P1_HIGH, P1_LOW);
  state[2 * lane + 1] = Math.imul(l, P1_LOW);
}

function foldLanes(): void {
  setLane(0, 0, 0);
  addTurned(1, 1);
  addTurned(2, 7);
  addTurned(3, 12);
  addTurned(4, 18);
  for (let lane = 1; lane <= 4; lane += 1) {
    mixRound(state, state[2 * lane] as number, state[2 * lane + 1] as number);
    scaleAndAddP4(state, state[0] as number, state[1] as number);
  }
}

/** Adds lane `lane`, rotated left by `bits`, to the hash. */
function addTurned(lane: number, bits: number): void {
  const high = state[2 * lane] as number;
  const low = state[2 * lane + 1] as number;
  state[0] = (state[0] as number) + ((high << bits) | (low >>> (32 - bits)));
  addToHash((low << bits) | (high >>> (32 - bits)));
}

/** Adds a 32-bit number to the hash. */
function addToHash(addend: number): void {
  const low = ((state[1] as number) + addend) | 0;
  state[1] = low;
  state[0] = (state[0] as number) + carryOf(low, addend);
}

function setLane(lane: number, high: number, low: number): void {
  state[2 * lane] = high;
  state[2 * lane + 1] = low;
}

/** Four bytes, little-endian, from any alignment. */
function readWord(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
