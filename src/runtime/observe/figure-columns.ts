/**
 * Figures of all actors as columns, read from the threads' shared memory by whoever watches: no actor's
 * thread is asked, and none does anything for it. A row is an actor; each look writes down which rows have
 * changed, so that any number of readers can ask for "what is newer than I know".
 */
import { assert } from '../../hotpath/index.ts';
import { begunOffset, FIGURES_BYTES, figuresOffset, TENTH_MS } from '../host/seat-layout.ts';
import { systemClock } from '../ports/system-clock.ts';

/** One thread's memory, and which of its places are watched. */
type Seat = {
  readonly words: Int32Array;
  readonly numbers: Float64Array;
  readonly begun: Uint32Array;
  /** Row of each place; -1: of none. */
  readonly rows: Int32Array;
  /** Places from here on have never been watched. */
  high: number;
};

/** Place in a thread of a row that has none. */
const NOWHERE = -1;
const ROWS_FIRST = 1024;

/** Thread rule: any, one at a time. Rows are numbered by whoever watches. */
export class FigureColumns {
  /** By row; valid until `place` makes room for more. */
  handled: Float64Array = new Float64Array(ROWS_FIRST);
  depth: Uint32Array = new Uint32Array(ROWS_FIRST);
  restarts: Uint32Array = new Uint32Array(ROWS_FIRST);
  /** Mean of samples; NaN before the first. */
  waitUs: Float32Array = new Float32Array(ROWS_FIRST);
  /** When its present incarnation began: tenths of seconds of the process's monotonic clock. */
  begun: Uint32Array = new Uint32Array(ROWS_FIRST);
  /** Look at which the figures were last found changed. */
  changedAt: Uint32Array = new Uint32Array(ROWS_FIRST);
  private generations: Int32Array = new Int32Array(ROWS_FIRST);
  private seatOf: Int32Array = new Int32Array(ROWS_FIRST).fill(NOWHERE);
  private indexOf: Int32Array = new Int32Array(ROWS_FIRST);
  private readonly seats: Map<number, Seat> = new Map();

  /** Now, in the unit of `begun`. */
  static nowTenths(): number {
    return systemClock.monotonicMs() / TENTH_MS;
  }

  /** A worker sits in a seat, perhaps another one than before: who was there is nowhere. */
  sits(seat: number, buffer: SharedArrayBuffer, actorsMax: number): void {
    const before = this.seats.get(seat);
    for (let i = 0; i < (before?.high ?? 0); i++) {
      const row = before?.rows[i] as number;
      if (row >= 0) this.seatOf[row] = NOWHERE;
    }
    const at = figuresOffset(actorsMax);
    this.seats.set(seat, {
      words: new Int32Array(buffer, at, (actorsMax * FIGURES_BYTES) / 4),
      numbers: new Float64Array(buffer, at, (actorsMax * FIGURES_BYTES) / 8),
      begun: new Uint32Array(buffer, begunOffset(actorsMax), actorsMax),
      rows: new Int32Array(actorsMax).fill(NOWHERE),
      high: 0,
    });
  }

  /** A row is that actor's from now on. `look`: number of the next one. */
  place(row: number, seat: number, index: number, generation: number, look: number): void {
    if (row >= this.handled.length) this.grow(row);
    this.free(row);
    this.handled[row] = 0;
    this.depth[row] = 0;
    this.restarts[row] = 0;
    this.waitUs[row] = Number.NaN;
    this.changedAt[row] = look;
    this.generations[row] = generation;
    const there = this.seats.get(seat);
    if (there === undefined || index >= there.rows.length) return;
    this.seatOf[row] = seat;
    this.indexOf[row] = index;
    there.rows[index] = row;
    this.begun[row] = there.begun[index] as number;
    there.high = Math.max(there.high, index + 1);
  }

  /** The row is nobody's. */
  free(row: number): void {
    const seat = this.seats.get(this.seatOf[row] as number);
    const index = this.indexOf[row] as number;
    if (seat !== undefined && seat.rows[index] === row) seat.rows[index] = NOWHERE;
    this.seatOf[row] = NOWHERE;
  }

  /** Reads all that is watched. `look`: counts up. @returns how many rows have changed */
  look(look: number): number {
    assert(look > 0, 'look 0 is before all others');
    let changed = 0;
    for (const seat of this.seats.values()) changed += this.lookAt(seat, look);
    return changed;
  }

  /** In the order of the places, which is the order of the memory. */
  private lookAt({ words, numbers, begun, rows, high }: Seat, look: number): number {
    const { handled, depth, restarts, changedAt, generations } = this;
    let changed = 0;
    for (let i = 0; i < high; i++) {
      const row = rows[i] as number;
      if (row < 0) continue;
      const word = i * (FIGURES_BYTES / 4);
      const done = numbers[i * (FIGURES_BYTES / 8)] as number;
      const waiting = words[word + 4] as number;
      const again = words[word + 5] as number;
      if (done === handled[row] && waiting === depth[row] && again === restarts[row]) continue;
      // Its place is somebody else's already; that will be told.
      if (words[word + 7] !== generations[row]) continue;
      handled[row] = done;
      depth[row] = waiting;
      restarts[row] = again;
      this.begun[row] = begun[i] as number;
      const samples = words[word + 6] as number;
      this.waitUs[row] = (numbers[i * (FIGURES_BYTES / 8) + 1] as number) / samples;
      changedAt[row] = look;
      changed++;
    }
    return changed;
  }

  private grow(row: number): void {
    const length = Math.max(row + 1, this.handled.length * 2);
    this.handled = larger(this.handled, new Float64Array(length));
    this.depth = larger(this.depth, new Uint32Array(length));
    this.restarts = larger(this.restarts, new Uint32Array(length));
    this.waitUs = larger(this.waitUs, new Float32Array(length));
    this.begun = larger(this.begun, new Uint32Array(length));
    this.changedAt = larger(this.changedAt, new Uint32Array(length));
    this.generations = larger(this.generations, new Int32Array(length));
    this.seatOf = larger(this.seatOf, new Int32Array(length).fill(NOWHERE));
    this.indexOf = larger(this.indexOf, new Int32Array(length));
  }
}

function larger<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
