/**
 * What is known of all actors: figures in typed arrays by row number, so that thousands of changes a second
 * make no garbage. Rows that have changed since somebody looked are counted by a stamp per row.
 *
 * Invariant: `count` is how many rows have `isThere`; every array is as long as `capacity`.
 */
import type { ActorFrame } from '../../protocol/columns.ts';
import { Changes } from './changes.ts';
import { RangeReader } from './range.ts';
import type { TableState } from './table.ts';

/** Milliseconds between two looks from which a rate is counted. Lower: rates jump, and cost more. */
const RATE_MS = 1000;

/** All named actors. */
export class ActorColumns {
  readonly changes: Changes = new Changes();
  readonly range: RangeReader = new RangeReader();
  state: TableState = 'waiting';
  /** Rows that are actors. */
  count = 0;
  /** One more than the highest row that ever was. */
  end = 0;
  /** Grows with each frame; a row whose stamp is higher than when somebody looked has changed since. */
  stamp = 0;
  /** Grows with each snapshot: a row may be anybody's then. */
  snapshots = 0;
  /** Grows when any actor came or went. */
  namesVersion = 0;
  capacity = 0;
  isThere: Uint8Array = new Uint8Array(0);
  stamps: Uint32Array = new Uint32Array(0);
  nameStamps: Uint32Array = new Uint32Array(0);
  thread: Uint32Array = new Uint32Array(0);
  depth: Uint32Array = new Uint32Array(0);
  restarts: Uint32Array = new Uint32Array(0);
  waitUs: Float32Array = new Float32Array(0);
  handled: Float64Array = new Float64Array(0);
  /** Messages a second, over the last second or so. */
  rate: Float32Array = new Float32Array(0);
  /** Grows with each count of the rates. */
  rateVersion = 0;
  /** Counts since the last snapshot: before the second, every rate is 0 and means nothing. */
  private ratesCounted = 0;
  readonly paths: string[] = [];
  /** Seconds since the present incarnation began, as of the last count of the rates. */
  age: Float32Array = new Float32Array(0);
  private handledBefore: Float64Array = new Float64Array(0);
  /** By the clock of `take`. */
  private begunMs: Float64Array = new Float64Array(0);
  private ratedAtMs = 0;

  /** @returns whether a new snapshot has to be asked for */
  take(frame: ActorFrame, nowMs: number): boolean {
    const meaning = this.range.read(frame);
    if (meaning === 'gap') return true;
    this.stamp++;
    if (meaning === 'snapshot') this.clear();
    this.remove(frame.gone);
    this.name(frame.named);
    this.change(frame.changed, nowMs);
    this.pass(nowMs);
    this.state = 'known';
    this.changes.happened();
    return false;
  }

  /** Time passes: rates are counted anew, once a second. To be called also when nothing is told. */
  pass(nowMs: number): void {
    if (nowMs - this.ratedAtMs < RATE_MS) return;
    this.countRates(nowMs);
    this.changes.happened();
  }

  /** Rates are figures. */
  get hasRates(): boolean {
    return this.ratesCounted > 1;
  }

  /** The connection is gone: a half-told range will be told again. */
  interrupted(): void {
    this.range.interrupted();
  }

  /** Nothing is known any more. */
  forget(): void {
    this.range.forget();
    this.stamp++;
    this.clear();
    this.ratedAtMs = Number.NEGATIVE_INFINITY;
    this.state = 'waiting';
    this.changes.happened();
  }

  /** The server has no such topic. */
  refused(): void {
    this.state = 'unsupported';
    this.changes.happened();
  }

  /** -1: there is none (any more). */
  rowOf(path: string): number {
    return this.paths.indexOf(path);
  }

  private clear(): void {
    this.isThere.fill(0);
    // Whoever draws rows has to draw all of them again, and those that were there may not be any more.
    this.snapshots++;
    this.ratesCounted = 0;
    this.stamps.fill(this.stamp);
    this.nameStamps.fill(this.stamp);
    this.paths.length = 0;
    this.count = 0;
    this.end = 0;
    this.namesVersion++;
  }

  private remove(gone: Uint32Array): void {
    if (gone.length > 0) this.namesVersion++;
    for (let i = 0; i < gone.length; i++) {
      const row = gone[i] as number;
      if (row >= this.end || this.isThere[row] === 0) continue;
      this.isThere[row] = 0;
      this.stamps[row] = this.stamp;
      this.nameStamps[row] = this.stamp;
      this.paths[row] = '';
      this.count--;
    }
  }

  private name({ row: rows, thread, end, paths }: ActorFrame['named']): void {
    if (rows.length > 0) this.namesVersion++;
    let from = 0;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number;
      const to = end[i] as number;
      this.reserve(row + 1);
      if (this.isThere[row] === 0) this.count++;
      this.isThere[row] = 1;
      this.stamps[row] = this.stamp;
      this.nameStamps[row] = this.stamp;
      this.thread[row] = thread[i] as number;
      // A row may have been somebody else's before.
      this.depth[row] = 0;
      this.restarts[row] = 0;
      this.handled[row] = 0;
      this.handledBefore[row] = Number.NaN;
      this.rate[row] = 0;
      this.waitUs[row] = Number.NaN;
      this.paths[row] = paths.slice(from, to);
      from = to;
    }
  }

  private change(
    { row: rows, handled, depth, restarts, age, waitUs }: ActorFrame['changed'],
    nowMs: number,
  ): void {
    const { stamp, stamps } = this;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number;
      if (row >= this.end) continue;
      stamps[row] = stamp;
      this.handled[row] = handled[i] as number;
      this.depth[row] = depth[i] as number;
      this.restarts[row] = restarts[i] as number;
      this.age[row] = (age[i] as number) / 10;
      this.begunMs[row] = nowMs - (age[i] as number) * 100;
      this.waitUs[row] = waitUs[i] as number;
    }
  }

  private countRates(nowMs: number): void {
    const passed = nowMs - this.ratedAtMs;
    const { handled, handledBefore, rate, age, begunMs } = this;
    for (let row = 0; row < this.end; row++) {
      const done = (handled[row] as number) - (handledBefore[row] as number);
      // Nothing was known before, or the actor is another one.
      rate[row] = done >= 0 ? (done * 1000) / passed : 0;
      age[row] = (nowMs - (begunMs[row] as number)) / 1000;
    }
    handledBefore.set(handled);
    this.ratedAtMs = nowMs;
    this.rateVersion++;
    this.ratesCounted++;
  }

  private reserve(rows: number): void {
    if (rows > this.end) {
      for (let row = this.end; row < rows; row++) this.paths[row] = '';
      this.end = rows;
    }
    if (rows <= this.capacity) return;
    this.capacity = Math.max(1024, rows, this.capacity * 2);
    this.isThere = grown(this.isThere, new Uint8Array(this.capacity));
    this.stamps = grown(this.stamps, new Uint32Array(this.capacity));
    this.nameStamps = grown(this.nameStamps, new Uint32Array(this.capacity));
    this.thread = grown(this.thread, new Uint32Array(this.capacity));
    this.depth = grown(this.depth, new Uint32Array(this.capacity));
    this.restarts = grown(this.restarts, new Uint32Array(this.capacity));
    this.waitUs = grown(this.waitUs, new Float32Array(this.capacity));
    this.handled = grown(this.handled, new Float64Array(this.capacity));
    this.handledBefore = grown(this.handledBefore, new Float64Array(this.capacity));
    this.rate = grown(this.rate, new Float32Array(this.capacity));
    this.age = grown(this.age, new Float32Array(this.capacity));
    this.begunMs = grown(this.begunMs, new Float64Array(this.capacity));
  }
}

function grown<A extends Uint8Array | Uint32Array | Float32Array | Float64Array>(
  old: A,
  larger: A,
): A {
  larger.set(old);
  return larger;
}
