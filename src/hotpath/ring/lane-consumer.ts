/**
 * The consumer's half of one lane: look what is published, take records one by one, give the space
 * back. Used by one thread only. It never waits and never delivers a frame that fails its check.
 *
 *   empty ◀──▶ records ──▶ corrupt (for good)
 *
 * No corrupt → records: framing is lost with one bad header, so no later byte can be trusted. The
 * ring's owner replaces the ring; `corruption` says what was found.
 */
import type { Mem } from '../mem.ts';
import { isFillPossible, type Lane, payloadChecksum } from './lane.ts';
import {
  FRAME_HEADER_BYTES,
  frameBytes,
  frameCheck,
  KIND_MAX,
  LENGTH_BITS,
  LENGTH_MASK,
  payloadCheckOffset,
} from './ring-layout.ts';
import { RING_CORRUPT, RING_EMPTY, RING_RECORD } from './status.ts';

/** Records that one `drain` hands over unless told otherwise: a turn's worth, then let others run. */
export const DRAIN_RECORDS_MAX_DEFAULT = 256;

/** What a consumer found where a record should have been. */
export type RingCorruption = {
  readonly reason: 'tail' | 'header' | 'payload';
  /** Where, in bytes since the ring began (wrapping). */
  readonly position: number;
};

/**
 * Called once per record, on the draining thread; the bytes are its own until it returns. It may
 * drain the same lane: the records it takes are released with its own.
 */
export type RecordHandler = (kind: number, at: number, length: number) => void;

// Own copies for the hot functions: see the same remark in ring-layout.ts.
const HEADER_BYTES = FRAME_HEADER_BYTES;
const LENGTH_BITS_MASK = LENGTH_MASK;
const KIND_SHIFT = LENGTH_BITS;
const KIND_MASK = KIND_MAX;
const RECORD = RING_RECORD;

/** Reads records from one lane. Thread rule: the thread that opened it, and no other. */
export class LaneConsumer {
  /** Kind of the current record. Valid after RING_RECORD. */
  kind = 0;
  /** Byte where the current record's payload starts, 8-aligned. Valid until `release`. */
  at = 0;
  /** Payload bytes of the current record. */
  length = 0;
  private readonly lane: Lane;
  private readonly mem: Mem;
  private readonly recordsAt: number;
  private readonly mask: number;
  private readonly rounding: number;
  private readonly salt: number;
  private readonly payloadCheck: boolean;
  private readonly recordBytesMax: number;
  /** Position behind the last record taken. */
  private position: number;
  /** Position that `head` shows. Invariant: released <= position <= tailSeen, modulo 2^32. */
  private released: number;
  /** The last `tail` this side looked at; the real one is never behind it. */
  private tailSeen: number;
  /** Whether a drain is under way: a drain inside its handler must not release what it holds. */
  private isDraining = false;
  private failure: RingCorruption | null = null;

  constructor(lane: Lane) {
    this.lane = lane;
    this.mem = lane.mem;
    this.recordsAt = lane.recordsAt;
    this.mask = lane.capacityBytes - 1;
    this.rounding = lane.rounding;
    this.salt = lane.salt;
    this.payloadCheck = lane.payloadCheck;
    this.recordBytesMax = lane.recordBytesMax;
    this.position = lane.mem.load(lane.headWord);
    this.released = this.position;
    this.tailSeen = this.position;
  }

  /** What made this lane unusable, or null. */
  get corruption(): RingCorruption | null {
    return this.failure;
  }

  /**
   * Looks at the producer's word once. @returns bytes that `next` can take without looking again,
   * or RING_CORRUPT.
   */
  acquire(): number {
    if (this.failure !== null) return RING_CORRUPT;
    // Must be atomic: it acquires every plain store of the frames in front of it.
    const tail = this.mem.load(this.lane.tailWord);
    const fill = (tail - this.released) | 0;
    // A tail behind the one seen before is as impossible as one that is too far ahead.
    if (!isFillPossible(fill, this.lane.capacityBytes) || ((tail - this.tailSeen) | 0) < 0) {
      return this.fail('tail');
    }
    this.tailSeen = tail;
    return (tail - this.position) | 0;
  }

  /** Takes the next record among those acquired: RING_RECORD, RING_EMPTY or RING_CORRUPT. */
  next(): number {
    const position = this.position;
    const left = (this.tailSeen - position) | 0;
    if (left === 0) return this.emptyOrCorrupt();
    const mem = this.mem;
    const at = this.recordsAt + (position & this.mask);
    // Plain loads: the frame lies before the acquired tail and nobody writes there until release.
    const word0 = mem.get(at >> 2);
    const length = word0 & LENGTH_BITS_MASK;
    const bytes = frameBytes(length, this.rounding);
    if (
      word0 >= 0 || // FRAME_MARKER is the sign bit.
      mem.get((at >> 2) + 1) !== frameCheck(word0, position, this.salt) ||
      length > this.recordBytesMax ||
      bytes > left
    ) {
      return this.fail('header');
    }
    if (this.payloadCheck && !this.isPayloadSound(at + HEADER_BYTES, length)) {
      return this.fail('payload');
    }
    this.kind = (word0 >>> KIND_SHIFT) & KIND_MASK;
    this.at = at + HEADER_BYTES;
    this.length = length;
    this.position = (position + bytes) | 0;
    return RECORD;
  }

  /** `next`, looking at the producer's word when everything acquired has been taken. */
  poll(): number {
    if (this.position === this.tailSeen) this.acquire();
    return this.next();
  }

  /** Gives the space of every record taken so far back to the producer. */
  release(): void {
    if (this.position === this.released) return;
    // Must be atomic: it releases this side's plain loads before the producer may overwrite.
    this.mem.store(this.lane.headWord, this.position);
    this.released = this.position;
  }

  /**
   * Hands up to `recordsMax` records to `handler` and releases them, also when it throws; the
   * record it threw on counts as taken, and the error passes on.
   * @returns how many were handed over; RING_CORRUPT when there were none and never will be.
   */
  drain(handler: RecordHandler, recordsMax: number = DRAIN_RECORDS_MAX_DEFAULT): number {
    this.acquire();
    return this.drainAcquired(handler, recordsMax);
  }

  /** As `drain`, among the records acquired earlier. */
  drainAcquired(handler: RecordHandler, recordsMax: number): number {
    const isOutermost = !this.isDraining;
    this.isDraining = true;
    let count = 0;
    try {
      while (count < recordsMax && this.next() === RECORD) {
        count++;
        handler(this.kind, this.at, this.length);
      }
    } finally {
      if (isOutermost) {
        this.isDraining = false;
        this.release();
      }
    }
    return count === 0 && this.failure !== null ? RING_CORRUPT : count;
  }

  private emptyOrCorrupt(): number {
    return this.failure === null ? RING_EMPTY : RING_CORRUPT;
  }

  private isPayloadSound(payloadAt: number, payloadBytes: number): boolean {
    const found = this.mem.get((payloadAt + payloadCheckOffset(payloadBytes)) >> 2);
    return found === payloadChecksum(this.mem, payloadAt, payloadBytes);
  }

  private fail(reason: RingCorruption['reason']): number {
    this.failure ??= { reason, position: this.position };
    this.tailSeen = this.position;
    return RING_CORRUPT;
  }
}
