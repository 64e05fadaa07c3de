/**
 * The producer's half of one lane: claim space, write the payload in place, commit, publish.
 * Used by one thread only. It never waits: a lane without space answers RING_FULL.
 *
 *   idle ──claim──▶ claimed ──commit──▶ idle (unpublished) ──publish──▶ idle
 *                      └─────abort────▶ idle
 *
 * No claimed → claimed: two open claims would need two places to remember, and no user does.
 * No unpublished → aborted: a committed record may be published at any moment by a full lane.
 * A thread that dies in any of these states leaves `tail` where it was: what it had not published
 * was never visible, and the consumer is not blocked (HOT-2).
 */
import { RingmasterError } from '../errors.ts';
import type { Mem } from '../mem.ts';
import { isFillPossible, type Lane, payloadChecksum } from './lane.ts';
import {
  badOption,
  FRAME_HEADER_BYTES,
  frameBytes,
  frameCheck,
  frameWord,
  invalid,
  KIND_MAX,
  payloadCheckOffset,
} from './ring-layout.ts';
import { RING_CORRUPT, RING_FULL } from './status.ts';

/**
 * Records committed before they are published without being asked. Range: 1..65,536.
 * Higher: fewer atomic stores (one costs as much as several records), later visibility.
 * Lower: earlier visibility; at 1 the atomic store is the main cost of a small record.
 * Source: bench/results, rows of id RING, "batch of 1" against "batch of 64".
 */
export const PUBLISH_EVERY_RECORDS_DEFAULT = 64;

// Own copies for the hot functions: see the same remark in ring-layout.ts.
const HEADER_BYTES = FRAME_HEADER_BYTES;
const KIND_MASK = KIND_MAX;

/** Writes records into one lane. Thread rule: the thread that opened it, and no other. */
export class LaneProducer {
  /** Largest payload this lane takes, in bytes. */
  readonly recordBytesMax: number;
  private readonly lane: Lane;
  private readonly mem: Mem;
  private readonly recordsAt: number;
  private readonly mask: number;
  private readonly capacityBytes: number;
  private readonly rounding: number;
  private readonly salt: number;
  private readonly payloadCheck: boolean;
  private readonly tailWord: number;
  private readonly publishEvery: number;
  /** Position behind the last committed record. */
  private position: number;
  /** Position that `tail` shows. Invariant: published <= position, HOT-1 holds for both. */
  private published: number;
  /** The last `head` this side looked at; the real one is never behind it. */
  private headSeen: number;
  private pending = 0;
  /** Payload bytes of the open claim; -1 when there is none. */
  private claimedBytes = -1;

  constructor(lane: Lane, publishEveryRecords: number) {
    this.lane = lane;
    this.mem = lane.mem;
    this.recordsAt = lane.recordsAt;
    this.mask = lane.capacityBytes - 1;
    this.capacityBytes = lane.capacityBytes;
    this.rounding = lane.rounding;
    this.salt = lane.salt;
    this.payloadCheck = lane.payloadCheck;
    this.tailWord = lane.tailWord;
    this.publishEvery = publishEveryRecords;
    this.recordBytesMax = lane.recordBytesMax;
    this.position = lane.mem.load(lane.tailWord);
    this.published = this.position;
    this.headSeen = lane.mem.load(lane.headWord);
  }

  /** Records committed and not yet visible to the consumer. */
  get pendingRecords(): number {
    return this.pending;
  }

  /**
   * Reserves space for a payload of up to `payloadBytesMax` bytes.
   * @returns the byte, 8-aligned, where the payload goes; or RING_FULL, after publishing what was
   *   committed, so that a waiting producer and a waiting consumer never wait for each other; or
   *   RING_CORRUPT when the consumer's word is impossible.
   * @throws RM_RING_RECORD_TOO_LARGE when no drain could ever make the payload fit;
   *   RM_RING_CLAIM when a claim is open.
   */
  claim(payloadBytesMax: number): number {
    if (this.claimedBytes >= 0) throw claimOpen();
    // What is no unsigned 32-bit integer differs from itself as one: negative, fraction, NaN.
    if (payloadBytesMax >>> 0 !== payloadBytesMax || payloadBytesMax > this.recordBytesMax) {
      throw recordTooLarge(payloadBytesMax, this.recordBytesMax);
    }
    const bytes = frameBytes(payloadBytesMax, this.rounding);
    if (((this.position - this.headSeen) | 0) + bytes > this.capacityBytes) {
      const answer = this.makeRoom(bytes);
      if (answer !== 0) return answer;
    }
    this.claimedBytes = payloadBytesMax;
    return this.recordsAt + (this.position & this.mask) + HEADER_BYTES;
  }

  /**
   * Completes the open claim with a payload of `payloadBytes`, at most what was claimed, written by
   * the caller at the claimed byte. Publishes when enough records wait.
   * @throws RM_RING_CLAIM without an open claim or with a longer payload; RM_RING_OPTION when
   *   `kind` is no integer from 0 to 16,383. The claim stays open after both.
   */
  commit(kind: number, payloadBytes: number): void {
    // No claim is -1, and no length is below that.
    if (payloadBytes >>> 0 !== payloadBytes || payloadBytes > this.claimedBytes) {
      throw badCommit(payloadBytes, this.claimedBytes);
    }
    if ((kind & KIND_MASK) !== kind) throw badKind(kind);
    const bytes = frameBytes(payloadBytes, this.rounding);
    const mem = this.mem;
    const position = this.position;
    const at = this.recordsAt + (position & this.mask);
    const word0 = frameWord(kind, payloadBytes);
    // Plain stores: nobody reads behind `tail`, and the atomic store in publish releases them.
    mem.set(at >> 2, word0);
    mem.set((at >> 2) + 1, frameCheck(word0, position, this.salt));
    if (this.payloadCheck) this.writePayloadCheck(at + HEADER_BYTES, payloadBytes);
    this.position = (position + bytes) | 0;
    this.claimedBytes = -1;
    if (++this.pending >= this.publishEvery) this.publish();
  }

  /** Gives the open claim back; nothing of it was or will be visible. Without one: no effect. */
  abort(): void {
    this.claimedBytes = -1;
  }

  /** Makes every committed record visible to the consumer. Cheap when there is none. */
  publish(): void {
    if (this.position === this.published) return;
    // Must be atomic: it releases the frames' plain stores to the consumer that loads it.
    this.mem.store(this.tailWord, this.position);
    this.published = this.position;
    this.pending = 0;
  }

  /**
   * Claim, copy and commit in one call. Leaves no claim open, whatever happens.
   * @returns whether there was space.
   * @throws as `claim` and `commit`; RM_RING_INVALID where `claim` would answer RING_CORRUPT, so that
   *   a sender which retries while the ring is full does not retry for ever.
   */
  write(kind: number, payload: Uint8Array): boolean {
    const at = this.claim(payload.length);
    if (at === RING_FULL) return false;
    if (at === RING_CORRUPT) throw invalid('an impossible head', 'what the consumer left there');
    try {
      this.mem.copyIn(at, payload);
      this.commit(kind, payload.length);
    } finally {
      this.claimedBytes = -1;
    }
    return true;
  }

  /** Looks at the consumer's word. 0: there is room now; otherwise the answer of `claim`. */
  private makeRoom(bytes: number): number {
    const lane = this.lane;
    // Must be atomic: it acquires the consumer's last reads of the space it gave back.
    const head = this.mem.load(lane.headWord);
    const fill = (this.position - head) | 0;
    // The consumer can only be between the old head and what was published to it.
    const ahead = (this.published - head) | 0;
    if (ahead < 0 || !isFillPossible(fill, lane.capacityBytes)) return RING_CORRUPT;
    this.headSeen = head;
    if (fill + bytes <= lane.capacityBytes) return 0;
    this.publish();
    return RING_FULL;
  }

  private writePayloadCheck(payloadAt: number, payloadBytes: number): void {
    const word = (payloadAt + payloadCheckOffset(payloadBytes)) >> 2;
    this.mem.set(word, payloadChecksum(this.mem, payloadAt, payloadBytes));
  }
}

function recordTooLarge(payloadBytes: number, recordBytesMax: number): RingmasterError {
  return new RingmasterError(
    'RM_RING_RECORD_TOO_LARGE',
    `record is ${payloadBytes} bytes, this lane takes 0 to ${recordBytesMax}; ` +
      'send it in chunks or create the ring with a larger recordBytesMax.',
    { payloadBytes, recordBytesMax },
  );
}

function claimOpen(): RingmasterError {
  return new RingmasterError(
    'RM_RING_CLAIM',
    'claim() while a claim is open; commit() or abort() it first.',
  );
}

function badKind(kind: number): RingmasterError {
  return badOption('kind', kind, `an integer from 0 to ${KIND_MAX}`);
}

function badCommit(payloadBytes: number, claimedBytes: number): RingmasterError {
  const claimed = claimedBytes < 0 ? 'no claim open' : `${claimedBytes} bytes claimed`;
  return new RingmasterError(
    'RM_RING_CLAIM',
    `commit() of ${payloadBytes} bytes with ${claimed}; ` +
      'expected an open claim and an integer length, at most what was claimed.',
    { payloadBytes, claimedBytes },
  );
}
