/**
 * Where every word of a one-producer, one-consumer record ring lives inside its shared span.
 * The only file that knows offsets and how a record is framed. It computes; it never touches memory.
 *
 *   byte 0          128         256         384         512          640
 *        ┌───────────┬───────────┬───────────┬───────────┬────────────┬─────────────┬─────────┬ ─ ─
 *        │ identity  │ data tail │ data head │ ctl. tail │ ctl. head  │ control lane│ slack   │ …
 *        └───────────┴───────────┴───────────┴───────────┴────────────┴─────────────┴─────────┴ ─ ─
 *                                    ─ ─ ┬──────────────────────────────┬─────────┐
 *                                     …  │ data lane                    │ slack   │
 *                                    ─ ─ ┴──────────────────────────────┴─────────┘
 *
 * | word        | written by         | read by  | ordering                                           |
 * | identity    | creator            | both     | plain: the span is handed over after it is written |
 * | roles       | each opener        | openers  | compare-and-swap: one producer, one consumer       |
 * | tail        | producer           | consumer | Atomics on both sides: the store publishes records |
 * | head        | consumer           | producer | Atomics on both sides: the store gives space back  |
 * | records     | producer           | consumer | plain: between head and tail they are the          |
 * |             |                    |          | consumer's, everything else is the producer's      |
 *
 * A record is one frame: `[word 0: marker, kind, length] [word 1: check] [payload] [payload check?]`,
 * rounded up to 8 bytes. Positions count bytes since the ring began, in wrapping 32-bit arithmetic.
 * A frame that starts before a lane's end runs on into the slack behind it and never wraps: no
 * padding records, no split copies, and a record as large as the lane fits at every position.
 *
 * Invariant HOT-1: 0 <= tail - head <= lane bytes, in wrapping 32-bit arithmetic; both 8-aligned.
 * Invariant HOT-2: a frame is complete before `tail` passes it; what lies behind `tail` is invisible.
 * Invariant HOT-3: a frame's check word names its position and generation: stale bytes never pass.
 */
import { assert, RingmasterError } from '../errors.ts';
import { WORD_BYTES, WORD_GAP_BYTES } from '../mem.ts';

/** "RMR1" as the bytes of a little-endian word: what an opener looks for first. */
export const RING_MAGIC = 0x31524d52;
/** Changes whenever a byte of this drawing moves. */
export const RING_VERSION = 1;

export const MAGIC_WORD = 0;
export const VERSION_WORD = 1;
export const DATA_BYTES_WORD = 2;
export const CONTROL_BYTES_WORD = 3;
export const RECORD_BYTES_MAX_WORD = 4;
export const GENERATION_WORD = 5;
export const FLAGS_WORD = 6;
/** Hash of the six words before it: a torn or foreign header is refused before a view is made. */
export const IDENTITY_CHECK_WORD = 7;
export const PRODUCER_ROLE_WORD = 8;
export const CONSUMER_ROLE_WORD = 9;

/** Set in FLAGS_WORD when every record carries a checksum of its payload (test builds). */
export const FLAG_PAYLOAD_CHECK = 1;

const IDENTITY_BYTES = WORD_GAP_BYTES;
export const DATA_TAIL_WORD: number = IDENTITY_BYTES / WORD_BYTES;
export const DATA_HEAD_WORD: number = DATA_TAIL_WORD + WORD_GAP_BYTES / WORD_BYTES;
export const CONTROL_TAIL_WORD: number = DATA_HEAD_WORD + WORD_GAP_BYTES / WORD_BYTES;
export const CONTROL_HEAD_WORD: number = CONTROL_TAIL_WORD + WORD_GAP_BYTES / WORD_BYTES;
/** Byte where the control lane's records start. */
export const CONTROL_OFFSET_BYTES: number = CONTROL_HEAD_WORD * WORD_BYTES + WORD_GAP_BYTES;

/** Frames, lanes and positions are multiples of this, so that a payload may hold doubles. */
export const FRAME_ALIGN_BYTES = 8;
/** Marker, kind and length in one word, the check in the next. */
export const FRAME_HEADER_BYTES: number = 2 * WORD_BYTES;
/** Behind a payload when FLAG_PAYLOAD_CHECK is set. */
export const PAYLOAD_CHECK_BYTES: number = WORD_BYTES;

/** Low 17 bits of word 0: payload bytes. */
export const LENGTH_BITS = 17;
export const LENGTH_MASK: number = (1 << LENGTH_BITS) - 1;
/** Next 14 bits of word 0: what the record is, in the user's own numbering. */
export const KIND_BITS = 14;
export const KIND_MAX: number = (1 << KIND_BITS) - 1;
/** Top bit of word 0, always set: memory that was never written is not an empty record. */
export const FRAME_MARKER: number = 1 << (LENGTH_BITS + KIND_BITS);

/** Payload bytes that any ring can be asked to carry; larger payloads are the sender's to chunk. */
export const RECORD_BYTES_LIMIT = 65_536;
/** Smallest lane: one frame header and eight payload bytes still fit four times. */
export const LANE_BYTES_MIN = 64;
/** Largest lane: positions are 32-bit, and full must differ from empty with room to spare. */
export const LANE_BYTES_LIMIT: number = 1 << 30;

assert(RECORD_BYTES_LIMIT <= LENGTH_MASK, 'the largest record must fit the length field');
assert(LENGTH_BITS + KIND_BITS === 31, 'marker, kind and length fill word 0 exactly');
assert(CONTROL_OFFSET_BYTES % FRAME_ALIGN_BYTES === 0, 'records start aligned');

/** The sizes that fix a ring's drawing; all bytes. */
export type RingSizes = {
  readonly dataBytes: number;
  readonly controlBytes: number;
  readonly recordBytesMax: number;
  readonly payloadCheck: boolean;
};

/**
 * What is added to a payload's length before rounding down to the alignment: `frame = (payload +
 * rounding) & -FRAME_ALIGN_BYTES`. One addend for either kind of frame keeps the hot loop branchless.
 */
export function frameRounding(payloadCheck: boolean): number {
  const upToFrame = FRAME_HEADER_BYTES + FRAME_ALIGN_BYTES - 1;
  return payloadCheck ? upToFrame + PAYLOAD_CHECK_BYTES : upToFrame;
}

// Not exported, for the hot functions below: in Node 20 an exported or imported constant is a load
// and a type check each time it is named (twice the cost of a small record), a module's own is folded.
const ALIGN_MASK = -FRAME_ALIGN_BYTES;
const MARKER = FRAME_MARKER;
const KIND_SHIFT = LENGTH_BITS;

/** Bytes of the frame around a payload. */
export function frameBytes(payloadBytes: number, rounding: number): number {
  return (payloadBytes + rounding) & ALIGN_MASK;
}

/** Bytes that a frame adds to a payload of 8-aligned length, and at most adds to any. */
export function frameOverheadBytes(payloadCheck: boolean): number {
  return payloadCheck ? 2 * FRAME_ALIGN_BYTES : FRAME_ALIGN_BYTES;
}

/** Where the payload's checksum stands, in bytes from the payload's start. */
export function payloadCheckOffset(payloadBytes: number): number {
  return (payloadBytes + WORD_BYTES - 1) & -WORD_BYTES;
}

/** Payload bytes that one lane takes: what the ring allows, or less when the lane is smaller. */
export function laneRecordBytesMax(laneBytes: number, sizes: RingSizes): number {
  return Math.min(sizes.recordBytesMax, laneBytes - frameOverheadBytes(sizes.payloadCheck));
}

/** Bytes behind a lane that the last frame before the lane's end may run into. */
function slackBytes(laneBytes: number, sizes: RingSizes): number {
  return frameBytes(laneRecordBytesMax(laneBytes, sizes), frameRounding(sizes.payloadCheck));
}

/** Byte where the data lane's records start. */
export function dataOffsetBytes(sizes: RingSizes): number {
  return CONTROL_OFFSET_BYTES + sizes.controlBytes + slackBytes(sizes.controlBytes, sizes);
}

/** Bytes of the whole span. */
export function spanBytes(sizes: RingSizes): number {
  return dataOffsetBytes(sizes) + sizes.dataBytes + slackBytes(sizes.dataBytes, sizes);
}

/** Word 0 of a frame. */
export function frameWord(kind: number, payloadBytes: number): number {
  return MARKER | (kind << KIND_SHIFT) | payloadBytes;
}

/**
 * Word 1 of a frame. A bijection of word 0 for a given position and salt, so that a flipped bit in
 * either word is always seen; the position in it refuses bytes of an earlier lap, the salt those of
 * an earlier generation. Constants: odd, from the golden ratio and from murmur3's finaliser.
 */
export function frameCheck(word0: number, position: number, salt: number): number {
  const mixed = Math.imul(word0 ^ Math.imul(position ^ salt, 0x9e3779b1), 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}

/** What a generation adds to every check of its ring. */
export function generationSalt(generation: number): number {
  return Math.imul(generation ^ RING_MAGIC, 0xc2b2ae35);
}

/** Hash of the identity words, in their order in memory. */
export function identityCheck(words: readonly number[]): number {
  let check = RING_MAGIC;
  for (const word of words) check = Math.imul(check ^ word, 0x85ebca6b) ^ (check >>> 13);
  return check;
}

/** @throws RM_RING_OPTION naming the first size that no ring can have. */
export function checkSizes(sizes: RingSizes): void {
  checkLane('dataBytes', sizes.dataBytes);
  checkLane('controlBytes', sizes.controlBytes);
  const { recordBytesMax } = sizes;
  if (
    !Number.isInteger(recordBytesMax) ||
    recordBytesMax < 0 ||
    recordBytesMax > RECORD_BYTES_LIMIT
  ) {
    throw badOption('recordBytesMax', recordBytesMax, `an integer from 0 to ${RECORD_BYTES_LIMIT}`);
  }
  if (laneRecordBytesMax(sizes.dataBytes, sizes) < recordBytesMax) {
    const most = laneRecordBytesMax(sizes.dataBytes, sizes);
    const cure = `at most ${most} in a data lane of ${sizes.dataBytes} bytes; raise dataBytes`;
    throw badOption('recordBytesMax', recordBytesMax, cure);
  }
  if (spanBytes(sizes) > SPAN_BYTES_LIMIT) {
    const cure = `lanes and slack of at most ${SPAN_BYTES_LIMIT} bytes together; use a smaller lane`;
    throw badOption('dataBytes', sizes.dataBytes, cure);
  }
}

/** Positions are byte offsets in signed 32-bit arithmetic: the span must stay below that. */
const SPAN_BYTES_LIMIT = 2 ** 31 - FRAME_ALIGN_BYTES;

function checkLane(name: string, bytes: number): void {
  const powerOfTwo = Number.isInteger(bytes) && bytes > 0 && (bytes & (bytes - 1)) === 0;
  if (!powerOfTwo || bytes < LANE_BYTES_MIN || bytes > LANE_BYTES_LIMIT) {
    throw badOption(name, bytes, `a power of two from ${LANE_BYTES_MIN} to ${LANE_BYTES_LIMIT}`);
  }
}

/** An option that cannot be: what was got and what was expected. */
export function badOption(name: string, got: number, expected: string): RingmasterError {
  return new RingmasterError('RM_RING_OPTION', `${name} is ${got}; expected ${expected}.`, {
    name,
    got,
  });
}

/** A span that is no usable ring: what was found and what was expected. */
export function invalid(got: string, expected: string): RingmasterError {
  return new RingmasterError('RM_RING_INVALID', `got ${got}; expected ${expected}.`, { got });
}
