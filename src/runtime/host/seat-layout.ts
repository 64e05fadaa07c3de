/**
 * Where everything that a thread shows to the others lives in its one SharedArrayBuffer. A seat is
 * a logical thread number; the buffer belongs to the worker that sits in it and is replaced with
 * it.
 *
 *   byte 0         128         256        512       1440       34208
 *        ┌───────────┬───────────┬──────────┬─────────┬──────────┬─ ─ ─ ─ ─ ─ ─ ─ ─┬─ ─ ─ ─ ─ ─ ─ ─ ─ ─
 *        │ parked    │ heartbeat │ counters │ waits   │ per peer │ gate per actor  │ figures, begun per actor
 *        └───────────┴───────────┴──────────┴─────────┴──────────┴─ ─ ─ ─ ─ ─ ─ ─ ─┴─ ─ ─ ─ ─ ─ ─ ─ ─ ─
 * | word      | written by            | read by | ordering |
 * | parked    | owner; a waker 1 → 0  | wakers  | Atomics: it must not pass the look at the rings |
 * | heartbeat | owner                 | monitor | Atomics.store: a monitor in a loop must see it move |
 * | counters  | owner                 | anybody | plain f64, one writer; late by a turn |
 * | waits     | owner                 | anybody | plain, as the counters |
 * | gates     | owner                 | senders | plain: a stale `open` costs one message of the overshoot |
 * | figures   | owner                 | anybody | plain, as the counters |
 * | begun     | owner                 | anybody | plain; apart from what each turn writes |
 *
 * A gate word is `generation * 2 + isFull`; 0 for a place that nobody has. A sender that finds
 * another generation than its ref's knows that the actor has stopped.
 */
import { assert, OCTAVE_BUCKETS } from '../../hotpath/index.ts';

/** Word indices (32 bits). */
export const PARKED_WORD = 0;
export const HEARTBEAT_WORD = 32;
/** Byte where the counters begin, and how many there are (f64 each). */
export const COUNTERS_OFFSET_BYTES = 256;
export const COUNTERS_MAX = 32;
/** Times in the mailbox in microseconds, of samples, by octave bucket (f64 each). */
export const WAITS_OFFSET_BYTES: number = COUNTERS_OFFSET_BYTES + COUNTERS_MAX * 8;
/** Records that this thread has taken in from each other one, by its peer number (f64 each). */
export const PEERS_OFFSET_BYTES: number = WAITS_OFFSET_BYTES + OCTAVE_BUCKETS * 8;
/** Threads that can ever have talked to one worker: seats, and those that replaced them. */
export const PEERS_MAX = 2048;
export const GATES_OFFSET_BYTES: number = PEERS_OFFSET_BYTES + PEERS_MAX * 2 * 8;
/**
 * Bytes of one actor's figures: handled f64, wait sum f64, depth, restarts, wait samples,
 * generation u32.
 */
export const FIGURES_BYTES = 32;

/** Milliseconds of the unit of `begun`: 32 bits last for thirteen years. */
export const TENTH_MS = 100;

/** Places for actors in one thread, unless told otherwise, and at most. */
export const ACTORS_MAX_DEFAULT: number = 1 << 18;
export const ACTORS_MAX_LIMIT: number = 1 << 22;

/** Byte where the figures begin. */
export function figuresOffset(actorsMax: number): number {
  return GATES_OFFSET_BYTES + actorsMax * 4;
}

/** Byte where it stands when each actor's incarnation began: u32, tenths of monotonic seconds. */
export function begunOffset(actorsMax: number): number {
  return figuresOffset(actorsMax) + actorsMax * FIGURES_BYTES;
}

/** Bytes of the whole buffer. `actorsMax` is even, so that figures are 8-aligned. */
export function seatBytes(actorsMax: number): number {
  assert(actorsMax % 2 === 0, 'figures start aligned');
  return begunOffset(actorsMax) + actorsMax * 4;
}

/** What a thread counts; index into its counters. */
export const COUNTERS = [
  'accepted',
  'handled',
  'crashes',
  'restarts',
  'lateEffects',
  'spawned',
  'stopped',
  'asks',
  'askTimeouts',
  'wakes',
  'deadStopped',
  'deadCrashed',
  'deadExpired',
  'deadUnknown',
  'deadDroppedNewest',
  'deadDroppedOldest',
  'deadOverflow',
  'deadNobody',
  'busyMs',
  'actors',
  'lost',
] as const;

/** Name of a counter. */
export type CounterName = (typeof COUNTERS)[number];

assert(COUNTERS.length <= COUNTERS_MAX, 'counters fit their room');
