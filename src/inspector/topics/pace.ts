/**
 * How often one subscription is told, and whether now. Whoever does not keep up is told less often, and what
 * it missed in between it is never sent: the next frame has all that is newer than the last.
 *
 *   30 ─▶ 10 ─▶ 5 ─▶ 1 frames a second, one step for each frame that was due and could not go
 *    ◀──────────────  one step back after ten in a row that could
 *   over: half a minute at the lowest without a frame that could go
 *
 * Pure.
 */
import { LIMITS } from '../protocol/schema.ts';

/** Frames a second; from the first to the last as a client falls behind. */
const STEPS = [30, 10, 5, 1] as const;
/** Frames in a row that went when they were due, for one step up. */
const STREAK = 10;
/** Milliseconds that a client may leave everything unread. */
const STALLED_MS_MAX = 30_000;
/** Bytes that may wait in its socket for another frame to go. Higher: more memory for a slow client. */
const WAITING_BYTES_MAX = 64 * 1024;

/** What may be done now. `early`: nothing is due. `behind`: it is, but what was sent is not taken in yet. */
export type Due = 'now' | 'early' | 'behind' | 'over';

/** Thread rule: none. */
export class Pace {
  /** Frames a second at most, as was asked for. */
  readonly hz: number;
  private slower: number;
  private dueMs: number;
  private streak: number;
  private sent: number;
  private acknowledged: number;
  private freeSinceMs: number;

  constructor(hz: number, nowMs: number) {
    this.hz = hz;
    this.slower = firstStep(hz);
    this.dueMs = nowMs;
    this.streak = 0;
    this.sent = 0;
    this.acknowledged = 0;
    this.freeSinceMs = nowMs;
  }

  /** Frames a second at most, as it keeps up. */
  get rate(): number {
    return Math.min(this.hz, STEPS[this.slower] as number);
  }

  /** Number of the next frame. */
  get next(): number {
    return this.sent + 1;
  }

  /** Another part of what is under way may go, whatever is due. */
  isFree(waitingBytes: number): boolean {
    return (
      this.sent - this.acknowledged < LIMITS.unacknowledged && waitingBytes <= WAITING_BYTES_MAX
    );
  }

  /** Whether a new range may begin. */
  due(nowMs: number, waitingBytes: number): Due {
    const isFree = this.isFree(waitingBytes);
    if (isFree) this.freeSinceMs = nowMs;
    else if (nowMs - this.freeSinceMs > STALLED_MS_MAX) return 'over';
    if (nowMs < this.dueMs) return 'early';
    if (!isFree) this.slower = Math.min(STEPS.length - 1, this.slower + 1);
    else if (++this.streak >= STREAK) this.faster();
    if (!isFree) this.streak = 0;
    // From when it was due, not from now: looks are now and then, and each is late by something.
    this.dueMs = Math.max(this.dueMs + 1000 / this.rate, nowMs);
    return isFree ? 'now' : 'behind';
  }

  /** A frame went. */
  went(): void {
    this.sent++;
  }

  /** It says that it has taken in all up to that frame. @returns whether that can be */
  took(frame: number): boolean {
    if (frame > this.sent) return false;
    this.acknowledged = Math.max(this.acknowledged, frame);
    return true;
  }

  private faster(): void {
    this.streak = 0;
    const before = STEPS[this.slower - 1];
    if (before !== undefined && this.slower > firstStep(this.hz)) this.slower--;
  }
}

/** The slowest that is no slower than what was asked for. */
const firstStep = (hz: number): number => STEPS.findLastIndex((step) => step >= hz);
