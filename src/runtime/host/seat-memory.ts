/**
 * One worker's window to the others: its gates, counters and actors' figures in shared memory. The
 * worker writes; everybody may read, also while the worker spins in a handler.
 */
import { OCTAVE_BUCKETS, octaveBucket, SharedMem } from '../../hotpath/index.ts';
import {
  begunOffset,
  COUNTERS,
  COUNTERS_OFFSET_BYTES,
  type CounterName,
  FIGURES_BYTES,
  figuresOffset,
  GATES_OFFSET_BYTES,
  HEARTBEAT_WORD,
  PARKED_WORD,
  PEERS_MAX,
  PEERS_OFFSET_BYTES,
  seatBytes,
  TENTH_MS,
  WAITS_OFFSET_BYTES,
} from './seat-layout.ts';

/** What is known of one actor from outside. Times in microseconds. */
export type ActorFigures = {
  readonly generation: number;
  readonly handled: number;
  readonly depth: number;
  readonly restarts: number;
  /** Mean time in the mailbox of the messages that were sampled; NaN before the first. */
  readonly waitUs: number;
};

/** Views of one seat's buffer. Thread rule: any thread may read; only the seat's worker writes. */
export class SeatMemory {
  readonly buffer: SharedArrayBuffer;
  readonly actorsMax: number;
  readonly mem: SharedMem;
  readonly counters: Float64Array;
  /** Times in the mailbox, of samples, in microseconds: counts by octave bucket. */
  readonly waitCounts: Float64Array;
  /** Data records taken in, by peer; behind them, records sent, by peer. */
  readonly taken: Float64Array;
  readonly sent: Float64Array;
  readonly gates: Int32Array;
  private readonly figures32: Int32Array;
  private readonly figures64: Float64Array;
  private readonly begun: Uint32Array;

  constructor(buffer: SharedArrayBuffer, actorsMax: number) {
    this.buffer = buffer;
    this.actorsMax = actorsMax;
    this.mem = new SharedMem(buffer, 0, COUNTERS_OFFSET_BYTES);
    this.counters = new Float64Array(buffer, COUNTERS_OFFSET_BYTES, COUNTERS.length);
    this.waitCounts = new Float64Array(buffer, WAITS_OFFSET_BYTES, OCTAVE_BUCKETS);
    this.taken = new Float64Array(buffer, PEERS_OFFSET_BYTES, PEERS_MAX);
    this.sent = new Float64Array(buffer, PEERS_OFFSET_BYTES + PEERS_MAX * 8, PEERS_MAX);
    this.gates = new Int32Array(buffer, GATES_OFFSET_BYTES, actorsMax);
    const at = figuresOffset(actorsMax);
    this.figures32 = new Int32Array(buffer, at, (actorsMax * FIGURES_BYTES) / 4);
    this.figures64 = new Float64Array(buffer, at, (actorsMax * FIGURES_BYTES) / 8);
    this.begun = new Uint32Array(buffer, begunOffset(actorsMax), actorsMax);
  }

  static create(actorsMax: number): SeatMemory {
    return new SeatMemory(new SharedArrayBuffer(seatBytes(actorsMax)), actorsMax);
  }

  /** Says that the owner sleeps: the next sender is to ring. */
  setParked(): void {
    this.mem.store(PARKED_WORD, 1);
  }

  clearParked(): void {
    this.mem.store(PARKED_WORD, 0);
  }

  isParked(): boolean {
    return this.mem.load(PARKED_WORD) === 1;
  }

  /** @returns whether the caller is the one who has to ring. */
  claimWake(): boolean {
    return this.mem.load(PARKED_WORD) === 1 && this.mem.compareExchange(PARKED_WORD, 1, 0) === 1;
  }

  beat(count: number): void {
    this.mem.store(HEARTBEAT_WORD, count);
  }

  heartbeat(): number {
    return this.mem.load(HEARTBEAT_WORD);
  }

  counter(name: CounterName): number {
    return this.counters[COUNTERS.indexOf(name)] as number;
  }

  /** Begins an actor's figures. `nowMs`: of the monotonic clock. */
  reset(index: number, generation: number, nowMs: number): void {
    this.begun[index] = nowMs / TENTH_MS;
    const at = index * (FIGURES_BYTES / 8);
    this.figures64[at] = 0;
    this.figures64[at + 1] = 0;
    this.figures32[at * 2 + 4] = 0;
    this.figures32[at * 2 + 5] = 0;
    this.figures32[at * 2 + 6] = 0;
    this.figures32[at * 2 + 7] = generation;
  }

  /** After a turn. */
  turned(index: number, handled: number, depth: number): void {
    const at = index * (FIGURES_BYTES / 8);
    const figures = this.figures64;
    figures[at] = (figures[at] as number) + handled;
    this.figures32[at * 2 + 4] = depth;
  }

  /** Messages wait for an actor that has no turns now. */
  waits(index: number, depth: number): void {
    this.figures32[index * (FIGURES_BYTES / 4) + 4] = depth;
  }

  waited(index: number, waitUs: number): void {
    const at = index * (FIGURES_BYTES / 8);
    this.figures64[at + 1] = (this.figures64[at + 1] as number) + waitUs;
    this.figures32[at * 2 + 6] = (this.figures32[at * 2 + 6] as number) + 1;
    const bucket = octaveBucket(waitUs);
    this.waitCounts[bucket] = (this.waitCounts[bucket] as number) + 1;
  }

  restarted(index: number, nowMs: number): void {
    this.begun[index] = nowMs / TENTH_MS;
    const at = index * (FIGURES_BYTES / 4) + 5;
    this.figures32[at] = (this.figures32[at] as number) + 1;
  }

  figuresOf(index: number): ActorFigures {
    const at = index * (FIGURES_BYTES / 8);
    const word = at * 2;
    const samples = this.figures32[word + 6] as number;
    return {
      handled: this.figures64[at] as number,
      depth: this.figures32[word + 4] as number,
      restarts: this.figures32[word + 5] as number,
      waitUs: samples === 0 ? Number.NaN : (this.figures64[at + 1] as number) / samples,
      generation: this.figures32[word + 7] as number,
    };
  }
}
